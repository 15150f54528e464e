"""Killed: what is told apart by its number, and who deals with it in a process that does nothing else."""

import os
import subprocess
import sys
from email.message import EmailMessage
from pathlib import Path

import pytest
from mails import phish
from plant import Plant

SECRET = "for tests only"  # signs what is in the queue


def report(number: int, sender: str) -> bytes:
    """A mail that brings a phish; no other number's is the same."""
    mail = EmailMessage()
    mail["From"], mail["Message-ID"] = sender, f"<{number}@example.org>"
    mail.set_content(f"Number {number}")
    raw = phish(message_id=f"<phish-{number}@bad.example>")
    mail.add_attachment(raw, maintype="application", subtype="octet-stream", filename="a.eml")
    return mail.as_bytes()


def environment(request: pytest.FixtureRequest, folder: Path, **more: str) -> dict[str, str]:
    """What a process needs on the store that the fixture names, `embedded` or `shared`, and `more`."""
    url = f"sqlite:///{folder / 'data' / 'unhook.db'}"
    return {
        "UNHOOK_DATABASE_URL": request.getfixturevalue("postgres_url") if request.param == "shared" else url,
        "UNHOOK_DATA_DIR": str(folder / "data"),
        "UNHOOK_EVIDENCE_URL": str(folder / "evidence"),
        "UNHOOK_SECRET_KEY": SECRET,
        "UNHOOK_LOG_FORMAT": "json",
        **more,
    }


def start(plant: Plant, name: str) -> None:
    """`poller` or `taker`, in a process group of its own."""
    with (plant.logs / f"{name}.log").open("ab") as log:
        plant.running[name] = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name(f"{name}.py"))],
            env={**os.environ, **plant.environment, "PYTHONPATH": str(Path(__file__).parents[2])},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
