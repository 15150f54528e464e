"""Evidence: how does an operator get at a mail's own headers and bytes, and who did?"""

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from backend.domain.people import Actor, Operator, Right
from backend.errors import Unknown
from backend.services import Services
from backend.store import audit, messages
from backend.store.messages import Message
from backend.web.message import ONE
from backend.web.session import needs
from backend.web.spelled import visible
from model.message.caps import Defects
from model.message.source import split, unfolded

MOST_HEADERS = 200
LONGEST_VALUE = 2_000  # characters of one header
RAW_POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'"

pages = Blueprint("evidence", __name__)


@pages.get(f"{ONE}/headers")
@needs(Right.MAIL)
def headers(services: Services, operator: Operator, message_id: int) -> ResponseReturnValue:
    """The headers as text, asked for by pressing a button; a page of its own where no script runs."""
    raw = _read(services, operator, message_id, "headers viewed")
    shown, more = readable_headers(raw)
    template = "message/_headers.html" if request.headers.get("HX-Request") else "headers.html"
    return render_template(template, here="queue", message_id=message_id, headers=shown, more=more)


@pages.get(f"{ONE}/raw")
@needs(Right.MAIL)
def warning(services: Services, operator: Operator, message_id: int) -> ResponseReturnValue:
    """What the raw mail is, and what it can do, before it is downloaded."""
    message = _known(services, operator, message_id)
    return render_template("raw.html", here="queue", message=message, gone=not message.evidence_sha256)


@pages.post(f"{ONE}/raw")
@needs(Right.MAIL)
def download(services: Services, operator: Operator, message_id: int) -> ResponseReturnValue:
    """The bytes as they came, as a file that no browser opens."""
    return as_file(_read(services, operator, message_id, "raw downloaded"), f"message-{message_id}.eml")


def as_file(raw: bytes, name: str) -> Response:
    """A mail as a file that no browser opens."""
    response = Response(raw, content_type="application/octet-stream")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Content-Security-Policy"] = RAW_POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def readable_headers(raw: bytes) -> tuple[list[tuple[str, str]], int]:
    """The first headers in order, each in one line that shows what is hidden in it, and how many more there are."""
    block = split(raw, Defects()).headers
    pairs = list(zip(block.names, block.values, strict=True))
    shown = [(_text(name, 100), _text(unfolded(value).strip(), LONGEST_VALUE)) for name, value in pairs[:MOST_HEADERS]]
    return shown, max(0, len(pairs) - MOST_HEADERS)


def _text(raw: bytes, longest: int) -> str:
    return visible(raw[: 4 * longest].decode("utf-8", "replace").replace("\t", " ")[:longest])


def _known(services: Services, operator: Operator, message_id: int) -> Message:
    with services.database.read() as tx:
        message = messages.get(tx, operator.tenant_id, message_id)
    if message is None:
        raise Unknown("There is no such message.")
    return message


def _read(services: Services, operator: Operator, message_id: int, done: str) -> bytes:
    """The bytes, with a line in the audit log. Raises Unknown when they are gone."""
    message = _known(services, operator, message_id)
    if not message.evidence_sha256:
        raise Unknown("The mail itself was deleted. What was found in it is on its page.")
    raw = services.evidence.read(operator.tenant_id, message.evidence_sha256)
    with services.database.begin() as tx:
        who, what = Actor("operator", operator.id), f"message:{message_id}"
        audit.record(tx, operator.tenant_id, who, done, what, {}, services.now())
    return raw
