"""One message's page: what was decided, why, what became of the copies, and what an operator can do about it."""

import re
from datetime import timedelta

import pytest
from browser import words_of
from builders import BEN, CHLOE, GATEWAY
from seeded import ANA, RAW, facts, seed_message
from sqlalchemy import event, select

from backend.domain.decision import Response
from backend.domain.disposition import Disposition
from backend.domain.retraction import RetractionState
from backend.store import decisions, retractions
from backend.store.message_view import message_view
from backend.store.retention import expire_evidence
from backend.store.tables import audit
from backend.store.tables import retractions as retraction_rows
from model.contract import Reason
from model.message.facts import Address

D = Disposition


def body_views(world) -> list[str]:
    with world.services.database.read() as tx:
        return list(tx.execute(select(audit.c.subject).where(audit.c.action == "body viewed")).scalars())


def test_the_page_says_what_was_decided_and_why(owner, world):
    seeded = seed_message(world, "Overdue", comment="we have no such contract")
    page = owner.text(f"/messages/{seeded.message_id}")
    for said in (
        "Overdue",
        "An attack: phishing, fraud or malware.",
        "Its margin is at or above the malicious threshold.",
        "PSR is in preview: it wrote down that it would have retracted this, and did not.",
        "desk@intranet-renewal.example",
        "19 of 20 judged reports were right",
        "we have no such contract",
        "softfail",
    ):
        assert said in page


def test_the_verdict_is_a_picture_and_the_same_in_words(owner, world):
    seeded = seed_message(world, base=-0.4, margin=1.2)
    page = owner.page(f"/messages/{seeded.message_id}")
    assert page.count("<svg class=") == 2
    assert all('aria-hidden="true"' in svg for svg in re.findall(r'<svg class="(?:wide|narrow)".*?>', page))
    caption = words_of(re.search(r"<figcaption.*?</figcaption>", page, re.DOTALL)[0])
    assert "−0.4 without any reporter, +1.2 with the one who reported it" in caption
    assert "by 2.5 at most" in caption


def test_the_page_says_what_other_reporters_would_have_changed(owner, world):
    seeded = seed_message(world, base=-0.4, margin=1.2)
    page = owner.text(f"/messages/{seeded.message_id}")
    assert "Nobody −0.4 suspicious Those who did +1.2 malicious" in page
    assert "Somebody reporting for the first time +0.5 malicious" in page


def test_links_are_shown_so_that_nobody_can_follow_them(owner, world):
    seeded = seed_message(world)
    page = owner.page(f"/messages/{seeded.message_id}")
    assert "hxxp://signin[.]quota-renewal[.]example/verify" in page
    assert "wrapped in hxxps://safelinks[.]protection[.]example/" in words_of(page)
    assert not re.search(r'(href|src|action)="(?!/|#)', page)


def test_a_finished_retraction_shows_its_proof_and_its_undo(owner, world):
    seeded = seed_message(world, reporters=(ANA, BEN, CHLOE), retracted=True, response=Response.RETRACT)
    page = owner.page(f"/messages/{seeded.message_id}")
    text = words_of(page)
    assert "Searched again: 0 copies left." in text
    assert "Undo is possible until" in text
    assert all(mailbox in text for mailbox in (ANA, BEN, CHLOE))
    assert f'action="/retractions/{seeded.retraction_id}/restore"' in page


def test_after_the_last_moment_there_is_no_undo(owner, world):
    seeded = seed_message(world, retracted=True, response=Response.RETRACT)
    with world.services.database.begin() as tx:
        tx.execute(retraction_rows.update().values(restorable_until=world.services.now()))
    page = owner.page(f"/messages/{seeded.message_id}")
    assert "/restore" not in page
    assert "It can no longer be undone." in page


def test_a_retraction_under_way_is_watched(owner, world):
    seeded = seed_message(world, retracted=True, response=Response.RETRACT)
    address = f"/messages/{seeded.message_id}/retraction"
    assert "hx-trigger" not in owner.page(address)
    with world.services.database.begin() as tx:
        tx.execute(retraction_rows.update().values(state=RetractionState.RUNNING))
    watched = owner.page(address)
    assert f'data-progress="/retractions/{seeded.retraction_id}/progress"' in watched
    assert '<dd data-count="retracted">1</dd>' in watched, "also where no stream is given"


def test_a_message_that_is_still_being_read_has_a_page(owner, world):
    seeded = seed_message(world, disposition=None)
    assert "Not decided yet" in owner.text(f"/messages/{seeded.message_id}")


def test_looking_at_the_page_is_not_looking_at_the_mail(owner, world):
    seeded = seed_message(world)
    owner.page(f"/messages/{seeded.message_id}")
    owner.page(f"/messages/{seeded.message_id}/body")
    assert body_views(world) == []


