"""Account: as which service account do we act, and how does it sign? With a key, or through the machine it runs on."""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import quote

import httplib2
from google.auth import aws, compute_engine, crypt, identity_pool, jwt
from google.auth.credentials import Credentials as Source
from google.auth.exceptions import GoogleAuthError, TransportError
from google_auth_httplib2 import Request

from connectors.errors import NotPermitted, Refused, TryLater
from connectors.gmail.refusals import lost, reason_in, retry_after

SIGN = "https://www.googleapis.com/auth/iam"  # all that the machine's own identity is used for
_ROLE = "roles/iam.serviceAccountTokenCreator"
_WORKLOAD = "external_account"  # what a configuration for workload identity federation calls itself

Claims = Mapping[str, object]


class Account(Protocol):
    """A service account. `client_id` is the number an administrator enters for domain-wide delegation, if it is known.

    `key_id` is empty when there is no key that could get old, or lost.
    """

    @property
    def email(self) -> str: ...  # noqa: D102
    @property
    def client_id(self) -> str: ...  # noqa: D102
    @property
    def key_id(self) -> str: ...  # noqa: D102

    def signed(self, claims: Claims, http: httplib2.Http) -> str:
        """The claims as a JWT. Raises NotPermitted, Refused, TryLater."""
        ...


@dataclass(frozen=True)
class Key:
    """One that signs with a private key of its own."""

    email: str
    client_id: str
    key_id: str
    signer: crypt.Signer

    def signed(self, claims: Claims, http: httplib2.Http) -> str:  # noqa: ARG002 - nobody needs to be asked
        """The claims as a JWT."""
        signed: bytes = jwt.encode(self.signer, claims, key_id=self.key_id or None)  # type: ignore[no-untyped-call]
        return signed.decode()


@dataclass(frozen=True)
class Workload:
    """One that Google signs for, because the machine we run on may ask for it: no key exists."""

    email: str
    iam_url: str
    source: Source
    client_id: str = ""
    key_id: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def signed(self, claims: Claims, http: httplib2.Http) -> str:
        """The claims as a JWT, signed by Google."""
        headers = {"Authorization": f"Bearer {self._own_token(http)}", "Content-Type": "application/json"}
        address = f"{self.iam_url}/v1/projects/-/serviceAccounts/{quote(self.email, safe='@')}:signJwt"
        try:
            answer, content = http.request(address, "POST", json.dumps({"payload": json.dumps(claims)}), headers)
        except Exception as error:
            raise lost("Google's IAM service", error) from error
        if answer.status != 200:
            raise self._refused(answer.status, content, answer)
        return str(json.loads(content)["signedJwt"])

    def _own_token(self, http: httplib2.Http) -> str:
        with self._lock:  # one asks, the others wait for the answer
            if not self.source.valid:
                self._refresh(http)
            return str(self.source.token)

    def _refresh(self, http: httplib2.Http) -> None:
        try:
            self.source.refresh(Request(http))  # type: ignore[no-untyped-call]
        except (GoogleAuthError, OSError) as error:
            if isinstance(error, TransportError | OSError) or getattr(error, "retryable", False):
                raise TryLater(f"the machine's own identity cannot be asked for ({type(error).__name__})") from error
            raise NotPermitted("Google does not accept the machine's own identity: check its workload pool") from error
        except ValueError as error:  # of a file that holds no token
            raise Refused("the machine's own identity cannot be read where UNHOOK_GMAIL_KEY says it is") from error

    def _refused(self, status: int, content: bytes, headers: Mapping[str, str]) -> Exception:
        if status == 429 or status >= 500:
            return TryLater(f"Google's IAM service is busy ({status})", retry_after(headers))
        if status == 403:
            why = f"give it {_ROLE} on this one service account"
            return NotPermitted(f"the machine's own identity may not sign as {self.email}: {why}")
        if status == 404:
            return Refused(f"there is no service account {self.email}: check UNHOOK_GMAIL_SERVICE_ACCOUNT")
        return Refused(f"Google's IAM service refuses to sign as {self.email} ({reason_in(content) or status})")


def read_account(text: str, email: str = "", iam_url: str = "") -> Account:
    """From the JSON of a key or of a workload's identity; without either, from the machine's own in Google Cloud.

    Raises Refused when it is none of these.
    """
    if not text and not email:
        raise Refused("Gmail needs a service account: set UNHOOK_GMAIL_KEY, or UNHOOK_GMAIL_SERVICE_ACCOUNT")
    if not text:
        return Workload(email, iam_url, compute_engine.Credentials(scopes=[SIGN]))  # type: ignore[no-untyped-call]
    try:
        info: Mapping[str, Any] = json.loads(text)
        if info.get("type") == _WORKLOAD:
            return _federated(info, email, iam_url)
        signer = crypt.RSASigner.from_service_account_info(info)  # type: ignore[no-untyped-call]
        return Key(
            str(info["client_email"]), str(info.get("client_id", "")), str(info.get("private_key_id", "")), signer
        )
    except (ValueError, KeyError, TypeError, AttributeError, GoogleAuthError):  # what was in it stays unsaid
        raise Refused("UNHOOK_GMAIL_KEY is not a service account's key as JSON, nor a workload's identity") from None


def _federated(info: Mapping[str, Any], email: str, iam_url: str) -> Workload:
    if not email:
        raise Refused("UNHOOK_GMAIL_KEY is a workload's identity: say in UNHOOK_GMAIL_SERVICE_ACCOUNT whom it acts as")
    on_aws = str(info["credential_source"].get("environment_id", "")).startswith("aws")
    kind = aws.Credentials if on_aws else identity_pool.Credentials  # a program that hands tokens out is not run
    return Workload(email, iam_url, kind.from_info(info, scopes=[SIGN]))  # type: ignore[no-untyped-call]
