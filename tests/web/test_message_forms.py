"""The message page's forms and its timeline: who may send them, what they change, and what they leave behind."""

import hashlib
import re

import pytest
from browser import Browser
from builders import ANA, BEN, seed_tenant
from mails import note, phish
from seeded import RAW, seed_message

from backend.domain.decision import Response
from backend.domain.disposition import Disposition
from backend.domain.people import Actor, Role
from backend.domain.triage import Triage
from backend.flow.feedback import FALSE_NEGATIVE, FALSE_POSITIVE, mark_simulation
from backend.flow.intake import intake
from backend.flow.steps import run_retraction
from backend.flow.tell import told
from backend.flow.upload import upload
from backend.store import audit, decisions, escalations, labels, messages, notes, retractions, submissions
from backend.store.message_view import message_view
from connectors.maildir.deliver import make_mailbox

D = Disposition


@pytest.fixture
def analyst(app, world) -> Browser:
    return Browser(app).signed_in_as(world.operator(Role.ANALYST))


@pytest.fixture
def outsiders(app, world) -> dict[str, Browser]:
    """Everybody who may do nothing here, by what they are answered."""
    other = seed_tenant(world.services, "other")
    return {
        "admin": Browser(app).signed_in_as(world.operator(Role.ADMIN)),
        "viewer": Browser(app).signed_in_as(world.operator(Role.VIEWER)),
        "neighbour": Browser(app).signed_in_as(other.owner),
        "nobody": Browser(app),
    }


REFUSED = {"admin": 403, "viewer": 403, "neighbour": 404, "nobody": 303}
A_FORM = {"admin": "/overview", "viewer": "/overview", "neighbour": "/overview", "nobody": "/sign-in"}


def refusals(outsiders, address: str, **fields: str) -> dict[str, int]:
    return {name: one.post(address, seen_on=A_FORM[name], **fields).status_code for name, one in outsiders.items()}


def standing(world, message_id: int):
    with world.services.database.read() as tx:
        return decisions.standing(tx, world.tenant_id, message_id)


def view(world, message_id: int):
    with world.services.database.read() as tx:
        return message_view(tx, world.tenant_id, message_id)


def lines(world, action: str) -> list[str]:
    with world.services.database.read() as tx:
        return [line.subject for line in audit.newest(tx, world.tenant_id) if line.action == action]


def test_the_raw_mail_is_a_file_that_no_browser_opens_and_its_taking_is_written_down(analyst, world):
    seeded = seed_message(world)
    here = f"/messages/{seeded.message_id}/raw"
    warning = analyst.text(here)
    assert "This file is live" in warning
    assert hashlib.sha256(RAW).hexdigest() in warning
    assert lines(world, "raw downloaded") == []

    answer = analyst.post(here, seen_on=here)
    assert (answer.status_code, answer.data) == (200, RAW)
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="message-{seeded.message_id}.eml"'
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'; frame-ancestors 'none'"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert lines(world, "raw downloaded") == [f"message:{seeded.message_id}"]
    assert "Downloaded the raw mail" in analyst.text(f"/messages/{seeded.message_id}")


def test_nobody_else_takes_the_raw_mail(outsiders, world):
    seeded = seed_message(world)
    assert refusals(outsiders, f"/messages/{seeded.message_id}/raw") == REFUSED
    assert lines(world, "raw downloaded") == []


def test_raw_mail_that_is_gone_cannot_be_taken(owner, world):
    seeded = seed_message(world)
    here = f"/messages/{seeded.message_id}/raw"
    kept = view(world, seeded.message_id).message.evidence_sha256
    with world.services.database.begin() as tx:
        tx.execute(messages.messages.update().values(evidence_sha256=""))
    world.services.evidence.delete(world.tenant_id, kept)
    assert "Download it all the same" not in owner.text(here)
    assert owner.post(here, seen_on="/queue").status_code == 404


def test_the_headers_are_text_and_looking_at_them_is_written_down(analyst, outsiders, world):
    seeded = seed_message(world)
    here = f"/messages/{seeded.message_id}/headers"
    assert "Facilities <desk@intranet-renewal.example>" in analyst.text(here)
    assert lines(world, "headers viewed") == [f"message:{seeded.message_id}"]
    assert {name: one.get(here).status_code for name, one in outsiders.items()} == REFUSED
    assert len(lines(world, "headers viewed")) == 1


