"""Metrics: how much came in, how fast was it decided, and what is waiting?

What concerns mail is counted in the store when it is asked for, so that any number of web and worker processes agree
and a restart loses nothing. Only the requests of this very process are counted in memory.
"""

from collections.abc import Callable, Iterator
from datetime import datetime

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Connection, Table, and_, case, func, or_, select

from backend.domain.submission import FINAL
from backend.store.database import Database
from backend.store.spans import seconds_between
from backend.store.tables import answers, copies, decisions, psr_log, retractions, submissions

BUCKETS = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)  # seconds from report to verdict


class Metrics:
    """All measurements of one web process, in a registry of its own."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(StoreCollector(database, now))
        self._requests = Histogram(
            "unhook_http_request_seconds",
            "Requests this web process answered.",
            ["route", "method", "status"],
            registry=self._registry,
        )

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one request under its route, which is one of ours, never under the address somebody typed."""
        self._requests.labels(route, method, str(status)).observe(seconds)

    def render(self) -> bytes:
        """The page Prometheus reads. Raises StoreUnavailable."""
        return generate_latest(self._registry)


class StoreCollector(Collector):
    """Counts rows over all tenants; nothing here names a tenant, a person or a message."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    def describe(self) -> list[Metric]:
        """Nothing is fixed beforehand: registering must not touch the store."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Everything from one moment of the store."""
        with self._database.read() as tx:
            families: list[Metric] = [
                _counted(tx, "submissions", "Submissions by how far they have come.", submissions, "state", "kind"),
                *_waiting(tx, self._now()),
                _verdict_seconds(tx),
                _counted(tx, "decisions", "Decisions ever taken.", decisions, "disposition", "response"),
                _counted(tx, "psr_log", "Messages PSR retracted or would have.", psr_log, "response", "judged"),
                _counted(tx, "retractions", "Retractions by where they stand.", retractions, "state", "action"),
                _counted(tx, "copies", "Copies by what became of them; empty is intended.", copies, "outcome"),
                _counted(tx, "answers", "Mails to reporters by what became of them.", answers, "state"),
            ]
        yield from families


def _counted(tx: Connection, name: str, sentence: str, table: Table, *by: str) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"unhook_{name}", sentence, labels=by)
    columns = [table.c[column] for column in by]
    for *labels, count in tx.execute(select(*columns, func.count()).group_by(*columns)):
        family.add_metric([str(label) for label in labels], count)
    return family


def _waiting(tx: Connection, now: datetime) -> list[GaugeMetricFamily]:
    """The queue's depth as the store knows it: what still has a step before it, and since when."""
    open_ = submissions.c.state.not_in([state.value for state in FINAL])
    free = or_(submissions.c.leased_until.is_(None), submissions.c.leased_until < now)
    waiting = tx.execute(select(func.count()).where(open_, free)).scalar_one()
    working = tx.execute(select(func.count()).where(and_(open_, submissions.c.leased_until >= now))).scalar_one()
    oldest = tx.execute(select(func.min(submissions.c.received_at)).where(open_)).scalar()
    age = max((now - oldest).total_seconds(), 0.0) if oldest else 0.0
    return [
        GaugeMetricFamily("unhook_queue_waiting", "Submissions with a step to take that nobody holds.", waiting),
        GaugeMetricFamily("unhook_queue_working", "Submissions that a worker holds now.", working),
        GaugeMetricFamily("unhook_queue_oldest_seconds", "Age of the oldest unfinished submission.", age),
    ]


def _verdict_seconds(tx: Connection) -> HistogramMetricFamily:
    took = seconds_between(tx.dialect.name, submissions.c.received_at, submissions.c.scored_at).label("seconds")
    scored = select(took).where(submissions.c.scored_at.is_not(None))
    seconds = scored.cte("took").prefix_with("MATERIALIZED").c.seconds  # else worked out anew for every bucket
    within = [func.sum(case((seconds <= bucket, 1), else_=0)) for bucket in BUCKETS]
    row = tx.execute(select(func.count(seconds), func.sum(seconds), *within)).one()
    count, total, *counts = (value or 0 for value in row)
    buckets = [(str(bucket), float(n)) for bucket, n in zip(BUCKETS, counts, strict=True)]
    return HistogramMetricFamily(
        "unhook_verdict_seconds",
        "Time from a report to its verdict.",
        buckets=[*buckets, ("+Inf", float(count))],
        sum_value=float(total),
    )
