"""OIDC: does the organisation's sign-in service say who this is, to us and just now?

Code flow with PKCE, state and nonce, through Authlib. State, nonce and verifier wait in the signed cookie of whoever
asked, are used once, and what comes back for anybody else is refused.
"""

from typing import Any

import structlog
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import OAuth
from flask import Blueprint, Flask, current_app, flash, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from joserfc.errors import JoseError
from requests import RequestException

from backend.errors import NotAllowed, Unknown
from backend.flow import provider
from backend.settings import Settings
from backend.web import session as sessions
from backend.web.languages import spoken
from backend.web.sign_in import redirect_after

log = structlog.get_logger()

CLIENT = "unhook-oidc"
AFTER = "oidc-after"
TIMEOUT = 10  # seconds, of each call
# None of those whose key the provider does not keep to itself.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
WRONG = (AuthlibBaseError, JoseError, RequestException, ValueError, KeyError, TypeError, RuntimeError)

pages = Blueprint("oidc", __name__)


def register(app: Flask, settings: Settings) -> None:
    """Know the provider, if there is one. Nothing is asked of it before somebody signs in."""
    if not settings.oidc_issuer:
        return
    app.extensions[CLIENT] = OAuth(app).register(
        "oidc",
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret.get_secret_value() or None,
        server_metadata_url=f"{settings.oidc_issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={
            "scope": settings.oidc_scope,
            "code_challenge_method": "S256",
            "default_timeout": TIMEOUT,
            "verify": str(settings.ca_file) if settings.ca_file else True,
            "token_endpoint_auth_method": "client_secret_basic" if settings.oidc_client_secret else "none",
        },
    )


@pages.get("/sign-in/provider")
def start() -> ResponseReturnValue:
    """On to the provider."""
    client = _client()
    session[AFTER] = sessions.inside(request.args.get("after", ""))
    try:
        _described(client)
        answer: ResponseReturnValue = client.authorize_redirect(_returns_to())
    except WRONG as error:
        return _refused(error, _("The sign-in service of your organisation cannot be reached. Try again later."))
    return answer


@pages.get("/sign-in/provider/answer")
def answered() -> ResponseReturnValue:
    """The provider's answer. What is wrong with it stands in the log; whoever brought it learns nothing."""
    client, services = _client(), sessions.services_here()
    after = session.pop(AFTER, "")
    try:
        operator = provider.operator_for(services, _proven(client))
    except NotAllowed as refusal:
        flash(spoken(refusal), "wrong")
        return redirect(url_for("web.sign_in.sign_in"), 303)
    except WRONG as error:
        return _refused(error, _("That sign-in did not work. Start again."))
    sessions.begin(services, operator, "provider")
    return redirect_after(after)


def _client() -> Any:
    client = current_app.extensions.get(CLIENT)
    if client is None:
        raise Unknown("Nobody signs in through a provider here.")
    return client


def _described(client: Any) -> dict[str, Any]:
    """What the provider says of itself, once it is the one that was configured. Raises ValueError."""
    metadata: dict[str, Any] = client.load_server_metadata()
    issuer = sessions.services_here().settings.oidc_issuer
    if metadata.get("issuer") != issuer:
        client.server_metadata.pop("_loaded_at", None)  # ask again next time
        raise ValueError("the provider describes another issuer")
    offered = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
    metadata["id_token_signing_alg_values_supported"] = [name for name in offered if name in ALGORITHMS]
    return metadata


def _proven(client: Any) -> dict[str, Any]:
    """The claims about a person: signed by the provider, for us, in answer to what this browser asked."""
    settings = sessions.services_here().settings
    _described(client)
    wanted = {
        "iss": {"essential": True, "value": settings.oidc_issuer},
        "aud": {"essential": True, "value": settings.oidc_client_id},
        "sub": {"essential": True},
        "nonce": {"essential": True},
    }
    token = client.authorize_access_token(claims_options=wanted)
    claims = dict(token.get("userinfo") or {})
    if not isinstance(claims.get("sub"), str) or not claims["sub"]:
        raise ValueError("the answer names nobody")
    return {**_asked_for(client, token, claims), **claims}


def _asked_for(client: Any, token: Any, claims: dict[str, Any]) -> dict[str, Any]:
    """Some providers tell the address only when asked; the answer must be about the same person."""
    if "email" in claims or not client.server_metadata.get("userinfo_endpoint"):
        return {}
    told = dict(client.userinfo(token=token))
    return told if told.get("sub") == claims["sub"] else {}


def _returns_to() -> str:
    public = sessions.services_here().settings.public_url
    where = url_for("web.oidc.answered")
    return f"{public or request.url_root.rstrip('/')}{where}"


def _refused(error: Exception, says: str) -> ResponseReturnValue:
    log.warning("sign-in through the provider failed", why=type(error).__name__)
    flash(says, "wrong")
    return redirect(url_for("web.sign_in.sign_in"), 303)