@pytest.mark.parametrize("form", ["analyst", "owner"])
@pytest.mark.parametrize("as_", FALSE_POSITIVE)
def test_a_false_positive_is_reported_from_the_page(request, world, form, as_):
    seeded = seed_message(world)
    here = f"/messages/{seeded.message_id}"
    browser = request.getfixturevalue(form)
    answer = browser.post(f"{here}/false-positive", seen_on=here, disposition=as_)
    assert (answer.status_code, answer.location.partition("#")[0]) == (303, here)
    stands = standing(world, seeded.message_id)
    assert (stands.disposition, stands.why) == (as_, ("operator-false-positive",))
    page = browser.text(here)
    assert "An operator reported it as a false positive." in page
    assert "Reported a false positive" in page


@pytest.mark.parametrize("as_", FALSE_NEGATIVE)
def test_a_false_negative_is_reported_from_the_page(analyst, world, as_):
    seeded = seed_message(world, disposition=D.NONE, margin=-4, response=Response.NOTHING)
    here = f"/messages/{seeded.message_id}"
    assert analyst.post(f"{here}/false-negative", seen_on=here, disposition=as_).status_code == 303
    stands = standing(world, seeded.message_id)
    assert (stands.disposition, stands.why) == (as_, ("operator-false-negative",))


def test_what_was_missed_is_never_nothing(analyst, world):
    seeded = seed_message(world, disposition=D.NONE, margin=-4, response=Response.NOTHING)
    here = f"/messages/{seeded.message_id}"
    page = analyst.page(here)
    offered = re.search(r'<select id="false-negative-as".*?</select>', page, re.DOTALL)[0]
    assert re.findall(r'value="(\w+)"', offered) == list(FALSE_NEGATIVE)
    assert "NONE" not in FALSE_NEGATIVE
    before = standing(world, seeded.message_id)
    for said in ("NONE", "UGLY", ""):
        assert analyst.post(f"{here}/false-negative", seen_on=here, disposition=said).status_code == 400
    assert standing(world, seeded.message_id) == before


@pytest.mark.parametrize(
    ("form", "fields"),
    [("false-positive", {"disposition": "NONE"}), ("false-negative", {"disposition": "SPAM"}), ("simulation", {})],
)
def test_nobody_else_corrects_from_the_page(outsiders, world, form, fields):
    seeded = seed_message(world)
    before = standing(world, seeded.message_id)
    assert refusals(outsiders, f"/messages/{seeded.message_id}/{form}", **fields) == REFUSED
    assert standing(world, seeded.message_id) == before


def reported(world, raw: bytes, address: str) -> int:
    """A real report, all the way through. Returns the message's id."""
    for mailbox in (ANA, BEN):
        make_mailbox(world.mail, mailbox)
    accepted = intake(world.services, world.report(address, world.deliver(address, raw)), None)
    with world.services.database.read() as tx:
        return submissions.get(tx, world.tenant_id, accepted.submission_id).message_id


def test_a_wrong_correction_is_taken_back_by_the_next_one(analyst, world):
    message_id = reported(world, phish(ANA), ANA)
    here = f"/messages/{message_id}"
    analyst.post(f"{here}/false-positive", seen_on=here, disposition="NONE")
    analyst.post(f"{here}/disposition", seen_on=here, disposition="MALICIOUS")
    stands = standing(world, message_id)
    assert stands.disposition is D.MALICIOUS
    with world.services.database.read() as tx:
        [label] = labels.of_messages(tx, world.tenant_id, [message_id])[message_id]
    assert label.disposition is D.MALICIOUS


def test_a_correction_made_in_the_queue_is_undone_with_its_label(analyst, world):
    message_id = reported(world, note(BEN), BEN)
    before = standing(world, message_id)
    form = {"do": "judge:SPOOF", "message": str(message_id), "key": "the key of a form"}
    analyst.post("/queue/do", seen_on="/queue?tab=all", **form)
    assert standing(world, message_id).disposition is D.SPOOF
    analyst.post("/operations/1/undo", seen_on="/queue?tab=all")
    assert standing(world, message_id).disposition is before.disposition
    with world.services.database.read() as tx:
        assert labels.of_messages(tx, world.tenant_id, [message_id]) == {}


