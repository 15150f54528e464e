"""The report button in classic Outlook: one script without a page, and every path ends the event exactly once."""

import json
import re
from pathlib import Path

import pytest
from node import HANDLER, node

CONFIG = {
    "origin": "https://unhook.example.org",
    "client_id": "11111111-2222-3333-4444-555555555555",
    "authority": "https://login.microsoftonline.com/organizations",
    "scope": "api://11111111-2222-3333-4444-555555555555/Report.Submit",
    "directory": "",
    "forward_to": "security@example.org",
}
DIRECTORY = "99999999-8888-7777-6666-555555555555"
REPORT, VERDICT = "POST /api/v1/submissions", "GET /api/v1/submissions/7"
UNVERIFIED, THERE = "POST /api/v1/reports/unverified-outlook", "GET /addin/config.json"
RECEIPT = {"id": 7, "state": "received", "url": "/api/v1/submissions/7"}
TAKEN = {"to": REPORT, "status": 202, "body": RECEIPT}
DECIDED = {"to": VERDICT, "status": 200, "body": {"verdict": {"simulation": False}}}
UNDECIDED = {"to": VERDICT, "status": 200, "body": {"verdict": None}}
ACCEPTED = {"to": UNVERIFIED, "status": 202, "body": {"accepted": True}}
UNVERIFIED_AWAY = {"to": UNVERIFIED, "status": "lost"}
EML = "RnJvbTogeA=="


def press(*answers: object, **changes: object) -> dict:
    """Press the button once in a runtime where these answers are given; everything else as usual."""
    scenario = {"script": str(HANDLER), "config": CONFIG, "token": "a token", "eml": EML, "answers": answers}
    ran = node(Path(__file__).parent / "classic.mjs", given={**scenario, **changes})
    assert ran.returncode == 0, ran.stderr
    happened = json.loads(ran.stdout)
    assert happened["function"] == "onSpamReport"
    assert len(happened["completed"]) == 1
    said = happened["completed"][0]
    assert said["moveItemTo"] == "noMove"
    assert said["onErrorDeleteItem"] is False
    assert set(said["showPostProcessingDialog"]) == {"title", "description"}
    assert all(one["completed"] == 0 for one in happened["requests"]), "nothing is sure to run after the end"
    return {**happened, "said": said["showPostProcessingDialog"]["description"]}


def problem(status: object, to: str = REPORT) -> dict:
    return {"to": to, "status": status, "body": {"title": "No", "status": status}}


# What the server answers, what is said, and whether the report waits for another time.
PATHS = {
    "taken": ([TAKEN, UNDECIDED], "Thank you. Your security team has your report", False),
    "reported before": ([{**TAKEN, "status": 200}], "You have already reported", False),
    "the key of another press": ([problem(409)], "You have already reported", False),
    "an exercise": (
        [TAKEN, {"to": VERDICT, "status": 200, "body": {"verdict": {"simulation": True}}}],
        "Well spotted!",
        False,
    ),
    "its verdict cannot be asked": ([TAKEN, problem(500, VERDICT)], "Thank you. Your security team", False),
    "a token that is not taken": ([problem(401), ACCEPTED], "but without your name", False),
    "nobody known, nobody taken": ([problem(401), problem(404, UNVERIFIED)], "could not confirm who you are", False),
    "another's mailbox": ([problem(403)], "does not take reports from this mailbox", False),
    "no such address": ([problem(404)], "did not take this report", False),
    "not understood": ([problem(400)], "did not take this report", False),
    "too many": ([problem(429)], "Nothing is lost", True),
    "out of order": ([problem(500)], "Nothing is lost", True),
    "away for a while": ([problem(503)], "Nothing is lost", True),
    "a page of a proxy": ([{"to": REPORT, "status": 502, "body": "<html>Bad gateway</html>"}], "Nothing is lost", True),
    "a page of a portal": ([{"to": REPORT, "status": 200, "body": "<html>Sign in</html>"}], "Nothing is lost", True),
    "a portal that forbids": ([{"to": REPORT, "status": 403, "body": "<html>No</html>"}], "Nothing is lost", True),
    "no network": ([problem("lost")], "Nothing is lost", True),
    "no answer in time": ([problem("late")], "Nothing is lost", True),
    "a request that throws": ([problem("throws")], "Nothing is lost", True),
    "unverified, then no network": ([problem(401), UNVERIFIED_AWAY], "Nothing is lost", True),
}


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_has_its_sentence_and_ends_the_event_once(path):
    answers, sentence, waits = PATHS[path]
    happened = press(*answers)

    assert sentence in happened["said"]
    assert len(happened["stored"]) == waits
    assert EML not in happened["ever_stored"], "mail has no place in a browser's memory"
    assert happened["requests"][0]["stored"] == 1, "kept before it is sent"


