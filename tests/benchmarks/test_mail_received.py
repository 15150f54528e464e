"""How many mails a second does `unhook receive` take through SMTP, and a worker make submissions of?"""

import os
import smtplib
import threading
import time
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

from builders import make_services, seed_tenant
from huey import MemoryHuey
from mails import phish
from measure import memory_peak, seconds, show
from plant import Plant, free_port

from backend.flow.mail_intake import take_in
from backend.intake_mail.spool import spool_of
from backend.store.database import open_database, upgrade
from backend.wiring import build_services

MAILS = int(os.environ.get("MAILS", "2000"))
CONNECTIONS = 4
DOMAIN = "reports.example.net"
TO = f"acme+team+malicious@{DOMAIN}"
PATIENCE = 60


def report(number: int) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["Message-ID"] = "soc@example.org", f"<{number}@example.org>"
    mail.set_content(f"Number {number}")
    raw = phish(message_id=f"<phish-{number}@bad.example>", extra="Please read this. " * 100)
    mail.add_attachment(raw, maintype="application", subtype="octet-stream", filename="a.eml")
    return mail.as_bytes()


def test_mails_a_second(tmp_path: Path):
    port = free_port()
    environment = {
        "UNHOOK_DATA_DIR": str(tmp_path / "data"),
        "UNHOOK_SECRET_KEY": "for tests only",
        "UNHOOK_RECEIVE_DOMAIN": DOMAIN,
        "UNHOOK_RECEIVE_PORT": str(port),
        "UNHOOK_RECEIVE_PER_MINUTE": "1000000",
        "UNHOOK_RECEIVE_UNPROVEN_PER_MINUTE": "1000000",
        "UNHOOK_LOG_FORMAT": "json",
    }
    (tmp_path / "data").mkdir(mode=0o700)
    database = open_database(f"sqlite:///{tmp_path / 'data' / 'unhook.db'}")
    upgrade(database)
    world = seed_tenant(make_services(tmp_path, database, receive_domain=DOMAIN))
    mails = [report(number) for number in range(MAILS)]
    plant = Plant(environment, tmp_path)
    plant.start("receive")
    try:
        until(lambda: "receives mail" in (tmp_path / "receive.log").read_text())
        received = seconds(lambda: send_all(port, mails))
        spool = spool_of(world.services.settings)
        kept = len(spool.waiting())
        peak = memory_peak(plant.running["receive"].pid)
    finally:
        plant.stop()
    assert kept == MAILS

    services = build_services(world.services.settings, MemoryHuey("bench", immediate=False), database)
    taken = seconds(lambda: take_all(services))
    assert spool.waiting() == []
    size = sum(map(len, mails)) / MAILS
    synced = seconds(lambda: sync_alone(tmp_path / "bare", mails))
    show(
        f"{MAILS:,} mails of {size / 1000:.1f} kB over {CONNECTIONS} connections, load {os.getloadavg()[0]:.1f}",
        {
            "received, each on disk before its 250": f"{MAILS / received:8,.0f} mails/s",
            "as many files written and synced alone": f"{MAILS / synced:8,.0f} files/s",
            "taken in by one thread of a worker": f"{MAILS / taken:8,.0f} mails/s",
            "memory of the receiver": f"{peak / 1e6:8,.0f} MB",
        },
    )


def send_all(port: int, mails: list[bytes]) -> None:
    """As a relay with a few connections that sends one mail after the other on each."""
    parts = [mails[number::CONNECTIONS] for number in range(CONNECTIONS)]
    threads = [threading.Thread(target=send, args=(port, part)) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def send(port: int, mails: list[bytes]) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=PATIENCE) as client:
        for mail in mails:
            client.sendmail("soc@example.org", [TO], mail)


def take_all(services) -> None:
    while take_in(services):
        pass


def sync_alone(folder: Path, mails: list[bytes]) -> None:
    folder.mkdir()
    for number, mail in enumerate(mails):
        with (folder / str(number)).open("wb") as file:
            file.write(mail)
            file.flush()
            os.fsync(file.fileno())


def until(look: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not look():
        assert time.monotonic() < deadline
        time.sleep(0.1)
