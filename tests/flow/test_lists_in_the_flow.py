"""The tenant's lists, from an entry to what becomes of a report: who is let off, who is not, and what is left alone."""

from datetime import timedelta
from pathlib import Path

import pytest
from builders import ANA, BEN, CHLOE, PEOPLE, World, make_services, seed_tenant
from mails import mail, note, phish

from backend.domain.disposition import Disposition
from backend.domain.listed import ListKind
from backend.domain.people import Role
from backend.errors import BadInput, Conflict, NotAllowed, Unknown
from backend.flow import lists
from backend.flow.feedback import correct
from backend.flow.intake import intake
from backend.flow.respond import order_retraction
from backend.store import audit, copies, decisions, retractions, submissions, verdicts
from backend.store import lists as store
from connectors.contract import Outcome
from connectors.maildir.deliver import make_mailbox

D, K = Disposition, ListKind


@pytest.fixture
def world(tmp_path: Path, sqlite_database) -> World:
    world = seed_tenant(make_services(tmp_path, sqlite_database))
    world.judge_right(ANA, 20)
    world.set_policy(psr={"switch": "on"})
    for address in PEOPLE:
        make_mailbox(world.mail, address)
    return world


def put(world: World, kind: str, text: str, expires: str = "") -> lists.Added:
    return lists.add(world.services, world.owner, kind, text, "for a test", expires)


def reported(world: World, raw: bytes, address: str = ANA) -> int:
    accepted = intake(world.services, world.report(address, world.deliver(address, raw)), None)
    with world.services.database.read() as tx:
        return submissions.get(tx, world.tenant_id, accepted.submission_id).message_id


def stands(world: World, message_id: int):
    with world.services.database.read() as tx:
        return decisions.standing(tx, world.tenant_id, message_id)


def said_by_lists(world: World, message_id: int):
    with world.services.database.read() as tx:
        opinions = verdicts.latest(tx, world.tenant_id, message_id).verdict.opinions
    return next(opinion for opinion in opinions if opinion.module == "lists")


def proven_phish() -> bytes:
    """The same attack from an account that its own domain vouches for."""
    text = phish().replace(b"spf=fail", b"spf=pass").replace(b"dkim=none", b"dkim=pass header.d=account-check.test")
    return text.replace(b"dmarc=fail", b"dmarc=pass")


@pytest.mark.parametrize(("kind", "held"), [(K.TRUSTED, D.NONE), (K.ACCEPTABLE, D.MALICIOUS)])
def test_a_proven_sender_is_let_off_as_far_as_the_list_goes(world, kind, held):
    put(world, kind, "account-check.test")
    message = reported(world, proven_phish())
    assert stands(world, message).disposition is held
    assert (len(world.files(ANA)) == 1) == (kind is K.TRUSTED)
    assert [(one.code, one.detail) for one in said_by_lists(world, message).reasons] == [
        (kind.replace("trusted-sender", "sender-trusted").replace("acceptable-sender", "sender-acceptable"),
         "account-check.test"),
    ]  # fmt: skip


@pytest.mark.parametrize("kind", [K.TRUSTED, K.ACCEPTABLE, K.DOMAIN])
def test_a_forged_sender_gains_nothing_from_any_list(world, kind):
    put(world, kind, "account-check.test")
    message = reported(world, phish())
    assert stands(world, message).disposition is D.MALICIOUS
    assert world.files(ANA) == {}


def test_an_operator_who_said_malicious_is_not_overruled_by_a_list(world):
    message = reported(world, proven_phish())
    correct(world.services, world.owner, message, D.MALICIOUS)
    put(world, K.TRUSTED, "account-check.test")
    assert reported(world, proven_phish(), BEN) == message
    assert stands(world, message).disposition is D.MALICIOUS


def test_a_blocked_sender_is_malicious_and_psr_still_needs_the_margin(world):
    put(world, K.BLOCKED, "ben@example.org")
    message = reported(world, note())
    assert (stands(world, message).disposition, stands(world, message).why) == (
        D.MALICIOUS,
        ("hard-match", "margin-below-threshold"),
    )
    assert len(world.files(ANA)) == 1


