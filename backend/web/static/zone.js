/* Zone: in which time zone does the viewer read? The server cannot know; a cookie tells it from the next page on. */

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone) document.cookie = `unhook_zone=${zone}; path=/; max-age=31536000; samesite=lax`;
