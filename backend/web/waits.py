"""Waits: how long must somebody wait who keeps giving wrong passwords for one account?

The delay grows with each wrong password, for names that nobody has as well. So that a stranger cannot keep an operator
out, a browser in which that operator has signed in before is counted by itself.
"""

import hashlib
import math
import secrets
import time

import structlog
from flask import Response, request
from itsdangerous import BadSignature, URLSafeTimedSerializer
from limits.storage import Storage

log = structlog.get_logger()

FREE = 5  # wrong passwords without a delay: people mistype
FIRST = 30  # seconds; doubled with each further wrong password
LONGEST = 3600
REMEMBERED = 86_400
COOKIE = "unhook_known"
KNOWN_SECONDS = 180 * 86_400


class Waits:
    """Counts wrong passwords where the request limits are counted: in memory, or in Redis for all web processes."""

    def __init__(self, storage: Storage, secret: str) -> None:
        self._storage = storage
        self._signer = URLSafeTimedSerializer(secret, salt="known-browser")

    def seconds(self, account: str) -> int:
        """How long this account must still wait here."""
        key = f"unhook/wait/{account}"
        try:
            if not self._storage.get(key):
                return 0
            return max(1, math.ceil(self._storage.get_expiry(key) - time.time()))
        except self._storage.base_exceptions:
            return self._away()

    def failed(self, account: str) -> None:
        """One more wrong password."""
        try:
            times = self._storage.incr(f"unhook/wrong/{account}", REMEMBERED)
            if times >= FREE:
                self._storage.incr(f"unhook/wait/{account}", min(FIRST * 2 ** (times - FREE), LONGEST))
        except self._storage.base_exceptions:
            self._away()

    def forgive(self, account: str) -> None:
        """The right password: earlier mistakes are forgotten."""
        try:
            for what in ("wrong", "wait"):
                self._storage.clear(f"unhook/{what}/{account}")
        except self._storage.base_exceptions:
            self._away()

    def account(self, name: str) -> str:
        """Under what attempts for this name are counted: by the name, or by a browser that knew the password once."""
        digest = hashlib.sha256(name.encode(errors="replace")).hexdigest()
        try:
            known = self._signer.loads(request.cookies.get(COOKIE, ""), max_age=KNOWN_SECONDS)
        except BadSignature:
            return digest
        return f"{digest}/{known['browser']}" if known.get("account") == digest else digest

    def remember(self, response: Response, name: str, *, secure: bool) -> None:
        """This browser has proven that it belongs to somebody who knows the password."""
        digest = hashlib.sha256(name.encode(errors="replace")).hexdigest()
        known = self._signer.dumps({"account": digest, "browser": secrets.token_hex(8)})
        response.set_cookie(
            COOKIE, known, max_age=KNOWN_SECONDS, httponly=True, samesite="Lax", secure=secure, path="/sign-in"
        )

    def _away(self) -> int:
        """The limits of each address hold meanwhile: they fall back to this process's memory."""
        log.error("cannot count wrong passwords", where=type(self._storage).__name__)
        return 0
