"""Entra: who gets a token, for what, and until when? Microsoft's sign-in service as far as Unhook meets it."""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from microsoft.certificates import key, private_pem, write_server_files
from microsoft.server import HttpsServer, Request, Response

GRAPH = "https://graph.microsoft.com"
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass
class App:
    """An app registration: how it proves itself, and which application permissions it asks consent for."""

    secret: str
    certificate: x509.Certificate | None
    wants: frozenset[str]


@dataclass
class Tenant:
    """One directory, with the permissions granted to each app. An app without an entry is not installed."""

    grants: dict[str, frozenset[str]] = field(default_factory=dict)


class Entra:
    """A sign-in service on loopback. All knobs may be turned while it runs."""

    def __init__(self, folder: Path, now: Callable[[], float] = time.time) -> None:
        self.ca_file, self.server_file = write_server_files(folder)
        self.now = now
        self.tenants: dict[str, Tenant] = {}
        self.apps: dict[str, App] = {}
        self.lifetime = 3600.0  # seconds of an app's token
        self.declines = ""  # an admin's answer to consent: "" grants, else such as "access_denied"
        self.administers = ""  # the tenant of the admin who consents under /organizations/
        self.failing: list[Response] = []  # answered instead by the token endpoint, first come, first served
        self.tokens_given = 0
        self._valid_after = 0.0
        self._lock = threading.Lock()
        self._server = HttpsServer(self._answer, self.server_file)
        self.url = self._server.url

    def close(self) -> None:
        self._server.close()

    def __enter__(self) -> "Entra":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    # --- what is there

    def add_tenant(self, tid: str) -> None:
        self.tenants[tid] = Tenant()
        self.administers = self.administers or tid

    def add_app(
        self, client_id: str, secret: str = "", certificate: x509.Certificate | None = None, wants: Iterable[str] = ()
    ) -> None:
        self.apps[client_id] = App(secret, certificate, frozenset(wants))

    def grant(self, tid: str, client_id: str, roles: Iterable[str]) -> None:
        """Consent: from now on tokens carry exactly these roles."""
        self.tenants[tid].grants[client_id] = frozenset(roles)

    def revoke(self, tid: str, client_id: str) -> None:
        """Consent withdrawn: the app is not installed any more."""
        self.tenants[tid].grants.pop(client_id, None)

    def revoke_tokens(self) -> None:
        """Every token given so far stops working, before its time."""
        self._valid_after = self.now()

    # --- tokens

    def person_token(
        self, tid: str, oid: str, aud: str, scp: str = "Report.Submit", azp: str = "", key: str = "entra", **claims: Any
    ) -> str:
        """A user's access token of version 2.0, valid for an hour. A claim that is None is left out.

        Wrong variants: `key="stranger"` is signed by a key that nobody publishes, under the published key's id;
        `key="unknown"` by another key under its own id; `key=""` not at all (`alg: none`); `iss=`, `exp=`, `ver=`,
        `roles=` ... replace what it would say.
        """
        now = int(self.now())
        said = {
            "aud": aud,
            "iss": self.issuer(tid),
            "iat": now,
            "nbf": now,
            "exp": now + 3600,
            "tid": tid,
            "oid": oid,
            "sub": f"pairwise-{oid}",
            "azp": azp or aud,
            "azpacr": "0",
            "scp": scp,
            "ver": "2.0",
            "uti": uuid4().hex,
            **claims,
        }
        return self._sign({name: value for name, value in said.items() if value is not None}, key)

    def app_token(self, tid: str, client_id: str, aud: str = GRAPH, **claims: Any) -> str:
        """An application's access token, with the roles granted to it."""
        now = self.now()
        said = {
            "aud": aud,
            "iss": f"https://sts.windows.net/{tid}/",
            "iat": int(now),
            "nbf": int(now),
            "exp": int(now + self.lifetime),
            "made": now,
            "tid": tid,
            "oid": f"principal-{client_id}",
            "appid": client_id,
            "idtyp": "app",
            "roles": sorted(self.tenants[tid].grants.get(client_id, ())),
            "ver": "1.0",
            **claims,
        }
        return self._sign({name: value for name, value in said.items() if value is not None}, "entra")

    def issuer(self, tid: str) -> str:
        return f"{self.url}/{tid}/v2.0"

    def opened(self, token: str) -> dict[str, Any] | None:
        """The claims of an app's token for Graph, or None when Graph must answer 401."""
        try:
            claims = jwt.decode(
                token, key("entra").public_key(), ["RS256"], audience=GRAPH,
                options={"verify_exp": False, "verify_nbf": False, "verify_iat": False},
            )  # fmt: skip
        except jwt.PyJWTError:
            return None
        alive = self.now() < claims["exp"] and claims["made"] > self._valid_after
        return claims if alive else None

    def _sign(self, claims: dict[str, Any], by: str) -> str:
        if not by:
            return jwt.encode(claims, None, algorithm="none")
        return jwt.encode(
            claims, private_pem(by), algorithm="RS256", headers={"kid": "entra" if by == "stranger" else by}
        )

    # --- what it answers

    def _answer(self, request: Request) -> Response:
        tid, _, rest = request.path.lstrip("/").partition("/")
        if rest in {"v2.0/adminconsent", "adminconsent"}:
            return self._consent(tid, request.query)
        if rest == "discovery/v2.0/keys":
            return Response(200, {"keys": [self._jwk("entra")]})
        if tid not in self.tenants and tid not in {"common", "organizations"}:
            return _refusal(400, "invalid_tenant", 90002, f"Tenant '{tid}' not found.")
        if rest == "v2.0/.well-known/openid-configuration":
            return Response(200, self._discovery(tid))
        if rest == "oauth2/v2.0/token" and request.method == "POST":
            with self._lock:
                return self.failing.pop(0) if self.failing else self._token(tid, request.form)
        return Response(404, {"error": "not_found"})

    def _discovery(self, tid: str) -> dict[str, Any]:
        shown = "{tenantid}" if tid in {"common", "organizations"} else tid
        base = f"{self.url}/{tid}"
        return {
            "issuer": f"{self.url}/{shown}/v2.0",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "jwks_uri": f"{base}/discovery/v2.0/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
        }

    def _jwk(self, name: str) -> dict[str, Any]:
        public = load_pem_private_key(private_pem(name).encode(), None).public_key()
        made = jwt.algorithms.RSAAlgorithm.to_jwk(public, as_dict=True)  # type: ignore[arg-type]
        return {**made, "use": "sig", "kid": name, "alg": "RS256"}

    def _token(self, tid: str, form: dict[str, str]) -> Response:
        client_id = form.get("client_id", "")
        app = self.apps.get(client_id)
        if app is None or client_id not in self.tenants[tid].grants:
            text = f"Application with identifier '{client_id}' was not found in the directory '{tid}'."
            return _refusal(400, "unauthorized_client", 700016, text)
        if form.get("grant_type") != "client_credentials":
            return _refusal(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.")
        if refusal := self._unproven(tid, app, client_id, form):
            return refusal
        if form.get("scope") != f"{GRAPH}/.default":
            return _refusal(400, "invalid_scope", 70011, "The provided value for scope is not valid.")
        self.tokens_given += 1
        token = self.app_token(tid, client_id)
        return Response(200, {"token_type": "Bearer", "expires_in": int(self.lifetime), "access_token": token})

    def _unproven(self, tid: str, app: App, client_id: str, form: dict[str, str]) -> Response | None:
        if form.get("client_assertion_type") == _ASSERTION and app.certificate is not None:
            return self._unproven_assertion(tid, app.certificate, client_id, form["client_assertion"])
        if app.secret and form.get("client_secret") == app.secret:
            return None
        return _refusal(401, "invalid_client", 7000215, "Invalid client secret provided.")

    def _unproven_assertion(self, tid: str, known: x509.Certificate, client_id: str, assertion: str) -> Response | None:
        audience = f"{self.url}/{tid}/oauth2/v2.0/token"
        try:
            header = jwt.get_unverified_header(assertion)
            claims = jwt.decode(assertion, known.public_key(), ["PS256"], audience=audience)  # type: ignore[arg-type]
        except jwt.PyJWTError as error:
            return _refusal(401, "invalid_client", 700027, f"Client assertion failed signature validation: {error}")
        if {claims["iss"], claims["sub"]} != {client_id} or not header.get("x5t#S256"):
            return _refusal(401, "invalid_client", 700027, "The assertion is not the client's own.")
        return None

    def _consent(self, tenant: str, query: dict[str, str]) -> Response:
        """An administrator who answers at once. As in Microsoft's documentation, errors say admin_consent=True too."""
        tid = self.administers if tenant in {"organizations", "common"} else tenant
        app = self.apps.get(query.get("client_id", ""))
        if tid not in self.tenants or app is None:
            return Response(400, b"AADSTS700016", {"Content-Type": "text/html"})
        back = {"admin_consent": "True", "tenant": tid, "state": query.get("state", "")}
        if self.declines:
            text = "AADSTS65004: The resource owner or authorization server denied the request."
            back = {"error": self.declines, "error_description": text, **back}
        else:
            self.grant(tid, query["client_id"], app.wants)
            back["scope"] = f"{GRAPH}/.default"
        return Response(302, b"", {"Location": f"{query['redirect_uri']}?{urlencode(back)}"})


def _refusal(status: int, error: str, code: int, text: str) -> Response:
    body = {"error": error, "error_description": f"AADSTS{code}: {text}", "error_codes": [code]}
    return Response(status, {**body, "correlation_id": str(uuid4())})
