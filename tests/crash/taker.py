"""Taker: a process that takes mail in from the spool and does nothing else, so that it can be killed at that."""

import time

from huey import MemoryHuey

from backend.errors import StoreUnavailable
from backend.flow.mail_intake import take_in
from backend.log import set_up
from backend.settings import read_settings
from backend.wiring import build_services

if __name__ == "__main__":
    settings = read_settings()
    set_up(settings.log_format)
    services = build_services(settings, MemoryHuey("taker", immediate=False, results=False))
    while True:
        try:
            take_in(services)
        except StoreUnavailable as error:
            print(error, flush=True)
        time.sleep(0.02)
