"""Languages: is a page answered in the viewer's language and time zone, and is nothing left untranslated?"""

import ast
import contextlib
import re
import tomllib
from collections.abc import Iterator
from datetime import datetime
from io import BytesIO, StringIO
from pathlib import Path

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import _parse_config_object
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from browser import Browser, words_of
from seeded import seed_message

from backend.domain.people import Role
from backend.domain.retraction import RetractionState
from backend.errors import Conflict, NotAllowed
from backend.store import campaigns
from backend.web.languages import LANGUAGE_COOKIE, LANGUAGES, USUAL, ZONE_COOKIE, moment, spoken
from backend.web.vocabulary import RETRACTIONS, ROLES

ROOT = Path(__file__).parents[2]
TRANSLATIONS = ROOT / "backend/web/translations"
_GAP = re.compile(r"%\((\w+)\)")
# Said by the API, in a terminal, or by the demo, which are English.
SAID_ELSEWHERE = {"api", "cli.py", "commands", "demo", "secret.py", "settings.py"}
TRANSLATED = [code for code in LANGUAGES if code != USUAL]


def catalogue(code: str):
    with (TRANSLATIONS / code / "LC_MESSAGES/messages.po").open("rb") as file:
        return read_po(file, locale=code)


def _is_ours(folder: str) -> bool:
    inside = Path(folder).relative_to(ROOT).parts
    return not inside or inside[0] in {"backend", "model"}


@pytest.fixture(scope="module")
def sentences() -> set[object]:
    """Every sentence that a person may see, as `make messages` finds them."""
    mapping = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["babel"]
    methods, options = _parse_config_object(mapping)
    keywords = {**DEFAULT_KEYWORDS, "lazy_gettext": None, "lazy_ngettext": (1, 2)}
    with contextlib.redirect_stderr(StringIO()) as passed_over:
        found = list(extract_from_dir(ROOT, methods, options, keywords, directory_filter=_is_ours))
    assert passed_over.getvalue() == "", "a sentence with values in braces is no sentence to look up"
    return {message for _, _, message, _, _ in found}


@pytest.mark.parametrize("code", TRANSLATED)
def test_every_sentence_has_its_translation(code, sentences):
    written = catalogue(code)
    found = {sentence: written.get(sentence) for sentence in sentences}
    missing = [sentence for sentence, message in found.items() if message is None or not all(_forms(message.string))]
    assert missing == []
    assert len(found) > 1000


def test_what_a_page_says_after_a_deed_is_there_to_be_translated():
    """`flash("...")` would be said in English everywhere, and the catalogue would not miss it."""
    bare = [
        f"{path.name}:{given.lineno}"
        for path in sorted((ROOT / "backend/web").rglob("*.py"))
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in {"flash", "try_to"}
        for given in (call.args[0] if call.func.id == "flash" else call.args[1],)
        if isinstance(given, ast.Constant)
    ]
    assert bare == []


def test_every_refusal_that_a_page_may_say_is_there_to_be_translated(sentences):
    """One that is put together where it is raised is in no catalogue; its values have names and stand beside it."""
    said = dict(refusals())
    assert len(said) > 150
    assert {where: text for where, text in said.items() if text not in sentences} == {}


def refusals() -> Iterator[tuple[str, str]]:
    """Where each refusal is raised that pages may say, and its sentence; as code where it is no plain one."""
    for path in sorted((ROOT / "backend").rglob("*.py")):
        if path.relative_to(ROOT / "backend").parts[0] in SAID_ELSEWHERE:
            continue
        tree = ast.parse(path.read_text())
        ours = {
            one.name
            for line in ast.walk(tree)
            if isinstance(line, ast.ImportFrom) and line.module == "backend.errors"
            for one in line.names
        } - {"StoreUnavailable"}  # pages have a sentence of their own for it: the error's names hosts and files
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in ours and call.args:
                said = call.args[0]
                if isinstance(said, ast.Attribute) and said.attr == "sentence":
                    continue  # of another refusal, which is looked at where it stands
                plain = isinstance(said, ast.Constant) and isinstance(said.value, str)
                yield f"{path.relative_to(ROOT)}:{call.lineno}", said.value if plain else ast.unparse(said)


def test_a_page_says_no_refusal_as_it_was_raised():
    """`str(refusal)` is English; `spoken` looks it up. What is written into the log stays English."""
    bare = [
        f"{path.name}:{call.lineno}"
        for path in sorted((ROOT / "backend/web").rglob("*.py"))
        for handler in ast.walk(ast.parse(path.read_text()))
        if isinstance(handler, ast.ExceptHandler)
        for line in ast.walk(handler)
        if isinstance(line, ast.Call) and not ast.unparse(line.func).startswith("log.")
        for call in line.args
        if isinstance(call, ast.Call) and ast.unparse(call) == f"str({handler.name})"
    ]
    assert bare == []


