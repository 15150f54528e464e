"""API errors: which status and which sentence does a refusal become?"""

from collections.abc import Mapping

import structlog
from flask import Flask, Response, make_response, request
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES

from backend.api.bodies import FieldProblem, Problem
from backend.errors import (
    BadInput,
    Conflict,
    NotAllowed,
    NotIdentified,
    StoreUnavailable,
    TooLarge,
    UnhookError,
    Unknown,
)
from backend.log import current_request

log = structlog.get_logger()

STATUS: dict[type[UnhookError], int] = {
    BadInput: 400,
    NotIdentified: 401,
    NotAllowed: 403,
    Unknown: 404,
    Conflict: 409,
    TooLarge: 413,
    StoreUnavailable: 503,
}
SENTENCES = {
    400: "The request could not be read. Check that the body is complete and matches its Content-Type.",
    401: "Send your reporter's token in the header: Authorization: Bearer TOKEN.",
    403: "This is not yours to see or do.",
    404: "There is nothing at this address. /api/v1/openapi.json lists what there is.",
    405: "This address does not take that method. The Allow header lists those it takes.",
    409: "It is not in a state in which that can be done. Look at it again.",
    413: "The message is too large. Send a smaller one, or report it by its id without the raw message.",
    415: "Send Content-Type: message/rfc822 with the raw message, or application/json.",
    429: "Too many requests in a short time. Wait as long as Retry-After says, then send it again.",
    500: "Something went wrong on our side. Give your administrator the request id.",
    503: "Nothing was kept, because the store cannot be used right now. Send it again in a moment.",
}
HEADERS: dict[int, Mapping[str, str]] = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": "10"}}
LISTED = 10  # field problems in one answer


class WrongFields(BadInput):
    """A body whose fields are wrong, each with its problem."""

    def __init__(self, error: ValidationError) -> None:
        # The values stay out of the answer: they are what somebody reported.
        found = error.errors(include_url=False, include_context=False, include_input=False)
        self.fields = [
            FieldProblem(field=".".join(str(part) for part in one["loc"])[:200], problem=_in_words(one))
            for one in found[:LISTED]
        ]
        first = self.fields[0]
        super().__init__(f"{first.field or 'body'}: {first.problem}")


def _in_words(found: ErrorDetails) -> str:
    if found["type"] == "string_pattern_mismatch":
        return "has characters that are not allowed here"
    if found["type"] == "extra_forbidden":
        return "there is no such field; leave it out"
    return found["msg"].removeprefix("Value error, ")[:300]


def register(app: Flask) -> None:
    """Answer every error of the app with a status and a sentence; no stack trace leaves the process."""
    app.register_error_handler(UnhookError, refused)
    app.register_error_handler(HTTPException, not_understood)
    app.register_error_handler(Exception, went_wrong)


def answer(error: Exception) -> Response:
    """Whatever it is, as the app answers it."""
    if isinstance(error, UnhookError):
        return refused(error)
    return not_understood(error) if isinstance(error, HTTPException) else went_wrong(error)


def refused(error: UnhookError) -> Response:
    """One of our own refusals, with its own sentence."""
    status = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)
    if status >= 500:  # its own sentence names hosts and files: that is for the log
        log.error("store unavailable", status=status, why=str(error), exc_info=error)
        return problem(status, SENTENCES[status])
    return problem(status, str(error) or SENTENCES[status], error.fields if isinstance(error, WrongFields) else [])


def not_understood(error: HTTPException) -> Response:
    """What Flask refuses before our code sees it: no such route, too large, too many."""
    if error.response is not None or error.code is None or error.code < 400:
        return make_response(error.get_response())  # a redirect, or an answer that is already complete
    kept = {name: value for name, value in error.get_headers() if name in {"Allow", "Retry-After"}}
    return problem(error.code, SENTENCES.get(error.code, error.description or ""), headers=kept)


def went_wrong(error: Exception) -> Response:
    """Ours to repair: the log has the place, the caller the request id."""
    log.error("unexpected error", status=500, exc_info=error)
    return problem(500, SENTENCES[500])


def problem(
    status: int, detail: str, fields: list[FieldProblem] | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """The answer: problem+json (RFC 9457), or the bare sentence for somebody who opened a page in a browser."""
    title = HTTP_STATUS_CODES.get(status, "Error")
    if wants_a_page():
        response = Response(f"{title}\n\n{detail}\n", status, content_type="text/plain; charset=utf-8")
    else:
        body = Problem(title=title, status=status, detail=detail, request=current_request(), fields=fields or [])
        response = Response(body.model_dump_json(), status, content_type="application/problem+json")
    response.headers.update({**HEADERS.get(status, {}), **(headers or {})})
    return response


def wants_a_page() -> bool:
    """Has somebody opened it in a browser?"""
    best = request.accept_mimetypes.best_match(["application/json", "text/html"])
    return best == "text/html" and not request.path.startswith("/api/")
