"""What can go wrong at a mail provider.

ConnectorError
  x TryLater          throttled, timed out, 5xx: the same call may work later
  x Refused           the provider said no, and will say no again
    + NotPermitted    our credentials lack a right an administrator must grant
    + NoMailbox       the address has no mailbox we can open
    + NotFound        the mailbox is there, the message is not
    + TooLarge        the message has more bytes than we take
"""


class ConnectorError(Exception):
    """A provider call did not do what it was asked to."""


class TryLater(ConnectorError):
    """The same call may work later; `after_seconds` is the provider's own wish, or 0."""

    def __init__(self, message: str, after_seconds: float = 0) -> None:
        super().__init__(message)
        self.after_seconds = after_seconds


class Refused(ConnectorError):
    """The provider said no, and will say no again."""


class NotPermitted(Refused):
    """Our credentials lack a right an administrator must grant."""


class NoMailbox(Refused):
    """The address has no mailbox we can open."""


class NotFound(Refused):
    """The mailbox is there, the message is not."""


class TooLarge(Refused):
    """The message has more bytes than we take."""
