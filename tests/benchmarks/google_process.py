"""Google in a process of its own, so that what it costs is not counted as ours."""

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from mails import note, phish
from workspace.admin import DIRECTORY, REPORTS
from workspace.gmail import MODIFY
from workspace.google import FakeGoogle

ADMIN = "admin@example.org"
MESSAGE_ID = "<update-77@mailer.account-check.test>"


@dataclass(frozen=True)
class Plan:
    """How large an organisation, and how slow its provider."""

    people: int
    copies: int
    latency: float
    throttled: float


def person(number: int) -> str:
    return f"person{number:04}@example.org"


class Remote:
    """The fake, by what a benchmark asks of it."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self.url, self.key, self.ca_file, self.copies = pipe.recv()

    def ask(self, what: str, *args: object) -> Any:
        self._pipe.send((what, *args))
        return self._pipe.recv()


@contextmanager
def google_with(plan: Plan, folder: Path) -> Iterator[Remote]:
    """Run it until the block ends."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(plan, folder, theirs), daemon=True)
    process.start()
    try:
        yield Remote(ours)
        ours.send(("stop",))
    finally:
        process.join(10)
        process.kill()
        process.join()


def _serve(plan: Plan, folder: Path, pipe: Connection) -> None:
    with FakeGoogle(folder) as google:
        google.store.add(ADMIN)
        google.admin.administrators.add(ADMIN)
        google.tokens.granted |= {MODIFY, DIRECTORY, REPORTS}
        copies = _fill(google, plan)
        google.latency, google.troubles.throttled_share = plan.latency, plan.throttled
        pipe.send((google.url, google.key, google.ca_file, copies))
        answers: dict[str, Callable[..., object]] = {
            "labels": lambda: _labels(google, copies),
            "reports": lambda wanted: setattr(google.admin, "has_reports", wanted),
            "figures": lambda: _figures(google),
        }
        while (asked := pipe.recv())[0] != "stop":
            pipe.send(answers[asked[0]](*asked[1:]))


def _fill(google: FakeGoogle, plan: Plan) -> list[tuple[str, str]]:
    """(mailbox, id) of each copy; they lie in different places, read and unread, with labels of their owners."""
    copies = []
    for number in range(plan.people):
        address = person(number)
        google.store.add(address)
        google.store.put(address, note(address, f"<note-{number}@example.org>"), {"INBOX"})
        if number < plan.copies:
            labels = {"CATEGORY_UPDATES"} | ({"UNREAD"} if number % 2 else set())
            labels |= {"SPAM"} if number % 10 == 9 else {"INBOX"} if number % 10 else set()
            labels |= {google.store.label(address, "Projects")} if number % 3 == 0 else set()
            copies.append((address, google.store.put(address, phish(address), labels).id))
            google.admin.deliver(MESSAGE_ID, address)
    return copies


def _labels(google: FakeGoogle, copies: list[tuple[str, str]]) -> list[list[str]]:
    """Of each copy, by name: what its owner sees."""
    found = []
    for address, mail_id in copies:
        names = google.store.box(address).labels
        found.append(sorted(names.get(label, label) for label in google.store.box(address).mails[mail_id].labels))
    return found


def _figures(google: FakeGoogle) -> dict[str, object]:
    """What was asked of it since the last time."""
    busiest = max(google.per_minute.values(), default=0)
    by_minute: dict[int, int] = {}
    for (_, minute), units in google.per_minute.items():
        by_minute[minute] = by_minute.get(minute, 0) + units
    figures = {
        "calls": dict(google.calls),
        "throttled": google.troubles.throttled,
        "units of the busiest person in a minute": busiest,
        "units of the project in a minute": max(by_minute.values(), default=0),
        "at once": google.most_at_once,
        "modified": len(google.gmail.modified),
        "modified twice": len(google.gmail.modified) - len(set(google.gmail.modified)),
    }
    google.calls.clear()
    google.per_minute.clear()
    google.gmail.modified.clear()
    google.troubles.throttled = google.most_at_once = 0
    return figures