def test_whoever_is_to_be_verified_goes_to_a_person(world):
    put(world, K.VERIFY, "example.org\naccount-check.test")
    assert stands(world, reported(world, note())).why[0] == "asked-for-review"
    attack = stands(world, reported(world, proven_phish()))
    assert (attack.disposition, attack.why[-1]) == (D.MALICIOUS, "verify-sender")
    forged = stands(world, reported(world, phish(message_id="<other@x.test>", extra="Reply soon.")))
    assert forged.action == "soft-delete"  # a forged one does not keep PSR away


def test_an_exempt_recipient_keeps_the_copy_and_the_others_do_not(world):
    put(world, K.EXEMPT, "ben@example.org")
    for address in (BEN, CHLOE):
        world.deliver(address, phish(address))
    message = reported(world, phish())
    assert [len(world.files(address)) for address in PEOPLE] == [0, 1, 0]
    with world.services.database.read() as tx:
        (done,) = retractions.of_message(tx, world.tenant_id, message)
        journal = {one.copy.mailbox: one.outcome for one in copies.of_retraction(tx, world.tenant_id, done.id)}
    assert done.state == "done"
    assert journal == {ANA: Outcome.RETRACTED, BEN: Outcome.EXEMPT, CHLOE: Outcome.RETRACTED}
    order_retraction(world.services, world.owner, message, "trash")
    assert len(world.files(BEN)) == 1


def test_a_mailbox_that_becomes_exempt_while_approval_is_waited_for_is_left_alone(world):
    world.set_policy(psr={"max_automatic": 1})
    world.deliver(BEN, phish(BEN))
    message = reported(world, phish())
    put(world, K.EXEMPT, "*@example.org")
    order_retraction_approved(world, message)
    assert [len(world.files(address)) for address in (ANA, BEN)] == [1, 1]


def order_retraction_approved(world: World, message: int) -> None:
    from backend.flow.respond import approve

    with world.services.database.read() as tx:
        (waiting,) = retractions.of_message(tx, world.tenant_id, message)
    assert waiting.state == "awaiting_approval"
    approve(world.services, world.owner, waiting.id)


def test_an_entry_counts_from_its_day_to_its_last_and_not_after_its_removal(world):
    last = world.services.now().date()
    put(world, K.BLOCKED, "ben@example.org", str(last))
    with world.services.database.read() as tx:
        (entry,) = store.find(tx, world.tenant_id)
        assert entry.last_day == last
        assert store.acting(tx, world.tenant_id, entry.expires_at - timedelta(seconds=1)).of(K.BLOCKED)
        assert not store.acting(tx, world.tenant_id, entry.expires_at).of(K.BLOCKED)
    lists.remove(world.services, world.owner, entry.id)
    assert stands(world, reported(world, note())).disposition is not D.MALICIOUS
    with pytest.raises(Conflict, match="removed already"):
        lists.remove(world.services, world.owner, entry.id)
    assert lists.put_back(world.services, world.owner, entry.id).pattern == "ben@example.org"
    with pytest.raises(Unknown):
        lists.remove(world.services, world.owner, 999)


def test_many_lines_are_taken_whole_or_not_at_all(world):
    with pytest.raises(BadInput, match=r"Line 3: \*@partner-\*\.com names|Line 3: anybody can register"):
        put(world, K.TRUSTED, "a@partner.example\n\n*@partner-*.com")
    assert put(world, K.TRUSTED, "a@partner.example, the billing desk\n A@Partner.example\nb.example") == (2, 1)
    with world.services.database.read() as tx:
        comments = {one.pattern: one.comment for one in store.find(tx, world.tenant_id)}
        lines = [line for line in audit.newest(tx, world.tenant_id) if line.action == "list entries added"]
    assert comments == {"a@partner.example": "the billing desk", "b.example": "for a test"}
    assert [line.detail for line in lines] == [{"entries": 2, "kinds": ["trusted-sender"]}]


