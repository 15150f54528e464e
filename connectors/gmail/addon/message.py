"""Message: what are the bytes of the open message, while the person's tokens last?"""

import base64
import json
import re
import ssl
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import httpx

from connectors.errors import NotFound, NotPermitted, Refused, TryLater

DEADLINE = 10.0  # seconds for all of it; Google waits thirty for our card
TIMEOUT = httpx.Timeout(5, connect=3)
_BESIDE_RAW = 10_000  # bytes of an answer that are not the message
_DECIMAL = re.compile(r"#?msg-f:([0-9]{1,20})")
_ID = re.compile(r"[A-Za-z0-9_:.-]{1,100}")


@dataclass(frozen=True)
class Read:
    """A message with the id that Gmail knows it by."""

    id: str
    raw: bytes


class Reader:
    """Reads with two tokens: one is the person's, the other holds it to the one message that is open."""

    def __init__(self, gmail_url: str, ca_file: Path | None, max_bytes: int) -> None:
        self._url = f"{gmail_url}/gmail/v1/users/me/messages"
        self._ca_file = ca_file
        self._max_bytes = max_bytes

    def read(self, message_id: str, oauth_token: str, message_token: str) -> Read:
        """The message. Raises NotFound, NotPermitted, Refused, TryLater; no text of theirs holds a token."""
        headers = {
            "Authorization": f"Bearer {oauth_token}",
            "X-Goog-Gmail-Access-Token": message_token,
            "Accept-Encoding": "identity",
        }
        until = time.monotonic() + DEADLINE
        try:
            # Not kept for the next person: a client remembers cookies.
            with httpx.Client(verify=self._trust, timeout=TIMEOUT, trust_env=False, headers=headers) as client:
                for one in spellings(message_id):
                    body = self._get(client, one, until)
                    if body is not None:
                        return _opened(body)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            raise TryLater(f"Gmail, asked for the open message: {type(error).__name__}") from None
        raise NotFound("Gmail does not know the open message by its id")

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._ca_file)

    def _get(self, client: httpx.Client, message_id: str, until: float) -> bytes | None:
        """The answer's body, of bounded length and within the time; None when there is no such message."""
        most = 4 * -(-self._max_bytes // 3) + _BESIDE_RAW
        query = {"format": "raw", "fields": "id,raw"}
        if time.monotonic() > until:
            raise TryLater("Gmail, asked for the open message, took too long")
        with client.stream("GET", f"{self._url}/{message_id}", params=query) as answer:
            if answer.status_code in {400, 404}:
                return None
            if answer.status_code in {401, 403}:
                raise NotPermitted(f"Gmail, asked for the open message: {answer.status_code}")
            if answer.status_code != 200:
                raise TryLater(f"Gmail, asked for the open message: {answer.status_code}")
            body = bytearray()
            for chunk in answer.iter_bytes():
                body += chunk
                if len(body) > most:
                    raise Refused(f"the message is larger than {self._max_bytes:,} bytes")
                if time.monotonic() > until:
                    raise TryLater("Gmail, asked for the open message, took too long")
        return bytes(body)


def spellings(message_id: str) -> tuple[str, ...]:
    """How to ask for it, likeliest first. Events write as decimal what the API writes as hexadecimal."""
    decimal = _DECIMAL.fullmatch(message_id)
    given = (message_id,) if _ID.fullmatch(message_id) else ()
    return (format(int(decimal[1]), "x"), *given) if decimal else given


def _opened(body: bytes) -> Read:
    said = json.loads(body)
    found, encoded = (said.get("id"), said.get("raw")) if isinstance(said, dict) else (None, None)
    if not isinstance(found, str) or not _ID.fullmatch(found) or not isinstance(encoded, str) or not encoded:
        raise ValueError("this is no message")
    return Read(found, base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True))