@pytest.mark.parametrize("eml", [None, "throws", "never", ""])
def test_without_the_message_itself_its_ids_are_sent(eml):
    happened = press(TAKEN, DECIDED, eml=eml)

    body = happened["requests"][0]["body"] if eml != "throws" else {}
    assert "raw" not in body
    assert eml == "throws" or "Thank you" in happened["said"]


def test_a_throw_in_outlook_still_reports():
    happened = press(TAKEN, DECIDED, eml="throws")

    assert "Thank you" in happened["said"]
    assert happened["requests"][0]["body"]["internet_message_id"] == "<zebra@pay.example>"


def test_no_message_at_all_ends_the_event_too():
    happened = press(item=None)

    assert "not certain that the report has arrived" in happened["said"]
    assert happened["requests"] == []


def test_a_report_carries_what_the_server_wants_and_no_more():
    sent = press(TAKEN, DECIDED, comment=" odd link ", options=[False, True])["requests"][0]

    assert sent["url"] == "https://unhook.example.org/api/v1/submissions"
    assert sent["headers"]["Authorization"] == "Bearer a token"
    assert re.fullmatch(r"outlook-[0-9a-f]{32}", sent["headers"]["Idempotency-Key"])
    assert sent["body"] == {
        "provider_message_id": "EWS-item=",
        "internet_message_id": "<zebra@pay.example>",
        "submitted_as": "spam",
        "comment": "odd link",
        "raw": EML,
    }


@pytest.mark.parametrize(
    ("options", "submitted_as"),
    [
        ([True, False], "phish"),
        ([False, True], "spam"),
        ([True, True], "phish"),
        ([False, False], "phish"),
        ([], "phish"),
    ],
)
def test_boxes_instead_of_a_choice_are_understood(options, submitted_as):
    assert press(TAKEN, DECIDED, options=options)["requests"][0]["body"]["submitted_as"] == submitted_as


def test_the_same_press_has_the_same_key_and_another_comment_another():
    keys = [
        press(problem(500), **changes)["requests"][0]["headers"]["Idempotency-Key"]
        for changes in ({}, {}, {"comment": "x"}, {"options": [False, True]}, {"item": {"itemId": "another"}})
    ]

    assert keys[0] == keys[1]
    assert len(set(keys)) == 4


def test_somebody_elses_mailbox_is_named():
    shared = press(TAKEN, DECIDED, shared="board@example.org")["requests"][0]["body"]
    own = press(TAKEN, DECIDED, shared="")["requests"][0]["body"]

    assert shared["mailbox"] == "board@example.org"
    assert "mailbox" not in own


def test_too_large_a_message_is_reported_by_its_ids():
    first, second = press({**problem(413), "times": 1}, TAKEN, DECIDED)["requests"][:2]

    assert (first["body"].pop("raw"), first["body"]) == (EML, second["body"])
    huge = press(TAKEN, DECIDED, eml="A" * 27_000_004)
    assert "raw" not in huge["requests"][0]["body"]


def test_outlooks_that_fail_on_headers_of_our_own_are_asked_without():
    first, second = press({**problem("lost"), "times": 1}, TAKEN, DECIDED)["requests"][:2]

    assert "Idempotency-Key" in first["headers"]
    assert "Idempotency-Key" not in second["headers"]
    assert second["headers"]["Authorization"]


NO_NAME = {
    "no sign-in in this Outlook": {"token": "<gone>"},
    "no random numbers": {"without_random": True},
    "nobody signed in": {"token": None},
    "a sign-in that never answers": {"token": "never"},
    "a runtime that lacks what MSAL wants": {"only": ["URL", "TextEncoder", "atob"]},
}


