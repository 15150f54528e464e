"""Own submissions: a person sees how far their reports have come, and nobody else's."""

from dataclasses import replace
from datetime import timedelta

import pytest
from builders import ANA, BEN, seed_tenant

from backend.domain.decision import Decision, Response, Ruling
from backend.domain.disposition import Disposition
from backend.domain.people import POLICY, Actor
from backend.domain.retraction import RetractionState
from backend.domain.submission import State
from backend.flow.tell import meaning, why
from backend.store import copies, decisions, messages, retractions, submissions, verdicts
from backend.store.tables import retractions as retraction_rows
from connectors.contract import Copy, Outcome
from model import reasons
from model.contract import Counterfactual, Opinion, Probabilities, Reason, Verdict
from model.message.parse import parse_message

LEASE = timedelta(minutes=1)


def some_verdict(*found: Reason, opinions: tuple[Opinion, ...] = ()) -> Verdict:
    return Verdict(
        base_margin=1.0,
        margin=1.5,
        reporter_value=0.5,
        probabilities=Probabilities(0.9, 0.05, 0.03, 0.02),
        reasons=found,
        opinions=opinions,
        counterfactual=Counterfactual(1.0, 1.5, 2.0, 3.0),
        threshold=4.0,
        checkpoint="test",
    )


def codes() -> list[str]:
    return sorted(reasons.codes())


def reported(site, address: str = ANA) -> int:
    answer = site.send_raw(address)
    assert answer.status_code == 202
    return answer.json["id"]


def seen(site, address: str, number: int, world=None):
    return site.see(address, f"/api/v1/submissions/{number}", world)


def test_a_new_report_has_no_verdict_yet(site):
    told = seen(site, ANA, reported(site)).json

    assert (told["state"], told["verdict"], told["cause"]) == ("received", None, "")
    assert told["received_at"].endswith("Z")


def test_a_failed_report_says_why(site):
    number = reported(site)
    with site.services.database.begin() as tx:
        held = submissions.claim(tx, number, State.RECEIVED, site.services.now(), LEASE)
        submissions.fail(tx, held, "The mailbox could not be opened.", site.services.now())

    told = seen(site, ANA, number).json
    assert (told["state"], told["cause"]) == ("failed", "The mailbox could not be opened.")


@pytest.mark.parametrize("number", [1, 2**31 - 1])
def test_another_persons_report_is_as_unknown_as_none_at_all(site, number):
    first = reported(site, BEN)
    assert first == 1

    hers, none = seen(site, ANA, number), seen(site, ANA, 77)

    assert hers.status_code == none.status_code == 404
    assert hers.json["detail"] == none.json["detail"]


@pytest.mark.parametrize("path", ["0", "-1", str(2**31), "9" * 40, "1.0", "abc", "1%00", "%F0%9F%90%9F"])
def test_a_number_that_no_report_can_have_is_not_found(site, path):
    answer = site.see(ANA, f"/api/v1/submissions/{path}")

    assert answer.status_code == 404
    assert answer.content_type == "application/problem+json"


def test_no_tenant_sees_anothers_reports(site):
    other = seed_tenant(site.services, "globex")
    number = reported(site)

    assert seen(site, ANA, number, other).status_code == 404
    assert site.see(ANA, "/api/v1/submissions", other).json["submissions"] == []


@pytest.mark.parametrize("path", ["/api/v1/submissions", "/api/v1/submissions/1"])
def test_nobody_reads_without_a_token(embedded, path):
    reported(embedded)

    assert embedded.client().get(path).status_code == 401


def test_the_list_is_ones_own_newest_first_page_by_page(site):
    mine = [reported(site) for _ in range(3)]
    reported(site, BEN)

    first = site.see(ANA, "/api/v1/submissions?limit=2").json
    rest = site.see(ANA, f"/api/v1/submissions?limit=2&before={first['before']}").json

    assert [one["id"] for one in first["submissions"] + rest["submissions"]] == mine[::-1]
    assert rest["before"] is None


def test_a_full_last_page_has_no_next(site):
    for _ in range(2):
        reported(site)

    assert site.see(ANA, "/api/v1/submissions?limit=2").json["before"] is None


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "limit=", "before=0", f"before={2**31}", "before=-1", "offset=3"]
)
def test_an_unusable_page_is_refused(embedded, query):
    assert embedded.see(ANA, f"/api/v1/submissions?{query}").status_code == 400


# What was decided


