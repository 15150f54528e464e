"""Log: how is one line per finished step written, with ids and never with content of mail?"""

import logging
import re
import sys
from collections.abc import MutableMapping
from traceback import walk_tb
from typing import Any, TextIO
from uuid import uuid4

import structlog
from structlog.contextvars import bind_contextvars, clear_contextvars, get_contextvars, merge_contextvars

Event = MutableMapping[str, Any]

# Names under which content of mail or a person could slip in. Ids say enough; the rest lies in the store.
WITHHELD = frozenset(
    {"subject", "body", "comment", "text", "html", "raw", "headers", "sender", "recipient", "to", "from", "name"}
    | {"address", "addresses", "mailbox", "password", "token", "authorization", "cookie"}
)
LONGEST = 300  # characters of one value
FRAMES = 12  # innermost frames of an error
_SAFE_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def set_up(log_format: str = "console", stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Send our lines and the libraries' to one stream, as text for people or as JSON for machines."""
    place = stream or sys.stderr
    shared: list[Any] = [
        merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        error_without_its_message,
        withhold_content,
    ]
    last: Any = structlog.processors.JSONRenderer()
    if log_format == "console":
        last = structlog.dev.ConsoleRenderer(colors=place.isatty())

    handler = logging.StreamHandler(place)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last]
        )
    )
    logging.raiseExceptions = False  # a line that a full disk refuses must not spoil what it tells of
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for chatty in ("httpx", "httpcore", "werkzeug", "alembic", "urllib3"):  # they log addresses and paths
        logging.getLogger(chatty).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def error_without_its_message(_logger: object, _method: str, event: Event) -> Event:
    """Say which error it was and where. Its message may quote the mail that caused it, so it stays out."""
    found = event.pop("exc_info", None)
    if not found:
        return event
    if isinstance(found, BaseException):
        error: BaseException | None = found
    elif isinstance(found, tuple):
        error = found[1]
    else:
        error = sys.exc_info()[1]
    if error is not None:
        frames = [f"{frame.f_code.co_filename}:{line}" for frame, line in walk_tb(error.__traceback__)]
        event["error"] = f"{type(error).__module__}.{type(error).__qualname__}"
        event["at"] = " < ".join(reversed(frames[-FRAMES:]))
    return event


def withhold_content(_logger: object, _method: str, event: Event) -> Event:
    """The last guard: values under tell-tale names go, and long ones are cut."""
    for key, value in event.items():
        if key in WITHHELD:
            event[key] = "withheld"
        elif isinstance(value, str) and len(value) > LONGEST and key != "at":
            event[key] = value[:LONGEST] + "…"
    return event


def begin_request(wanted: str = "") -> str:
    """Name the request in every line written while it lasts; a caller's own id is used when it is harmless."""
    request_id = wanted if _SAFE_REQUEST_ID.fullmatch(wanted) else uuid4().hex
    clear_contextvars()
    bind_contextvars(request=request_id)
    return request_id


def current_request() -> str:
    """The id of the request being answered, or an empty string."""
    return str(get_contextvars().get("request", ""))
