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


def intake(services: Services, report: Report, client_copy: bytes | None = None) -> Accepted:
    """Keep the report and its client copy, then wake the queue.

    Returns only after the copy is synced and the row committed. Raises BadInput, TooLarge, StoreUnavailable: then
    nothing was acknowledged.
    """
    _check(services, report, client_copy)

    if client_copy is not None:
        sha256 = services.evidence.keep(report.tenant_id, client_copy)
        report = replace(report, client_copy_sha256=sha256)
    with services.database.begin() as tx:
        if client_copy is not None:
            evidence.record(tx, report.tenant_id, report.client_copy_sha256, len(client_copy), services.now())
        submission_id, duplicate = submissions.keep(tx, report, services.now())

    if not duplicate:
        services.wake.submission(submission_id)
        log.info("received", submission=submission_id, tenant=report.tenant_id, kind=report.kind)
    return Accepted(submission_id, duplicate)


def _check(services: Services, report: Report, client_copy: bytes | None) -> None:
    if client_copy is None and not (report.provider_message_id or report.internet_message_id):
        raise BadInput("Nothing to look at: send the message itself, its provider id or its Message-ID.")
    limit = services.settings.max_message_bytes
    if client_copy is not None and len(client_copy) > limit:
        raise TooLarge(f"The message has {len(client_copy):,} bytes; at most {limit:,} can be kept.")
