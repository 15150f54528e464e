/** Config: what did the server say about this installation? */

/** @type {AddinConfig} */
const NOTHING = { origin: "", client_id: "", authority: "", scope: "", directory: "", forward_to: "" };

/** @type {AddinConfig} */
export const config = typeof UNHOOK === "undefined" ? NOTHING : UNHOOK;
