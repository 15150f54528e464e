"""Tokens: who may act as whom, and for what? Google's token service, and the ID tokens it gives add-ons."""

import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.serialization import Encoding
from microsoft.certificates import certificate, key, private_pem
from microsoft.server import Request, Response

from workspace.store import Store

AUDIENCE = "https://oauth2.googleapis.com/token"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ROBOT = "unhook@phish-response.iam.gserviceaccount.com"
CLIENT_ID = "108432198765432109876"
ADD_ON = "service-1234567890@gcp-sa-gsuiteaddons.iam.gserviceaccount.com"
OAUTH_CLIENT = "1234567890-addon.apps.googleusercontent.com"


@dataclass(frozen=True)
class Given:
    """What an access token is good for."""

    person: str
    scopes: frozenset[str]
    until: float


class Tokens:
    """One service account with domain-wide delegation for `granted`."""

    def __init__(self, store: Store, now: Callable[[], float] = time.time) -> None:
        self.store = store
        self.now = now
        self.granted: set[str] = set()
        self.lifetime = 3600
        self.given: dict[str, Given] = {}
        self.asked: list[tuple[str, str]] = []  # (person, scopes) of every token asked for
        self.key_is_deleted = False
        self.policy_forbids = False

    def service_account(self, token_url: str) -> str:
        """The key as Google's console gives it."""
        return json.dumps(
            {
                "type": "service_account",
                "project_id": "phish-response",
                "private_key_id": "robot-1",
                "private_key": private_pem("robot"),
                "client_email": ROBOT,
                "client_id": CLIENT_ID,
                "token_uri": token_url,
            }
        )

    def revoke(self) -> None:
        """Every token given so far stops working, before its time."""
        self.given.clear()

    def opened(self, request: Request) -> Given | None:
        """What the caller's token is good for; None when it is good for nothing."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        found = self.given.get(token) if kind == "Bearer" else None
        return found if found and self.now() < found.until else None

    def answer(self, request: Request) -> Response:
        form = request.form
        if form.get("grant_type") != GRANT:
            return refused("unsupported_grant_type", "Invalid grant_type")
        try:
            public = key("robot").public_key()
            claims = jwt.decode(form.get("assertion", ""), public, ["RS256"], audience=AUDIENCE)
        except jwt.PyJWTError:
            return refused("invalid_grant", "Invalid JWT Signature.")
        if self.key_is_deleted or claims["iss"] != ROBOT or claims["exp"] - claims["iat"] > 3600:
            return refused("invalid_grant", "Invalid JWT Signature.")
        return self._give(str(claims.get("sub", "")), str(claims.get("scope", "")))

    def _give(self, person: str, scope: str) -> Response:
        self.asked.append((person, scope))
        account = self.store.accounts.get(person)  # an alias or a group is nobody
        if account is None:
            return refused("invalid_grant", "Invalid email or User ID")
        if self.policy_forbids:
            return refused("access_denied", "Access blocked by admin policy", 403)
        scopes = frozenset(scope.split())
        if not scopes or not scopes <= self.granted:
            why = "Client is unauthorized to retrieve access tokens using this method, or client not authorized."
            return refused("unauthorized_client", why, 401)
        if account.suspended:
            return refused("invalid_grant", "Account disabled: suspended")
        token = "ya29." + secrets.token_urlsafe(24)
        self.given[token] = Given(person, scopes, self.now() + self.lifetime)
        return Response(200, {"access_token": token, "expires_in": self.lifetime, "token_type": "Bearer"})

    # --- what an add-on gets

    def certificates(self) -> Response:
        """The public keys of ID tokens, by key id."""
        pem = certificate("google").public_bytes(Encoding.PEM).decode()
        return Response(200, {"google": pem}, {"Cache-Control": "public, max-age=3600"})

    def system_token(self, url: str, signer: str = "google", **claims: Any) -> str:
        """What proves that Google calls this very address. A claim that is None is left out.

        `signer="stranger"` signs with a key that nobody publishes, under the published one's id; `signer="unknown"`
        with another under its own id.
        """
        return self._id_token(signer, {"aud": url, "sub": "109", "email": ADD_ON, "email_verified": True, **claims})

    def user_token(self, address: str, signer: str = "google", **claims: Any) -> str:
        """Who clicked, as Google says."""
        own = {"aud": OAUTH_CLIENT, "sub": f"sub-{address}", "email": address, "email_verified": True}
        return self._id_token(signer, {**own, "hd": address.rpartition("@")[2], **claims})

    def _id_token(self, signer: str, claims: dict[str, Any]) -> str:
        now = int(self.now())
        said = {"iss": "https://accounts.google.com", "iat": now, "exp": now + 3600, "azp": claims["sub"], **claims}
        kid = "google" if signer == "stranger" else signer
        kept = {name: value for name, value in said.items() if value is not None}
        return jwt.encode(kept, private_pem(signer), algorithm="RS256", headers={"kid": kid})


def refused(error: str, why: str, status: int = 400) -> Response:
    return Response(status, {"error": error, "error_description": why})
