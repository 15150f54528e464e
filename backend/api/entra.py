"""Entra: is this access token one of Microsoft's for our add-in, and whose is it?

The checks are those that Microsoft asks of a web API. Names and addresses in a token can be changed by those they name,
so what counts is the directory and the object id.
"""

import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Any

import httpx
import jwt
import structlog

from backend.domain.microsoft import OBJECT_ID
from backend.errors import NotIdentified, StoreUnavailable
from backend.settings import Settings

log = structlog.get_logger()

ALGORITHM = "RS256"
SCOPE = "Report.Submit"
SKEW = timedelta(minutes=5)
KEPT = timedelta(hours=24)
PAUSE = timedelta(seconds=30)  # between two looks for keys: an unknown key id costs a stranger nothing
TIMEOUT = httpx.Timeout(10, connect=5)
# Until the signature is proven, every refusal reads alike: what is wrong would tell strangers who is here.
UNPROVEN = "This sign-in is not valid here. Sign in to Outlook again; if that does not help, ask your administrator."

_SUBJECT = re.compile(r"[0-9A-Za-z-]{1,64}")


@dataclass(frozen=True)
class Account:
    """Who a token is for: a person is (directory, subject) and nothing else.

    `named` is what the token calls them. It proves nothing; another name than last time is a reason to ask the
    directory.
    """

    directory: str
    subject: str
    named: str = ""


class Entra:
    """Checks access tokens; `is_ours` says of a directory whether it belongs to a tenant of ours."""

    def __init__(self, settings: Settings, is_ours: Callable[[str], bool], now: Callable[[], datetime]) -> None:
        self._login_url = settings.microsoft_login_url
        self._audience = settings.outlook_addin_client_id
        self._keys = SigningKeys(self._login_url, settings.ca_file, now)
        self._is_ours = is_ours

    def check(self, token: str) -> Account:
        """Whose token it is. Raises NotIdentified; StoreUnavailable when Microsoft's keys cannot be had just now."""
        if not self._audience:
            raise NotIdentified("Sign-in with Microsoft is not set up here. Use a token of Unhook's own.")
        directory, kid = self._claimed(token)
        key = self._keys.find(directory, kid)
        if key is None:
            raise _unproven("unknown key")
        claims = _proven(token, key, self._audience, f"{self._login_url}/{directory}/v2.0")
        wrong = wrong_for_us(claims, directory, self._audience)
        if wrong:
            raise NotIdentified(wrong)
        named = claims.get("preferred_username")
        return Account(directory, claims["oid"], named.strip().lower() if isinstance(named, str) else "")

    def _claimed(self, token: str) -> tuple[str, str]:
        """The directory and the key that the token names, for no more than to know which key proves it."""
        try:
            unproven = jwt.decode_complete(token, options={"verify_signature": False})
        except jwt.InvalidTokenError as error:
            raise _unproven("unreadable") from error
        header, claims = unproven["header"], unproven["payload"]
        directory, kid = claims.get("tid"), header.get("kid")
        if header.get("alg") != ALGORITHM or not isinstance(kid, str):
            raise _unproven("algorithm")
        if not isinstance(directory, str) or not OBJECT_ID.fullmatch(directory) or not self._is_ours(directory):
            raise _unproven("directory")
        return directory, kid


def wrong_for_us(claims: Mapping[str, Any], directory: str, audience: str) -> str:
    """Why a genuine token is still no proof of a person who reports; empty when it is one."""
    scopes = claims.get("scp")
    if claims.get("tid") != directory or claims.get("ver") != "2.0":
        return "This token is of another version. The add-in's registration must ask for access tokens of version 2."
    if claims.get("idtyp") == "app" or not isinstance(scopes, str):
        return "This token was given to a program. Reports are sent by people, signed in to Outlook."
    if SCOPE not in scopes.split():
        return f"This token does not allow {SCOPE}. Ask your administrator to consent to the add-in."
    if claims.get("azp") != audience:
        return "This token was asked for by another program than the add-in."
    if not isinstance(claims.get("oid"), str) or not _SUBJECT.fullmatch(claims["oid"]):
        return "This token does not say who you are."
    return ""


