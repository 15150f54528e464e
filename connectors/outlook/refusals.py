"""Refusals: what Microsoft's answers mean to a caller, in a sentence for an administrator. No mail content in any."""

import re
from dataclasses import dataclass, field
from typing import Any

from connectors.errors import ConnectorError, NoMailbox, NotFound, NotPermitted, Refused, TryLater
from connectors.outlook.asks import Ask

NO_MAILBOX = {
    "MailboxNotEnabledForRESTAPI",
    "MailboxNotSupportedForRESTAPI",
    "MailboxNotHostedInExchangeOnline",
    "ErrorNonExistentMailbox",
    "ErrorMailboxNotFound",
}
UNKNOWN_USER = {"ErrorInvalidUser", "Request_ResourceNotFound", "ResourceNotFound"}
BUSY = {409, 423, 429}  # and every 5xx
_CODE = re.compile(r"[A-Za-z0-9_.]{1,60}")
_LONGEST_WISH = 600.0  # seconds; one odd answer may not put a mailbox off for days
_UNWELL = {"ErrorMailboxStoreUnavailable", "ErrorMailboxMoveInProgress", "ApplicationThrottled", "ErrorServerBusy"}


def named(mailbox: str, error: ConnectorError) -> ConnectorError:
    """The same error, with the mailbox it is about."""
    if isinstance(error, TryLater):
        return TryLater(f"{mailbox}: {error}", after_seconds=error.after_seconds)
    return type(error)(f"{mailbox}: {error}")


class UnknownUser(NoMailbox):
    """The directory has nobody of that id or sign-in name. It may still be somebody's address."""


@dataclass(frozen=True)
class Answer:
    """What Graph said to one ask. `after` is its own wish, in seconds, or None."""

    status: int
    body: Any = field(default=None, repr=False)
    after: float | None = None

    @property
    def ok(self) -> bool:
        """Whether it was done."""
        return 200 <= self.status < 300

    @property
    def busy(self) -> bool:
        """Whether the same ask may work later."""
        return self.status in BUSY or self.status >= 500 or self.code in _UNWELL

    @property
    def code(self) -> str:
        """Graph's name of the error, or nothing."""
        error = self.body.get("error") if isinstance(self.body, dict) else None
        said = error.get("code") if isinstance(error, dict) else None
        return said if isinstance(said, str) and _CODE.fullmatch(said) else ""


def seconds(header: str | None) -> float | None:
    """A Retry-After header, at most ten minutes; None when there is none, or a date."""
    wish = header.strip() if header else ""
    return min(float(wish), _LONGEST_WISH) if re.fullmatch(r"\d{1,6}(\.\d+)?", wish) else None


def refusal(ask: Ask, answer: Answer) -> ConnectorError:
    """The error that an answer is."""
    said = " ".join(filter(None, (str(answer.status), answer.code)))
    error: ConnectorError
    if answer.code in NO_MAILBOX:
        error = NoMailbox(f"no mailbox in Exchange Online: inactive, deleted, unlicensed or on premises ({said})")
    elif answer.code in UNKNOWN_USER:
        error = UnknownUser(f"Microsoft knows nobody by this address ({said})")
    elif answer.busy:
        error = TryLater(f"Microsoft Graph asked us to wait ({said})", after_seconds=answer.after or 0)
    elif answer.status == 401:
        error = NotPermitted("Microsoft Graph refused our token twice (401): consent may have been withdrawn")
    elif answer.status == 403:
        error = NotPermitted(
            f"Microsoft Graph does not permit us {ask.what} ({said}): grant the app registration {ask.needs}, "
            "or include this mailbox in the scope it has in Exchange"
        )
    elif answer.status == 404:
        error = NotFound(f"there is no such message ({said})")
    else:
        error = Refused(f"Microsoft Graph refused {ask.what} ({said})")
    return error


def checked(ask: Ask, answer: Answer) -> Any:
    """The body of a good answer. Raises what any other is."""
    if not answer.ok:
        raise refusal(ask, answer)
    return answer.body
