"""Intake: is the report safely kept? Anything that can fail happens later."""

from dataclasses import dataclass, replace

import structlog

from backend.domain.submission import Report
from backend.errors import BadInput, TooLarge
from backend.services import Services
from backend.store import evidence, submissions

log = structlog.get_logger()


@dataclass(frozen=True)
class Accepted:
    """The acknowledgement: the report is durable. `duplicate` when its idempotency key was seen before."""

    submission_id: int
    duplicate: bool


def intake(
    services: Services, report: Report, client_copy: bytes | None = None, fetched: bytes | None = None
) -> Accepted:
    """Keep the report with the bytes that came along, then wake the queue.

    `fetched` are bytes that we read from the person's own mailbox ourselves: evidence, unlike a client's copy. Returns
    only after they are synced and the row committed. Raises BadInput, TooLarge, StoreUnavailable: then nothing was
    acknowledged.
    """
    _check(services, report, client_copy, fetched)

    copied, read = (_stored(services, report.tenant_id, raw) for raw in (client_copy, fetched))
    report = replace(report, client_copy_sha256=copied, evidence_sha256=read)
    with services.database.begin() as tx:
        for sha256, raw in ((copied, client_copy), (read, fetched)):
            if raw is not None:
                evidence.record(tx, report.tenant_id, sha256, len(raw), services.now())
        submission_id, duplicate = submissions.keep(tx, report, services.now())

    if not duplicate:
        services.wake.submission(submission_id)
        log.info("received", submission=submission_id, tenant=report.tenant_id, kind=report.kind)
    return Accepted(submission_id, duplicate)


def _stored(services: Services, tenant_id: int, raw: bytes | None) -> str:
    return "" if raw is None else services.evidence.keep(tenant_id, raw)


def _check(services: Services, report: Report, *brought: bytes | None) -> None:
    there = [raw for raw in brought if raw is not None]
    if not there and not (report.provider_message_id or report.internet_message_id):
        raise BadInput("Nothing to look at: send the message itself, its provider id or its Message-ID.")
    limit = services.settings.max_message_bytes
    for raw in there:
        if len(raw) > limit:
            size, most = f"{len(raw):,}", f"{limit:,}"
            raise TooLarge("The message has %(size)s bytes; at most %(most)s can be kept.", size=size, most=most)
