"""PSR log: what did Phish Submission Response and Post Delivery Response do, or would they have done?"""

import csv
import io
from collections.abc import Iterator
from datetime import date
from typing import Any

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from backend.domain.decision import Response as Done
from backend.domain.people import Actor, Operator, Right
from backend.flow import switch
from backend.services import Services
from backend.store import audit, tenants
from backend.store.export import cell
from backend.store.log_view import LogLine, log_lines, look_lines
from backend.store.psr_log import Judged, LogFilter
from backend.web.languages import days
from backend.web.session import needs

LOG_LINES = 50
MOST_EXPORTED = 10_000
COLUMNS = ("time", "message", "subject", "sender", "response", "action", "margin", "judged", "to_judge")

pages = Blueprint("psr_log", __name__)


@pages.get("/log")
@needs(Right.MAIL)
def log(services: Services, operator: Operator) -> ResponseReturnValue:
    """What PSR retracted, or would have, and whether it was right."""
    wanted = _wanted()
    with services.database.read() as tx:
        tenant = tenants.get(tx, operator.tenant_id)
        earned = switch.licence(tx, tenant)
        lines = log_lines(tx, operator.tenant_id, LOG_LINES + 1, _before(), wanted)
    shown: dict[str, Any] = {"lines": lines[:LOG_LINES], "more": len(lines) > LOG_LINES, "earned": earned}
    shown |= {"wanted": wanted, "asked": _asked(wanted), "tab": "psr"}
    return render_template("log.html", here="log", policy=tenant.policy, provider=tenant.provider, **shown)


@pages.get("/log/later-looks")
@needs(Right.MAIL)
def looks(services: Services, operator: Operator) -> ResponseReturnValue:
    """What Post Delivery Response looked for again, and what came of it."""
    with services.database.read() as tx:
        tenant = tenants.get(tx, operator.tenant_id)
        lines = look_lines(tx, operator.tenant_id, LOG_LINES + 1, _before())
    shown = {"lines": lines[:LOG_LINES], "more": len(lines) > LOG_LINES, "tab": "pdr"}
    return render_template("looks.html", here="log", policy=tenant.policy, **shown)


@pages.get("/log.csv")
@needs(Right.MAIL)
def export(services: Services, operator: Operator) -> ResponseReturnValue:
    """The same lines as a file, at most MOST_EXPORTED; taking them along is written down."""
    wanted = _wanted()
    with services.database.begin() as tx:
        who = Actor("operator", operator.id)
        audit.record(tx, operator.tenant_id, who, "psr log exported", "settings", _asked(wanted), services.now())
    response = Response(_csv(services, operator.tenant_id, wanted), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="psr-log.csv"'
    return response


def _csv(services: Services, tenant_id: int, wanted: LogFilter) -> Iterator[str]:
    place = io.StringIO()
    writer = csv.DictWriter(place, COLUMNS)
    writer.writeheader()
    yield place.getvalue()
    before: int | None = None
    for _ in range(MOST_EXPORTED // 500):
        with services.database.read() as tx:
            lines = log_lines(tx, tenant_id, 500, before, wanted)
        place.seek(0)
        place.truncate()
        for line in lines:
            writer.writerow({name: cell(value) for name, value in _row(line).items()})
        yield place.getvalue()
        if len(lines) < 500:
            return
        before = lines[-1].entry.id


def _row(line: LogLine) -> dict[str, Any]:
    entry = line.entry
    return {
        "time": f"{entry.logged_at.isoformat(timespec='seconds')}Z",
        "message": entry.message_id,
        "subject": line.subject,
        "sender": line.sender,
        "response": str(entry.response),
        "action": entry.action,
        "margin": round(entry.margin, 3),
        "judged": str(entry.judged or ""),
        "to_judge": "yes" if entry.to_judge else "no",
    }


def _wanted() -> LogFilter:
    given = request.args
    since, until = days(_day("since"), _day("until"))
    responses = (Done.RETRACT, Done.WOULD_RETRACT)
    return LogFilter(
        response=Done(given["response"]) if given.get("response") in responses else None,
        judged=Judged(given["judged"]) if given.get("judged") in list(Judged) else Judged.ANY,
        since=since,
        until=until,
    )


def _asked(wanted: LogFilter) -> dict[str, str]:
    """The filter as the address says it."""
    said = {"response": wanted.response, "judged": wanted.judged, "since": _day("since"), "until": _day("until")}
    return {name: str(value) for name, value in said.items() if value}


def _day(name: str) -> date | None:
    try:
        return date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None


def _before() -> int | None:
    before = request.args.get("before", "")
    return int(before) if before.isascii() and before.isdigit() and len(before) < 10 else None
