"""Inbox: which messages wait for an operator, and which were decided?"""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from backend.domain.people import Operator, Right
from backend.services import Services
from backend.store import search, views
from backend.store.views import MOST_COUNTED, Order, Tab
from backend.web.session import needs

PER_PAGE = 50
LAST_PAGE = 200  # offsets cost; older messages are found by searching

pages = Blueprint("inbox", __name__)


@dataclass(frozen=True)
class Asked:
    """What the address asks for. A search looks at all messages, whatever the tab."""

    tab: Tab
    order: Order
    query: str
    page: int

    @property
    def offset(self) -> int:
        """How many rows lie before this page."""
        return (self.page - 1) * PER_PAGE

    def at(self, endpoint: str, **changed: object) -> str:
        """The address of the same list with something changed."""
        kept: dict[str, Any] = {"tab": self.tab, "order": self.order, "q": self.query or None, "page": self.page}
        return url_for(endpoint, **{**kept, **changed})


@pages.get("/queue")
@needs(Right.MAIL)
def queue(services: Services, operator: Operator) -> ResponseReturnValue:
    """The whole page."""
    asked = _asked()
    with services.database.read() as tx:
        shown = _rows(tx, services, operator, asked)
    return render_template("queue.html", asked=asked, here="queue", **shown)


@pages.get("/queue/rows")
@needs(Right.MAIL)
def rows(services: Services, operator: Operator) -> ResponseReturnValue:
    """Only what changes while the page is open."""
    asked = _asked()
    with services.database.read() as tx:
        shown = _rows(tx, services, operator, asked)
    return render_template("_rows.html", asked=asked, **shown)


def _rows(tx: Connection, services: Services, operator: Operator, asked: Asked) -> dict[str, Any]:
    now, tenant_id = services.now(), operator.tenant_id
    found: list[Any]
    if asked.query:
        ids = search.find(tx, tenant_id, asked.query, PER_PAGE + 1, asked.offset)
        found = views.rows_of(tx, tenant_id, ids)
    elif asked.tab is Tab.FAILED:
        found = views.failed(tx, tenant_id, PER_PAGE + 1, asked.offset)
    else:
        found = views.queue(tx, tenant_id, asked.tab, asked.order, now, PER_PAGE + 1, asked.offset)
    counts = views.counts(tx, tenant_id, now)
    more = len(found) > PER_PAGE and asked.page < LAST_PAGE
    return {"rows": found[:PER_PAGE], "more": more, "counts": counts, "most": MOST_COUNTED}


def _asked() -> Asked:
    given = request.args
    tab = Tab(given["tab"]) if given.get("tab") in list(Tab) else Tab.REVIEW
    usual = Order.URGENT if tab is Tab.REVIEW else Order.NEWEST
    order = Order(given["order"]) if given.get("order") in list(Order) else usual
    page = given.get("page", "1")
    number = int(page) if page.isascii() and page.isdigit() and len(page) < 5 else 1
    return Asked(tab, order, given.get("q", "").strip()[:200], min(max(number, 1), LAST_PAGE))
