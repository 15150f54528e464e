"""Poller: a process that reads mailboxes for reports and does nothing else, so that it can be killed at that."""

import time

from huey import MemoryHuey

from backend.flow.polling import poll, poll_all
from backend.log import set_up
from backend.settings import read_settings
from backend.store import polled_mailboxes
from backend.wiring import build_services

if __name__ == "__main__":
    settings = read_settings()
    set_up(settings.log_format)
    services = build_services(settings, MemoryHuey("poller", immediate=False, results=False))
    while True:
        poll_all(services)
        with services.database.read() as tx:
            due = polled_mailboxes.due(tx, services.now())
        for mailbox_id in due:
            poll(services, mailbox_id)
        time.sleep(0.02)