def test_escalating_from_the_page_links_it_and_says_so(analyst, outsiders, world):
    message_id = reported(world, note(BEN), BEN)
    here = f"/messages/{message_id}"
    [report] = view(world, message_id).reports
    address = f"/submissions/{report.submission.id}/escalate"
    assert refusals(outsiders, address, disposition="SPOOF") == REFUSED
    assert "Escalate to the team" in analyst.text(here)

    answer = analyst.post(address, seen_on=here, disposition="SPOOF")
    assert answer.location.partition("#")[0] == here
    with world.services.database.read() as tx:
        link = escalations.of_submission(tx, world.tenant_id, report.submission.id)
    page = analyst.text(here)
    assert f"team submission {link.escalated_submission_id}." in page
    assert "Escalate to the team" not in page
    assert "Escalated it to the team: Spoof" in page
    assert view(world, message_id).message.triage is Triage.ESCALATED


def test_marking_an_exercise_from_the_page_takes_back_what_was_taught(analyst, world):
    message_id = reported(world, phish(ANA), ANA)
    here = f"/messages/{message_id}"
    analyst.post(f"{here}/false-negative", seen_on=here, disposition="SUSPICIOUS")
    analyst.post(f"{here}/simulation", seen_on=here)
    stands = standing(world, message_id)
    assert (stands.simulation, stands.disposition) == (True, D.SUSPICIOUS)
    with world.services.database.read() as tx:
        assert labels.of_messages(tx, world.tenant_id, [message_id]) == {}
    page = analyst.text(here)
    assert "It is one of your own exercises." in page
    assert "Mark as simulation" not in page


def test_notes_are_kept_in_order_struck_out_and_never_deleted(analyst, outsiders, world):
    seeded = seed_message(world)
    here = f"/messages/{seeded.message_id}"
    for body in ("asked the bank", "they know <b>nothing</b>"):
        analyst.post(f"{here}/notes", seen_on=here, note=body)
    first, second = view(world, seeded.message_id).notes
    assert (first.body, second.body) == ("asked the bank", "they know <b>nothing</b>")
    assert refusals(outsiders, f"/notes/{first.id}/strike") == REFUSED
    assert refusals(outsiders, f"{here}/notes", note="mine") == REFUSED

    analyst.post(f"/notes/{first.id}/strike", seen_on=here)
    page = analyst.page(here)
    assert "<s>asked the bank</s>" in page
    assert "they know &lt;b&gt;nothing&lt;/b&gt;" in page
    assert f"/notes/{first.id}/strike" not in page
    assert [note.body for note in view(world, seeded.message_id).notes] == [first.body, second.body]
    assert lines(world, "note written") == [f"message:{seeded.message_id}"] * 2


@pytest.mark.parametrize("body", ["", "   ", "x" * 2_001])
def test_a_note_that_says_nothing_or_too_much_is_not_kept(analyst, world, body):
    seeded = seed_message(world)
    here = f"/messages/{seeded.message_id}"
    assert analyst.post(f"{here}/notes", seen_on=here, note=body).status_code in (303, 400)
    assert view(world, seeded.message_id).notes == []


