"""Own page: which link leads a person to their own reports, and whose is a link that somebody brings?

A link names one person, ends by itself, and dies when that person ends all of theirs. Whoever has it sees that person's
reports, so it is sent to nobody else; it gives no right of an operator.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from itsdangerous import BadData, URLSafeSerializer

from backend.domain.people import Person
from backend.secret import secret_key
from backend.services import Services
from backend.store import people

PATH = "/reports"
OF_A_MAIL = timedelta(days=14)
OF_A_BUTTON = timedelta(minutes=15)  # asked for by the pane or the card, and followed at once
VISIT = timedelta(hours=1)
LONGEST = 500
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the store's UTC


@dataclass(frozen=True)
class Purpose:
    """What a token is good for: each kind is signed apart, so that none passes for another."""

    salt: str


LINK = Purpose("unhook/reports/link")
COOKIE = Purpose("unhook/reports/visit")


def link_to(services: Services, person: Person, lasts: timedelta) -> str:
    """The whole address; empty where this server does not know its own."""
    origin = services.settings.public_url
    return f"{origin}{path_to(services, person, lasts)}" if origin else ""


def path_to(services: Services, person: Person, lasts: timedelta) -> str:
    """The address on this server."""
    return f"{PATH}/enter/{token_for(services, person, LINK, lasts)}"


def token_for(services: Services, person: Person, purpose: Purpose, lasts: timedelta) -> str:
    """Signed: who, and until when."""
    until = int((services.now() + lasts - _EPOCH).total_seconds())
    signed = _serializer(services, purpose).dumps([person.tenant_id, person.id, person.link_round, until])
    return signed if isinstance(signed, str) else signed.decode()


def whose(services: Services, token: str, purpose: Purpose) -> Person | None:
    """Whom a token names; None when it is none of ours, has ended, or its person has ended it or is gone."""
    if len(token) > LONGEST:
        return None
    try:
        tenant_id, person_id, link_round, until = _serializer(services, purpose).loads(token)
    except (BadData, ValueError, TypeError):
        return None
    if services.now() >= _EPOCH + timedelta(seconds=until):
        return None
    with services.database.read() as tx:
        person = people.get_person(tx, tenant_id, person_id)
        erased = person is None or people.is_erased(tx, tenant_id, person_id)
    return None if person is None or erased or person.link_round != link_round else person


def _serializer(services: Services, purpose: Purpose) -> URLSafeSerializer:
    return URLSafeSerializer(secret_key(services.settings), salt=purpose.salt)
