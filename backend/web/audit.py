"""Audit: who did what, when, from where? For owners and admins; ids only, and nothing here can be changed."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from flask import Blueprint, Response, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from backend.domain.people import Actor, Operator, Right
from backend.services import Services
from backend.store import audit as log
from backend.store import audit_view, operators, service_tokens
from backend.store.audit import AuditLine
from backend.store.audit_view import Wanted
from backend.store.export import cell
from backend.web.languages import days
from backend.web.session import needs

PER_PAGE = 100
LONGEST = 200
COLUMNS = ("id", "at", "actor", "name", "action", "subject", "source", "detail")
FORMS = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl"}

pages = Blueprint("audit", __name__)


@pages.get("/audit")
@needs(Right.SETTINGS)
def audit(services: Services, operator: Operator) -> ResponseReturnValue:
    """The page."""
    wanted = _wanted()
    with services.database.read() as tx:
        found = audit_view.lines(tx, operator.tenant_id, wanted, PER_PAGE + 1)
        choices = {
            "actions": audit_view.actions(tx, operator.tenant_id),
            "actors": audit_view.actors(tx, operator.tenant_id),
            "names": _names(tx, operator.tenant_id),
        }
    asked = {name: value for name, value in request.args.items() if name != "before" and value}
    shown: dict[str, Any] = {"lines": found[:PER_PAGE], "more": len(found) > PER_PAGE, "asked": asked, **choices}
    return render_template(
        "audit.html", here="audit", at=lambda **more: url_for(".audit", **{**asked, **more}), **shown
    )


@pages.get("/audit.<any(csv, jsonl):form>")
@needs(Right.SETTINGS)
def export(services: Services, operator: Operator, form: str) -> ResponseReturnValue:
    """The same lines as a file, as they come; that somebody took them along is a line itself."""
    wanted, who = _wanted(), Actor("operator", operator.id)
    with services.database.begin() as tx:
        known = _names(tx, operator.tenant_id)
        log.record(tx, operator.tenant_id, who, "audit log exported", "audit", {"form": form}, services.now())
    found = audit_view.all_lines(services.database, operator.tenant_id, wanted)
    rows = ({**_row(line), "name": known.get(line.actor, "")} for line in found)
    written = _csv(rows) if form == "csv" else (json.dumps(row) + "\n" for row in rows)
    headers = {"Content-Disposition": f'attachment; filename="unhook-audit.{form}"'}
    return Response(stream_with_context(written), headers=headers, content_type=FORMS[form])


def _wanted() -> Wanted:
    given = {name: request.args.get(name, "").strip()[:LONGEST] for name in ("actor", "action", "subject", "words")}
    before = request.args.get("before", "")
    number = int(before) if before.isascii() and before.isdigit() and len(before) < 10 else None
    since, until = days(_day("since"), _day("until"))
    return Wanted(**given, since=since, until=until, before=number)


def _day(name: str) -> date | None:
    try:
        return date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None


def _names(tx: Connection, tenant_id: int) -> dict[str, str]:
    """For each actor the name to show beside it."""
    staff = {str(Actor("operator", number)): name for number, name in operators.names(tx, tenant_id).items()}
    programs = {str(Actor("token", one.id)): one.name for one in service_tokens.of_tenant(tx, tenant_id)}
    return {**staff, **programs}


def _row(line: AuditLine) -> dict[str, Any]:
    kept = {name: getattr(line, name) for name in COLUMNS if name not in {"at", "name"}}
    return {**kept, "at": f"{line.at.isoformat()}Z", "detail": dict(line.detail)}


def _csv(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Line by line; a name that begins with = is no formula to the spreadsheet that opens the file."""
    place = io.StringIO()
    writer = csv.DictWriter(place, COLUMNS)
    writer.writeheader()
    for row in rows:
        writer.writerow({name: cell(value) for name, value in row.items()})
        yield place.getvalue()
        place.seek(0)
        place.truncate()
    yield place.getvalue()
