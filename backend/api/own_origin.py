"""Own origin: how does a runtime that belongs to us ask, when it thinks it is a stranger?

Classic Outlook runs the add-in's script without a page. Its requests to the server that the script came from carry an
Origin, sometimes with a slash at the end, and are asked about beforehand as if they went elsewhere. Only our own public
address is answered; to any other, nothing is said.
"""

from flask import Flask, Response, request

from backend.settings import Settings

ASKED_ABOUT = "/api/v1/"
HEADERS = "Authorization, Content-Type, Idempotency-Key"
METHODS = "GET, POST"
KEPT_SECONDS = "600"


def register(app: Flask, settings: Settings) -> None:
    """Answer questions before requests from our own address, and let it read the answers."""

    @app.before_request
    def permit() -> Response | None:
        asks = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
        return Response(status=204) if asks and _is_ours(settings) else None

    @app.after_request
    def allow(response: Response) -> Response:
        if request.path.startswith(ASKED_ABOUT) and settings.public_url:
            response.headers.add("Vary", "Origin")
        if _is_ours(settings):
            response.headers["Access-Control-Allow-Origin"] = settings.public_url
            if request.method == "OPTIONS":
                response.headers["Access-Control-Allow-Methods"] = METHODS
                response.headers["Access-Control-Allow-Headers"] = HEADERS
                response.headers["Access-Control-Max-Age"] = KEPT_SECONDS
        return response


def _is_ours(settings: Settings) -> bool:
    origin = request.headers.get("Origin", "").removesuffix("/").lower()
    return bool(origin) and origin == settings.public_url.lower() and request.path.startswith(ASKED_ABOUT)
