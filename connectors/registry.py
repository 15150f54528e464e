"""The registry: which connector serves which provider name."""

from importlib import import_module

from connectors.contract import Mailboxes
from connectors.errors import Refused

# Provider name -> module that has `connect(**options) -> Mailboxes`. Only the one asked for is imported.
CONNECTORS = {
    "maildir": "connectors.maildir.mailboxes",
}


def connect(provider: str, **options: object) -> Mailboxes:
    """The mailboxes of one tenant. Raises Refused when no connector has that name."""
    if provider not in CONNECTORS:
        raise Refused(f"no connector is called {provider!r}; there are: {', '.join(sorted(CONNECTORS))}")
    mailboxes = import_module(CONNECTORS[provider]).connect(**options)
    assert isinstance(mailboxes, Mailboxes)
    return mailboxes