def test_the_timeline_tells_everything_in_order(analyst, world):
    world.set_policy(psr={"switch": "on"})
    world.judge_right(ANA, 20)
    message_id = reported(world, phish(ANA), ANA)
    here = f"/messages/{message_id}"
    analyst.page(f"{here}/preview")
    analyst.page(f"{here}/headers")
    analyst.post(f"{here}/raw", seen_on=f"{here}/raw")
    analyst.post(f"{here}/notes", seen_on=here, note="seen before")
    with world.services.database.begin() as tx:
        [kept] = notes.of_message(tx, world.tenant_id, message_id)
    analyst.post(f"/notes/{kept.id}/strike", seen_on=here)
    [report] = view(world, message_id).reports
    analyst.post(f"/submissions/{report.submission.id}/escalate", seen_on=here, disposition="MALICIOUS")
    analyst.post(f"{here}/false-positive", seen_on=here, disposition="BULK")
    analyst.post(f"{here}/false-negative", seen_on=here, disposition="MALICIOUS")
    mark_simulation(world.services, world.owner, message_id)

    told = [event.action for event in view(world, message_id).events]
    first = {action: told.index(action) for action in told}
    order = ["reported", "scored", "decided", "retraction ordered", "retracted", "body viewed", "headers viewed"]
    order += ["raw downloaded", "note written", "note struck out", "escalated", "false positive reported"]
    order += ["restore ordered", "restored", "false negative reported", "marked as simulation"]
    assert [first[action] for action in order] == sorted(first[action] for action in order)
    assert {"copies", "answer sent", "report answered"} <= set(told)
    at = [event.at for event in view(world, message_id).events]
    assert at == sorted(at)


def test_each_event_is_told_in_words_with_who_did_it(analyst, world):
    seeded = seed_message(world, retracted=True, response=Response.RETRACT)
    with world.services.database.begin() as tx:
        for action in ("canary passed", "approved", "restore ordered", "post delivery response"):
            who, what = Actor("operator", world.owner.id), f"message:{seeded.message_id}"
            audit.record(tx, world.tenant_id, who, action, what, {}, world.services.now())
    page = analyst.text(f"/messages/{seeded.message_id}")
    for said in ("The first copies were proven gone acme-owner", "Approved the retraction acme-owner"):
        assert said in page
    assert "Reported it: as phish ana" in page
    assert "Decided: Malicious policy" in page


def test_a_reporters_reliability_stands_with_its_interval(analyst, world):
    seeded = seed_message(world)
    page = analyst.text(f"/messages/{seeded.message_id}")
    said = re.search(r"right in ([\d.]+) % of cases, with 95 % certainty between ([\d.]+) % and ([\d.]+) %", page)
    mean, low, high = map(float, said.groups())
    assert low < 19 / 20 * 100 < high + 5
    assert low < mean < high
    assert "19 of 20 judged reports were right" in page


def test_the_contributions_on_the_page_add_up_to_its_margin(analyst, world):
    seeded = seed_message(world, margin=1.2)
    page = analyst.page(f"/messages/{seeded.message_id}")
    *shares, total = re.findall(r'class="share number"[^>]*>([+−]?)([\d.]+)<', page)
    number = {"−": -1, "+": 1, "": 1}
    assert sum(number[sign] * float(value) for sign, value in shares) == pytest.approx(1.2, abs=0.2)
    assert total == ("+", "1.2")


def test_a_retraction_that_found_no_copy_says_so_everywhere(owner, world):
    for mailbox in (ANA, BEN):
        make_mailbox(world.mail, mailbox)
    message_id = seed_message(world, "uploaded by the team", Disposition.MALICIOUS).message_id
    owner.post(f"/messages/{message_id}/retract", seen_on=f"/messages/{message_id}", action="soft-delete")
    with world.services.database.read() as tx:
        (order,) = retractions.of_message(tx, world.tenant_id, message_id)
    run_retraction(world.services, order.id)

    page = owner.text(f"/messages/{message_id}")
    assert "No copy found" in page
    assert "Nothing was taken away, so there is nothing to undo." in page
    assert "Searched again" not in page
    assert "It can no longer be undone" not in page
    assert "No copy found" in owner.text("/queue?tab=all")
    with world.services.database.read() as tx:
        said = told(tx, world.tenant_id, message_id)
    assert (said.retracted, said.copies) == (False, "")


def test_what_the_team_said_exactly_is_what_the_page_says(owner, world):
    mail = b"From: a@example.org\r\nSubject: minutes\r\n\r\nAttached."
    uploaded = upload(world.services, world.owner, [("minutes.eml", mail)], Disposition.NONE)
    with world.services.database.read() as tx:
        message_id = submissions.get(tx, world.tenant_id, uploaded.made[0]).message_id
    page = owner.text(f"/messages/{message_id}")
    assert "Reported it: as No threat" in page
    assert "as spam" not in page
