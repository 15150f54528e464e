"""Scopes: which right does each kind of call need? Each token is asked for exactly one of them.

One scope that was not granted makes Google refuse a whole token, so they are never asked for together.
"""

MAIL = "https://www.googleapis.com/auth/gmail.modify"  # search, read, label, send
DELETE = "https://mail.google.com/"  # delete for good: the only thing that `MAIL` does not allow
DIRECTORY = "https://www.googleapis.com/auth/admin.directory.user.readonly"  # list mailboxes
REPORTS = "https://www.googleapis.com/auth/admin.reports.audit.readonly"  # the delivery report

PURPOSE = {
    MAIL: "to search and label mail",
    DELETE: "to delete mail for good",
    DIRECTORY: "to list mailboxes",
    REPORTS: "to read the delivery report",
}
# What people grant and nothing of ours needs; `DELETE` is needed once hard delete is allowed.
WIDER = (
    DELETE,
    "https://www.googleapis.com/auth/gmail.readonly",
    "https://www.googleapis.com/auth/gmail.send",
    "https://www.googleapis.com/auth/gmail.compose",
    "https://www.googleapis.com/auth/gmail.insert",
    "https://www.googleapis.com/auth/gmail.settings.basic",
    "https://www.googleapis.com/auth/gmail.settings.sharing",
    "https://www.googleapis.com/auth/admin.directory.user",
    "https://www.googleapis.com/auth/admin.directory.group",
    "https://www.googleapis.com/auth/admin.directory.orgunit",
    "https://www.googleapis.com/auth/calendar",
    "https://www.googleapis.com/auth/contacts",
    "https://www.googleapis.com/auth/drive",
    "https://www.googleapis.com/auth/cloud-platform",
)


def short(scope: str) -> str:
    """A scope as people write it."""
    return scope.removeprefix("https://www.googleapis.com/auth/").removeprefix("https://").rstrip("/")
