"""Work: how does a worker start and stop?"""

import logging
import signal
import time

import click
from huey.consumer import Consumer

from backend.commands.checkpoint import loaded
from backend.jobs import Queue
from backend.log import set_up
from backend.settings import read_settings
from backend.wiring import build_services
from model import collector

CHECK = 10.0  # seconds between two looks at whether all threads live


@click.command()
@click.option("--threads", type=click.IntRange(1, 32), help="Steps at the same time; wins over UNHOOK_WORK_THREADS.")
def command(threads: int | None) -> None:
    """Run a worker: the steps behind each report. Ctrl-C or SIGTERM end it; steps under way are finished."""
    settings = read_settings(**({"work_threads": threads} if threads else {}))
    set_up(settings.log_format)
    logging.getLogger("huey").setLevel(logging.WARNING)  # our own steps log a line each
    told: list[int] = []
    _obey(told)  # from now on: loading the network takes a moment, and being told to stop in it is no error

    predictor = loaded(settings.checkpoint)  # now, not while the first reporter waits
    services = build_services(settings, predictor=lambda: predictor)
    assert isinstance(services.wake, Queue)
    consumer = services.wake.consumer(services)
    collector.spare()
    run_until_told(consumer, told)
    services.database.close()


def run_until_told(consumer: Consumer, told: list[int]) -> None:
    """Run until SIGINT or SIGTERM; huey itself would drop the steps under way at one of the two."""
    consumer.start()
    _obey(told)  # instead of huey's own handlers
    checked = time.monotonic()
    while not told:
        time.sleep(0.1)
        if time.monotonic() - checked > CHECK:
            consumer.check_worker_health()
            checked = time.monotonic()
    consumer.stop(graceful=True)


def _obey(told: list[int]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda received, _frame: told.append(received))
