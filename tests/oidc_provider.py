"""An OpenID Connect provider on loopback: discovery, sign-in page, tokens signed with RS256, keys and userinfo.

The protocol is Authlib's server side; people, codes and keys lie in memory. It can be told to misbehave: `claims`
changes what the next ID token says, `sign_with` and `header` who signs it and how.
"""

import time
from dataclasses import dataclass, field
from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer, ResourceProtector, current_token
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc6750 import BearerTokenValidator
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import UserInfo
from authlib.oidc.core.grants import OpenIDCode
from flask import Flask, request
from joserfc import jwt
from joserfc.jwk import RSAKey
from serving import serving

CLIENT_ID, CLIENT_SECRET = "unhook", "the client's secret"
PAGE = """<!doctype html><html lang="en"><title>Example sign-in</title><form method="post"><h1>Example sign-in</h1>
<label>Person <input name="subject"></label><button>Continue</button></form></html>"""


@dataclass(frozen=True)
class Person:
    """Somebody whom the provider knows."""

    subject: str
    email: str
    verified: bool = True
    more: dict[str, Any] = field(default_factory=dict)

    def get_user_id(self) -> str:
        return self.subject


class Client:
    """The one client there is."""

    client_id = CLIENT_ID

    def __init__(self, redirect_uri: str) -> None:
        self.redirect_uri = redirect_uri

    def get_client_id(self) -> str:
        return CLIENT_ID

    def get_default_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri == self.redirect_uri

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == CLIENT_SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "client_secret_basic"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


@dataclass
class Code:
    """What was granted, until it is fetched."""

    code: str
    person: Person
    redirect_uri: str
    scope: str
    nonce: str
    code_challenge: str
    code_challenge_method: str

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str:
        return self.nonce

    def get_auth_time(self) -> int:
        return int(time.time())

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> None:
        return None


class Provider:
    """A running provider. `people` are who can sign in; `asked` counts requests by path."""

    def __init__(self) -> None:
        self.people: dict[str, Person] = {}
        self.claims: dict[str, Any] = {}
        self.header: dict[str, Any] = {}
        self.algorithms = ["RS256"]
        self.described: dict[str, Any] = {}
        self.in_token = True  # whether the ID token holds the address, or only userinfo does
        self.key = RSAKey.generate_key(2048, {"kid": "first", "use": "sig"})
        self.sign_with = self.key
        self.asked: list[str] = []
        self.codes: dict[str, Code] = {}
        self.tokens: dict[str, Person] = {}
        self.client = Client("")
        self.issuer = ""
        self._serving = serving(self._app())

    def __enter__(self) -> "Provider":
        self.issuer = self._serving.__enter__()
        return self

    def __exit__(self, *raised: Any) -> None:
        self._serving.__exit__(*raised)

    def knows(self, subject: str, email: str, *, verified: bool = True, **more: Any) -> Person:
        self.people[subject] = Person(subject, email, verified, more)
        return self.people[subject]

    def user_info(self, person: Person, *, everything: bool = True) -> dict[str, Any]:
        told = {"email": person.email, "email_verified": person.verified, **person.more} if everything else {}
        return {"sub": person.subject, **told}

    def _app(self) -> Flask:
        app = Flask("provider")
        server = AuthorizationServer(app, query_client=self._client, save_token=self._keep_token)
        server.register_grant(*_code_grant(self))
        protect = ResourceProtector()
        protect.register_token_validator(_tokens(self)())

        @app.before_request
        def count() -> None:
            self.asked.append(request.path)

        @app.get("/.well-known/openid-configuration")
        def describe() -> dict[str, Any]:
            return {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "userinfo_endpoint": f"{self.issuer}/userinfo",
                "jwks_uri": f"{self.issuer}/keys",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": self.algorithms,
                "code_challenge_methods_supported": ["S256"],
                **self.described,
            }

        @app.get("/keys")
        def keys() -> dict[str, Any]:
            return {"keys": [self.key.as_dict(private=False)]}

        @app.route("/authorize", methods=["GET", "POST"])
        def authorize() -> Any:
            if request.method == "GET":
                server.get_consent_grant(end_user=None)
                return PAGE
            person = self.people[request.form["subject"]]
            grant = server.get_consent_grant(end_user=person)
            return server.create_authorization_response(grant=grant, grant_user=person)

        @app.post("/token")
        def token() -> Any:
            return server.create_token_response()

        @app.get("/userinfo")
        @protect()
        def userinfo() -> dict[str, Any]:
            return self.user_info(self.tokens[current_token.value])

        return app

    def _client(self, client_id: str) -> Client | None:
        return self.client if client_id == CLIENT_ID else None

    def _keep_token(self, token: dict[str, Any], asked: Any) -> None:
        self.tokens[token["access_token"]] = asked.user


def _code_grant(provider: Provider) -> tuple[type, list[Any]]:
    class Grant(AuthorizationCodeGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic",)

        def save_authorization_code(self, code: str, request: Any) -> None:
            asked = request.payload.data
            challenge = (asked.get("code_challenge", ""), asked.get("code_challenge_method", ""))
            provider.codes[code] = Code(
                code, request.user, asked["redirect_uri"], request.payload.scope, asked.get("nonce", ""), *challenge
            )

        def query_authorization_code(self, code: str, client: Any) -> Code | None:
            return provider.codes.get(code)

        def delete_authorization_code(self, authorization_code: Code) -> None:
            del provider.codes[authorization_code.code]

        def authenticate_user(self, authorization_code: Code) -> Person:
            return authorization_code.person

    class IDToken(OpenIDCode):
        def exists_nonce(self, nonce: str, request: Any) -> bool:
            return any(code.nonce == nonce for code in provider.codes.values())

        def generate_user_info(self, user: Person, scope: str) -> UserInfo:
            return UserInfo(provider.user_info(user, everything=provider.in_token))

        def encode_id_token(self, token: dict[str, Any], request: Any) -> str:
            now, code = int(time.time()), request.authorization_code
            claims = {
                "iss": provider.issuer,
                "aud": CLIENT_ID,
                "iat": now,
                "exp": now + 600,
                "nonce": code.nonce,
                **self.generate_user_info(request.user, token["scope"]),
                **provider.claims,
            }
            header = {"alg": "RS256", "kid": provider.sign_with.kid, **provider.header}
            said = {name: value for name, value in claims.items() if value is not None}
            return jwt.encode(header, said, provider.sign_with, algorithms=[header["alg"]])

    return Grant, [CodeChallenge(required=True), IDToken(require_nonce=True)]


def _tokens(provider: Provider) -> type:
    @dataclass
    class Token:
        value: str

        def is_expired(self) -> bool:
            return False

        def is_revoked(self) -> bool:
            return False

        def get_scope(self) -> str:
            return "openid email profile"

    class Validator(BearerTokenValidator):
        def authenticate_token(self, token_string: str) -> Token | None:
            return Token(token_string) if token_string in provider.tokens else None

    return Validator
