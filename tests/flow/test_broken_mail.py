"""Hostile and broken mail: a stored submission with defects, on both engines, and never a worker that dies."""

import io
import zipfile
from email.message import EmailMessage
from pathlib import Path

import pytest
from builders import ANA, World, make_services, seed_tenant
from mails import note

from backend.domain.submission import State
from backend.flow.intake import intake
from backend.flow.respond import order_retraction
from backend.store import messages, submissions

WILD = "".join(chr(0x10000 + number * 7919 % 60_000) for number in range(1100))  # it does not compress
HOSTILE = sorted((Path(__file__).parents[1] / "message" / "mails").rglob("*.eml"))


def zip_bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb", b"\0" * 200_000_000)
    message = EmailMessage()
    message["From"], message["Subject"] = "x@y.test", "Bill"
    message.set_content("See the attachment.")
    message.add_attachment(packed.getvalue(), maintype="application", subtype="zip", filename="bill.zip")
    return message.as_bytes()


def nested(levels: int) -> bytes:
    opened = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\r\n\r\n--b{n}\r\n' for n in range(levels))
    return f"From: x@y.test\r\nSubject: deep\r\n{opened}Content-Type: text/plain\r\n\r\nhello\r\n".encode()


BROKEN = {
    "empty": b"",
    "binary rubbish": bytes(range(256)) * 400,
    "headers only": b"From: x@y.test\r\nSubject: nothing below\r\n",
    "a thousand nested parts": nested(1000),
    "a header of five megabytes": b"From: x@y.test\r\nX-Long: " + b"a" * 5_000_000 + b"\r\n\r\nhello",
    "UTF-16": note(ANA).decode().encode("utf-16"),
    "no From": b"Subject: whose?\r\nMessage-ID: <n@y.test>\r\n\r\nhello",
    "ten From headers": b"".join(b"From: x%d@y.test\r\n" % n for n in range(10)) + b"Subject: ten\r\n\r\nhello",
    "a zip bomb": zip_bomb(),
    "a Message-ID that fits into no index": f"Message-ID: <{WILD}@y.test>\r\n".encode() + note(ANA),
    "NUL and surrogates": b"From: \x00 <x@y.test>\r\nSubject: =?utf-8?B?7aCAAA==?= \xed\xa0\x80\r\n\r\n\0\xed\xa0\x80",
}


@pytest.fixture
def world(tmp_path: Path, database) -> World:
    return seed_tenant(make_services(tmp_path, database))


def submitted(world: World, raw: bytes):
    accepted = intake(world.services, world.report(ANA), raw)
    with world.services.database.read() as tx:
        submission = submissions.get(tx, world.tenant_id, accepted.submission_id)
        return submission, messages.get(tx, world.tenant_id, submission.message_id)


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_mail_is_kept_with_its_defects_and_answered(world, kind):
    submission, message = submitted(world, BROKEN[kind])
    assert (submission.state, submission.cause) == (State.ANSWERED, "")
    assert message.facts.defects or kind in {"headers only", "a zip bomb"}
    assert world.services.evidence.read(world.tenant_id, message.evidence_sha256) == BROKEN[kind]


def test_every_mail_of_the_hostile_collection_is_answered(world):
    assert len(HOSTILE) > 40
    states = {path.name: submitted(world, path.read_bytes())[0].state for path in HOSTILE}
    assert set(states.values()) == {State.ANSWERED}, states


@pytest.mark.parametrize("name", ["a" * 1500, WILD], ids=["letters", "signs"])
def test_no_message_id_hides_a_copy_from_a_retraction(world, name):
    """Searched for by a part of it, the copy was not found, and the retraction said that all was done."""
    raw = f"Message-ID: <{name}@y.test>\r\n".encode() + note(ANA)
    copy = world.deliver(ANA, raw)
    _, message = submitted(world, raw)
    order_retraction(world.services, world.owner, message.id, "trash")
    assert [place for place in world.files(ANA) if copy.id in place and ".Trash" not in place] == []


def test_a_client_cannot_vouch_for_itself(world):
    raw = note(ANA)
    assert b"dmarc=pass" in raw
    _, message = submitted(world, raw)
    assert message.facts.authentication.dmarc == "unknown"