def test_looking_at_the_mail_is_written_down(owner, world):
    seeded = seed_message(world)
    assert "Dear Ana" in owner.page(f"/messages/{seeded.message_id}/preview")
    assert body_views(world) == [f"message:{seeded.message_id}"]
    assert "Looked at the mail itself acme-owner" in owner.text(f"/messages/{seeded.message_id}")


def test_the_mail_stands_behind_three_walls(owner, world):
    seeded = seed_message(world)
    frame = owner.page(f"/messages/{seeded.message_id}/body")
    answer = owner.get(f"/messages/{seeded.message_id}/preview")
    policy = answer.headers["Content-Security-Policy"]
    assert 'sandbox=""' in frame
    assert policy.startswith("sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:")
    assert "script" not in policy
    assert "<a " not in answer.text


def test_missing_evidence_is_said_and_not_a_broken_page(owner, world):
    seeded = seed_message(world)
    with world.services.database.read() as tx:
        view = message_view(tx, world.tenant_id, seeded.message_id)
    assert view
    world.services.evidence.delete(world.tenant_id, view.message.evidence_sha256)

    answer = owner.get(f"/messages/{seeded.message_id}/preview")

    assert answer.status_code == 200
    assert "Dear Ana" not in answer.text
    assert len(words_of(answer.text)) > 20
    assert body_views(world) == []


def test_expired_evidence_is_said_on_the_page(owner, world):
    seeded = seed_message(world)
    services = world.services
    expire_evidence(services.database, services.evidence, world.tenant_id, services.now() + timedelta(days=200))
    page = owner.text(f"/messages/{seeded.message_id}")
    assert "The mail itself was deleted on" in page
    assert "Show the mail" not in page


def test_judging_stands_and_leads_back(owner, world):
    seeded = seed_message(world, disposition=D.SUSPICIOUS, margin=-0.5, response=Response.NOTHING)
    here = f"/messages/{seeded.message_id}"
    answer = owner.post(f"{here}/disposition", seen_on=here, disposition="BULK")
    assert (answer.status_code, answer.location) == (303, here)
    with world.services.database.read() as tx:
        standing = decisions.standing(tx, world.tenant_id, seeded.message_id)
    assert standing
    assert (standing.disposition, standing.decided_by) == (D.BULK, f"operator:{world.owner.id}")
    assert "An operator judged it. That stands against policy." in owner.text(here)


def test_an_exercise_can_be_named_as_one(owner, world):
    seeded = seed_message(world)
    here = f"/messages/{seeded.message_id}"
    owner.post(f"{here}/disposition", seen_on=here, disposition="MALICIOUS", simulation="yes")
    with world.services.database.read() as tx:
        standing = decisions.standing(tx, world.tenant_id, seeded.message_id)
    assert standing
    assert standing.simulation


def test_a_disposition_that_is_none_is_refused(owner, world):
    seeded = seed_message(world)
    here = f"/messages/{seeded.message_id}"
    assert owner.post(f"{here}/disposition", seen_on=here, disposition="UGLY").status_code == 400


def test_retract_and_undo_work_on_real_mailboxes(owner, world):
    raw = b"Message-ID: <quota-1@intranet-renewal.example>\r\n" + RAW
    from model.message.fingerprint import fingerprint
    from model.message.parse import parse_message

    known = parse_message(raw, [GATEWAY])
    seeded = seed_message(world, known=known, raw=raw, mark=fingerprint(known))
    for address in (ANA, BEN):
        world.deliver(address, raw)
    here = f"/messages/{seeded.message_id}"

    answer = owner.post(f"{here}/retract", seen_on=here, action="trash")
    assert answer.location == here
    assert "Searched again: 0 copies left." in owner.text(here)
    assert all(".Trash" in path for path in world.files(ANA))

    with world.services.database.read() as tx:
        [order] = retractions.of_message(tx, world.tenant_id, seeded.message_id)
    owner.post(f"/retractions/{order.id}/restore", seen_on=here)
    assert "Every copy that could be is back where it was." in owner.text(here)
    assert not any(".Trash" in path for path in world.files(ANA))


def test_what_is_not_possible_now_is_said_on_the_page(owner, world):
    seeded = seed_message(world, retracted=True, response=Response.RETRACT)
    with world.services.database.begin() as tx:
        tx.execute(retraction_rows.update().values(state=RetractionState.RUNNING))
    here = f"/messages/{seeded.message_id}"
    assert owner.post(f"{here}/retract", seen_on=here, action="trash").location == here
    assert "There is a retraction of this message already (Being retracted)." in owner.text(here)