@pytest.fixture
def decided(site):
    """Ana's report of a message that policy holds to be malicious; returns (submission, message)."""
    number = reported(site)
    now, tenant = site.services.now(), site.world.tenant_id
    code = codes()[0]
    with site.services.database.begin() as tx:
        facts = parse_message(b"From: a@pay.example\r\nSubject: x\r\n\r\nzebra")
        message, _ = messages.keep(tx, tenant, "f" * 64, facts, "e" * 64, "client", now)
        held = submissions.claim(tx, number, State.RECEIVED, now, LEASE)
        submissions.advance(tx, held, State.DECIDED, now, message_id=message)
        verdict = verdicts.append(tx, tenant, message, some_verdict(Reason(code, "zebra.example", 1.0)), (), now)
        ruling = Ruling(Disposition.MALICIOUS, False, Response.NOTHING, "trash", ())
        decisions.append(tx, tenant, message, ruling, POLICY, now, verdict)
    return number, message


def test_a_decided_report_tells_what_and_why_in_plain_words(site, decided):
    told = seen(site, ANA, decided[0]).json["verdict"]

    assert (told["disposition"], told["meaning"]) == ("MALICIOUS", meaning(Disposition.MALICIOUS))
    assert told["reasons"] == [reasons.sentence(codes()[0])]
    assert (told["retracted"], told["simulation"]) == (False, False)


def test_what_the_reasons_point_at_stays_with_the_operators(site, decided):
    assert "zebra" not in seen(site, ANA, decided[0]).get_data(as_text=True)


def test_the_list_shows_what_was_decided(site, decided):
    assert site.see(ANA, "/api/v1/submissions").json["submissions"][0]["disposition"] == "MALICIOUS"


def test_a_later_decision_by_a_person_is_what_the_reporter_hears(site, decided):
    with site.services.database.begin() as tx:
        ruling = Ruling(Disposition.NONE, False, Response.NOTHING, "", ())
        decisions.append(tx, site.world.tenant_id, decided[1], ruling, Actor("operator", 1), site.services.now())

    told = seen(site, ANA, decided[0]).json["verdict"]
    assert told["disposition"] == "NONE"
    assert told["reasons"] == ["Somebody of your security team looked at it and decided."]


@pytest.mark.parametrize(
    ("state", "retracted"),
    [
        (RetractionState.AWAITING_APPROVAL, False),
        (RetractionState.RUNNING, False),
        (RetractionState.DONE, True),
        (RetractionState.INCOMPLETE, True),
        (RetractionState.RESTORED, False),
        (RetractionState.REFUSED, False),
    ],
)
def test_the_reporter_hears_whether_it_was_retracted(site, decided, state, retracted):
    with site.services.database.begin() as tx:
        number = retractions.order(
            tx, site.world.tenant_id, decided[1], None, "trash", "policy", site.services.now(), automatic=True
        )
        order = retractions.get(tx, site.world.tenant_id, number)
        copies.note(tx, order, Copy(ANA, "copy1", ""), Outcome.RETRACTED, "", site.services.now())
        tx.execute(retraction_rows.update().where(retraction_rows.c.id == number).values(state=state))

    assert seen(site, ANA, decided[0]).json["verdict"]["retracted"] is retracted


def a_decision(disposition: Disposition) -> Decision:
    return Decision(1, 1, 1, disposition, False, Response.NOTHING, "", (), str(POLICY), None, 1)


def test_only_reasons_that_speak_for_the_decision_are_told():
    against, in_favour, silent = codes()[:3]
    verdict = some_verdict(Reason(against, "", 2.0), Reason(in_favour, "", -1.0), Reason(silent))

    assert why(a_decision(Disposition.MALICIOUS), verdict) == [reasons.sentence(against), reasons.sentence(silent)]
    assert why(a_decision(Disposition.NONE), verdict) == [reasons.sentence(in_favour)]


def test_a_hard_match_of_a_module_is_told_once():
    code = codes()[0]
    hard = Opinion("signatures", 1.0, 0.0, hard=True, reasons=(Reason(code), Reason(code)))

    assert why(a_decision(Disposition.MALICIOUS), some_verdict(opinions=(hard,))) == [reasons.sentence(code)]
    assert why(a_decision(Disposition.MALICIOUS), some_verdict(opinions=(replace(hard, hard=False),))) == []


def test_every_disposition_has_a_meaning():
    assert all(meaning(one) for one in Disposition)