@pytest.mark.parametrize("code", TRANSLATED)
def test_no_translation_is_left_over_from_a_sentence_that_is_gone(code, sentences):
    assert [message.id for message in catalogue(code) if message.id and message.id not in sentences] == []


def _forms(translated: str | tuple[str, ...]) -> tuple[str, ...]:
    return translated if isinstance(translated, tuple) else (translated,)


@pytest.mark.parametrize("code", TRANSLATED)
def test_what_is_compiled_is_what_is_written(code):
    compiled = BytesIO()
    write_mo(compiled, catalogue(code))
    assert (TRANSLATIONS / code / "LC_MESSAGES/messages.mo").read_bytes() == compiled.getvalue()


@pytest.mark.parametrize("code", TRANSLATED)
def test_a_translation_fills_in_what_the_sentence_fills_in(code):
    wrong = [(message.id, str(error)) for message, errors in catalogue(code).check() for error in errors]
    assert wrong == []
    for message in catalogue(code):
        names = [set(_GAP.findall(text)) for text in _forms(message.id)]
        for form in _forms(message.string) if message.id else ():
            assert set(_GAP.findall(form)) in names or set(_GAP.findall(form)) == set.union(*names), message.id


@pytest.mark.parametrize(
    ("wishes", "answered"),
    [("de-AT, en;q=0.5", "de"), ("en-US, de;q=0.5", "en"), ("fr", "en"), ("", "en"), ("xx-\u00fc;q=z, de", "de")],
)
def test_the_browsers_wish_decides(owner, wishes, answered):
    page = owner.get("/settings", headers={"Accept-Language": wishes.encode("utf-8").decode("latin-1")}).text
    assert f'<html lang="{answered}" ' in page
    assert ("Abmelden" if answered == "de" else "Sign out") in words_of(page)


def test_times_are_told_in_the_viewers_zone_and_kept_exact_beside_it(owner, world):
    message_id = seed_message(world).message_id
    owner.client.set_cookie(ZONE_COOKIE, "Asia/Kolkata")
    page = owner.get(f"/messages/{message_id}").text
    assert " IST" in page
    assert 'Z" title=' in page


@pytest.mark.parametrize(
    ("zone", "told"),
    [
        ("Europe/Berlin", "3 Jul 2026, 10:15 CEST"),
        ("America/New_York", "3 Jul 2026, 04:15 EDT"),
        ("Pacific/Auckland", "3 Jul 2026, 20:15 NZST"),
        ("../../etc/passwd", "3 Jul 2026, 08:15 UTC"),
        ("", "3 Jul 2026, 08:15 UTC"),
    ],
)
def test_a_time_carries_its_zone_and_an_unknown_zone_is_utc(app, zone, told):
    with app.test_request_context(headers={"Cookie": f"{ZONE_COOKIE}={zone}"}):
        assert moment(datetime(2026, 7, 3, 8, 15)) == told


def test_german_writes_its_dates_the_german_way(app):
    with app.test_request_context(headers={"Accept-Language": "de"}):
        assert moment(datetime(2026, 7, 3, 8, 15)) == "3. Juli 2026, 08:15 UTC"


def test_what_an_operator_prefers_counts_in_every_browser(app, owner, world):
    chosen = {"language": "de", "time_zone": "Asia/Tokyo", "theme": "dark"}
    assert owner.post("/me", seen_on="/me", **chosen).status_code == 303
    message_id = seed_message(world).message_id

    elsewhere = Browser(app).signed_in_as(world.owner)
    page = elsewhere.get(f"/messages/{message_id}", headers={"Accept-Language": "en"}).text
    assert '<html lang="de" data-theme="dark" data-keys="off">' in page
    assert " JST" in page


def test_preferences_are_nobody_elses(app, owner, world):
    owner.post("/me", seen_on="/me", language="de", theme="dark")
    other = Browser(app).signed_in_as(world.operator(Role.VIEWER, "somebody else"))
    assert '<html lang="en" data-theme="auto">' in other.page("/me")


@pytest.mark.parametrize(
    "wrong", [{"language": "xx"}, {"time_zone": "Mars/Olympus"}, {"theme": "loud"}, {"language": "../../x"}]
)
def test_only_what_there_is_can_be_preferred(owner, wrong):
    assert owner.post("/me", seen_on="/me", **{"theme": "auto", **wrong}).status_code == 400
    assert '<html lang="en" data-theme="auto">' in owner.page("/me")


