"""Notes: what do operators tell each other about a message? Appended, never edited; struck out, never deleted."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from backend.domain.people import Actor, Operator, Right
from backend.errors import BadInput, Conflict, Unknown
from backend.services import Services
from backend.store import audit, messages, notes
from backend.web.actions import back_to, try_to
from backend.web.message import HIGHEST_ID, ONE
from backend.web.session import needs

LONGEST = 2_000  # characters
NOTE = f"/notes/<int(min=1, max={HIGHEST_ID}):note_id>"

pages = Blueprint("notes", __name__)


@pages.post(f"{ONE}/notes")
@needs(Right.MAIL)
def write(services: Services, operator: Operator, message_id: int) -> ResponseReturnValue:
    """Add a note to a message."""
    body = request.form.get("note", "").strip()
    try_to(lambda: _write(services, operator, message_id, body), _("Noted."))
    return back_to(message_id, "notes")


@pages.post(f"{NOTE}/strike")
@needs(Right.MAIL)
def strike(services: Services, operator: Operator, note_id: int) -> ResponseReturnValue:
    """Strike a note out; it stays readable."""
    with services.database.read() as tx:
        note = notes.get(tx, operator.tenant_id, note_id)
    if note is None:
        raise Unknown("There is no such note.")
    try_to(lambda: _strike(services, operator, note_id), _("Struck out."))
    return back_to(note.message_id, "notes")


def _write(services: Services, operator: Operator, message_id: int, body: str) -> None:
    if not body or len(body) > LONGEST:
        raise BadInput("A note has between 1 and %(most)s characters.", most=LONGEST)
    actor, now = Actor("operator", operator.id), services.now()
    with services.database.begin() as tx:
        if not messages.hold(tx, operator.tenant_id, message_id):
            raise Unknown("There is no such message.")
        note_id = notes.write(tx, operator.tenant_id, message_id, body.replace("\x00", ""), actor, now)
        audit.record(tx, operator.tenant_id, actor, "note written", f"message:{message_id}", {"note": note_id}, now)


def _strike(services: Services, operator: Operator, note_id: int) -> None:
    actor, now = Actor("operator", operator.id), services.now()
    with services.database.begin() as tx:
        if not notes.strike(tx, operator.tenant_id, note_id, actor, now):
            raise Conflict("This note is struck out already.")
        audit.record(tx, operator.tenant_id, actor, "note struck out", f"note:{note_id}", {}, now)
