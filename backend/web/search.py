"""Search: which of all reported messages hold these words, and what does the list look like as a table?"""

import csv
import io
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from backend.domain.people import Actor, Operator, Right
from backend.services import Services
from backend.store import audit, matching, queue
from backend.store.export import cell
from backend.store.query import FIELDS
from backend.store.queue import ListRow
from backend.web import asked as asking
from backend.web.asked import SEARCH
from backend.web.inbox import fragment, shown
from backend.web.session import needs

MOST_EXPORTED = 10_000
_AT_ONCE = 500
NOT_CAUGHT = "phish submission"  # what the product's Reasons column says while the network does not catch it

pages = Blueprint("search", __name__)


@pages.get("/search")
@needs(Right.MAIL)
def search(services: Services, operator: Operator) -> ResponseReturnValue:
    """The whole page."""
    asked = asking.read(request.args, SEARCH)
    return render_template("search.html", here="search", fields=FIELDS, **shown(services, operator, asked))


@pages.get("/search/rows")
@needs(Right.MAIL)
def rows(services: Services, operator: Operator) -> ResponseReturnValue:
    """Only what changes while the page is open."""
    return fragment(services, operator, asking.read(request.args, SEARCH))


@pages.get("/search.csv")
@needs(Right.MAIL)
def export(services: Services, operator: Operator) -> ResponseReturnValue:
    """The list as a file, at most 10,000 rows; that it was taken along is written down. Raises BadInput."""
    asked = asking.read(request.args)
    if asked.problem:  # else the file would hold everything; the page says what was not understood
        given: dict[str, Any] = request.args.to_dict()
        return redirect(url_for("web.search.search", **given), 303)
    with services.database.read() as tx:
        found = matching.find(tx, operator.tenant_id, asked.wanted, asked.order, MOST_EXPORTED)
    with services.database.begin() as tx:
        detail = {"messages": len(found), "fields": sorted(asked.filters.as_text())}
        who = Actor("operator", operator.id)
        audit.record(tx, operator.tenant_id, who, "list exported", "search", detail, services.now())
    answer = Response(_csv(services, operator, found), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="messages.csv"'
    return answer


def _csv(services: Services, operator: Operator, found: list[int]) -> Iterator[str]:
    yield _line(
        ["message", "subject", "sender", "disposition", "reasons", "margin", "reporters", "mailboxes", "status"]
    )
    for begin in range(0, len(found), _AT_ONCE):
        with services.database.read() as tx:
            page = queue.rows_of(tx, operator.tenant_id, found[begin : begin + _AT_ONCE])
        for row in page:
            yield _line(_cells(row))


def _cells(row: ListRow) -> list[object]:
    margin = "" if row.margin is None else round(row.margin, 3)
    reasons = " ".join(row.reasons) or NOT_CAUGHT
    counts = (row.reporters, row.mailboxes)
    return [row.id, row.subject, row.sender, row.disposition or "", reasons, margin, *counts, row.triage]


def _line(cells: list[object]) -> str:
    kept = io.StringIO()
    csv.writer(kept).writerow([cell(value) for value in cells])
    return kept.getvalue()
