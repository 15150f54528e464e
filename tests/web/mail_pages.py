"""Mail pages: every page that can show what a sender or a reporter wrote. A new one is added here, or a test fails."""

MAIL_PAGES = {
    "web.inbox.queue": ("/queue?tab=all", "/queue?tab=failed", "/queue?q=Hostile"),
    "web.inbox.rows": ("/queue/rows?tab=all",),
    "web.message.message": ("/messages/{message}",),
    "web.message.retraction": ("/messages/{message}/retraction",),
    "web.message.body": ("/messages/{message}/body",),
    "web.message.preview": ("/messages/{message}/preview",),
    "web.evidence.headers": ("/messages/{message}/headers",),
    "web.evidence.warning": ("/messages/{message}/raw",),
    "web.similar.similar": ("/messages/{message}/similar",),
    "web.psr_log.log": ("/log",),
    "web.psr_log.looks": ("/log/later-looks",),
    "web.psr_log.export": (),  # a file, too
    "web.answers.listed": ("/log/answers",),
    "web.campaigns.listed": ("/campaigns",),
    "web.campaigns.campaign": ("/campaigns/{campaign}",),
    "web.progress.of_retraction": (),  # counts only
    "web.progress.of_operation": (),
    "web.search.search": ("/search?q=hostile",),
    "web.search.rows": ("/search/rows?q=hostile",),
    "web.search.export": (),  # a file, which no browser shows
    "web.look.form": ("/look",),
    "web.invalid.listed": ("/invalid", "/invalid?seen=yes"),
    "web.invalid.warning": ("/invalid/{mail}/raw",),
    "web.upload.form": ("/upload",),
}
# Where the mail itself is shown, so that what one mail holds and another does not can matter.
OF_EACH_MAIL = ("/messages/{message}", "/messages/{message}/preview", "/messages/{message}/headers")
# For other roles as well, and yet a subject, a sender or what somebody wrote may stand on them.
OTHERS = ("/overview", "/learning", "/audit", "/settings", "/settings/outbound")
OF_A_MESSAGE = tuple(one for several in MAIL_PAGES.values() for one in several if "{message}" in one)
LISTS = tuple(one for several in MAIL_PAGES.values() for one in several if "{message}" not in one)  # or a campaign
