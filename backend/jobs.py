"""Jobs: the Huey queue and its tasks, one line each. The queue only wakes; the database knows what is left."""

import sqlite3
from collections.abc import Callable
from typing import Any

import psycopg
import structlog
from huey import Huey, PostgresHuey, RedisHuey, SqliteHuey, crontab
from huey.consumer import Consumer
from huey.serializer import SignedSerializer
from redis.exceptions import RedisError

from backend.flow.answer import answer
from backend.flow.learn import follow
from backend.flow.learning_process import start_learning
from backend.flow.look_again import look_again
from backend.flow.mail_intake import take_in
from backend.flow.outbound import deliver_due
from backend.flow.overview import count_ahead
from backend.flow.polling import poll, poll_all
from backend.flow.rule_backtest import run_rule_test
from backend.flow.steps import run_retraction, run_submission
from backend.flow.sweep import forget, recover, sweep
from backend.services import Services
from backend.settings import Settings

# What the queue's storage raises when it cannot be reached.
UNREACHABLE = (sqlite3.Error, RedisError, psycopg.Error, OSError)

log = structlog.get_logger()


def make_queue(settings: Settings, secret: str) -> Huey:
    """The queue the settings ask for. Entries are signed: whoever can write to it must not run code in a worker."""
    options: dict[str, Any] = {"results": False, "serializer": SignedSerializer(secret=secret, salt="unhook-queue")}
    url = settings.queue_url
    if url.startswith(("redis://", "rediss://", "unix://")):
        return RedisHuey("unhook", url=url, **options)
    if url.startswith("postgresql"):
        return PostgresHuey("unhook", dsn=url.replace("postgresql+psycopg://", "postgresql://"), **options)
    path = settings.data_dir.resolve() / "queue.db"
    return SqliteHuey("unhook", filename=str(path), **options)


class Queue:
    """Wakes workers up, and is what they run."""

    def __init__(self, huey: Huey) -> None:
        self.huey = huey
        self._tasks: dict[str, Any] = {}

    def serve(self, services: Services) -> None:
        """Register the tasks. Called once, when the services are complete."""
        self._add("submission", lambda number: run_submission(services, number))
        self._add("retraction", lambda number: run_retraction(services, number))
        self._add("later_look", lambda number: look_again(services, number))
        self._add("answer", lambda number: answer(services, number))
        self._add("label", lambda number: follow(services, number))
        self._add("candidate", lambda number: start_learning(services, number))
        self._add("mail", lambda _: take_in(services))
        self._add("mailbox", lambda number: poll(services, number))
        self._add("rule_test", lambda number: run_rule_test(services, number))
        every = f"*/{services.settings.sweep_minutes}"
        self.huey.periodic_task(crontab(minute=every), name="sweep")(lambda: sweep(services))
        self.huey.periodic_task(crontab(minute="17", hour="3"), name="forget")(lambda: forget(services))
        self.huey.periodic_task(crontab(minute=every), name="deliver")(lambda: deliver_due(services))
        self.huey.periodic_task(crontab(minute=every), name="received")(lambda: take_in(services))
        self.huey.periodic_task(crontab(minute=every), name="poll")(lambda: poll_all(services))
        self.huey.periodic_task(crontab(minute=every), name="count")(lambda: count_ahead(services))

    def _add(self, name: str, run: Callable[[int], object]) -> None:
        self._tasks[name] = self.huey.task(name=name)(run)

    def submission(self, submission_id: int, *, after_seconds: float = 0) -> None:
        """Somebody should take the next step of this submission."""
        self._wake("submission", submission_id, after_seconds)

    def retraction(self, retraction_id: int, *, after_seconds: float = 0) -> None:
        """Somebody should work on this retraction."""
        self._wake("retraction", retraction_id, after_seconds)

    def later_look(self, look_id: int, *, after_seconds: float = 0) -> None:
        """Somebody should look for a message again."""
        self._wake("later_look", look_id, after_seconds)

    def answer(self, answer_id: int, *, after_seconds: float = 0) -> None:
        """Somebody should send this answer."""
        self._wake("answer", answer_id, after_seconds)

    def candidate(self, candidate_id: int) -> None:
        """Somebody should start the process that trains this candidate."""
        self._wake("candidate", candidate_id, 0)

    def rule_test(self, test_id: int) -> None:
        """Somebody should go on with the back-test of a rule."""
        self._wake("rule_test", test_id, 0)

    def label(self, label_id: int) -> None:
        """Somebody should decide anew what rests on this label."""
        self._wake("label", label_id, 0)

    def _wake(self, name: str, number: int, after_seconds: float) -> None:
        try:
            task = self._tasks[name]
            task.schedule((number,), delay=after_seconds) if after_seconds else task(number)
        except UNREACHABLE as error:  # kept all the same: sweep finds it once the queue is back
            log.error("queue unreachable", task=name, number=number, error=type(error).__name__)

    def mailbox(self, mailbox_id: int) -> None:
        """Somebody should look what is new in this mailbox."""
        self._wake("mailbox", mailbox_id, 0)

    def mail(self) -> None:
        """Somebody should take in the mail that was received."""
        self._wake("mail", 0, 0)

    def ready(self) -> bool:
        """Whether the queue answers."""
        try:
            self.huey.pending_count()
        except UNREACHABLE:
            return False
        return True

    def consumer(self, services: Services) -> Consumer:
        """A worker, ready but not started: the network is loaded, and what was left to do has been woken."""
        services.predictor()  # now, not while the first reporter waits
        recover(services)
        return self.huey.create_consumer(
            workers=services.settings.work_threads,
            initial_delay=0.05,
            max_delay=0.2,  # an idle worker looks this often, in seconds
            shutdown_timeout=20,  # for the steps in hand; what is cut off then is taken up again by sweep
        )
