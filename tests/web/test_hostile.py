"""Hostile mail on our pages: whatever it says, it stays text."""

import csv
import io
import re
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from unicodedata import normalize

import pytest
from builders import ANA
from mail_pages import LISTS
from seeded import facts, seed_failure, seed_message, seed_received

import backend.web
from backend.domain.decision import Response
from backend.domain.disposition import Disposition
from backend.domain.later_look import LookSource
from backend.flow import feedback
from backend.store import campaigns, decisions, later_looks, messages
from model.contract import Reason
from model.message.facts import Address, Attachment, Authentication, Defect, Link

PAYLOADS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "<style>body{background:url(https://evil.example/c)}</style>",
    "</title></textarea></select><iframe srcdoc='<script>alert(1)</script>'>",
    "{{ 7 * 7 }}{% raw %}<b>x</b>",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    'x" hx-get="/sign-out" hx-trigger="load" data-x="',
    "\u202egpj.exe\u0000\x1b[31m",
]
STATIC = Path(backend.web.__file__).parent / "static"
OURS = {f"/static/{path.relative_to(STATIC)}" for path in STATIC.rglob("*.js")}


class Seen(HTMLParser):
    """What a browser would do with a page: every element, its attributes, and the text of scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.inline: list[str] = []
        self._in = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self._in = tag

    def handle_endtag(self, tag):
        self._in = ""

    def handle_data(self, data):
        if self._in in {"script", "style"} and data.strip():
            self.inline.append(data)


def assert_nothing_executable(page: str) -> None:
    seen = Seen(page)
    assert seen.inline == []
    for tag, attributes in seen.elements:
        assert tag not in {"style", "object", "embed", "base", "math"}, tag
        assert not [name for name in attributes if name.startswith("on") or name in {"style", "srcdoc"}], attributes
        if tag == "script":
            assert attributes["src"] in OURS
        if tag == "iframe":
            assert attributes["sandbox"] == ""
        for name in ("href", "src", "action", "formaction", "hx-get", "xlink:href"):
            assert re.match(r"/(?!/)|#", attributes.get(name, "/")), attributes
        allowed = {"hx-get", "hx-post", "hx-trigger", "hx-swap", "hx-target", "hx-select", "hx-push-url"}
        assert {name for name in attributes if name.startswith("hx-")} <= allowed | {"hx-swap-oob"}
        assert attributes.get("hx-swap-oob", "true") == "true"  # in its own place, and nowhere else
        if "hx-trigger" in attributes:
            assert attributes["hx-trigger"].startswith(("every ", "change, submit"))
        assert re.match(r"/(?!/)", attributes.get("hx-post", "/")), attributes


@pytest.fixture(params=PAYLOADS)
def hostile(request, world) -> int:
    """A message in which everything that a sender chooses is the payload."""
    bad = request.param
    known = facts(
        subject=bad,
        message_id=bad,
        from_=(Address(bad, bad),),
        reply_to=(Address(bad, bad),),
        return_path=bad,
        authentication=Authentication(bad, bad, bad, bad, bad, (bad,), False, bad),
        text=bad,
        links=(Link(bad, bad, bad, "a", bad, (bad,)), Link(f"https://evil.example/{bad}", bad, bad, bad, bad)),
        attachments=(Attachment(bad, bad, bad, 1, "0" * 64),),
        defects=(Defect(bad, bad),),
    )
    reasons = (Reason(bad, bad, 1.0), Reason("link-text-differs", bad, 0.5))
    seeded = seed_message(
        world, bad, known=known, comment=bad, reporters=(ANA,), reasons=reasons, why=(bad,), to_judge=True
    )
    seed_failure(world, cause=bad)
    return seeded.message_id


def test_no_page_runs_what_a_sender_wrote(owner, hostile):
    for address in (
        "/queue?tab=all",
        "/queue",
        "/queue/rows?tab=all",
        "/queue?tab=failed",
        "/search?disposition=MALICIOUS",
        "/search?disposition=SUSPICIOUS",
        f"/messages/{hostile}",
        f"/messages/{hostile}/retraction",
        f"/messages/{hostile}/body",
        "/log",
        "/overview",
        "/settings",
    ):
        assert_nothing_executable(owner.page(address))


def test_no_list_hides_or_turns_letters_of_a_subject_or_a_sender(owner, world):
    """A name that reads `invoice-exe.pdf` and is none: on every list the signs that do it are shown by their number."""
    bad = "invoice-\u202efdp.\u200bexe"
    known = facts(subject=bad, from_=(Address(bad, f"{bad}@evil.example"),))
    seeded = [seed_message(world, bad, known=known, to_judge=True) for _ in range(2)]
    ids = [one.message_id for one in seeded]
    seed_failure(world, cause=bad)
    with world.services.database.begin() as tx:
        campaign = campaigns.start(tx, world.tenant_id, world.services.now())
        messages.put_in_campaign(tx, world.tenant_id, ids, campaign)
        decided = decisions.standing(tx, world.tenant_id, ids[0]).id
        now = world.services.now()
        later_looks.plan(tx, world.tenant_id, ids[:1], decided, LookSource.PSR, [0], now)
        look = later_looks.claim(tx, later_looks.due(tx, now)[0], now, timedelta(minutes=1))
        later_looks.finish(tx, look, Response.WOULD_RETRACT, now, found=1)
    feedback.correct(world.services, world.owner, ids[0], Disposition.MALICIOUS)

    mail = seed_received(world, f"ana{bad}@example.org")
    seed_received(world, f"ana{bad}@example.org", handled=True)
    others = {"/look", "/upload", "/log/answers"}  # forms, and a list of who was answered: no sender, no subject
    lists = [path.format(campaign=campaign, mail=mail) for path in LISTS if path not in others and "q=" not in path]
    searched = ["/search?q=invoice", "/search/rows?q=invoice"]
    for path in (*lists, *searched, "/overview", "/learning", f"/messages/{ids[0]}/similar"):
        page = owner.page(path)
        assert "[U+202E]" in page, path
        assert not {"\u202e", "\u200b"} & set(page), path


@pytest.mark.parametrize("bad", PAYLOADS)
def test_no_page_runs_what_an_address_says(owner, stranger, bad):
    assert_nothing_executable(owner.get("/queue", query_string={"q": bad, "tab": bad}).text)
    assert_nothing_executable(stranger.get("/sign-in", query_string={"after": bad}).text)
    refused = stranger.post("/sign-in", name=bad, password="x", after=bad)
    assert_nothing_executable(refused.text)


@pytest.mark.parametrize("address", ["/sign-in", "/queue", "/settings", "/log", "/overview", "/messages/999999"])
def test_every_page_carries_the_strict_policy(owner, address):
    headers = owner.get(address).headers
    assert headers["Content-Security-Policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"


def test_the_check_itself_finds_what_it_looks_for():
    for page in (
        "<script>x</script>",
        '<p onclick="x">',
        '<a href="javascript:x">',
        '<p style="x">',
        "<iframe src=/x>",
    ):
        with pytest.raises((AssertionError, KeyError)):
            assert_nothing_executable(page)


FORMULAS = ["=1+1", "+1+1", "-1+1", "@SUM(A1)", " =1+1", "\t=1+1", "\uff1d1+1", '=HYPERLINK("https://evil.example")']


def test_a_list_that_is_taken_along_holds_text_only(owner, world):
    for subject in (*FORMULAS, *PAYLOADS, 'a "quoted", and\r\nbroken subject'):
        seed_message(world, subject, known=facts(subject=subject, from_=(Address(subject, f"{subject}@evil.example"),)))
    answer = owner.get("/search.csv?q=")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="messages.csv"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"

    head, *rows = list(csv.reader(io.StringIO(answer.text, newline="")))
    assert len(rows) == len(FORMULAS) + len(PAYLOADS) + 1
    assert {len(row) for row in rows} == {len(head)}
    margin = head.index("margin")
    cells = [cell for row in rows for place, cell in enumerate(row) if place != margin]
    dangerous = [cell for cell in cells if normalize("NFKC", cell.lstrip())[:1] in tuple("=+-@")]
    assert dangerous == []
    assert any(PAYLOADS[0] in cell for cell in cells)