@pytest.mark.parametrize(
    ("state", "offered"),
    [
        (RetractionState.AWAITING_APPROVAL, ["approve", "restore"]),
        (RetractionState.STOPPED, ["go-on", "restore"]),
        (RetractionState.INCOMPLETE, ["retry", "restore"]),
        (RetractionState.DONE, ["restore"]),
        (RetractionState.RUNNING, []),
        (RetractionState.RESTORED, []),
    ],
)
def test_what_can_be_done_about_a_retraction_stands_under_what_to_do_and_once(owner, world, state, offered):
    seeded = seed_message(world, retracted=True, response=Response.RETRACT)
    with world.services.database.begin() as tx:
        tx.execute(retraction_rows.update().values(state=state))
    page = owner.page(f"/messages/{seeded.message_id}")
    act = page.split('id="act"')[1].split("</section>")[0]
    forms = rf'action="/retractions/{seeded.retraction_id}/([\w-]+)"'
    assert re.findall(forms, act) == re.findall(forms, page) == offered
    assert "There is nothing to take away" not in page


def test_a_page_that_follows_along_is_brought_what_to_do_as_well(owner, world):
    seeded = seed_message(world, retracted=True, response=Response.RETRACT)
    whole = owner.page(f"/messages/{seeded.message_id}")
    brought = owner.page(f"/messages/{seeded.message_id}/retraction")
    assert 'id="act"' in whole
    assert "hx-swap-oob" not in whole
    assert re.search(r'<section [^>]*id="act"[^>]* hx-swap-oob="true">', brought)
    assert f'action="/retractions/{seeded.retraction_id}/restore"' in brought


def test_after_a_retraction_one_can_search_again(owner, world):
    seeded = seed_message(world, retracted=True, response=Response.RETRACT)
    here = f"/messages/{seeded.message_id}"
    assert "Search again for copies" in owner.text(here)


def test_hard_delete_is_not_offered_until_it_is_confirmed(owner, world):
    seeded = seed_message(world)
    here = f"/messages/{seeded.message_id}"
    assert 'value="hard-delete"' not in owner.page(here)
    owner.post(f"{here}/retract", seen_on=here, action="hard-delete")
    assert "Hard delete cannot be undone and is switched off" in owner.text(here)
    world.set_policy(hard_delete_confirmed=True)
    assert 'value="hard-delete"' in owner.page(here)


def test_a_reason_without_a_sentence_does_not_break_the_page(owner, world):
    seeded = seed_message(world, reasons=(Reason("a-code-from-another-version", "", 0.3),))
    assert owner.get(f"/messages/{seeded.message_id}").status_code == 200


def test_the_page_costs_the_same_for_one_report_and_for_forty(owner, world):
    def statements(message_id: int) -> int:
        seen: list[str] = []

        def note(connection, cursor, statement, *rest):
            seen.append(statement)

        event.listen(world.services.database.engine, "before_cursor_execute", note)
        owner.page(f"/messages/{message_id}")
        event.remove(world.services.database.engine, "before_cursor_execute", note)
        return len(seen)

    one = seed_message(world, retracted=True, response=Response.RETRACT)
    many = seed_message(world, reporters=(ANA, BEN, CHLOE) * 13, retracted=True, response=Response.RETRACT)
    assert statements(many.message_id) == statements(one.message_id)


def test_a_mail_that_hundreds_reported_stays_readable(owner, world):
    crowd = [Address("", f"{n}@example.org") for n in range(40)]
    seeded = seed_message(world, reporters=[ANA] * 30, known=facts(to=tuple(crowd)))
    page = owner.page(f"/messages/{seeded.message_id}")
    first, _, folded = page.partition("25 more</summary>")
    assert (first.count("<bdi>ana</bdi>"), folded.count("<bdi>ana</bdi>")) == (5, 25)
    assert "17 earlier events</summary>" in page
    assert "4@example.org and 35 more" in words_of(page)
    assert "5@example.org" not in words_of(page).partition("and 35 more")[0]


def test_both_engines_bring_the_same_page(either_world):
    world = either_world
    seeded = seed_message(world, reporters=(ANA, BEN), retracted=True, response=Response.RETRACT, to_judge=True)
    with world.services.database.read() as tx:
        view = message_view(tx, world.tenant_id, seeded.message_id)
        elsewhere = message_view(tx, world.tenant_id + 1, seeded.message_id)
    assert elsewhere is None
    assert view
    assert view.retraction
    assert (view.retraction.remaining, len(view.retraction.copies), view.to_judge) == (0, 2, True)
    assert [e.action for e in view.events].count("reported") == 2
    assert view.standing
    assert view.standing.disposition is D.MALICIOUS


@pytest.mark.parametrize("number", ["99999", "2147483647"])
def test_a_message_that_is_not_there_is_a_page_that_says_so(owner, number):
    answer = owner.get(f"/messages/{number}")
    assert answer.status_code == 404
    assert "There is no such message." in answer.text


@pytest.mark.parametrize("number", ["0", "2147483648", "-1", "abc", "1e3"])
def test_what_can_be_no_message_is_not_there_either(owner, number):
    assert owner.get(f"/messages/{number}").status_code == 404


def test_defects_and_attachments_are_listed(owner, world):
    seeded = seed_message(world, known=facts())
    page = owner.text(f"/messages/{seeded.message_id}")
    assert "notice.pdf" in page
    assert "application/pdf text/html not what it says" in page
    assert "Date missing" in page