@pytest.mark.parametrize("why", NO_NAME)
def test_without_a_token_the_report_goes_without_a_name(why):
    changes = dict(NO_NAME[why])
    if changes.get("token") == "<gone>":
        changes["config"] = {**CONFIG, "client_id": ""}
    config = {**changes.pop("config", CONFIG), "directory": DIRECTORY}
    happened = press(ACCEPTED, config=config, **{name: value for name, value in changes.items() if value != "<gone>"})

    sent = happened["requests"][0]
    assert "but without your name" in happened["said"]
    assert "Authorization" not in sent["headers"]
    assert sent["body"]["directory"] == DIRECTORY
    assert "provider_message_id" not in sent["body"]


def test_outlook_says_which_organisation_when_the_server_does_not_know():
    """Its token was not taken, but it tells where the report belongs."""
    refused, sent = press(problem(401), ACCEPTED)["requests"]

    assert "directory" not in refused["body"]
    assert sent["body"]["directory"] == DIRECTORY


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ({"to": THERE, "status": 200, "body": {}}, "could not confirm who you are"),
        (problem("lost", THERE), "Nothing is lost"),
    ],
)
def test_with_neither_name_nor_organisation_it_is_said_whether_there_was_a_network(answer, sentence):
    happened = press(answer, config={**CONFIG, "client_id": ""})

    assert sentence in happened["said"]
    assert "security@example.org" in happened["said"]


def test_what_waited_is_sent_after_the_next_report():
    first = press(problem("lost"), item={"itemId": "first"}, comment="one")
    again = press(TAKEN, DECIDED, item={"itemId": "second"}, stored=stored(first))

    sent = [one for one in again["requests"] if one["method"] == "POST"]
    assert sent[1]["headers"]["Idempotency-Key"] == first["requests"][0]["headers"]["Idempotency-Key"]
    assert sent[1]["body"]["comment"] == "one"
    assert again["stored"] == []


def test_what_waited_goes_on_waiting_while_nobody_knows_whose_it_is():
    """It was promised to be sent. For now there is no name to send it in, and no queue to put it in."""
    first = press(problem("lost"), item={"itemId": "first"}, comment="one")
    there = {"to": THERE, "status": 200, "body": {}}
    again = press(there, config={**CONFIG, "client_id": ""}, item={"itemId": "second"}, stored=stored(first))

    assert "could not confirm who you are" in again["said"]
    assert [report["comment"] for report in again["stored"]] == ["one"]


def test_messages_that_outlook_does_not_name_are_told_apart():
    """Under the same key the second would be taken for the first, and called reported already."""
    keys = {
        press(TAKEN, DECIDED, item={"itemId": None, "internetMessageId": name})["requests"][0]["headers"][
            "Idempotency-Key"
        ]
        for name in ("<one@pay.example>", "<two@pay.example>")
    }
    assert len(keys) == 2


def test_what_waited_for_another_account_stays():
    first = press(problem("lost"), item={"itemId": "first"})
    foreign = {key: text.replace("ana@example.org", "ben@example.org") for key, text in stored(first).items()}
    again = press(TAKEN, DECIDED, item={"itemId": "second"}, stored=foreign)

    assert len(again["stored"]) == 1
    assert len([one for one in again["requests"] if one["method"] == "POST"]) == 1


def test_a_report_that_cannot_be_kept_is_not_called_kept():
    happened = press(problem("lost"), full=True)

    assert "could not be kept" in happened["said"]
    assert "Nothing is lost" not in happened["said"]
    assert "forward the message to security@example.org" in happened["said"]


@pytest.mark.parametrize(
    ("language", "word"),
    [
        ("de-AT", "Danke"),
        ("fr-FR", "Merci"),
        ("es-MX", "Gracias"),
        ("pt-BR", "Obrigado"),
        ("ja-JP", "ありがとう"),
        ("sv", "Thank"),
    ],
)
def test_the_sentence_comes_in_the_readers_language(language, word):
    assert word in press(TAKEN, DECIDED, language=language)["said"]


def stored(happened: dict) -> dict[str, str]:
    return {f"unhook.report.{one['key']}": json.dumps(one) for one in happened["stored"]}
