"""The queue: what waits for an operator, in which order, and what stands in a row?"""

import gzip
import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from browser import words_of
from builders import BEN, CHLOE
from seeded import ANA, facts, seed_failure, seed_message
from sqlalchemy import event

from backend.domain.decision import Response
from backend.domain.disposition import Disposition
from backend.domain.retraction import RetractionState
from backend.flow import feedback
from backend.store import campaigns, failures, operations, queue, retractions, submissions
from backend.store.filters import Filters, Order
from model.modules.campaigns import bands, minhash

D = Disposition


def subjects(page: str) -> list[str]:
    return re.findall(r'data-row><span class="clip">([^<]*)</span>', page)


def without_tokens(page: str) -> str:
    """Each form has a key of its own; nothing else may differ."""
    return re.sub(r'name="(key|csrf_token)" value="[^"]*"', "", page)


def test_reports_of_one_message_are_one_row(owner, world):
    seed_message(world, "Overdue", reporters=(ANA, BEN, CHLOE))
    page = owner.page("/queue?tab=all")
    assert subjects(page) == ["Overdue"]
    assert "3 reporters" in words_of(page)


def test_what_needs_a_person_is_shown_and_the_rest_is_not(owner, world):
    nothing = {"response": Response.NOTHING}
    seed_message(world, "would be retracted", D.MALICIOUS, margin=2.0)
    seed_message(world, "unsure", D.SUSPICIOUS, margin=-0.5, **nothing)
    seed_message(world, "pretends", D.SPOOF, margin=-1.5, **nothing)
    seed_message(world, "drawn to be judged", retracted=True, response=Response.RETRACT, to_judge=True, margin=1.0)
    seed_message(world, "retracted", retracted=True, response=Response.RETRACT, margin=1.1)
    seed_message(world, "newsletter", D.BULK, margin=-6, **nothing)
    seed_message(world, "exercise", D.MALICIOUS, simulation=True, **nothing)
    seed_message(world, "old", D.SUSPICIOUS, margin=-0.1, minutes_ago=31 * 24 * 60, **nothing)

    shown = subjects(owner.page("/queue"))
    assert sorted(shown) == ["drawn to be judged", "old", "pretends", "unsure", "would be retracted"]


def test_what_an_operator_judged_no_longer_waits(owner, world):
    seeded = seed_message(world, "unsure", D.SUSPICIOUS, margin=-0.5, response=Response.NOTHING)
    feedback.correct(world.services, world.owner, seeded.message_id, D.BULK)
    assert "Nothing waits for you" in owner.text("/queue")
    assert "Judged" in owner.text("/queue?tab=all")


def test_what_waits_for_an_approval_is_said(owner, world):
    seed_message(world, "large margin", margin=4.0)
    waiting = seed_message(world, "needs approval", margin=0.1)
    with world.services.database.begin() as tx:
        number = retractions.order(
            tx, world.tenant_id, waiting.message_id, None, "trash", "policy", world.services.now(), automatic=True
        )
        assert number
        order = retractions.get(tx, world.tenant_id, number)
        assert order
        retractions.leave(tx, order, RetractionState.AWAITING_APPROVAL, approvals_needed=1)
    page = owner.page("/queue")
    assert sorted(subjects(page)) == ["large margin", "needs approval"]
    assert "Waiting for approval" in words_of(page)


def test_newest_first_is_another_order(owner, world):
    seed_message(world, "older, larger", margin=4.0, minutes_ago=60)
    seed_message(world, "newer", margin=0.5, minutes_ago=1)
    assert subjects(owner.page("/queue?order=newest")) == ["newer", "older, larger"]
    assert subjects(owner.page("/queue")) == ["older, larger", "newer"]


def test_the_malicious_tab_shows_malicious_mail_only(owner, world):
    seed_message(world, "bad")
    seed_message(world, "dull", D.NONE, margin=-7, response=Response.NOTHING)
    assert subjects(owner.page("/queue?tab=malicious")) == ["bad"]


def test_search_finds_a_message_whatever_its_tab(owner, world):
    seed_message(world, "Quarterly garden report", D.NONE, margin=-7, response=Response.NOTHING)
    seed_message(world, "Something else")
    assert subjects(owner.page("/search?q=garden")) == ["Quarterly garden report"]
    assert subjects(owner.page("/search?q=nothing+like+this")) == []


@pytest.mark.parametrize("query", ["'", '"', "a OR", "*", "NEAR(", "%", "(", "\x00", "x" * 5000, "-", "日本"])
def test_no_search_breaks_the_page(owner, world, query):
    seed_message(world)
    assert owner.get("/search", query_string={"q": query}).status_code == 200


@pytest.mark.parametrize("asked", ["tab=x", "page=0", "page=-1", "page=99999999", "page=%C2%B2", "order=x", "page="])
def test_an_odd_address_shows_the_queue(owner, asked):
    assert owner.get(f"/queue?{asked}").status_code == 200