def test_preferring_again_replaces_what_was_chosen(owner):
    owner.post("/me", seen_on="/me", language="de", theme="dark", keys="on")
    owner.post("/me", seen_on="/me", language="", theme="light", keys="on")
    assert '<html lang="en" data-theme="light">' in owner.page("/me")


def test_the_language_is_chosen_before_sign_in_and_leads_nowhere_else(stranger):
    answer = stranger.post("/language", language="de", after="/sign-in?after=/queue")
    assert answer.location == "/sign-in?after=/queue"
    assert '<html lang="de"' in stranger.page("/sign-in")
    assert stranger.post("/language", language="de", after="//elsewhere.example").location == "/"
    assert stranger.post("/language", language="tlh").status_code == 400


GERMAN = (
    "/queue /search /look /upload /invalid /campaigns /learning /log /log/later-looks /log/answers /overview /audit "
    "/account /me /settings /settings/auto-retract /settings/mail /settings/outlook /settings/gmail /settings/people "
    "/settings/tokens /settings/outbound /settings/lists /settings/signatures /settings/replies /settings/simulations"
)


@pytest.mark.parametrize("address", GERMAN.split())
def test_a_page_is_german_throughout(owner, world, address):
    seed_message(world, "WICHTIG")
    english, german = (
        set(
            re.findall(
                r"[A-Z][a-z]+ [a-z]+ [a-z]+", words_of(owner.get(address, headers={"Accept-Language": code}).text)
            )
        )
        for code in ("en", "de")
    )
    assert english
    assert english & german <= {"Phish Submission Response"}


def test_what_never_changes_is_written_for_each_viewer_anew(owner, world):
    here = f"/messages/{seed_message(world).message_id}"
    told = [words_of(owner.get(here, headers={"Accept-Language": code}).text) for code in ("de", "en")]
    assert "um höchstens 2,5 heben" in told[0]
    assert ["Die Schwelle zu bösartig 0,0" in told[0], "The malicious threshold 0.0" in told[1]] == [True, True]


def test_a_refusal_is_said_in_the_viewers_language(owner, world):
    page = owner.get("/messages/4711", headers={"Accept-Language": "de"}).text
    assert "Diese Nachricht gibt es nicht." in page
    assert "Hier ist nichts" in page

    with world.services.database.begin() as tx:
        campaign = campaigns.start(tx, world.tenant_id, world.services.now())
    here = f"/campaigns/{campaign}"
    owner.post("/me", seen_on="/me", language="de", theme="dark")
    owner.post(f"{here}/merge", seen_on=here, into=str(campaign))
    assert "Nennen Sie eine andere Kampagne" in owner.page(here)


@pytest.mark.parametrize(
    ("address", "fields", "said"),
    [
        ("/settings/outbound", {"name": "x", "kind": "siem", "address": "ftp://x"}, "die mit https:// beginnt."),
        ("/settings/outbound", {"name": "", "kind": "siem", "address": "ftp://x"}, "Geben Sie ihm einen Namen."),
        ("/settings/psr", {"psr": "on", "typed": "turn on"}, "Noch nicht: Von 0 beurteilten möglichen Rückrufen"),
    ],
)
def test_a_refusal_with_values_is_said_in_the_viewers_language(owner, address, fields, said):
    owner.client.set_cookie(LANGUAGE_COOKIE, "de")
    seen_on = address if address != "/settings/psr" else "/settings/auto-retract"
    owner.post(address, seen_on=seen_on, **fields)
    assert said in owner.text(seen_on)


def test_a_role_and_a_state_in_a_refusal_are_words_of_the_viewers_language(app):
    role = NotAllowed("The role %(role)s does not handle mail; ask an analyst or an owner.", role=Role.VIEWER)
    sentence = "There is a retraction of this message already (%(state)s)."
    with app.test_request_context(headers={"Accept-Language": "de"}):
        assert str(ROLES[Role.VIEWER]) in spoken(role)
        assert "viewer" not in spoken(role)
        for state in RetractionState:
            assert str(RETRACTIONS[state]) in spoken(Conflict(sentence, state=state))


def test_a_reason_is_said_in_the_viewers_language(owner, world):
    message_id = seed_message(world).message_id
    page = words_of(owner.get(f"/messages/{message_id}", headers={"Accept-Language": "de"}).text)
    assert "Ein Link zeigt eine Adresse und führt zu einer anderen." in page
    assert "Aber: Newsletter, deren Links über einen zählenden Host führen." in page
