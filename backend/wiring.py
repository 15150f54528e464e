"""Wiring: which real objects do the settings ask for? The only place that chooses."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import structlog
from huey import Huey

from backend.domain.candidate import Candidate
from backend.errors import UnhookError
from backend.jobs import Queue, make_queue
from backend.secret import secret_key
from backend.services import Services
from backend.settings import Settings
from backend.store import candidate_files, candidates, tenants
from backend.store.database import Database, open_database, upgrade
from backend.store.evidence import EvidenceStore
from backend.store.tenants import Tenant
from connectors import registry
from connectors.contract import Mailboxes
from model.contract import Predictor

MOST_LOADED = 16  # candidates in one worker's memory, ten megabytes each

log = structlog.get_logger()


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
            return connect(settings, tenants.get(tx, tenant_id))

    predictor = instead.get("predictor", LazyPredictor(settings.checkpoint))
    evidence = EvidenceStore(settings.evidence_place)
    services = Services(
        settings=settings,
        database=database,
        evidence=evidence,
        mailboxes=mailboxes,
        predictor=predictor,
        predictor_of=TenantPredictors(database, evidence, predictor),
        wake=queue,
    )
    services = replace(services, **instead)
    queue.serve(services)
    return services


def _open_store(settings: Settings) -> Database:
    database = open_database(settings.store_url)
    upgrade(database)
    return database


def connect(settings: Settings, tenant: Tenant) -> Mailboxes:
    """The mailboxes of one tenant. Raises Refused when its provider has no connector, or lacks a setting."""
    return registry.connect(tenant.provider, **_options(settings, tenant))


def _options(settings: Settings, tenant: Tenant) -> dict[str, object]:
    if tenant.provider == "outlook":
        return {
            "directory": tenant.directory,
            "client_id": settings.outlook_client_id,
            "secret": settings.outlook_client_secret.get_secret_value(),
            "certificate": settings.outlook_certificate.get_secret_value(),
            "answers_from": settings.outlook_answers_from,
            "login_url": settings.microsoft_login_url,
            "graph_url": settings.microsoft_graph_url,
            "ca_file": settings.ca_file,
            "max_bytes": settings.max_message_bytes,
        }
    if tenant.provider == "gmail":
        return {
            "directory": tenant.directory,
            "administrator": tenant.administrator,
            "key": settings.gmail_key.get_secret_value(),
            "service_account": settings.gmail_service_account,
            "iam_url": settings.google_iam_url,
            "answers_from": settings.gmail_answers_from,
            "token_url": settings.google_token_url,
            "gmail_url": settings.gmail_url,
            "admin_url": settings.google_admin_url,
            "ca_file": settings.ca_file,
            "max_bytes": settings.max_message_bytes,
        }
    return {"root": mail_root(settings) / tenant.slug}


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


class TenantPredictors:
    """The network that serves each tenant: its own candidate where one was promoted, else the installation's.

    Asked before each message, so that a promotion or its undo counts from the next one on, without a restart. A
    candidate whose files are gone or damaged is not served; the installation's checkpoint takes its place, loudly.
    """

    def __init__(self, database: Database, kept: EvidenceStore, otherwise: Callable[[], Predictor]) -> None:
        self._database = database
        self._kept = kept
        self._otherwise = otherwise
        self._loaded: OrderedDict[int, Predictor] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, tenant_id: int) -> Predictor:
        """What answers for this tenant now."""
        with self._database.read() as tx:
            candidate_id = candidates.serving(tx, tenant_id)
            chosen = candidates.get(tx, tenant_id, candidate_id) if candidate_id is not None else None
        if chosen is None:
            return self._otherwise()
        with self._lock:
            if chosen.id not in self._loaded:
                self._loaded[chosen.id] = self._load(chosen)
            self._loaded.move_to_end(chosen.id)
            while len(self._loaded) > MOST_LOADED:
                self._loaded.popitem(last=False)
            return self._loaded[chosen.id]

    def _load(self, chosen: Candidate) -> Predictor:
        from model.checkpoint import CheckpointUnusable
        from model.predict import load_predictor

        try:
            with candidate_files.unpacked(self._kept, chosen) as folder:
                return load_predictor(folder)
        except (UnhookError, CheckpointUnusable) as error:
            log.error("candidate unusable", tenant=chosen.tenant_id, candidate=chosen.id, error=str(error))
            return self._otherwise()