def test_a_failed_report_shows_its_cause_and_can_be_tried_again(owner, world):
    number = seed_failure(world, "Exchange did not answer")
    assert "Exchange did not answer" in owner.text("/queue?tab=failed")
    before = owner.page("/queue?tab=failed")
    assert f'action="/submissions/{number}/retry"' in before

    answer = owner.post(f"/submissions/{number}/retry", seen_on="/queue?tab=failed")

    assert answer.location == "/queue?tab=failed"
    with world.services.database.read() as tx:
        again = submissions.get(tx, world.tenant_id, number)
    assert again
    assert again.cause != "Exchange did not answer"
    assert "Trying again" in owner.text("/queue?tab=failed")


def test_the_fragment_is_the_same_rows_and_asks_for_itself_again(owner, world):
    seed_message(world, "Overdue")
    fragment = owner.page("/queue/rows?tab=all&order=newest")
    assert "<html" not in fragment
    assert 'hx-get="/queue/rows?tab=all&amp;order=newest"' in fragment
    assert without_tokens(fragment).strip() in without_tokens(owner.page("/queue?tab=all"))


def test_a_long_queue_has_pages(owner, world):
    for number in range(51):
        seed_message(world, f"mail {number:02}", minutes_ago=number)
    first, second = owner.page("/queue?tab=all"), owner.page("/queue?tab=all&page=2")
    assert subjects(first) == [f"mail {n:02}" for n in range(50, 0, -1)]
    assert subjects(second) == ["mail 00"]
    assert 'rel="next"' in first
    assert 'rel="next"' not in second
    assert 'rel="prev"' in second


def test_a_message_without_a_subject_can_still_be_opened(owner, world):
    seed_message(world, "")
    assert subjects(owner.page("/queue?tab=all")) == ["(no subject)"]


def test_the_page_costs_the_same_for_one_row_and_for_forty(owner, world):
    def statements() -> int:
        seen: list[str] = []
        engine = world.services.database.engine

        def note(connection, cursor, statement, *rest):
            seen.append(statement)

        event.listen(engine, "before_cursor_execute", note)
        owner.page("/queue?tab=all")
        event.remove(engine, "before_cursor_execute", note)
        return len(seen)

    seed_message(world, "one", reporters=(ANA,))
    few = statements()
    for number in range(40):
        seed_message(world, f"mail {number}", reporters=(ANA, BEN), retracted=True, response=Response.RETRACT)
    assert statements() == few


def test_the_counts_end_at_a_hundred(world):
    for _ in range(failures.MOST_COUNTED + 3):
        seed_failure(world)
    with world.services.database.read() as tx:
        assert failures.reports_waiting(tx, world.tenant_id)["failed"] == failures.MOST_COUNTED


def test_both_engines_show_the_same_queue(either_world):
    world = either_world
    seed_message(world, "first", margin=1.0, minutes_ago=9, reporters=(ANA, BEN))
    seed_message(world, "second", D.SUSPICIOUS, margin=-0.5, response=Response.NOTHING)
    seed_message(world, "third", None)
    seed_message(world, "done", retracted=True, response=Response.RETRACT, minutes_ago=2)
    seed_failure(world, "no mailbox")

    with world.services.database.read() as tx:
        urgent = queue.page(tx, world.tenant_id, Filters(review=True), Order.HARM).rows
        everything = queue.page(tx, world.tenant_id, Filters(), Order.NEWEST).rows
        counts = failures.reports_waiting(tx, world.tenant_id)
        failed = failures.failed(tx, world.tenant_id)

    assert [row.subject for row in urgent] == ["first", "second"]
    assert [row.subject for row in everything] == ["done", "third", "second", "first"]
    assert (urgent[0].reports, urgent[0].reporters, urgent[0].margin) == (2, 2, 1.0)
    done = next(row for row in everything if row.subject == "done")
    assert (done.retraction, done.to_judge) == (RetractionState.DONE, False)
    assert counts == {"failed": 1, "arriving": 0}
    assert [(row.cause, row.reporter) for row in failed] == [("no mailbox", world.people[ANA].name)]


def sent(browser, address: str, **headers: str):
    with browser.get(address, headers=headers) as answer:
        return answer.status_code, answer.data, answer.headers


def test_the_first_page_weighs_less_than_150_kilobytes(owner, world):
    for number in range(50):
        seed_message(world, f"A subject of the usual length, number {number}", reporters=(ANA, BEN))
    page = owner.page("/queue?tab=all")
    parts = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page))
    assert len(parts) >= 5
    answers = [sent(owner, part, **{"Accept-Encoding": "gzip"}) for part in parts]
    assert {status for status, *_ in answers} == {200}
    weight = len(page.encode()) + sum(len(body) for _, body, _ in answers)
    assert 20_000 < weight < 150_000


