"""How fast do queue and search answer over many messages, beside a look-up by primary key? ROWS=1000000 by default.

Each question is asked 20 times for each order and page, of SQLite and of PostgreSQL; ENGINE=sqlite asks one alone.
"""

import os
from collections.abc import Callable
from pathlib import Path

import many_messages as many
import pytest
from builders import make_services, seed_tenant
from measure import Cost, cost, load, quantile, show
from sqlalchemy import text

from backend.services import utc_now
from backend.store import people, queue
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

    with store.read() as tx:
        assert len(queue.page(tx, tenant_id, Filters(query=many.ONE)).rows) == 1
        assert queue.page(tx, tenant_id, Filters(query=many.OFTEN)).total == min(MOST, ROWS // 4)


def _spread(store: Database, ask: Callable[[object], object]) -> str:
    def run() -> None:
        with store.read() as tx:
            ask(tx)

    run()
    costs: list[Cost] = [cost(run) for _ in range(TIMES)]
    wall = [one.wall * 1000 for one in costs]
    cpu = quantile([one.cpu * 1000 for one in costs], 0.95)
    return f"{quantile(wall, 0.5):.0f} / {quantile(wall, 0.95):.0f} [{cpu:.0f}]"
