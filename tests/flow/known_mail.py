"""Known mail: a message that the store knows and people have in their mailboxes, without asking the network."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from builders import World, make_services, seed_tenant
from clocks import RunningClock
from faulty import Faulty
from mails import phish

from backend.domain.decision import Response, Ruling
from backend.domain.disposition import Disposition
from backend.domain.people import POLICY
from backend.domain.retraction import Retraction
from backend.domain.submission import EvidenceSource
from backend.flow.sweep import sweep
from backend.store import copies, decisions, messages, retractions
from connectors.contract import Outcome
from connectors.maildir.deliver import make_mailbox
from model.message.fingerprint import fingerprint
from model.message.parse import parse_message

CROWD = tuple(f"p{number:02}@example.org" for number in range(12))


@dataclass(frozen=True)
class Office:
    """A tenant with a crowd of mailboxes, behind a provider and a clock that do as they are told."""

    world: World
    provider: Faulty
    clock: RunningClock

    def know(self, raw: bytes, disposition: Disposition = Disposition.MALICIOUS) -> int:
        """Keep a message with its decision by policy; returns its id."""
        services, tenant_id = self.world.services, self.world.tenant_id
        facts = parse_message(raw, ("mx.example.org",))
        sha256 = services.evidence.keep(tenant_id, raw)
        with services.database.begin() as tx:
            now = services.now()
            kept = messages.keep(tx, tenant_id, fingerprint(facts), facts, sha256, EvidenceSource.FETCHED, now)
            ruling = Ruling(disposition, False, Response.NOTHING, "no-action", ("margin-above-threshold",))
            decisions.append(tx, tenant_id, kept[0], ruling, POLICY, now)
        return kept[0]

    def deliver(self, *addresses: str, **changed: str) -> None:
        for address in addresses:
            self.world.deliver(address, phish(address, **changed))

    def order(self, message_id: int, action: str = "soft-delete") -> Retraction:
        """As PSR orders it: by policy."""
        with self.world.services.database.begin() as tx:
            now = self.world.services.now()
            number = retractions.order(
                tx, self.world.tenant_id, message_id, None, action, str(POLICY), now, automatic=True
            )
        assert number is not None
        self.world.services.wake.retraction(number)
        return self.last(message_id)

    def last(self, message_id: int) -> Retraction:
        with self.world.services.database.read() as tx:
            return retractions.of_message(tx, self.world.tenant_id, message_id)[0]

    def outcomes(self, message_id: int) -> dict[str, Outcome | None]:
        with self.world.services.database.read() as tx:
            journal = copies.of_retraction(tx, self.world.tenant_id, self.last(message_id).id)
        return {entry.copy.mailbox: entry.outcome for entry in journal}

    def holding(self) -> list[str]:
        """Whoever still sees a copy."""
        return [address for address in CROWD if self.world.files(address)]

    def later(self, **ahead: float) -> None:
        """Time passes, and sweep comes by."""
        self.clock.ahead += timedelta(**ahead)
        sweep(self.world.services)


def open_office(tmp_path: Path, database=None) -> Office:
    provider = Faulty(tmp_path / "data" / "mail" / "acme")
    provider.calls = []
    clock = RunningClock()
    services = make_services(tmp_path, database, instead={"mailboxes": lambda tenant_id: provider, "now": clock})
    world = seed_tenant(services, addresses=CROWD)
    for address in CROWD:
        make_mailbox(world.mail, address)
    return Office(world, provider, clock)
