"""Certificates: with which keys does Google sign, kept so that not every request asks for them?"""

import json
import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock

import httpx
import structlog
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from connectors.errors import TryLater

log = structlog.get_logger()

SHORTEST, LONGEST = timedelta(minutes=5), timedelta(hours=24)  # that an answer is believed for, whatever Google says
KEPT = timedelta(hours=24)  # that known keys are used for while Google does not answer
PAUSE = timedelta(seconds=30)  # between two looks for keys: an unknown key id costs a stranger nothing
TIMEOUT = httpx.Timeout(5, connect=3)
MOST_BYTES = 200_000
_MAX_AGE = re.compile(r"max-age=(\d{1,9})")

Keys = Mapping[str, RSAPublicKey]


@dataclass(frozen=True)
class _Kept:
    keys: Keys
    fetched_at: datetime
    fresh_until: datetime


class Certificates:
    """Google's public keys by their ids: kept as long as Google says, and looked for again when one is unknown."""

    def __init__(self, url: str, ca_file: Path | None, now: Callable[[], datetime]) -> None:
        self._url = url
        self._ca_file = ca_file
        self._now = now
        self._kept: _Kept | None = None
        self._asked_at: datetime | None = None
        self._lock = Lock()

    def find(self, kid: str) -> RSAPublicKey | None:
        """The key of this id; None when Google knows none. Raises TryLater when nobody can tell."""
        kept = self._kept
        if kept and self._now() < kept.fresh_until and kid in kept.keys:
            return kept.keys[kid]
        with self._lock:  # one asks, the others wait for the answer
            if self._asked_at is None or self._now() >= self._asked_at + PAUSE:
                self._ask()
        kept = self._kept
        if kept is None or self._now() >= kept.fetched_at + KEPT:
            raise TryLater("Google's certificates cannot be fetched, so that nobody can be identified")
        return kept.keys.get(kid)

    def _ask(self) -> None:
        now = self._asked_at = self._now()
        try:
            keys, lasts = self._fetch()
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            log.warning("google's certificates not fetched", why=type(error).__name__)
            return
        self._kept = _Kept(keys, now, now + lasts)

    def _fetch(self) -> tuple[Keys, timedelta]:
        trust = ssl.create_default_context(cafile=self._ca_file) if self._ca_file else True
        with httpx.Client(verify=trust, timeout=TIMEOUT, trust_env=False) as client:
            answer = client.get(self._url)
        answer.raise_for_status()
        published = answer.json()
        if len(answer.content) > MOST_BYTES or not isinstance(published, dict):
            raise ValueError("these are no certificates")
        keys = {kid: key for kid, pem in published.items() if (key := _public_key(pem)) is not None}
        if not keys:
            raise ValueError("there is no key among these")
        said = _MAX_AGE.search(answer.headers.get("Cache-Control", ""))
        lasts = timedelta(seconds=int(said[1])) if said else SHORTEST
        return keys, min(max(lasts, SHORTEST), LONGEST)


def certificates_in(published: bytes) -> Mapping[str, x509.Certificate]:
    """Certificates by their key ids, as Google writes them; none when it is anything else."""
    try:
        said = json.loads(published) if len(published) <= MOST_BYTES else {}
        return {str(kid): x509.load_pem_x509_certificate(str(pem).encode()) for kid, pem in said.items()}
    except (ValueError, AttributeError):
        return {}


def _public_key(pem: object) -> RSAPublicKey | None:
    key = x509.load_pem_x509_certificate(str(pem).encode()).public_key()
    return key if isinstance(key, RSAPublicKey) else None
