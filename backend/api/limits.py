"""Limits: how many requests may one caller make, and where is that counted?"""

from collections.abc import Callable

from flask import Flask, g, request
from flask_limiter import Limiter

from backend import whence
from backend.api.identity import Identified, Identifier
from backend.errors import NotIdentified
from backend.settings import Settings

READS_PER_MINUTE = 600  # looking at one's own reports; a list that refreshes every second stays far below
UNVERIFIED_PER_TENANT = 4  # times the limit of one address: what all addresses together may send to a tenant
EXTENSION = "unhook-limiter"


def make_limiter(app: Flask, settings: Settings) -> Limiter:
    """One limiter for the whole app, also under `app.extensions[EXTENSION]`.

    Several web processes share their counts through Redis when the queue lives there. Otherwise each process
    counts for itself, and so does every process while Redis is out of reach.
    """
    shared = settings.queue_url.startswith(("redis://", "rediss://", "unix://"))
    place = settings.queue_url.replace("unix://", "redis+unix://", 1)
    limiter = Limiter(
        address,
        storage_uri=place if shared else "memory://",
        storage_options={"socket_connect_timeout": 2, "socket_timeout": 2} if shared else {},
        strategy="moving-window",
        headers_enabled=True,
        in_memory_fallback_enabled=shared,
        key_prefix="unhook",
    )
    limiter.init_app(app)
    app.extensions[EXTENSION] = limiter
    return limiter


def address() -> str:
    """Whoever is behind the socket's address. Never empty: a limit with an empty key would be skipped."""
    return f"address:{whence.household(request.remote_addr or '') or 'local'}"


def caller(identifier: Identifier) -> Callable[[], str]:
    """The key of whoever sends the request: the person when proven, else the address.

    So a stranger who tries tokens from an office's address uses up the strangers' share, not the office's.
    """

    def key() -> str:
        try:
            return f"person:{identified(identifier).person.id}"
        except NotIdentified:
            return address()

    return key


def identified(identifier: Identifier) -> Identified:
    """Who sends the request, asked once per request. Raises NotIdentified."""
    if "identified" not in g:
        g.identified = identifier.identify(request)
    found: Identified = g.identified
    return found
