"""Doctor: is this installation in good order, and if not, what should be done?"""

import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC
from functools import partial
from itertools import islice
from pathlib import Path

import click
from sqlalchemy import func, select
from sqlalchemy.engine import make_url

from backend.commands.checkpoint import loaded
from backend.commands.doctor_gmail import examine_gmail
from backend.commands.doctor_outlook import credential_ends, examine_outlook
from backend.commands.doctor_polling import examine_polled
from backend.domain.submission import State
from backend.errors import UnhookError
from backend.intake_mail.spool import spool_of
from backend.jobs import Queue, make_queue
from backend.secret import secret_key
from backend.services import utc_now
from backend.settings import Settings, read_settings
from backend.store import embedded, tables, tenants
from backend.store.database import Database, open_database, version
from backend.store.evidence import EvidenceStore
from backend.store.submissions import lost
from backend.wiring import connect
from connectors.errors import ConnectorError

PROBE_TENANT = 0  # no tenant has this id
PROBE = b"unhook doctor: can evidence be kept?"
WAITS_TOO_LONG = 600  # seconds in the spool
LOOKED_AT = 500  # newest pieces of evidence


@dataclass(frozen=True)
class Finding:
    """One thing looked at: a sentence, and whether all is well with it."""

    what: str
    says: str
    well: bool = True


