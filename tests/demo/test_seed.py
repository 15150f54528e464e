"""The demo's first day: what is there, and does a second run leave it alone?"""

from email import message_from_bytes
from pathlib import Path

import pytest
from builders import make_services

from backend.demo.history import judged_before
from backend.demo.mail import deliver_all, deliveries
from backend.demo.people import MAILBOXES, PEOPLE
from backend.demo.seed import seed
from backend.domain.decision import Psr
from backend.domain.disposition import Disposition
from backend.flow.feedback import correct
from backend.flow.switch import licence
from backend.services import Services
from backend.store import decisions, labels, messages, people, tenants
from backend.store.evidence import EvidenceStore
from connectors.contract import Wanted
from connectors.registry import connect
from model.message.fingerprint import fingerprint
from model.message.parse import parse_message

PHISH = "<20.4471.storage@quota-renewal.example>"


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return make_services(tmp_path)


def everything(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {str(p): (p.read_bytes(), p.stat().st_mtime_ns) for p in sorted(folder.rglob("*")) if p.is_file()}


def mail_folder(services: Services) -> Path:
    return services.settings.data_dir / "mail" / "demo"


def test_the_first_run_makes_three_mailboxes_and_a_password_that_works(services):
    made = seed(services)
    assert made.mailboxes == [person.address for person in MAILBOXES]
    with services.database.read() as tx:
        assert people.check_password(tx, "demo", made.password or "").role == "owner"


def test_the_second_run_changes_nothing_and_knows_no_password(services):
    seed(services)
    before = everything(mail_folder(services))
    again = seed(services)
    assert (again.password, again.mailboxes) == (None, [])
    assert everything(mail_folder(services)) == before


def test_a_mailbox_that_somebody_emptied_stays_empty(services):
    seed(services)
    for path in (mail_folder(services) / "ana@example.org").rglob("*"):
        if path.is_file():
            path.unlink()
    seed(services)
    assert [p for p in (mail_folder(services) / "ana@example.org").rglob("*") if p.is_file()] == []


def test_a_run_that_was_killed_while_filling_a_mailbox_leaves_no_half_of_one(tmp_path, services):
    root = tmp_path / "mail"
    (root / ".unfinished" / "ana@example.org" / "Maildir" / "new").mkdir(parents=True)
    deliver_all(root, services.now())
    assert sorted(path.name for path in root.iterdir()) == [person.address for person in MAILBOXES]
    assert len(list((root / "ana@example.org").rglob("*.unhook*"))) == 6


def test_psr_is_on_because_the_seeded_history_earned_it(services):
    seed(services)
    with services.database.read() as tx:
        tenant = tenants.by_slug(tx, "demo")
        earned = licence(tx, tenant)
    assert tenant.policy.psr.switch is Psr.ON
    assert (earned.judged >= 59, earned.wrong, earned.granted) == (True, 0, True)


def test_each_person_has_the_record_that_the_demo_tells_of(services):
    seed(services)
    with services.database.read() as tx:
        tenant = tenants.by_slug(tx, "demo")
        for one in PEOPLE:
            person = people.find_person(tx, tenant.id, "maildir", one.address)
            past = labels.past_of(tx, tenant.id, person.id, services.now(), except_message=0)
            assert (sum(each.right for each in past), len(past)) == (one.right, one.judged), one.key


def test_the_history_is_called_seeded_wherever_it_shows(services):
    seed(services)
    with services.database.read() as tx:
        tenant = tenants.by_slug(tx, "demo")
        for number in range(1, sum(person.judged for person in PEOPLE) + 1):
            message = messages.get(tx, tenant.id, number)
            decision = decisions.standing(tx, tenant.id, number)
            assert message.subject.startswith("[seeded history]")
            assert (decision.decided_by, decision.why) == ("seed", ("seeded-history",))


def test_every_mail_of_the_history_is_kept_and_its_own_message(services):
    seed(services)
    past = list(judged_before(services.now()))
    prints = {fingerprint(parse_message(one.raw())) for one in past}
    assert len(prints) == len(past)
    store = EvidenceStore(services.settings.evidence_place)
    with services.database.read() as tx:
        tenant = tenants.by_slug(tx, "demo")
        message = messages.get(tx, tenant.id, len(past))
    assert b"seeded history" in store.read(tenant.id, message.evidence_sha256)


def test_a_later_judgement_of_the_history_counts(services):
    seed(services)
    with services.database.read() as tx:
        tenant = tenants.by_slug(tx, "demo")
        operator = people.get_operator(tx, 1)
        before = licence(tx, tenant)
    correct(services, operator, 1, Disposition.NONE)
    with services.database.read() as tx:
        after = licence(tx, tenant)
    assert (before.wrong, after.wrong, after.granted) == (0, 1, False)


def test_every_mail_is_well_formed_and_says_when_it_was_sent(services):
    for delivery in deliveries(services.now()):
        mail = message_from_bytes(delivery.raw)
        assert mail["Message-ID"]
        assert b"@TO@" not in delivery.raw
        assert b"@DATE@" not in delivery.raw
        facts = parse_message(delivery.raw, ["mx.example.org"])
        assert (facts.date != "", facts.defects) == (True, ()), delivery.raw[:400]
        assert facts.authentication.authserv_id == "mx.example.org"


def test_the_campaign_is_one_message_in_three_mailboxes_and_the_menu_another(services):
    seed(services)
    mailboxes = connect("maildir", root=mail_folder(services))
    found = {
        address: {
            fingerprint(parse_message(mailboxes.fetch(address, copy.id))): copy.folder
            for copy in mailboxes.find(address, Wanted(PHISH, "", None))
        }
        for address in mailboxes.list_mailboxes()
    }
    ana, ben, chloe = found.values()
    assert set(ana) == set(chloe)
    assert set(ana) < set(ben)
    assert len(ben) == 2
    assert (list(ana.values()), list(chloe.values()), sorted(ben.values())) == ([""], ["Later"], ["", "Projects"])


def test_the_personal_siblings_are_messages_of_their_own(services):
    siblings = [d.raw for d in deliveries(services.now()) if b"Final notice" in d.raw]
    phish = [d.raw for d in deliveries(services.now()) if b"Action required" in d.raw]
    prints = {fingerprint(parse_message(raw)) for raw in [*siblings, phish[0]]}
    assert (len(siblings), len(prints)) == (2, 3)
