"""Running: a receiver on loopback in a thread of the test's own process, so that tests can look behind it."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from smtplib import SMTP
from typing import Any

from reports_by_mail import DOMAIN

from backend.intake_mail.receiver import Door, House, listen
from backend.intake_mail.spool import Spool
from backend.services import utc_now
from backend.settings import Settings


@dataclass
class Running:
    """The receiver's port, its spool, and how often it said that mail arrived."""

    spool: Spool
    port: int = 0
    arrived: list[None] = field(default_factory=list)

    def client(self, **options: Any) -> SMTP:
        return SMTP("127.0.0.1", self.port, timeout=20, **options)

    def waiting(self) -> list[str]:
        return self.spool.waiting()


@contextmanager
def receiving(tmp_path, knows: Callable[[str], bool] = "acme".__eq__, **settings: object) -> Iterator[Running]:
    chosen = Settings(data_dir=tmp_path, receive_domain=DOMAIN, receive_port=0, **settings)
    spool = Spool(chosen.spool_folder, chosen.spool_megabytes * 1_000_000)
    running = Running(spool)
    house = House(chosen, spool, knows, lambda: running.arrived.append(None), utc_now)
    loop, started = asyncio.new_event_loop(), threading.Event()

    async def serve() -> None:
        server = await listen(house, Door(house))
        running.port = server.sockets[0].getsockname()[1]
        started.set()
        await stopped.wait()
        server.close()

    async def begin() -> None:
        nonlocal stopped
        stopped = asyncio.Event()
        await serve()

    stopped: asyncio.Event
    thread = threading.Thread(target=loop.run_until_complete, args=(begin(),))
    thread.start()
    assert started.wait(20)
    try:
        yield running
    finally:
        loop.call_soon_threadsafe(stopped.set)
        thread.join(20)
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0.01))
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
