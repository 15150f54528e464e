"""Upload: which team submissions come of the files that an operator has?"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import Connection

from backend.domain.disposition import Disposition
from backend.domain.people import Actor, Operator
from backend.domain.received_mail import submitted_as
from backend.domain.submission import Kind, Report
from backend.errors import BadInput, TooLarge, UnhookError
from backend.flow.feedback import must_judge
from backend.flow.intake import intake
from backend.intake_mail.contents import reported_mail
from backend.services import Services
from backend.store import audit, people

MOST_FILES = 20
LONGEST_COMMENT = 2000
PROVIDER = "operator"  # of the person that an operator's own submissions belong to


@dataclass(frozen=True)
class Uploaded:
    """The submissions that were made, new or made before by the same form, and the files that made none, with why."""

    made: tuple[int, ...]
    refused: tuple[tuple[str, UnhookError], ...]


def upload(
    services: Services,
    operator: Operator,
    files: Sequence[tuple[str, bytes]],
    disposition: Disposition,
    comment: str = "",
    key: str = "",
) -> Uploaded:
    """Each file (name, bytes), an .eml or an .msg, becomes a submission of the team. Raises NotAllowed, BadInput.

    The same form sent twice, as `key` tells, is one.
    """
    must_judge(operator)
    if not files:
        raise BadInput("Choose at least one file that ends in .eml or .msg.")
    if len(files) > MOST_FILES:
        raise BadInput("At most %(most)s files at once.", most=MOST_FILES)
    who, now = Actor("operator", operator.id), services.now()
    with services.database.begin() as tx:
        person = people.add_person(tx, operator.tenant_id, PROVIDER, str(who), "", operator.name, now)

    made: list[int] = []
    refused: list[tuple[str, UnhookError]] = []
    for name, content in files:
        report = Report(
            operator.tenant_id,
            person.id,
            "",
            comment=comment[:LONGEST_COMMENT],
            submitted_as=submitted_as(disposition),
            kind=Kind.TEAM,
            idempotency_key=f"{key[:60]}-{sha256(content).hexdigest()}" if key else "",
            said=disposition,
        )
        try:
            made.append(intake(services, report, reported_mail(content)).submission_id)
        except (BadInput, TooLarge) as refusal:
            refused.append((name, refusal))
    if made:
        with services.database.begin() as tx:
            about = {"submissions": made, "disposition": disposition}
            audit.record(tx, operator.tenant_id, who, "mail uploaded", str(who), about, now)
    return Uploaded(tuple(made), tuple(refused))


def names_in_labels(tx: Connection, tenant_id: int, given_by: str) -> tuple[str, ...]:
    """Who gave a label, and how the same operator is named in labels of what they uploaded; the operator first."""
    who = Actor.read(given_by)
    person = people.get_person(tx, tenant_id, who.id) if who.kind == "person" and who.id else None
    operator = person.subject if person and person.provider == PROVIDER else given_by
    own = person or people.find_person(tx, tenant_id, PROVIDER, operator)
    return (operator,) if own is None or operator == str(Actor("person", own.id)) else (operator, f"person:{own.id}")
