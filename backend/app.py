"""App: what does one web process serve, and what holds for every answer?"""

from time import monotonic

import structlog
from flask import Flask, Response, g, request
from werkzeug.middleware.proxy_fix import ProxyFix

from backend import api, web, whence
from backend.api.identity import AnyToken, Identifier
from backend.api.limits import make_limiter
from backend.api.reading import longest_body
from backend.log import begin_request
from backend.metrics import Metrics
from backend.secret import secret_key
from backend.services import Services
from backend.settings import Settings

log = structlog.get_logger()

# Pages load only what this server sends, run no inline script and are framed by nobody. A view may set stricter
# headers of its own, and the page that shows a mail's body does; those here are what is left.
CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
QUIET = frozenset({"api.healthz", "api.readyz", "api.metrics"})  # asked every few seconds, and nobody reads that


def create_app(services: Services, identifier: Identifier | None = None) -> Flask:
    """The web process: API and pages over one set of services. Never imports torch.

    `identifier` proves who sends an API request; by default a token of Unhook's own or of Microsoft's.
    """
    settings = services.settings
    app = Flask("backend.app", static_folder=None)
    app.config.update(
        SECRET_KEY=secret_key(settings),
        MAX_CONTENT_LENGTH=longest_body(settings),
        SESSION_COOKIE_NAME="unhook",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.https_only,
    )
    if hops := settings.trusted_proxies:
        # As many entries as there are proxies of ours, counted from the end: the rest is what anybody may write.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=0)  # type: ignore[method-assign]
    metrics = Metrics(services.database, services.now)
    _watch_requests(app, metrics)
    _harden_answers(app, settings)

    limiter = make_limiter(app, settings)
    api.register(app, services, identifier or AnyToken(services), limiter, metrics)
    web.register(app, services)
    return app


def _watch_requests(app: Flask, metrics: Metrics) -> None:
    """One line and one measurement per answered request: its route and ids, never the address as typed."""

    @app.before_request
    def begin() -> None:
        g.began = monotonic()
        g.request_id = begin_request(request.headers.get("X-Request-ID", ""))
        whence.bind(whence.spelled(request.remote_addr or ""))

    @app.after_request
    def answered(response: Response) -> Response:
        seconds = monotonic() - g.began
        route = str(request.url_rule) if request.url_rule else "unknown"
        method = request.method if request.method in METHODS else "other"
        metrics.answered(route, method, response.status_code, seconds)
        response.headers["X-Request-ID"] = g.request_id
        if request.endpoint not in QUIET:
            milliseconds = round(seconds * 1000)
            log.info("answered", route=route, method=method, status=response.status_code, ms=milliseconds)
        return response


def _harden_answers(app: Flask, settings: Settings) -> None:
    @app.after_request
    def harden(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Cache-Control", "no-store")
        if settings.https_only:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
        return response
