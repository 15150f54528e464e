"""How fast do queue and search answer over many messages, beside a look-up by primary key? ROWS=1000000 by default.

Each question is asked 20 times for each order and page, of SQLite and of PostgreSQL; ENGINE=sqlite asks one alone.
Then whole pages are asked for through Flask's client: session, store, template and headers, all but the network. What
the overview counts is timed piece by piece; its page as it is when nobody has counted yet, and afterwards.
"""

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import many_messages as many
import pytest
from browser import Browser
from builders import World, make_services, seed_tenant
from measure import Cost, cost, load, quantile, show
from sqlalchemy import text
from structlog.testing import capture_logs

from backend.app import create_app
from backend.services import utc_now
from backend.store import numbers, overview, people, queue
from backend.store.database import Database
from backend.store.filters import Filters, Order
from backend.store.queue import MOST

ROWS = int(os.environ.get("ROWS", "1000000"))
ENGINES = os.environ.get("ENGINE", "sqlite,postgresql").split(",")
TIMES = int(os.environ.get("TIMES", "20"))
QUESTIONS = {
    "everything": "",
    "one message": many.ONE,
    "0.1 %": many.THOUSANDTH,
    "5 %": many.TWENTIETH,
    "30 %": many.OFTEN,
    "5 % and 30 %": f"{many.TWENTIETH} {many.OFTEN}",
    "Japanese, 0.1 %": many.JAPANESE_RARE,
    "Japanese, 5 %": many.JAPANESE,
    "Japanese phrase": f"{many.JAPANESE}口座",
    "phish_submission": "phish_submission",
    "user_malicious_submission": "user_malicious_submission",
    "team_malicious_submission": "team_malicious_submission",
    "user_bulk_submission": "user_bulk_submission",
    "team_spoof_submission": "team_spoof_submission",
    "phish_submission_response": "phish_submission_response",
    "status:escalated": "status:escalated",
    "status:unreviewed": "status:unreviewed",
    "review:yes": "review:yes",
    "identity and disposition": "identity:unverified disposition:BULK",
    "from:": "from:a77@b77.test",
    "domain:": "domain:b77.test",
    "attachment: 10 %": "attachment:notice.pdf",
    "reporter:": "reporter:person17",
    "word and filters": f"{many.OFTEN} status:unreviewed disposition:SPAM",
}
PAGES = {
    "queue, as it opens": "/queue?tab=review",
    "queue, all by campaign": "/queue?tab=all",
    "queue, all by campaign, page 20": "/queue?tab=all&page=20",
    "queue, newest first": "/queue?tab=all&order=newest",
    "queue, rows for the open page": "/queue/rows?tab=all",
    "queue, malicious": "/queue?tab=malicious",
    "queue, failed": "/queue?tab=failed",
    "queue, filtered": "/queue?tab=all&kind=team&disposition=SPAM",
    **{f"search, {name}": f"/search?{urlencode({'q': query})}" for name, query in QUESTIONS.items() if query},
    **{
        f"search, {name}, page 20": f"/search?{urlencode({'q': QUESTIONS[name], 'page': 20})}"
        for name in ("5 %", "30 %", "Japanese, 5 %", "phish_submission")
    },
    "beside: settings, without a list": "/settings",
}
COUNTED: dict[str, Callable[[Any, int, datetime], object]] = {
    "verdict waits": lambda tx, tenant, now: overview.verdict_waits(tx, tenant, overview.first_monday(now)),
    "waits until gone": lambda tx, tenant, now: overview.gone_waits(tx, tenant, overview.first_monday(now)),
    "truth": lambda tx, tenant, now: overview.truth(tx, tenant, overview.first_monday(now)),
    "taken": lambda tx, tenant, now: overview.taken(tx, tenant, overview.first_monday(now)),
    "attacks": lambda tx, tenant, now: overview.attacks(tx, tenant, now - overview.LATELY),
    "accuracy": lambda tx, tenant, now: overview.accuracy(tx, tenant, now - overview.A_YEAR),
    "margins": lambda tx, tenant, now: overview.margins(tx, tenant, overview.first_monday(now)),
    "bins": lambda tx, tenant, now: overview.bins(tx, tenant, now - overview.A_YEAR),
    "the last 30 days": lambda tx, tenant, now: numbers.last_days(tx, tenant, now, 30),
}


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("engine", ENGINES)
def test_queue_and_search_over_many_rows(engine: str, tmp_path: Path, request: pytest.FixtureRequest):
    database = request.getfixturevalue("postgres_database") if engine == "postgresql" else None
    world = seed_tenant(make_services(tmp_path, database))
    store, tenant_id = world.services.database, world.tenant_id
    with store.begin() as tx:
        add = people.add_person
        known = [
            add(tx, tenant_id, "maildir", f"p{n}", f"person{n}@example.org", "", utc_now()).id for n in range(3000)
        ]
    now = utc_now().isoformat(" ", timespec="seconds")
    filled = cost(lambda: many.fill(store, tenant_id, known, ROWS, now))

    table = {
        "": f"{'first page, harm':>21}{'page 20, harm':>21}{'first page, newest':>21}{'page 20, newest':>21}  found"
    }
    for name, query in QUESTIONS.items():
        asked = Filters(query=query)
        each = [
            _spread(store, lambda tx, o=order, n=number, a=asked: queue.page(tx, tenant_id, a, o, n))
            for order in Order
            for number in (1, 20)
        ]
        with store.read() as tx:
            page = queue.page(tx, tenant_id, asked, Order.HARM)
        table[name] = "".join(f"{one:>21}" for one in each) + f"  {page.total:,}{'+' if page.more_than_counted else ''}"
        print(f"{name:<30}{table[name]}", flush=True)
    groups = _spread(store, lambda tx: queue.groups(tx, tenant_id, Filters(), Order.HARM))
    table["grouped by campaign"] = f"{groups:>21}"
    beside = _spread(store, lambda tx: tx.execute(text("SELECT subject FROM messages WHERE id = 77")).all())
    table["beside: one row by its key"] = f"{beside:>21}"
    took = f"filled in {filled.wall:.0f} s, {filled.cpu:.0f} s of processor"
    show(f"Median / 95 % in ms [95 % of processor time] over {ROWS:,} messages, {engine}, {load()}; {took}", table)

    _whole_pages(world, engine)
    with store.read() as tx:
        assert len(queue.page(tx, tenant_id, Filters(query=many.ONE)).rows) == 1
        assert queue.page(tx, tenant_id, Filters(query=many.OFTEN)).total == min(MOST, ROWS // 4)


def _whole_pages(world: World, engine: str) -> None:
    store, tenant_id, now = world.services.database, world.tenant_id, world.services.now()
    counted = {name: _spread(store, lambda tx, c=count: c(tx, tenant_id, now), 3) for name, count in COUNTED.items()}
    show(f"What the overview counts, median / 95 % in ms [95 % of processor time], {engine}, {load()}", counted)

    browser = Browser(create_app(world.services)).signed_in_as(world.owner)
    first = cost(lambda: browser.page("/overview"))
    table = {"overview, nobody has counted yet": f"{first.wall * 1000:.0f} [{first.cpu * 1000:.0f}]"}
    for name, address in {**PAGES, "overview, counted": "/overview"}.items():
        with capture_logs():  # a line for each page would hide the table
            table[name] = _spread_of(lambda a=address: browser.page(a), TIMES)
        print(f"{name:<40}{table[name]}", flush=True)
    show(f"Whole pages over {ROWS:,} messages, median / 95 % in ms [95 % of processor], {engine}, {load()}", table)


def _spread(store: Database, ask: Callable[[object], object], times: int = TIMES) -> str:
    def run() -> None:
        with store.read() as tx:
            ask(tx)

    return _spread_of(run, times)


def _spread_of(run: Callable[[], object], times: int) -> str:
    run()
    costs: list[Cost] = [cost(run) for _ in range(times)]
    wall = [one.wall * 1000 for one in costs]
    cpu = quantile([one.cpu * 1000 for one in costs], 0.95)
    return f"{quantile(wall, 0.5):.0f} / {quantile(wall, 0.95):.0f} [{cpu:.0f}]"
