"""Progress: how far has a retraction come, told live? Server-sent events; a page that gets none asks now and then."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, current_app, stream_with_context
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from backend.domain.people import Operator, Right
from backend.errors import Unknown
from backend.services import Services
from backend.store.progress import Progress, operation_progress, retraction_progress
from backend.web.actions import RETRACTION
from backend.web.message import HIGHEST_ID
from backend.web.session import needs

EVERY = 1.0  # seconds between two looks
HEARTBEAT = 10  # looks without news after which a line says that the stream lives
LONGEST = 60  # looks of one stream; the browser opens another
EXTENSION = "unhook-streams"

pages = Blueprint("progress", __name__)


def open_streams(services: Services) -> threading.BoundedSemaphore:
    """A stream holds a thread: at most a quarter of the threads of this process may be held at once."""
    return threading.BoundedSemaphore(max(1, services.settings.web_threads // 4))


@pages.get(f"{RETRACTION}/progress")
@needs(Right.MAIL)
def of_retraction(services: Services, operator: Operator, retraction_id: int) -> ResponseReturnValue:
    """The counts of one retraction, or of its undo, until nothing moves any more."""
    return _stream(services, lambda tx: retraction_progress(tx, operator.tenant_id, retraction_id))


@pages.get(f"/operations/<int(min=1, max={HIGHEST_ID}):operation_id>/progress")
@needs(Right.MAIL)
def of_operation(services: Services, operator: Operator, operation_id: int) -> ResponseReturnValue:
    """The counts of an order for many messages."""
    return _stream(services, lambda tx: operation_progress(tx, operator.tenant_id, operation_id))


def _stream(services: Services, look: Callable[[Connection], Progress | None]) -> ResponseReturnValue:
    if _looked(services, look) is None:
        raise Unknown("There is no such retraction.")
    streams: threading.BoundedSemaphore = current_app.extensions[EXTENSION]
    if not streams.acquire(blocking=False):
        return Response("too many pages follow along; ask again\n", 503, {"Retry-After": "5"}, mimetype="text/plain")
    response = Response(stream_with_context(_events(services, look)), mimetype="text/event-stream")
    response.headers["X-Accel-Buffering"] = "no"  # a proxy in between hands each event on at once
    response.call_on_close(streams.release)
    return response


def _events(services: Services, look: Callable[[Connection], Progress | None]) -> Iterator[str]:
    """One event whenever the counts change, `end` when nothing moves any more, and a heartbeat in between."""
    yield "retry: 2000\n\n"
    last: Progress | None = None
    quiet = 0
    for _ in range(LONGEST):
        now = _looked(services, look)
        if now is None:
            return
        if now != last:
            last, quiet = now, 0
            yield _event("progress", now)
        if now.finished:
            yield _event("end", now)
            return
        quiet += 1
        if quiet % HEARTBEAT == 0:
            yield ": still here\n\n"
        time.sleep(EVERY)


def _looked(services: Services, look: Callable[[Connection], Progress | None]) -> Progress | None:
    with services.database.read() as tx:
        return look(tx)


def _event(name: str, progress: Progress) -> str:
    said: dict[str, Any] = {**asdict(progress), "finished": progress.finished}
    return f"event: {name}\ndata: {json.dumps(said)}\n\n"
