"""The registry: which connector serves which provider name."""

from importlib import import_module

from connectors.contract import Action, Mailboxes
from connectors.errors import Refused

# Provider name -> module that has `connect(**options) -> Mailboxes`. Only the one asked for is imported.
CONNECTORS = {
    "gmail": "connectors.gmail.mailboxes",
    "maildir": "connectors.maildir.mailboxes",
    "outlook": "connectors.outlook.mailboxes",
}

# What each offers to do to a copy. Gmail has nothing between Trash and gone.
ACTIONS = {
    "gmail": frozenset({Action.JUNK, Action.TRASH, Action.HARD_DELETE}),
    "maildir": frozenset(Action),
    "outlook": frozenset(Action),
}


def actions_of(provider: str) -> frozenset[Action]:
    """What can be done to copies at this provider; no connection is needed to know."""
    return ACTIONS.get(provider, frozenset())


def connect(provider: str, **options: object) -> Mailboxes:
    """The mailboxes of one tenant. Raises Refused when no connector has that name."""
    if provider not in CONNECTORS:
        raise Refused(f"no connector is called {provider!r}; there are: {', '.join(sorted(CONNECTORS))}")
    mailboxes = import_module(CONNECTORS[provider]).connect(**options)
    assert isinstance(mailboxes, Mailboxes)
    return mailboxes