@pytest.mark.parametrize(
    ("kind", "text", "expires", "said"),
    [
        ("nonsense", "a.example", "", "choose one of"),
        (K.BLOCKED, " \n ", "", "at least one pattern"),
        (K.BLOCKED, "a.example\n" * 1_001, "", "At most 1000 lines"),
        (K.BLOCKED, "a.example," + "x" * 201, "", "at most 200 characters"),
        (K.BLOCKED, "a.example", "2001-01-31", "must be to come"),
        (K.BLOCKED, "a.example", "soon", "must be to come"),
        (K.EXEMPT, "192.0.2.1", "", "none of an address"),
        (K.TRUSTED, "gmail.com", "", "anybody can have an address"),
    ],
)
def test_what_cannot_be_taken_says_why(world, kind, text, expires, said):
    with pytest.raises(BadInput, match=said):
        put(world, kind, text, expires)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "first line must be"),
        (b"pattern,kind\n", "first line must be"),
        (b"kind,pattern,comment,expires\n", "holds no entry"),
        (b"kind,pattern,comment,expires\nblocked-sender,a.example\n", "Line 2: there must be 4 columns"),
        (b"kind,pattern,comment,expires\nblocked-sender,a.example,,\nx,b.example,,\n", "Line 3: choose one of"),
        (b'kind,pattern,comment,expires\nblocked-sender,"a.example,,\n', "no CSV file"),
        (b"\xff\xfe", "no CSV file"),
        (b"x" * 150_001, "larger than 150 kilobytes"),
    ],
)
def test_a_file_with_an_error_changes_nothing_and_says_where(world, content, said):
    with pytest.raises(BadInput, match=said):
        lists.read_file(world.services, world.owner, content)
    with world.services.database.read() as tx:
        assert store.find(tx, world.tenant_id) == []


def test_lists_are_limited(world, monkeypatch):
    monkeypatch.setattr(store, "MOST", 2)
    put(world, K.BLOCKED, "a.example\nb.example")
    with pytest.raises(BadInput, match="room for 0 more"):
        put(world, K.BLOCKED, "c.example")


def test_a_viewer_changes_no_list(world):
    viewer = world.operator(Role.VIEWER)
    for attempt in (
        lambda: lists.add(world.services, viewer, K.BLOCKED, "a.example", "", ""),
        lambda: lists.read_file(world.services, viewer, b""),
        lambda: lists.remove(world.services, viewer, 1),
        lambda: lists.put_back(world.services, viewer, 1),
    ):
        with pytest.raises(NotAllowed):
            attempt()


def test_what_would_match_is_said_with_whether_it_would_act(world):
    put(world, K.TRUSTED, "account-check.test\n192.0.2.0/24")
    put(world, K.EXEMPT, "ana@example.org")
    put(world, K.DOMAIN, "microsoft.account-check.test")
    message = reported(world, phish())
    now = world.services.now()
    with world.services.database.read() as tx:
        asked = {
            text: [(one.kind, one.pattern) for one in lists.matches_of_text(tx, world.tenant_id, text, now)]
            for text in ("x@mail.account-check.test", "192.0.2.9", "account-check.test", "nobody@else.test")
        }
        of_message = [(one.kind, one.acts) for one in lists.matches_of_message(tx, world.tenant_id, message, now)]
    assert asked["x@mail.account-check.test"] == asked["account-check.test"] == [(K.TRUSTED, "account-check.test")]
    assert asked["192.0.2.9"] == [(K.TRUSTED, "192.0.2.0/24")]
    assert asked["nobody@else.test"] == []
    assert of_message == [(K.TRUSTED, False), (K.EXEMPT, True), (K.DOMAIN, True)]
    with world.services.database.read() as tx, pytest.raises(Unknown):
        lists.matches_of_message(tx, world.tenant_id, 999, now)


def test_a_network_that_the_gateway_recorded_is_proof_enough(world):
    put(world, K.ACCEPTABLE, "192.0.2.0/24")
    raw = mail(
        to=ANA,
        sender="Printer <scan@device.example>",
        subject="Scan of page 4",
        message_id="<scan-4@device.example>",
        text="Your scan is attached.",
        results="iprev=pass policy.iprev=192.0.2.9; spf=none smtp.mailfrom=device.example; dkim=none; dmarc=none",
    )
    message = reported(world, raw)
    reasons = [one.code for one in said_by_lists(world, message).reasons]
    assert reasons == ["sender-acceptable"]
