"""A reported exercise is congratulated and reported back; it is scored, learned from and waited for by nobody."""

import base64
from email import message_from_string

import pytest
from builders import ANA, GATEWAY, World, make_services, seed_tenant
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from mails import phish
from receiver import Receiver
from sqlalchemy import select

from backend.commands import simulation as commands
from backend.domain.disposition import Disposition
from backend.domain.submission import Kind
from backend.errors import BadInput
from backend.flow import outbound
from backend.flow.intake import intake
from backend.store import answers, decisions, labels, submissions, verdicts
from backend.store.tables import queue_rows, signatures
from connectors.maildir.deliver import make_mailbox


@pytest.fixture
def world(tmp_path, database):
    services = make_services(tmp_path, database, outbound_allowed_networks=("127.0.0.0/8",))
    world = seed_tenant(services)
    make_mailbox(world.mail, ANA)
    world.judge_right(ANA, 20)
    world.set_policy(psr={"switch": "on"})
    yield world
    services.database.close()


def signed(world: World, tmp_path, raw: bytes) -> bytes:
    """As `unhook simulation sign` prints it."""
    key = Ed25519PrivateKey.generate()
    public = base64.b64encode(key.public_key().public_bytes_raw()).decode()
    world.set_policy(simulations={"keys": [public]})
    path = tmp_path / "exercise.key"
    path.write_text(base64.b64encode(key.private_bytes_raw()).decode() + "\n")
    ran = CliRunner().invoke(commands.sign, [str(path), ANA, "spring/7"], input=raw, catch_exceptions=False)
    return ran.stdout_bytes


def report(world: World, raw: bytes, **fields: object):
    if fields:
        number = intake(world.services, world.report(ANA, **fields), raw).submission_id
    else:
        number = intake(world.services, world.report(ANA, world.deliver(ANA, raw))).submission_id
    with world.services.database.read() as tx:
        return submissions.get(tx, world.tenant_id, number)


def test_an_exercise_is_congratulated_and_kept_out_of_everything(world, tmp_path):
    raw = signed(world, tmp_path, phish(ANA))
    with Receiver() as receiver:
        receiver.secret = outbound.add(
            world.services, world.owner, "platform", "webhook", receiver.address, ["simulation.reported"]
        )
        done = report(world, raw)
        outbound.deliver_due(world.services)

    [event] = receiver.events
    assert (event["action"], event["actor"]) == ("simulation.reported", f"person:{world.people[ANA].id}")
    assert event["detail"] == {"by": "signature", "campaign": "spring/7", "message": done.message_id}
    assert receiver.refused == 0
    with world.services.database.read() as tx:
        decision = decisions.standing(tx, world.tenant_id, done.message_id)
        row = tx.execute(select(queue_rows).where(queue_rows.c.message_id == done.message_id)).one()
        assert verdicts.latest(tx, world.tenant_id, done.message_id) is None
        assert labels.of_messages(tx, world.tenant_id, [done.message_id]) == {}
        assert tx.execute(select(signatures).where(signatures.c.message_id == done.message_id)).all() == []
        assert answers.of_submission(tx, world.tenant_id, done.id).template == "simulation"
    assert (decision.simulation, decision.disposition) == (True, Disposition.MALICIOUS)
    assert (row.review, row.retraction) == (False, "")
    assert len(world.files(ANA)) == 1
    box = world.mail / ANA / "Maildir" / "new"
    [told] = [text for path in box.iterdir() if "auto-replied" in (text := path.read_text())]
    assert "recognised it" in message_from_string(told).get_payload(decode=True).decode()


def test_a_team_teaches_nothing_with_an_exercise(world, tmp_path):
    done = report(world, signed(world, tmp_path, phish(ANA)), kind=Kind.TEAM)
    with world.services.database.read() as tx:
        assert labels.of_messages(tx, world.tenant_id, [done.message_id]) == {}


def test_a_forged_marker_hides_no_phish(world):
    world.set_policy(simulations={"vendors": ["knowbe4"], "domains": ["drills.example"]})
    forged = b"X-PHISHTEST: yes\r\nX-Unhook-Simulation: v1; campaign=x; signature=" + b"A" * 86 + b"\r\n" + phish(ANA)
    done = report(world, forged)
    with world.services.database.read() as tx:
        decision = decisions.standing(tx, world.tenant_id, done.message_id)
        assert verdicts.latest(tx, world.tenant_id, done.message_id) is not None
    assert not decision.simulation
    assert world.files(ANA) == {}


def test_a_proven_vendors_exercise_is_recognised_where_the_gateway_saw_it_only(world):
    world.set_policy(simulations={"vendors": ["knowbe4"], "domains": ["drills.example"]})
    results = (
        f"Authentication-Results: {GATEWAY}; dkim=pass header.d=drills.example; dmarc=pass header.from=drills.example"
    )
    raw = (
        f"{results}\r\nX-PHISHTEST: yes\r\nFrom: IT <it@drills.example>\r\nTo: {ANA}\r\n"
        "Subject: Your password ends\r\nMessage-ID: <drill@drills.example>\r\nDate: Mon, 02 Mar 2026 08:00:00 +0000\r\n"
        "\r\nSign in at https://x.example/\r\n"
    ).encode()
    fetched = report(world, raw)
    with world.services.database.read() as tx:
        assert decisions.standing(tx, world.tenant_id, fetched.message_id).simulation
    own_copy = raw.replace(b"drill@drills", b"copy@drills").replace(b"Sign in at", b"Log in today at")
    client = report(world, own_copy, internet_message_id="")
    with world.services.database.read() as tx:
        assert not decisions.standing(tx, world.tenant_id, client.message_id).simulation


def test_a_vendor_nobody_knows_is_refused_by_name(world):
    with pytest.raises(BadInput, match="'acme-drills' is none of"):
        world.set_policy(simulations={"vendors": ["acme-drills"]})


@pytest.mark.parametrize(
    ("recipient", "campaign", "said"), [("ben@example.org", "x", "not addressed"), (ANA, "a b", "name")]
)
def test_what_cannot_be_signed_is_refused(world, tmp_path, recipient, campaign, said):
    path = tmp_path / "key"
    path.write_text(base64.b64encode(Ed25519PrivateKey.generate().private_bytes_raw()).decode())
    with pytest.raises(BadInput, match=said):
        CliRunner().invoke(commands.sign, [str(path), recipient, campaign], input=phish(ANA), catch_exceptions=False)