def test_who_cannot_unpack_gets_the_file_as_it_is(owner):
    _, plain, headers = sent(owner, "/static/unhook.css")
    assert "Content-Encoding" not in headers
    _, packed, headers = sent(owner, "/static/unhook.css", **{"Accept-Encoding": "gzip"})
    assert gzip.decompress(packed) == plain
    again, nothing, _ = sent(owner, "/static/unhook.css", **{"If-None-Match": headers["ETag"]})
    assert (again, nothing) == (304, b"")


def test_filters_narrow_the_list_and_a_wrong_one_is_said(owner, world):
    seed_message(world, "an invoice", D.SPAM, margin=-3, response=Response.NOTHING)
    seed_message(world, "a lure", reporters=(BEN,))
    assert subjects(owner.page("/queue?tab=all&disposition=SPAM")) == ["an invoice"]
    assert subjects(owner.page(f"/queue?tab=all&reporter={BEN}")) == ["a lure"]
    assert subjects(owner.page("/queue?tab=all&status=reviewed")) == []
    assert "is no date" in owner.text("/queue?tab=all&after=yesterday")


def test_filters_say_on_which_tab_they_are_and_go_along_to_the_next(owner, world):
    seed_message(world, "an offer", D.SPAM, margin=-6, response=Response.NOTHING)
    page = owner.page("/queue?disposition=SPAM")
    assert subjects(page) == []
    assert re.search(r'<a href="[^"]*tab=review[^"]*" aria-current="page">', page)
    everything = re.search(r'<a href="([^"]*tab=all[^"]*)"', page)[1].replace("&amp;", "&")
    assert subjects(owner.page(everything)) == ["an offer"]
    by_hand = owner.page("/queue?tab=malicious&disposition=SPAM")
    assert subjects(by_hand) == ["an offer"]
    assert not re.search(r'tab=malicious[^"]*" aria-current', by_hand)
    assert "disposition" not in re.search(r'<a href="([^"]*tab=malicious[^"]*)"', by_hand)[1]


def test_a_status_is_set_for_many_and_taken_back(owner, world):
    ids = [seed_message(world, f"mail {n}", D.SUSPICIOUS, response=Response.NOTHING).message_id for n in range(2)]
    fields = {"do": "status:reviewed", "message": [str(one) for one in ids], "key": "the key of a form"}
    answer = owner.post("/queue/do?tab=all", seen_on="/queue?tab=all", **fields)
    assert answer.location.startswith("/queue?tab=all")
    assert len(subjects(owner.page("/queue?tab=all&status=reviewed"))) == 2
    with world.services.database.read() as tx:
        last = operations.last_of(tx, world.tenant_id, world.owner.id, world.services.now() - timedelta(minutes=1))
    owner.post(f"/operations/{last.id}/undo", seen_on="/queue")
    assert subjects(owner.page("/queue?tab=all&status=reviewed")) == []
    assert "2 messages are as they were." in owner.text("/queue?tab=all")


def test_what_was_not_possible_says_why_and_nothing_done_is_not_offered_to_be_undone(owner, world):
    message_id = seed_message(world, "from nobody", D.SUSPICIOUS, response=Response.NOTHING).message_id
    fields = {"do": "restore", "message": str(message_id), "key": "the key of a form"}
    owner.post("/queue/do?tab=all", seen_on="/queue?tab=all", **fields)
    page = owner.page("/queue?tab=all")
    assert "1 was not possible. Nothing was taken out of any mailbox." in words_of(page)
    assert "data-undo" not in page


def test_an_old_address_of_a_search_leads_to_the_search(owner):
    address = urlsplit(owner.get("/queue?q=garden").location)
    assert (address.path, parse_qs(address.query)["q"]) == ("/search", ["garden"])


def test_similar_messages_are_listed_the_most_alike_first(owner, world):
    letters = [a + b for a in "bdfgklmnprst" for b in "aeiou"]
    words = " ".join(f"{one}{one}x" for one in letters)
    texts = {"the same": words, "nearly": f"{words} and more", "another": " ".join(f"q{one}w" for one in letters)}
    ids = {name: seed_message(world, name).message_id for name in texts}
    with world.services.database.begin() as tx:
        for name, text in texts.items():
            hashes = minhash(facts(subject=name, text=text, links=()))
            campaigns.keep_signature(tx, world.tenant_id, ids[name], hashes, bands(hashes))
    page = owner.page(f"/messages/{ids['the same']}/similar")
    assert subjects(page) == ["nearly"]
    assert "Nothing resembles it" in owner.text(f"/messages/{ids['another']}/similar")


def test_a_list_that_was_not_understood_is_not_taken_along_whole(owner, world):
    seed_message(world, "Overdue")
    answer = owner.get("/search.csv?list=search&after=yesterday")
    assert answer.status_code == 303
    assert "“yesterday” is no date" in owner.text(answer.location)
