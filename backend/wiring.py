"""Wiring: which real objects do the settings ask for? The only place that chooses."""

import threading
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from huey import Huey

from backend.jobs import Queue, make_queue
from backend.secret import secret_key
from backend.services import Services
from backend.settings import Settings
from backend.store import tenants
from backend.store.database import Database, open_database, upgrade
from backend.store.evidence import EvidenceStore
from connectors import registry
from connectors.contract import Mailboxes
from model.contract import Predictor


def build_services(
    settings: Settings, huey: Huey | None = None, given: Database | None = None, **instead: Any
) -> Services:
    """Open the store, upgrade it, and connect everything. Raises BadInput or StoreUnavailable with what to do.

    `instead` takes the place of single services, before the queue's tasks get to see them.
    """
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = given or _open_store(settings)
    queue = Queue(huey or make_queue(settings, secret_key(settings)))

    @cache
    def mailboxes(tenant_id: int) -> Mailboxes:
        with database.read() as tx:
            tenant = tenants.get(tx, tenant_id)
        return registry.connect(tenant.provider, root=mail_root(settings) / tenant.slug)

    services = Services(
        settings=settings,
        database=database,
        evidence=EvidenceStore(settings.evidence_place),
        mailboxes=mailboxes,
        predictor=LazyPredictor(settings.checkpoint),
        wake=queue,
    )
    services = replace(services, **instead)
    queue.serve(services)
    return services


def _open_store(settings: Settings) -> Database:
    database = open_database(settings.store_url)
    upgrade(database)
    return database


def mail_root(settings: Settings) -> Path:
    """Where Maildirs lie: one folder per tenant, so that no tenant can reach another's."""
    return settings.maildir_root or settings.data_dir.resolve() / "mail"


class LazyPredictor:
    """Loads the network once, when a worker first asks; the web process never does, so it never imports torch."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._loaded: Predictor | None = None
        self._lock = threading.Lock()

    def __call__(self) -> Predictor:
        """The loaded checkpoint."""
        with self._lock:
            if self._loaded is None:
                from model.predict import load_predictor

                self._loaded = load_predictor(self._folder)
            return self._loaded
