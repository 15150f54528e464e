"""How fast do queue and search answer over many messages, beside a look-up by primary key? ROWS=1000000 by default."""

import json
import os
import random
from datetime import timedelta
from pathlib import Path

from builders import World, make_services, seed_tenant
from measure import seconds, show, spread
from sqlalchemy import insert, text

from backend.domain.disposition import Disposition
from backend.services import utc_now
from backend.store import search
from backend.store.tables import decisions, messages, search_documents, submissions, verdicts
from backend.store.views import Order, Tab, queue

ROWS = int(os.environ.get("ROWS", "1000000"))
CHUNK = 20_000
RARE, COMMON = "zebrafish", "invoice"  # one message holds the first, every twentieth the second
EVEN = {"malicious": 0.25, "spam": 0.25, "bulk": 0.25, "none": 0.25}


def test_queue_and_search_over_many_rows(tmp_path: Path):
    world = seed_tenant(make_services(tmp_path))
    filled = seconds(lambda: [_fill(world, begin, min(CHUNK, ROWS - begin)) for begin in range(0, ROWS, CHUNK)])
    now = utc_now()

    def page(tab: Tab, order: Order, offset: int = 0):
        return lambda tx: queue(tx, world.tenant_id, tab, order, now, offset=offset)

    def find(words: str):
        return lambda tx: search.find(tx, world.tenant_id, words)

    asked = {
        "queue, needs review, most urgent": page(Tab.REVIEW, Order.URGENT),
        "queue, all, newest": page(Tab.ALL, Order.NEWEST),
        "queue, all, newest, page 20": page(Tab.ALL, Order.NEWEST, 950),
        "search, one message": find(RARE),
        "search, 5 % of messages": find(COMMON),
        "search, every message": find("phish_submission"),
        "beside: one row by primary key": lambda tx: tx.execute(
            text("SELECT subject FROM messages WHERE id = 77")
        ).all(),
    }
    show(
        f"Queue and search over {ROWS:,} messages, SQLite (filled in {filled:.0f} s)",
        {name: spread([_timed(world, ask) for _ in range(30)]) for name, ask in asked.items()},
    )
    with world.services.database.read() as tx:
        assert len(search.find(tx, world.tenant_id, RARE)) == 1


def _timed(world: World, ask) -> float:
    def run() -> None:
        with world.services.database.read() as tx:
            ask(tx)

    return seconds(run)


def _fill(world: World, begin: int, number: int) -> None:
    """Rows as the flow leaves them, straight into the tables: a million reports would take a day."""
    draw, now, tenant = random.Random(begin), utc_now(), world.tenant_id
    ids = range(begin + 1, begin + number + 1)
    at = {n: now - timedelta(seconds=30 * (ROWS - n)) for n in ids}
    person = world.people["ana@example.org"].id
    held = {n: draw.choice([d.value for d in Disposition]) for n in ids}
    shared = {"tenant_id": tenant}
    facts = {"version": 1}
    with world.services.database.begin() as tx:
        tx.execute(
            insert(messages),
            [
                {**shared, "id": n, "fingerprint": f"{n:064x}", "subject": f"Message {n}", "from_address": "a@b.test",
                 "evidence_sha256": "", "evidence_source": "fetched", "facts": facts, "first_reported_at": at[n]}
                for n in ids
            ],
        )  # fmt: skip
        tx.execute(
            insert(submissions),
            [
                {**shared, "person_id": person, "submitted_as": "phish", "kind": "user", "identity": "verified",
                 "received_at": at[n], "state": "answered", "message_id": n, "mailbox": "ana@example.org"}
                for n in ids
            ],
        )  # fmt: skip
        tx.execute(
            insert(verdicts),
            [
                {**shared, "message_id": n, "version": 1, "base_margin": -2.0, "margin": draw.uniform(-9, 6),
                 "reporter_value": 2.4, "reporters": [], "probabilities": EVEN, "reasons": [], "opinions": [],
                 "counterfactual": {}, "threshold": 6.0, "checkpoint": "v0", "scored_at": at[n]}
                for n in ids
            ],
        )  # fmt: skip
        tx.execute(
            insert(decisions),
            [
                {**shared, "message_id": n, "version": 1, "disposition": held[n], "simulation": False,
                 "response": "nothing", "action": "no-action", "why": [], "decided_by": "policy", "decided_at": at[n]}
                for n in ids
            ],
        )  # fmt: skip
        tx.execute(insert(search_documents), [_document(n, tenant, held[n]) for n in ids])


def _document(number: int, tenant: int, held: str) -> dict[str, object]:
    words = [f"word{number % 1000}", COMMON if number % 20 == 0 else "report", RARE if number == ROWS // 2 else ""]
    keywords = f"phish_submission user_{held.lower()}_submission"
    return {"message_id": number, "tenant_id": tenant, "subject": f"message {number}", "sender": "a b test",
            "body": json.dumps(words), "keywords": search.terms(keywords)}  # fmt: skip