def _proven(token: str, key: jwt.PyJWK, audience: str, issuer: str) -> dict[str, Any]:
    """The claims, once signature, issuer, audience and times are proven. Raises NotIdentified."""
    try:
        return jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            audience=audience,
            issuer=issuer,
            leeway=SKEW,
            options={"require": ["exp", "nbf", "iss", "aud"], "strict_aud": True},
        )
    except jwt.ExpiredSignatureError as error:
        raise NotIdentified("Your sign-in has expired. Sign in to Outlook again.") from error
    except jwt.ImmatureSignatureError as error:
        raise NotIdentified("Your sign-in is not valid yet. Check the clock of this device.") from error
    except jwt.InvalidAudienceError as error:
        raise NotIdentified("This token is for another service. Sign in to Outlook again.") from error
    except jwt.InvalidTokenError as error:
        raise _unproven(type(error).__name__) from error


def _unproven(why: str) -> NotIdentified:
    log.info("token refused", why=why)
    return NotIdentified(UNPROVEN)


@dataclass(frozen=True)
class _Kept:
    keys: Mapping[str, jwt.PyJWK]
    fetched_at: datetime
    asked_at: datetime


class SigningKeys:
    """Microsoft's public keys for each directory: kept for a day, and looked for again when one is unknown."""

    def __init__(self, login_url: str, ca_file: Path | None, now: Callable[[], datetime]) -> None:
        self._login_url = login_url
        self._ca_file = ca_file
        self._now = now
        self._kept: dict[str, _Kept] = {}
        self._lock = Lock()

    def find(self, directory: str, kid: str) -> jwt.PyJWK | None:
        """The key of this id; None when Microsoft knows none. Raises StoreUnavailable when nobody can tell."""
        found = self._among_kept(directory, kid)
        if found is not None:
            return found
        with self._lock:  # one asks, the others wait for the answer
            if self._may_ask(directory):
                self._ask(directory)
        found = self._among_kept(directory, kid)
        if found is None and not self._is_fresh(directory):
            raise StoreUnavailable("Microsoft's signing keys cannot be fetched, so that nobody can be identified")
        return found

    def _among_kept(self, directory: str, kid: str) -> jwt.PyJWK | None:
        return self._kept[directory].keys.get(kid) if self._is_fresh(directory) else None

    def _is_fresh(self, directory: str) -> bool:
        kept = self._kept.get(directory)
        return kept is not None and self._now() - kept.fetched_at < KEPT

    def _may_ask(self, directory: str) -> bool:
        kept = self._kept.get(directory)
        return kept is None or self._now() - kept.asked_at >= PAUSE

    def _ask(self, directory: str) -> None:
        now, before = self._now(), self._kept.get(directory)
        try:
            self._kept[directory] = _Kept(self._fetch(directory), now, now)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, KeyError, jwt.PyJWTError) as error:
            log.warning("signing keys not fetched", why=type(error).__name__)
            fetched_at = before.fetched_at if before else now - KEPT
            self._kept[directory] = _Kept(before.keys if before else {}, fetched_at, now)

    def _fetch(self, directory: str) -> dict[str, jwt.PyJWK]:
        issuer = f"{self._login_url}/{directory}/v2.0"
        trust = ssl.create_default_context(cafile=self._ca_file) if self._ca_file else True
        with httpx.Client(verify=trust, timeout=TIMEOUT) as client:
            described = _json(client, f"{issuer}/.well-known/openid-configuration")
            if described["issuer"] != issuer or not str(described["jwks_uri"]).startswith("https://"):
                raise ValueError("this describes another issuer")
            published = _json(client, described["jwks_uri"])["keys"]
        ours = [key for key in published if _is_for(key, issuer, directory)]
        keys = {key.key_id: key for key in jwt.PyJWKSet(ours) if key.key_id and key.key_type == "RSA"}
        if not keys:
            raise ValueError("there is no key among these")
        return keys


def _is_for(key: object, issuer: str, directory: str) -> bool:
    """Some of Microsoft's keys say for whom they sign: one for consumers does not sign for an organisation."""
    return isinstance(key, dict) and str(key.get("issuer", issuer)).replace("{tenantid}", directory) == issuer


def _json(client: httpx.Client, address: str) -> dict[str, Any]:
    answer = client.get(address)
    answer.raise_for_status()
    told = answer.json()
    if not isinstance(told, dict):
        raise ValueError("this is no JSON object")
    return told
