"""Credentials: how does our app registration get tokens of one tenant?"""

import re
import ssl
import threading
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from msal import ConfidentialClientApplication
from msal.exceptions import MsalServiceError

from connectors.errors import ConnectorError, NotPermitted, Refused, TryLater

_TIMEOUT = (10, 30)  # seconds to connect and to read
_PEM = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----.+?-----END \1-----", re.DOTALL)
_AADSTS = re.compile(r"AADSTS\d+")
_LATER = {"temporarily_unavailable", "server_error", "service_unavailable"}
_ADVICE = {
    "AADSTS700016": "the app registration is not in this directory: give admin consent",
    "AADSTS65001": "admin consent is missing",
    "AADSTS7000215": "the client secret is wrong",
    "AADSTS7000222": "the client secret has expired",
    "AADSTS700027": "the certificate is not the one uploaded to the app registration, or has expired",
    "AADSTS90002": "there is no such directory",
    "invalid_tenant": "its sign-in service knows no such directory",
    "AADSTS53003": "a conditional access policy forbids it",
}


class Credentials:
    """Asks for application tokens; thread-safe. Nothing is asked before the first token is needed."""

    def __init__(
        self, directory: str, client_id: str, secret: str, certificate: str, login_url: str, scope: str, ca: Path | None
    ) -> None:
        self._authority = f"{login_url}/{directory}"
        self._client_id = client_id
        self._proof = credential(secret, certificate)
        self._scope = scope
        self._session = _Session()
        self._session.trust_env = False  # REQUESTS_CA_BUNDLE would win over our own authorities
        self._session.verify = str(ca) if ca else _system_bundle()
        self._app: ConfidentialClientApplication | None = None
        self._lock = threading.Lock()

    def token(self) -> str:
        """A token that is good for some minutes more. Raises NotPermitted with Microsoft's code, TryLater."""
        with self._lock:
            try:
                self._app = self._app or self._connect()
                said: dict[str, Any] = self._app.acquire_token_for_client([self._scope])
            except (requests.RequestException, MsalServiceError) as error:
                raise TryLater(f"Microsoft's sign-in service did not answer ({type(error).__name__})") from error
            except ValueError as error:  # msal's word for a discovery document that is none
                raise _refused("invalid_tenant", str(error)) from error
        if "access_token" not in said:
            raise _refused(str(said.get("error", "")), str(said.get("error_description", "")))
        return str(said["access_token"])

    def hurry(self, connect: float, read: float) -> None:
        """Wait no more than these seconds for the sign-in service."""
        self._session.patience = (connect, read)

    def drop(self) -> None:
        """Forget the token: Graph refused it before its time."""
        with self._lock:
            if self._app:
                self._app.remove_tokens_for_client()

    def start_afresh(self) -> None:
        """Forget everything, also the refusals that msal repeats from memory for a minute."""
        with self._lock:
            self._app = None

    def close(self) -> None:
        """Hang up."""
        self._session.close()

    def _connect(self) -> ConfidentialClientApplication:
        return ConfidentialClientApplication(
            self._client_id,
            client_credential=self._proof,
            authority=self._authority,
            http_client=self._session,
            instance_discovery=False,  # whoever set the address trusts it
        )


class _Session(requests.Session):
    """msal names no timeout, and requests then waits for ever."""

    patience: tuple[float, float] = _TIMEOUT

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs.setdefault("timeout", self.patience)
        return super().request(*args, **kwargs)


def credential(secret: str, certificate: str) -> str | dict[str, str]:
    """What msal proves itself with; the certificate is preferred. Raises Refused when there is neither."""
    if not certificate:
        if not secret:
            raise Refused("Outlook needs UNHOOK_OUTLOOK_CERTIFICATE or UNHOOK_OUTLOOK_CLIENT_SECRET")
        return secret
    blocks = {found[1]: found[0] for found in _PEM.finditer(certificate)}
    key = next((block for name, block in blocks.items() if name.endswith("PRIVATE KEY")), None)
    if key is None or "CERTIFICATE" not in blocks:
        raise Refused("UNHOOK_OUTLOOK_CERTIFICATE must hold a private key and a certificate, both as PEM")
    try:
        load_pem_private_key(key.encode(), None)
        x509.load_pem_x509_certificate(blocks["CERTIFICATE"].encode())
    except (ValueError, TypeError) as error:  # TypeError: it wants a password
        raise Refused("UNHOOK_OUTLOOK_CERTIFICATE holds a key or a certificate that cannot be read") from error
    return {"private_key": key, "public_certificate": blocks["CERTIFICATE"]}


def certificate_expires(certificate: str) -> datetime | None:
    """When our own certificate stops working, in UTC without a zone; None when there is none or it cannot be read."""
    try:
        return x509.load_pem_x509_certificate(certificate.encode()).not_valid_after_utc.replace(tzinfo=None)
    except ValueError:
        return None


def scope_of(graph_url: str) -> str:
    """What a token for Graph is asked for. A test's own address still wants Microsoft's name."""
    host = urlsplit(graph_url).hostname or ""
    known = host.startswith(("graph.", "dod-graph.", "microsoftgraph."))
    return f"https://{host}/.default" if known else "https://graph.microsoft.com/.default"


def _system_bundle() -> str | bool:
    return ssl.get_default_verify_paths().cafile or True


def _refused(error: str, description: str) -> ConnectorError:
    found = _AADSTS.search(description)
    code = found[0] if found else error
    if error in _LATER:
        return TryLater(f"Microsoft's sign-in service is busy ({code})")
    advice = _ADVICE.get(code, "see Microsoft's list of AADSTS codes")
    return NotPermitted(f"Microsoft gives us no token for this tenant: {advice} ({code})")
