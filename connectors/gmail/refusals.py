"""Refusals: what does each way in which Google says no mean for the caller?"""

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from connectors.errors import ConnectorError, NoMailbox, NotFound, NotPermitted, Refused, TryLater
from connectors.gmail.scopes import PURPOSE

# Gmail says 403 for throttling too; only the reason tells it from a right that is missing.
_THROTTLED = {"rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED", "RESOURCE_EXHAUSTED"}
_SPENT = {"dailyLimitExceeded", "quotaExceeded"}
_DAY = 3600.0  # a spent budget is asked for again in an hour
_LONGEST_WISH = 600.0


class Unauthorised(ConnectorError):
    """The token is not good any more; a fresh one may be. Never leaves the connector."""


class NotDelegated(NotPermitted):
    """The scope is not among those that were delegated to the service account; or was, and is not any more."""


class BadRequest(Refused):
    """Google cannot do anything with what was asked: an id or a label that is none."""


class Unknown(TryLater):
    """The answer is lost: what was asked for may have been done."""


_KINDS: Mapping[int, tuple[type[ConnectorError], str]] = {
    400: (BadRequest, "Google cannot read the request"),
    401: (Unauthorised, "Google refuses the token"),
    404: (NotFound, "there is no such message"),
    409: (BadRequest, "there is one already"),
}


def refusal(status: int, content: bytes, headers: Mapping[str, str], person: str, scope: str) -> ConnectorError:
    """What an answer of 300 or more means. Only codes are quoted: Google repeats what it was asked."""
    reason, wish = reason_in(content), retry_after(headers)
    if is_throttling(status, reason):
        return TryLater(f"Google throttles {person} ({reason or status})", wish)
    if status == 403 and reason in _SPENT:
        return TryLater(f"Google's quota is used up ({reason})", wish or _DAY)
    if status >= 500:
        return Unknown(f"Google failed for {person} ({status})", wish)
    return _final(status, reason, person, scope)


def is_throttling(status: int, reason: str) -> bool:
    """Whether Google only wants us to come later."""
    return status == 429 or (status == 403 and reason in _THROTTLED)


def _final(status: int, reason: str, person: str, scope: str) -> ConnectorError:
    if status == 403:
        purpose = PURPOSE.get(scope, "")
        return NotPermitted(f"Google does not permit {purpose} of {person} ({reason or status}): it needs {scope}")
    if reason == "failedPrecondition":
        return NoMailbox(f"{person} has no Gmail mailbox")
    kind, why = _KINDS.get(status, (Refused, "Google refuses"))
    return kind(f"{person}: {why} ({reason or status})")


def lost(whom: str, error: Exception) -> ConnectorError:
    """What a connection that broke means. Raises again what is no failure of the network."""
    if isinstance(error, ConnectorError):
        return error
    if type(error).__module__.partition(".")[0] in {"httplib2", "http", "ssl"} or isinstance(error, OSError):
        return Unknown(f"{whom} did not answer ({type(error).__name__})")
    raise error


def reason_in(content: bytes) -> str:
    """The machine-readable reason in an error of Google's, or an empty one."""
    with suppress(ValueError, KeyError, TypeError, IndexError, AttributeError):
        error = json.loads(content)["error"]
        if found := error.get("errors"):
            return str(found[0]["reason"])
        return str(error["status"])
    return ""


def retry_after(headers: Mapping[str, str]) -> float:
    """The seconds that Google wishes us to wait, or 0."""
    wish = str(headers.get("retry-after", "")).strip()
    seconds = 0.0
    with suppress(ValueError, TypeError):
        seconds = float(wish) if wish.replace(".", "", 1).isdigit() else _until(wish)
    return min(max(seconds, 0.0), _LONGEST_WISH)


def _until(moment: str) -> float:
    return (parsedate_to_datetime(moment) - datetime.now(UTC)).total_seconds() if moment else 0.0
