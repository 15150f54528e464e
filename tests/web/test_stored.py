"""Stored sentences: are those that steps and connectors write down all known, and said in the viewer's language?"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import words_of
from seeded import ANA, seed_failure, seed_message

from backend.domain.retraction import RetractionState
from backend.flow import learning_process
from backend.store import copies, retractions
from backend.web.stored import SENTENCES, stored
from connectors.contract import Copy, Outcome, Receipt
from connectors.gmail.scopes import PURPOSE
from connectors.outlook.credentials import _ADVICE

ROOT = Path(__file__).parents[2]
GERMAN = {"Accept-Language": "de"}
ERRORS = {
    "TryLater",
    "Refused",
    "NotPermitted",
    "NoMailbox",
    "NotFound",
    "TooLarge",
    "UnknownUser",
    "NotDelegated",
    "Unknown",
}
ERRORS |= {"NotTaken", "OutOfTime", "EvidenceMissing", "EvidenceDamaged"}
OTHERS = ("backend/outbound/send.py", "backend/store/evidence.py", "model/adapt.py")
# What is written into the cause of a candidate: any refusal of these. The command's others are said to who typed it.
LEARNING, TRAINS = "backend/commands/learn.py", {"_learn", "_keep", "limited", "_too_big"}
STEPS = {"put_back", "_try_again", "_fail", "Failure", "_settle"}
NEVER_STORED = re.compile(r"gmail/(addon/|answers)|registry")  # said on a card, or to whoever sets the machine up


def written() -> Iterator[tuple[str, str]]:
    """Every sentence that code writes down, its values filled in with something; and where it stands."""
    others = [ROOT / name for name in OTHERS]
    for path in sorted([*ROOT.glob("connectors/**/*.py"), *ROOT.glob("backend/flow/*.py"), *others]):
        where = str(path.relative_to(ROOT))
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and not NEVER_STORED.search(where):
                yield from ((text, where) for text in _said_by(call))
    for step in ast.walk(ast.parse((ROOT / LEARNING).read_text())):
        for call in ast.walk(step) if isinstance(step, ast.FunctionDef) and step.name in TRAINS else ():
            if (
                isinstance(call, ast.Call)
                and isinstance(call.func, ast.Name)
                and call.func.id in {"BadInput", "Conflict"}
            ):
                yield from ((text, LEARNING) for text in _texts(call.args[0]))
    yield from ((learning_process._cause(code), "backend/flow/learning_process.py") for code in (-9, 3))


def _said_by(call: ast.Call) -> Iterator[str]:
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    if name in ERRORS:
        given = call.args[:1]
    elif name == "lost":  # whom the network lost, and the rest is the same for all
        yield from (f"{text} did not answer (7)" for text in _texts(call.args[0]))
        return
    elif name == "Ask":
        given = call.args[2:3]  # what a refusal says was not permitted
    elif name in {"Tried", "Receipt"}:
        given = [*call.args[2:], *(one.value for one in call.keywords if one.arg == "detail")]
    else:
        given = call.args if name in STEPS else []
    yield from filter(None, (part for one in given for part in _texts(one)))


def _texts(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in node.values)
    elif isinstance(node, ast.BoolOp):
        for one in node.values:
            yield from _texts(one)
    elif isinstance(node, ast.Subscript):
        yield from _texts(node.value)


def test_what_steps_and_connectors_write_down_is_known(app):
    found = dict(written()) | dict.fromkeys([*PURPOSE.values(), *_ADVICE.values()], "what a sentence has inside")
    assert len(found) > 80
    with app.test_request_context(headers=GERMAN):
        unknown = {text: where for text, where in found.items() if stored(text) == text}
    shape = {
        text for text in unknown if re.fullmatch(r"(7: )*7( did not answer \(7\))?", text)
    }  # an error that only passes another one on
    assert {text: where for text, where in unknown.items() if text not in shape} == {}


def test_each_known_sentence_is_recognised_as_itself_and_none_as_another(app):
    with app.test_request_context(headers={"Accept-Language": "en"}):
        for sentence in SENTENCES:
            text = re.sub(r"%\((\w+)\)s", r"<\1>", sentence)
            assert stored(text) == text
    with app.test_request_context(headers=GERMAN):
        told = [stored(re.sub(r"%\((\w+)\)s", r"<\1>", sentence)) for sentence in SENTENCES]
    assert len(set(told)) == len(SENTENCES)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("retracted before", "schon vorher zurückgerufen"),
        ("3 could not be reached", "3 nicht erreichbar"),
        (f"{ANA}: there is no such mail", f"{ANA}: diese E-Mail gibt es nicht"),
        (
            f"none of the first 5 copies could be taken: {ANA}: there is no such mail",
            f"keine der ersten Kopien (5) konnte weggenommen werden: {ANA}: diese E-Mail gibt es nicht",
        ),
        (
            "Google does not let the service account act for people to list mailboxes: grant a-scope",
            "Google lässt das Dienstkonto nicht für andere handeln („Postfächer auflisten“): Erteilen Sie a-scope",
        ),
        ("2 of its mails cannot be taken in (KeyError)", "2 seiner Mails können nicht übernommen werden (KeyError)"),
        ("Somebody has decided about this message since.", "Inzwischen hat jemand über diese Nachricht entschieden."),
        ("ErrorQuotaExceeded: 5 %(x)s", "ErrorQuotaExceeded: 5 %(x)s"),
        ("it lies in %(folder)s {{ 1 }}", "sie liegt in %(folder)s {{ 1 }}"),
        ("", ""),
        ("x" * 5_000, "x" * 5_000),
    ],
)
def test_a_sentence_is_said_in_german_and_what_is_unknown_as_it_is(app, text, told):
    with app.test_request_context(headers=GERMAN):
        assert stored(text) == told


def test_a_retraction_tells_its_cause_and_its_copies_in_german(owner, world):
    seeded = seed_message(world, reporters=(ANA,))
    with world.services.database.begin() as tx:
        now = world.services.now()
        number = retractions.order(tx, world.tenant_id, seeded.message_id, None, "trash", "policy", now, automatic=True)
        order = retractions.get(tx, world.tenant_id, number)
        copies.intend(tx, order, Copy(ANA, "one", ""), now)
        [entry] = copies.intended(tx, order)
        copies.settle(tx, entry, Receipt(Outcome.ALREADY_GONE, detail="its owner or another program removed it"), now)
        cause = "1 copies left, 2 unreachable, 3 not permitted"
        retractions.leave(tx, order, RetractionState.INCOMPLETE, cause=cause, remaining=1)
    page = words_of(owner.get(f"/messages/{seeded.message_id}", headers=GERMAN).text)
    assert "Kopien noch da: 1, nicht erreichbar: 2, nicht erlaubt: 3" in page
    assert "wer das Postfach besitzt oder ein anderes Programm hat sie entfernt" in page
    assert "another program" not in page
    assert "3 not permitted" not in page


def test_a_failed_report_tells_its_cause_in_german(owner, world):
    seed_failure(world, cause="gave up after 5 tries")
    assert "nach 5 Versuchen aufgegeben" in words_of(owner.get("/queue?tab=failed", headers=GERMAN).text)
