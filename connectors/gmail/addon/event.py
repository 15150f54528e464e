"""Event: what does Google say that somebody did in Gmail?

Read only once Google's own token has proven the request; even then, parameters and what was typed are the person's.
"""

import json
from dataclasses import dataclass, field
from typing import Any

_LONGEST_ID = 200


class Unreadable(ValueError):
    """The body is no event."""


@dataclass(frozen=True)
class Event:
    """One event. Tokens are secrets for as long as they last: no one writes them down, and `repr` leaves them out."""

    locale: str = ""
    message_id: str = ""
    submission: str = ""
    choice: str = ""
    comment: str = ""
    scopes: frozenset[str] | None = None  # None when Google does not say what was granted
    system_token: str = field(default="", repr=False)
    user_token: str = field(default="", repr=False)
    oauth_token: str = field(default="", repr=False)
    message_token: str = field(default="", repr=False)

    def lacks(self, scopes: tuple[str, ...]) -> tuple[str, ...]:
        """Which of these the person has not granted."""
        return () if self.scopes is None else tuple(scope for scope in scopes if scope not in self.scopes)


def read_event(body: bytes) -> Event:
    """The event, whatever else stands in it. Raises Unreadable."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unreadable("this is no JSON") from error
    if not isinstance(said, dict):
        raise Unreadable("this is no JSON object")

    granted = _at(said, "authorizationEventObject", "authorizedScopes")
    return Event(
        locale=_text(said, "commonEventObject", "userLocale"),
        message_id=_text(said, "gmail", "messageId")[:_LONGEST_ID],
        submission=_text(said, "commonEventObject", "parameters", "submission"),
        choice=_typed(said, "choice"),
        comment=_typed(said, "comment"),
        scopes=frozenset(one for one in granted if isinstance(one, str)) if isinstance(granted, list) else None,
        system_token=_text(said, "authorizationEventObject", "systemIdToken"),
        user_token=_text(said, "authorizationEventObject", "userIdToken"),
        oauth_token=_text(said, "authorizationEventObject", "userOAuthToken")
        or _text(said, "authorizationEventObject", "userOauthToken"),  # Google's own pages write it both ways
        message_token=_text(said, "gmail", "accessToken"),
    )


def _typed(said: Any, name: str) -> str:
    values = _at(said, "commonEventObject", "formInputs", name, "stringInputs", "value")
    return _plain(values[0]) if isinstance(values, list) and values else ""


def _text(said: Any, *path: str) -> str:
    return _plain(_at(said, *path))


def _plain(found: Any) -> str:
    """Text that can be written down: JSON may hold halves of characters, and NULs that PostgreSQL refuses."""
    return found.encode(errors="replace").decode().replace("\x00", "") if isinstance(found, str) else ""


def _at(said: Any, *path: str) -> Any:
    for name in path:
        said = said.get(name) if isinstance(said, dict) else None
    return said
