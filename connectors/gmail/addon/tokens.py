"""Tokens: does Google call this very address for our add-on, and who pressed the button?

Two ID tokens come with each event: one says that Google calls, for one address and from one add-on; the other says who
the person is. Google's own helper checks neither the issuer nor, without being told, the audience, and fetches the
certificates each time: so the checks are ours.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import jwt
import structlog

from connectors.gmail.addon.certificates import Certificates

log = structlog.get_logger()

ALGORITHM = "RS256"
ISSUERS = frozenset({"https://accounts.google.com", "accounts.google.com"})
SKEW = timedelta(seconds=60)
LONGEST = 8_000
# Until a signature is proven, every refusal reads alike.
UNPROVEN = (
    "It is not proven that Google sent this. Open the message again; if that does not help, ask your administrator."
)

_SUBJECT = re.compile(r"[!-~]{1,255}")
_ADDRESS = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}")


class Unproven(Exception):
    """Nobody we know sent this; the text says what to do."""


@dataclass(frozen=True)
class Account:
    """Who pressed: a person is (directory, subject) and nothing else."""

    directory: str
    subject: str
    address: str


class Tokens:
    """Checks the tokens of one add-on."""

    def __init__(self, certificates: Certificates, service_account: str, client_id: str) -> None:
        self._certificates = certificates
        self._service_account = service_account
        self._client_id = client_id

    def check_google(self, token: str, address: str) -> None:
        """Google calls `address` for our add-on. Raises Unproven; TryLater when Google's keys cannot be had."""
        claims = self._proven(token, address, "This token is for another address than this one.")
        if claims.get("email") != self._service_account:
            raise Unproven("This request comes from another add-on: its service account is not the one set here.")
        if claims.get("email_verified") is not True:
            raise Unproven("Google has not verified the address of the service account.")

    def check_person(self, token: str) -> Account:
        """Whose button it was. Raises Unproven; TryLater when Google's keys cannot be had."""
        claims = self._proven(token, self._client_id, "This sign-in was given to another program than the add-on.")
        wrong = wrong_for_us(claims)
        if wrong:
            raise Unproven(wrong)
        return Account(claims["hd"].lower(), claims["sub"], claims["email"].lower())

    def _proven(self, token: str, audience: str, for_another: str) -> dict[str, Any]:
        """The claims, once signature, issuer, audience and times are proven."""
        key = self._certificates.find(_key_id(token))
        if key is None:
            raise _unproven("unknown key")
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                audience=audience,
                leeway=SKEW,
                options={"require": ["exp", "iat", "iss", "aud"], "strict_aud": True},
            )
        except jwt.ExpiredSignatureError as error:
            raise Unproven("This request came too late: Google's token has expired. Open the message again.") from error
        except jwt.InvalidAudienceError as error:
            raise Unproven(for_another) from error
        except jwt.InvalidTokenError as error:
            raise _unproven(type(error).__name__) from error
        if not isinstance(claims["iss"], str) or claims["iss"] not in ISSUERS:
            raise _unproven("issuer")
        return claims


def wrong_for_us(claims: Mapping[str, Any]) -> str:
    """Why a genuine token is still no proof of a person who reports; empty when it is one."""
    directory, subject, address = (claims.get(name) for name in ("hd", "sub", "email"))
    if not isinstance(directory, str) or not directory:
        return "This account belongs to no organisation. Reports are taken from Google Workspace accounts."
    if not isinstance(subject, str) or not _SUBJECT.fullmatch(subject):
        return "This sign-in does not say who you are."
    if not isinstance(address, str) or not _ADDRESS.fullmatch(address):
        return "This sign-in does not say what your address is."
    if claims.get("email_verified") is not True:
        return "Google has not verified your address."
    return ""


def _key_id(token: str) -> str:
    """The key that the token names, for no more than to know which key proves it."""
    try:
        header = jwt.get_unverified_header(token) if len(token) <= LONGEST else {}
    except jwt.InvalidTokenError as error:
        raise _unproven("unreadable") from error
    kid = header.get("kid")
    if header.get("alg") != ALGORITHM or not isinstance(kid, str):
        raise _unproven("algorithm")
    return kid


def _unproven(why: str) -> Unproven:
    log.info("token refused", why=why)
    return Unproven(UNPROVEN)