@click.command()
@click.argument("what", required=False, type=click.Choice(["outlook", "gmail"]))
@click.option("--mailbox", default="", help="With outlook or gmail: the mailbox to try, such as one inside a scope.")
def command(what: str | None, mailbox: str) -> None:
    """Check the installation and say what to do; it mends nothing by itself. Exit code 1 when something is wrong.

    `unhook doctor outlook` asks Microsoft what each tenant has granted, `unhook doctor gmail` asks Google.
    """
    settings = read_settings()
    findings = list(_guarded(what, lambda: _granted(settings, what, mailbox)) if what else examine(settings))
    for finding in findings:
        click.echo(f"{'ok ' if finding.well else 'NOT'} {finding.what:<12} {finding.says}")
    if not all(finding.well for finding in findings):
        sys.exit(1)


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at one thing after the other; what breaks while being looked at is a finding too."""
    yield from _guarded("data folder", lambda: _data_folder(settings))
    yield _cookies(settings)
    if _is_missing(settings):
        yield Finding("database", f"There is none at {settings.store_url}: run unhook migrate.", well=False)
        return
    try:
        database = open_database(settings.store_url)
    except UnhookError as error:
        yield Finding("database", str(error), well=False)
        return
    yield from _guarded("database", lambda: _database(database))
    yield from _guarded("evidence", lambda: _evidence(settings, database))
    yield from _guarded("queue", lambda: _queue(settings))
    yield from _guarded("checkpoint", lambda: _checkpoint(settings, database))
    yield from _guarded("mailboxes", lambda: _mailboxes(settings, database))
    yield from (Finding(one.what, one.says, one.well) for one in credential_ends(settings))
    yield from _guarded("mail intake", lambda: _mail_intake(settings))
    yield from _guarded("mail intake", lambda: _mailboxes_read(settings, database))
    yield from _guarded("work", lambda: _work(database))
    database.close()


def _granted(settings: Settings, provider: str, mailbox: str) -> Iterator[Finding]:
    if _is_missing(settings):
        yield Finding("database", f"There is none at {settings.store_url}: run unhook migrate.", well=False)
        return
    with closing(open_database(settings.store_url)) as database:
        ask = examine_gmail if provider == "gmail" else examine_outlook
        for slug, found in ask(settings, database, mailbox):
            yield Finding(f"{slug}: {found.what}", found.says, found.well)


def _guarded(what: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from look()
    except (UnhookError, ConnectorError, OSError) as error:
        yield Finding(what, str(error), well=False)


def _mail_intake(settings: Settings) -> Iterator[Finding]:
    """Nothing to say where no mail is received."""
    if not settings.receive_domain:
        return
    spool = spool_of(settings)
    oldest, now = spool.oldest(), utc_now().replace(tzinfo=UTC).timestamp()
    if oldest is not None and now - oldest > WAITS_TOO_LONG:
        minutes = int((now - oldest) / 60)
        says = f"Mail has waited for {minutes} minutes in {settings.spool_folder}: is unhook work running, and sees it?"
        yield Finding("mail intake", says, well=False)
    elif not settings.receive_authserv_ids:
        says = "UNHOOK_RECEIVE_AUTHSERV_IDS is empty: nobody is proven to have sent anything, the team neither."
        yield Finding("mail intake", says, well=False)
    else:
        yield Finding("mail intake", f"{settings.receive_domain}: {spool.used():,} bytes wait to be taken in.")


def _mailboxes_read(settings: Settings, database: Database) -> Iterator[Finding]:
    return (Finding("mail intake", says, well) for says, well in examine_polled(settings, database))


def _cookies(settings: Settings) -> Finding:
    if settings.https_only:
        return Finding("cookies", "sent over HTTPS only")
    if settings.asked_from_afar:
        says = "They cross the network in the clear: put TLS before the web process and unset UNHOOK_SECURE_COOKIES."
        return Finding("cookies", says, well=False)
    return Finding("cookies", "sent over plain HTTP too: nothing but this machine asks")


def _is_missing(settings: Settings) -> bool:
    """Whether opening the database would make it: the doctor makes nothing."""
    url = make_url(settings.store_url)
    return url.get_backend_name() == "sqlite" and not Path(url.database or "").exists()


def _data_folder(settings: Settings) -> Iterator[Finding]:
    folder = settings.data_dir.resolve()
    if not folder.is_dir():
        yield Finding("data folder", f"{folder} is not there yet: run unhook migrate.", well=False)
        return
    open_to_others = folder.stat().st_mode & 0o077
    if open_to_others:
        yield Finding("data folder", f"Others may look into {folder}: run chmod 700 {folder}", well=False)
    else:
        yield Finding("data folder", f"{folder}, for its owner only")


def _database(database: Database) -> Iterator[Finding]:
    wrong = embedded.problems(database)
    yield from (Finding("database", sentence, well=False) for sentence in wrong)
    if not wrong:
        current, _ = version(database)
        with database.read() as tx:
            count = tx.execute(select(func.count()).select_from(tables.search_documents)).scalar_one()
        yield Finding("database", f"{database.dialect}, version {current}, {count} messages, all in the search index")


def _evidence(settings: Settings, database: Database) -> Iterator[Finding]:
    """Really keep something, since a full disk and a lost right show only then; then look for the newest pieces."""
    store = EvidenceStore(settings.evidence_place)
    store.delete(PROBE_TENANT, store.keep(PROBE_TENANT, PROBE))
    kept = tables.evidence
    newest = select(kept.c.tenant_id, kept.c.sha256).where(kept.c.deleted_at.is_(None)).order_by(kept.c.id.desc())
    with database.read() as tx:
        rows = list(tx.execute(newest.limit(LOOKED_AT)))
    gone = [row.sha256 for row in rows if not store.exists(row.tenant_id, row.sha256)]
    if gone:
        says = f"{len(gone)} of the newest {len(rows)} pieces are missing ({gone[0][:12]}...): restore a backup."
        yield Finding("evidence", says, well=False)
    else:
        yield Finding("evidence", f"{settings.evidence_place}, writable, the newest {len(rows)} pieces are there")


def _queue(settings: Settings) -> Iterator[Finding]:
    queue = Queue(make_queue(settings, secret_key(settings)))
    if not queue.ready():
        says = "It does not answer. Reports are kept all the same; check UNHOOK_QUEUE_URL."
        yield Finding("queue", says, well=False)
        return
    yield Finding("queue", f"{queue.huey.pending_count()} tasks waiting, {queue.huey.scheduled_count()} for later")


def _checkpoint(settings: Settings, database: Database) -> Iterator[Finding]:
    predictor = loaded(settings.checkpoint)
    offered = list(predictor.offered_targets())
    yield Finding(
        "checkpoint", f"{predictor.checkpoint}, false-retraction targets {', '.join(f'{t:g}' for t in offered)}"
    )
    with database.read() as tx:
        for number in tenants.all_ids(tx):
            tenant = tenants.get(tx, number)
            if tenant.policy.thresholds.target not in offered:
                says = (
                    f"{tenant.slug} asks for a target of {tenant.policy.thresholds.target:g}, which it does not offer."
                )
                yield Finding("checkpoint", says, well=False)


def _mailboxes(settings: Settings, database: Database) -> Iterator[Finding]:
    with database.read() as tx:
        known = [tenants.get(tx, number) for number in tenants.all_ids(tx)]
    if not known:
        yield Finding("mailboxes", "There is no tenant yet: unhook tenant add SLUG NAME", well=False)
    for tenant in known:
        yield from _guarded("mailboxes", partial(_mailboxes_of, settings, tenant))


def _mailboxes_of(settings: Settings, tenant: tenants.Tenant) -> Iterator[Finding]:
    mailboxes = connect(settings, tenant)
    some = list(islice(mailboxes.list_mailboxes(), 3))
    if some:
        yield Finding("mailboxes", f"{tenant.slug} ({tenant.provider}): {', '.join(some)} ...")
    else:
        yield Finding("mailboxes", f"{tenant.slug} ({tenant.provider}) has none that can be listed.", well=False)


def _work(database: Database) -> Iterator[Finding]:
    with database.read() as tx:
        waiting = len(lost(tx, utc_now()))
        failed = tx.execute(
            select(func.count()).select_from(tables.submissions).where(tables.submissions.c.state == State.FAILED)
        ).scalar_one()
    if waiting:
        yield Finding("work", f"{waiting} submissions wait for a worker: is unhook work running?", well=False)
    if failed:
        yield Finding("work", f"{failed} submissions have failed; each has its cause and a retry button.", well=False)
    if not (waiting or failed):
        yield Finding("work", "nothing is waiting")
