"""`unhook gmail-addon`: what does it write, and what does it find wrong?"""

import json

import pytest
from click.testing import CliRunner

from backend.cli import main
from connectors.gmail.addon.descriptor import base_of, check, descriptor_for
from connectors.gmail.addon.scopes import LOCALE, NEEDED

BASE = "https://unhook.example.org"


@pytest.fixture
def run(monkeypatch, tmp_path):
    monkeypatch.delenv("UNHOOK_PUBLIC_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(main, ["gmail-addon", *words])


def changed(change) -> list[str]:
    descriptor = descriptor_for(BASE)
    change(descriptor)
    return check(json.dumps(descriptor).encode(), BASE)


def test_the_descriptor_asks_for_exactly_three_scopes_and_reads_nothing_before_a_click():
    descriptor = descriptor_for(BASE)

    assert descriptor["oauthScopes"] == [
        "https://www.googleapis.com/auth/gmail.addons.execute",
        "https://www.googleapis.com/auth/gmail.addons.current.message.action",
        "https://www.googleapis.com/auth/userinfo.email",
    ]
    assert descriptor["addOns"]["common"]["useLocaleFromApp"] is False


def test_with_peoples_language_it_asks_for_one_more():
    descriptor = descriptor_for(BASE, with_locale=True)

    assert descriptor["oauthScopes"] == [*NEEDED, LOCALE]
    assert descriptor["addOns"]["common"]["useLocaleFromApp"] is True
    assert check(json.dumps(descriptor).encode(), BASE) == []


def test_what_is_written_passes_its_own_check(run, tmp_path):
    written = run("--base-url", BASE + "/", "--project", "phish-42", "--out", "deployment.json")
    checked = run("--check", "deployment.json")

    assert (written.exit_code, checked.exit_code) == (0, 0)
    assert "deployments create unhook --deployment-file=deployment.json --project=phish-42" in written.output
    assert "UNHOOK_GMAIL_ADDON_ACCOUNT" in written.output
    assert "nothing to mend" in checked.output


def test_the_address_may_come_from_the_settings(run, monkeypatch):
    monkeypatch.setenv("UNHOOK_PUBLIC_URL", BASE)

    assert json.loads(run().output) == descriptor_for(BASE)


def test_without_an_address_it_says_what_to_give(run):
    answer = run()

    assert answer.exit_code == 2
    assert "--base-url" in answer.output


@pytest.mark.parametrize(
    "address",
    [
        "http://unhook.example.org",
        "unhook.example.org",
        BASE + "/x",
        BASE + "?x",
        BASE + "#",
        "https://a@b",
        "https://",
    ],
)
def test_an_address_that_google_cannot_call_is_refused(run, address):
    assert run("--base-url", address).exit_code == 2
    with pytest.raises(ValueError, match="no address"):
        base_of(address)


def test_a_port_and_a_slash_at_the_end_are_fine():
    assert base_of("https://unhook.example.org:8443/") == "https://unhook.example.org:8443"


WRONG = {
    "a scope too many": (lambda d: d["oauthScopes"].append("https://mail.google.com/"), "more than the add-on needs"),
    "a scope too few": (lambda d: d["oauthScopes"].pop(), "userinfo.email is missing"),
    "the language without its scope": (lambda d: d["addOns"]["common"].update(useLocaleFromApp=True), "script.locale"),
    "no logo": (lambda d: d["addOns"]["common"].pop("logoUrl"), "logoUrl: Field required"),
    "no name": (lambda d: d["addOns"]["common"].update(name=""), "common.name"),
    "a logo without encryption": (lambda d: d["addOns"]["common"].update(logoUrl="http://x.org/a.png"), "logoUrl"),
    "a colour by name": (
        lambda d: d["addOns"]["common"]["layoutProperties"].update(primaryColor="red"), "primaryColor",
    ),
    "a slash too many": (
        lambda d: d["addOns"]["gmail"]["contextualTriggers"][0].update(onTriggerFunction=BASE + "/gmail/message/"),
        "byte for byte",
    ),
    "another host": (
        lambda d: d["addOns"]["common"]["homepageTrigger"].update(runFunction="https://x.org/gmail/homepage"),
        "byte for byte",
    ),
    "two triggers": (
        lambda d: d["addOns"]["gmail"].update(contextualTriggers=d["addOns"]["gmail"]["contextualTriggers"] * 2),
        "exactly one",
    ),
    "no condition": (
        lambda d: d["addOns"]["gmail"]["contextualTriggers"][0].pop("unconditional"), "unconditional: Field required",
    ),
    "a token of the person's instead": (
        lambda d: d["addOns"]["httpOptions"].update(authorizationHeader="USER_ID_TOKEN"), "authorizationHeader",
    ),
    "no token": (lambda d: d["addOns"]["httpOptions"].update(authorizationHeader="NONE"), "authorizationHeader"),
    "all or nothing": (lambda d: d["addOns"].pop("httpOptions"), "granularOauthPermissionSupport"),
    "a field of nobody's": (lambda d: d["addOns"]["gmail"].update(colour=1), "colour: Extra inputs"),
    "composing": (lambda d: d["addOns"]["gmail"].update(composeTrigger={}), "composeTrigger"),
    "links elsewhere": (lambda d: d["addOns"]["common"].update(openLinkUrlPrefixes=["https://x.org/"]), "not covered"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "why"), WRONG.values(), ids=WRONG)
def test_what_google_or_we_would_refuse_is_found(change, why):
    problems = changed(change)

    assert any(why in problem for problem in problems), problems


@pytest.mark.parametrize("text", [b"", b"[]", b"{", b"[" * 10_000, b'{"oauthScopes": 1}', b"\xff"])
def test_what_is_no_descriptor_is_a_problem_and_no_error(text):
    assert check(text)


def test_problems_are_listed_with_exit_code_one(run, tmp_path):
    (tmp_path / "d.json").write_text("{}")

    answer = run("--check", "d.json")

    assert answer.exit_code == 1
    assert "to mend" in answer.output
