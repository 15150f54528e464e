"""Reading: how does a request become a checked body, at a bounded cost?"""

from typing import TypeVar

from flask import Request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from backend.api.bodies import (
    RawReportQuery,
    RawUnverifiedQuery,
    ReportBody,
    ReportHeaders,
    UnverifiedBody,
    UnverifiedOutlookBody,
)
from backend.api.errors import WrongFields
from backend.errors import BadInput, TooLarge
from backend.intake_mail.outlook_file import OLE, rebuilt
from backend.settings import Settings

RAW = frozenset({"message/rfc822", "application/vnd.ms-outlook"})
JSON = "application/json"
BESIDE_RAW = 100_000  # bytes of a JSON body that are not the raw message

Model = TypeVar("Model", bound=BaseModel)
Report = TypeVar("Report", ReportBody, UnverifiedBody, UnverifiedOutlookBody)


def longest_body(settings: Settings) -> int:
    """Bytes of the largest body: a message of the largest size as base64 inside JSON."""
    return _as_base64(settings.max_message_bytes) + BESIDE_RAW


def read_query(request: Request, model: type[Model]) -> Model:
    """What stands behind the question mark. Raises WrongFields."""
    try:
        return model.model_validate(request.args.to_dict())
    except ValidationError as error:
        raise WrongFields(error) from error


def read_idempotency_key(request: Request) -> str:
    """The caller's own name for the report, or an empty string. Raises WrongFields."""
    try:
        return ReportHeaders(idempotency_key=request.headers.get("Idempotency-Key", "")).idempotency_key
    except ValidationError as error:
        raise WrongFields(error) from error


def read_report(request: Request, model: type[Report], most: int) -> Report:
    """The report, sent as the raw message (or an Outlook file of it) or as JSON; the message may have `most` bytes.

    What the body says counts before what the address says. Raises BadInput, TooLarge or what Werkzeug raises.
    """
    query = read_query(request, RawReportQuery if model is ReportBody else RawUnverifiedQuery)
    if request.mimetype in RAW:
        return model.model_construct(raw=_as_mail(_raw(request, most), most), **query.model_dump())
    body = read_json(request, model, most)
    return body.model_copy(update=query.model_dump(exclude=body.model_fields_set))


def read_body(request: Request, model: type[Model], most: int) -> Model:
    """Any body, sent as JSON. Raises BadInput, TooLarge or what Werkzeug raises."""
    if request.mimetype != JSON:
        raise UnsupportedMediaType
    try:
        return model.model_validate_json(_bytes(request, most))
    except ValidationError as error:
        raise WrongFields(error) from error


def read_json(request: Request, model: type[Report], most: int) -> Report:
    """The report, sent as JSON. Raises BadInput, TooLarge or what Werkzeug raises."""
    body = read_body(request, model, _as_base64(most) + BESIDE_RAW)
    return body.model_copy(update={"raw": _as_mail(body.raw, most)}) if body.raw else body


def _as_mail(raw: bytes, most: int) -> bytes:
    """The raw message; of an Outlook file the mail that it was made from. Raises BadInput, TooLarge."""
    if len(raw) <= most and raw.startswith(OLE):
        raw = rebuilt(raw)
    if len(raw) > most:
        raise TooLarge(f"The raw message is too large: at most {most:,} bytes are accepted.")
    return raw


def _raw(request: Request, most: int) -> bytes:
    raw = _bytes(request, most)
    if not raw:
        raise BadInput("The body is empty. Send the raw message, headers and all.")
    return raw


def _bytes(request: Request, most: int) -> bytes:
    if request.content_encoding not in {None, "", "identity"}:
        raise UnsupportedMediaType  # a small body must not unpack to a large one
    request.max_content_length = most + 1  # Werkzeug cuts a body of untold length at this, without a word
    body = request.get_data(cache=False)
    if len(body) > most:
        raise RequestEntityTooLarge
    if request.content_length is not None and len(body) < request.content_length:
        raise BadInput("The body ended before its Content-Length. Send the whole of it again.")
    return body


def _as_base64(size: int) -> int:
    return 4 * -(-size // 3)
