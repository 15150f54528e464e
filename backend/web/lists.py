"""Lists: whom does this organisation trust, block, or want looked at, and what would an entry do?"""

import csv
import io
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, NamedTuple

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import Connection

from backend.domain.listed import Entry, ListKind
from backend.domain.people import Actor, Operator, Right
from backend.errors import BadInput, Conflict, UnhookError
from backend.flow import lists as flow
from backend.services import Services
from backend.store import audit, operators
from backend.store import lists as store
from backend.store.export import cell
from backend.web.languages import spoken
from backend.web.message import HIGHEST_ID
from backend.web.session import needs
from backend.web.vocabulary import LISTS

pages = Blueprint("lists", __name__)
ONE = f"/settings/lists/<int(min=1, max={HIGHEST_ID}):entry_id>"
_LONGEST_ASKED = 320


class Typed(NamedTuple):
    """What a form holds, so that a refusal loses nothing of it."""

    kind: str = ListKind.BLOCKED
    text: str = ""
    comment: str = ""
    expires: str = ""


@pages.get("/settings/lists")
@needs(Right.LISTS)
def lists(services: Services, operator: Operator) -> ResponseReturnValue:
    """The page."""
    return _page(services, operator, Typed())


@pages.post("/settings/lists")
@needs(Right.LISTS)
def add(services: Services, operator: Operator) -> ResponseReturnValue:
    """One entry or many, all on one list; refused as a whole, with the form as it was."""
    typed = Typed(*(request.form.get(name, "") for name in Typed._fields))
    try:
        added = flow.add(services, operator, typed.kind, typed.text, typed.comment, typed.expires)
    except BadInput as refusal:
        flash(spoken(refusal), "wrong")
        return _page(services, operator, typed), 400
    _tell(added)
    return _back(typed.kind)


@pages.post("/settings/lists/import")
@needs(Right.LISTS)
def read_file(services: Services, operator: Operator) -> ResponseReturnValue:
    """Every row of a file, or none."""
    file = request.files.get("file")
    content = file.read(flow.LARGEST_FILE + 1) if file else b""
    _try(lambda: _tell(flow.read_file(services, operator, content)))
    return _back()


@pages.get("/settings/lists.csv")
@needs(Right.LISTS)
def export(services: Services, operator: Operator) -> ResponseReturnValue:
    """Everything that stands on the lists, as the import reads it; that it was taken along is written down."""
    with services.database.begin() as tx:
        found = store.find(tx, operator.tenant_id, limit=store.MOST)
        who, detail = Actor("operator", operator.id), {"entries": len(found)}
        audit.record(tx, operator.tenant_id, who, "lists exported", "lists", detail, services.now())
    headers = {"Content-Disposition": 'attachment; filename="lists.csv"'}
    return Response(_csv(found), headers=headers, content_type="text/csv; charset=utf-8")


@pages.post(f"{ONE}/remove")
@needs(Right.LISTS)
def remove(services: Services, operator: Operator, entry_id: int) -> ResponseReturnValue:
    """Off its list, and the way back is offered."""
    _try(lambda: flash(_("Removed: %(pattern)s.", pattern=flow.remove(services, operator, entry_id).pattern), "done"))
    return _back(request.form.get("kind", ""))


@pages.post(f"{ONE}/put-back")
@needs(Right.LISTS)
def put_back(services: Services, operator: Operator, entry_id: int) -> ResponseReturnValue:
    """A removal is taken back."""
    said = _("It stands on its list again: %(pattern)s.", pattern="%s")
    _try(lambda: flash(said.replace("%s", flow.put_back(services, operator, entry_id).pattern), "done"))
    return _back(request.form.get("kind", ""))


def _page(services: Services, operator: Operator, typed: Typed) -> str:
    kind, words = _kind(request.args.get("kind", "")), request.args.get("q", "").strip()[:200]
    now = services.now()
    with services.database.read() as tx:
        shown: dict[str, Any] = {
            "entries": store.find(tx, operator.tenant_id, kind, words),
            "counts": store.counts(tx, operator.tenant_id),
            "gone": store.removed(tx, operator.tenant_id, now - flow.UNDO_FOR),
            "names": _names(tx, operator.tenant_id),
        }
    shown |= {"kind": kind, "q": words, "typed": typed, "kinds": LISTS, "most": store.MOST_SHOWN}
    shown |= {"now": now, "first_day": (now + timedelta(days=1)).date(), **_tried(services, operator)}
    return render_template("lists.html", here="settings" if operator.may(Right.SETTINGS) else "lists", **shown)


def _names(tx: Connection, tenant_id: int) -> dict[str, str]:
    """For each actor the name to show."""
    return {str(Actor("operator", number)): name for number, name in operators.names(tx, tenant_id).items()}


def _tried(services: Services, operator: Operator) -> dict[str, Any]:
    """What the lists say of what was asked about. A message is shown to those only who may see mail."""
    asked = request.args.get("try", "").strip()[:_LONGEST_ASKED]
    found: list[flow.Match] | None = None
    problem = ""
    if asked:
        try:
            with services.database.read() as tx:
                if asked.isascii() and asked.isdigit() and len(asked) < 10 and operator.may(Right.MAIL):
                    found = flow.matches_of_message(tx, operator.tenant_id, int(asked), services.now())
                else:
                    found = flow.matches_of_text(tx, operator.tenant_id, asked, services.now())
        except UnhookError as error:
            problem = spoken(error)
    return {"asked": asked, "found": found, "problem": problem}


def _csv(found: list[Entry]) -> Iterator[str]:
    place = io.StringIO()
    writer = csv.writer(place)
    writer.writerow(flow.COLUMNS)
    for entry in reversed(found):
        writer.writerow([entry.kind, cell(entry.pattern), cell(entry.comment), entry.last_day or ""])
    yield place.getvalue()


def _kind(text: str) -> ListKind | None:
    return ListKind(text) if text in list(ListKind) else None


def _tell(added: flow.Added) -> None:
    said = ngettext("%(num)s entry added.", "%(num)s entries added.", added.new)
    if added.known:
        said += " " + ngettext("%(num)s was there already.", "%(num)s were there already.", added.known)
    flash(said, "done")


def _try(act: Callable[[], object]) -> None:
    try:
        act()
    except (Conflict, BadInput) as refusal:
        flash(spoken(refusal), "wrong")


def _back(kind: str = "") -> ResponseReturnValue:
    return redirect(url_for("web.lists.lists", kind=_kind(kind)), 303)
