"""Asked: which list of messages does an address ask for?"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from flask import url_for

from backend.domain.disposition import Disposition
from backend.errors import BadInput
from backend.store import filters as reading
from backend.store.filters import Filters, Order
from backend.web.languages import spoken

QUEUE, SEARCH = "web.inbox.queue", "web.search.search"
ROWS = {QUEUE: "web.inbox.rows", SEARCH: "web.search.rows"}
LAST_PAGE = 200
MOST_OPEN = 10  # campaigns whose messages are shown at the same time
KEPT = ("tab", "order", "group")  # besides filters, what a saved view keeps


class Tab(StrEnum):
    """Which part of the queue; a search looks at everything."""

    REVIEW = "review"
    MALICIOUS = "malicious"
    ALL = "all"
    FAILED = "failed"


_SAYS = {Tab.REVIEW: "review", Tab.MALICIOUS: "disposition"}  # the filter that a tab sets


@dataclass(frozen=True)
class Asked:
    """One list. `opened` are the campaigns whose messages are shown; `problem` says what could not be understood."""

    endpoint: str = QUEUE
    tab: Tab = Tab.REVIEW
    order: Order = Order.HARM
    filters: Filters = field(default_factory=Filters)
    page: int = 1
    grouped: bool = True
    opened: tuple[int, ...] = ()
    problem: str = ""

    @property
    def searching(self) -> bool:
        """Whether this is the search's list."""
        return self.endpoint == SEARCH

    @property
    def wanted(self) -> Filters:
        """The filters with what the tab adds; what was chosen by hand counts more."""
        if self.tab is Tab.REVIEW and self.filters.review is None and not self.searching:
            return replace(self.filters, review=True)
        if self.tab is Tab.MALICIOUS and self.filters.disposition is None and not self.searching:
            return replace(self.filters, disposition=Disposition.MALICIOUS)
        return self.filters

    @property
    def acting_tab(self) -> Tab | None:
        """The tab whose part of the queue is shown; None where a filter chosen by hand counts more."""
        by_hand = self.filters.as_text().get(_SAYS.get(self.tab, ""))
        return None if by_hand and self.wanted == self.filters else self.tab

    def on_tab(self, tab: str) -> str:
        """The address of another part of the queue, narrowed alike but for what that tab says itself."""
        left = {"campaign", _SAYS.get(Tab(tab), "")}
        kept: dict[str, Any] = {name: value for name, value in self.narrowed_by.items() if name not in left}
        return url_for(QUEUE, tab=tab, **kept)

    @property
    def narrowed_by(self) -> Mapping[str, str]:
        """What is chosen in the form of filters."""
        return {name: value for name, value in self.filters.as_text().items() if name != "query"}

    def kept(self) -> dict[str, str]:
        """What a saved view keeps: everything but the place in the list."""
        group = {} if self.grouped else {"group": "no"}
        tab = {} if self.searching else {"tab": str(self.tab)}
        return {**tab, "order": str(self.order), **group, **_as_address(self.filters.as_text())}

    def at(self, **changed: object) -> str:
        """The address of the same list with something changed; None takes it away."""
        return url_for(self.endpoint, **self._with(changed))

    def rows(self, **changed: object) -> str:
        """The same, of only the part that changes while the page is open."""
        return url_for(ROWS[self.endpoint], **self._with(changed))

    def posting_to(self, endpoint: str) -> str:
        """The address of a form that leads back to this list."""
        return url_for(endpoint, **self._with({"list": "search" if self.searching else None}))

    def with_open(self, campaign_id: int) -> str | None:
        """The campaigns to show when this one's messages are opened, or closed if they are shown."""
        if campaign_id in self.opened:
            left = [one for one in self.opened if one != campaign_id]
        else:
            left = [*self.opened, campaign_id][-MOST_OPEN:]
        return ".".join(map(str, left)) or None

    def _with(self, changed: Mapping[str, object]) -> dict[str, Any]:
        place = {"page": self.page if self.page > 1 else None, "open": ".".join(map(str, self.opened)) or None}
        return {**self.kept(), **place, **changed}


def read(given: Mapping[str, str], endpoint: str = "") -> Asked:
    """The list that an address asks for; what cannot be understood is said, and shows everything."""
    endpoint = endpoint or (SEARCH if given.get("list") == "search" else QUEUE)
    try:
        wanted, problem = reading.read({**given, "query": given.get("q", "")}), ""
    except BadInput as refusal:
        wanted, problem = Filters(query=given.get("q", "")[:200]), spoken(refusal)
    tab = Tab(given["tab"]) if given.get("tab") in list(Tab) else Tab.REVIEW
    usual = Order.HARM if tab is Tab.REVIEW and endpoint == QUEUE else Order.NEWEST
    return Asked(
        endpoint=endpoint,
        tab=tab,
        order=Order(given["order"]) if given.get("order") in list(Order) else usual,
        filters=wanted,
        page=min(max(_number(given.get("page", "")), 1), LAST_PAGE),
        grouped=given.get("group") != "no" and endpoint == QUEUE and wanted.campaign is None,
        opened=tuple(filter(None, map(_number, given.get("open", "").split(".")[:MOST_OPEN]))),
        problem=problem,
    )


def _as_address(said: Mapping[str, str]) -> dict[str, str]:
    """Typed words are `q` in an address, as search forms call them."""
    return {("q" if name == "query" else name): value for name, value in said.items()}


def _number(written: str) -> int:
    return int(written) if written.isascii() and written.isdigit() and len(written) < 10 else 0
