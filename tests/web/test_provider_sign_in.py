"""Signing in through the organisation's provider: a real one over HTTP, and every answer that must not count."""

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from browser import Browser, words_of
from joserfc.jwk import OctKey, RSAKey
from oidc_provider import CLIENT_ID, CLIENT_SECRET, Provider
from pydantic import SecretStr
from sqlalchemy import select

from backend.app import create_app
from backend.domain.people import Role
from backend.flow import staff
from backend.store.tables import audit, operators

VERA = "vera@example.org"
REFUSED = "You have no account here that counts."
FAILED = "That sign-in did not work."


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as running:
        running.knows("vera-1", VERA)
        yield running


@pytest.fixture
def configured(world, provider):
    """The services, told of the provider."""

    def configure(**more: object):
        settings = world.services.settings.model_copy(
            update={
                "oidc_issuer": provider.issuer,
                "oidc_client_id": CLIENT_ID,
                "oidc_client_secret": SecretStr(CLIENT_SECRET),
                "oidc_name": "Example",
                **more,
            }
        )
        provider.client.redirect_uri = "http://localhost/sign-in/provider/answer"
        return replace(world.services, settings=settings)

    return configure


@pytest.fixture
def browser(configured) -> Browser:
    return Browser(create_app(configured()))


@pytest.fixture
def invited(world) -> None:
    staff.invite(world.services, world.owner, VERA, Role.ANALYST)


def asked(browser: Browser, after: str = "") -> str:
    """Where the button leads."""
    answer = browser.get(f"/sign-in/provider?after={after}")
    assert answer.status_code == 302, answer.text
    return answer.location


def proven(address: str, subject: str = "vera-1") -> str:
    """What the provider sends the browser back to, once somebody has signed in there."""
    with httpx.Client() as there:
        assert "Example sign-in" in there.get(address).text
        answer = there.post(address, data={"subject": subject})
    assert answer.status_code == 302, answer.text
    return answer.headers["location"].removeprefix("http://localhost")


def sign_in(browser: Browser, subject: str = "vera-1", after: str = "") -> str:
    """All the way. Returns where it ends."""
    return browser.get(proven(asked(browser, after), subject)).location


def told(browser: Browser) -> str:
    return words_of(browser.get("/sign-in").text)


def refusals(world) -> list[tuple[str, str]]:
    with world.services.database.read() as tx:
        rows = tx.execute(select(audit.c.subject, audit.c.detail).where(audit.c.action == "sign-in refused"))
        return [(row.subject, row.detail.get("why", "")) for row in rows]


def test_an_invited_person_signs_in_and_is_known_by_subject_from_then_on(browser, provider, invited, world):
    assert sign_in(browser, after="/queue?tab=all") == "/queue?tab=all"
    assert f"{VERA}, Analyst" in browser.text("/queue")

    browser.post("/sign-out", seen_on="/queue")
    provider.knows("vera-1", "vera.married@example.org")  # addresses change hands, subjects do not
    assert sign_in(browser) == "/"
    with world.services.database.read() as tx:
        row = tx.execute(select(operators.c.issuer, operators.c.subject).where(operators.c.name == VERA)).one()
    assert tuple(row) == (provider.issuer, "vera-1")


def test_the_address_is_asked_for_when_the_token_does_not_hold_it(browser, provider, invited):
    provider.in_token = False
    assert sign_in(browser) == "/"
    assert "/userinfo" in provider.asked


def test_the_question_has_pkce_state_and_nonce_and_none_of_them_twice(browser, provider):
    first, second = (parse_qs(urlsplit(asked(browser)).query) for _ in range(2))
    assert first["code_challenge_method"] == ["S256"]
    assert first["scope"] == ["openid email profile"]
    for name in ("code_challenge", "state", "nonce"):
        assert len(first[name][0]) >= 20
        assert first[name] != second[name]


def test_somebody_else_who_gets_the_address_later_is_not_that_operator(browser, provider, invited):
    sign_in(browser)
    browser.post("/sign-out", seen_on="/queue")
    provider.knows("new-2", VERA)
    assert sign_in(browser, "new-2") == "/sign-in"
    assert REFUSED in told(browser)


def test_a_stranger_is_turned_away_like_somebody_whose_account_is_closed(browser, provider, invited, world):
    provider.knows("mallory", "mallory@example.org")
    sign_in(browser, "mallory")
    stranger = told(browser)
    assert REFUSED in stranger

    sign_in(browser)
    browser.post("/sign-out", seen_on="/queue")
    with world.services.database.read() as tx:
        number = tx.scalar(select(operators.c.id).where(operators.c.name == VERA))
    staff.close(world.services, world.owner, number)
    assert sign_in(browser) == "/sign-in"
    assert told(browser) == stranger
    assert refusals(world) == [(f"operator:{number}", "disabled")]


@pytest.mark.parametrize("verified", [False, "true", None])
def test_an_address_that_the_provider_has_not_verified_opens_nothing(browser, provider, invited, verified):
    provider.knows("vera-1", VERA, verified=verified)
    assert sign_in(browser) == "/sign-in"
    assert REFUSED in told(browser)
    assert browser.get("/queue").status_code == 303


def test_an_invitation_ends_after_two_weeks(configured, provider, world):
    staff.invite(world.services, world.owner, VERA, Role.ANALYST)
    later = world.services.now() + staff.INVITATION_LASTS
    browser = Browser(create_app(replace(configured(), now=lambda: later)))
    assert sign_in(browser) == "/sign-in"


def test_being_invited_again_forgets_whom_the_provider_meant(browser, provider, invited, world):
    sign_in(browser)
    with world.services.database.read() as tx:
        number = tx.scalar(select(operators.c.id).where(operators.c.name == VERA))
    provider.knows("vera-2", "vera@new.example")
    staff.invite_again(world.services, world.owner, number, "vera@new.example")
    assert browser.get("/queue").status_code == 303  # signed out
    assert sign_in(browser) == "/sign-in"
    assert sign_in(browser, "vera-2") == "/"


OTHER = RSAKey.generate_key(2048, {"kid": "other"})


@pytest.mark.parametrize(
    "wrong",
    [
        {"claims": {"iss": "https://evil.example"}},
        {"claims": {"iss": None}},
        {"claims": {"aud": "somebody else"}},
        {"claims": {"aud": [CLIENT_ID, "somebody else"], "azp": "somebody else"}},
        {"claims": {"nonce": "another"}},
        {"claims": {"nonce": None}},
        {"claims": {"exp": 1_000_000}},
        {"claims": {"exp": None}},
        {"claims": {"sub": None}},
        {"claims": {"sub": ""}},
        {"sign_with": OTHER},
        {"sign_with": RSAKey.import_key(OTHER.as_dict(private=True), {"kid": "first"})},
        {"sign_with": OctKey.import_key("the client's secret", {"kid": "first"}), "header": {"alg": "HS256"}},
    ],
    ids=lambda wrong: "-".join(f"{name}:{value if name == 'claims' else ''}" for name, value in wrong.items()),
)
def test_an_answer_that_proves_nothing_opens_nothing(browser, provider, invited, world, wrong):
    for name, value in wrong.items():
        setattr(provider, name, value)
    assert sign_in(browser) == "/sign-in"
    assert FAILED in told(browser)
    assert browser.get("/queue").status_code == 303
    with world.services.database.read() as tx:
        assert tx.scalar(select(operators.c.subject).where(operators.c.name == VERA)) == ""


def test_a_provider_that_offers_no_signature_is_not_believed(browser, provider, invited):
    provider.algorithms = ["none", "HS256", "RS256"]
    provider.sign_with, provider.header = OctKey.import_key("x" * 32, {"kid": "first"}), {"alg": "HS256"}
    assert sign_in(browser) == "/sign-in"


def test_a_key_that_was_exchanged_is_fetched_again(browser, provider, invited):
    sign_in(browser)
    browser.post("/sign-out", seen_on="/queue")
    provider.key = provider.sign_with = OTHER
    assert sign_in(browser) == "/"


def test_an_answer_to_nobodys_question_opens_nothing(browser, provider, invited, configured):
    answer = proven(asked(browser))
    victim = Browser(browser.client.application)
    assert victim.get(answer).location == "/sign-in"  # somebody else's answer, slipped to them
    assert FAILED in told(victim)
    state = parse_qs(urlsplit(answer).query)["state"][0]
    assert browser.get(answer.replace(state, "made-up")).location == "/sign-in"


def test_an_answer_counts_once(browser, provider, invited):
    answer = proven(asked(browser))
    assert browser.get(answer).location == "/"
    browser.post("/sign-out", seen_on="/queue")
    assert browser.get(answer).location == "/sign-in"
    assert browser.get("/queue").status_code == 303


def test_a_code_counts_once_whoever_brings_it(browser, provider, invited):
    """A code that leaked before it was used: the thief has neither the verifier nor the question."""
    used = proven(asked(browser))
    browser.get(used)
    thief = Browser(browser.client.application)
    question = parse_qs(urlsplit(asked(thief)).query)["state"][0]
    code = parse_qs(urlsplit(used).query)["code"][0]
    assert thief.get(f"/sign-in/provider/answer?code={code}&state={question}").location == "/sign-in"
    fresh = parse_qs(urlsplit(proven(asked(browser))).query)["code"][0]
    assert thief.get(f"/sign-in/provider/answer?code={fresh}&state={question}").location == "/sign-in"


def test_the_provider_may_say_no(browser, provider):
    state = parse_qs(urlsplit(asked(browser)).query)["state"][0]
    answer = browser.get(f"/sign-in/provider/answer?error=access_denied&error_description=<b>no</b>&state={state}")
    assert answer.location == "/sign-in"
    assert "<b>" not in browser.page("/sign-in")


@pytest.mark.parametrize("after", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_it_leads_to_no_other_site(browser, provider, invited, after):
    assert sign_in(browser, after=after) == "/"


@pytest.mark.parametrize("described", [{"issuer": "https://evil.example"}, {"authorization_endpoint": ""}])
def test_a_provider_that_describes_another_is_not_asked(browser, provider, described):
    provider.described = described
    answer = browser.get("/sign-in/provider")
    assert answer.location == "/sign-in"
    assert "cannot be reached" in told(browser)


def test_a_provider_that_is_away_is_said(configured):
    browser = Browser(create_app(configured(oidc_issuer="http://127.0.0.1:9")))
    assert browser.get("/sign-in/provider").location == "/sign-in"
    assert "cannot be reached" in told(browser)


def test_without_a_provider_nobody_is_sent_there(stranger):
    assert stranger.get("/sign-in/provider").status_code == 404
    assert "/sign-in/provider" not in stranger.page("/sign-in")


@pytest.fixture
def mapped(configured) -> Browser:
    roles = {"oidc_role_claim": "groups", "oidc_roles": {"phish": "analyst", "bosses": "owner"}}
    return Browser(create_app(configured(**roles)))


def test_with_a_mapping_the_provider_says_the_role_each_time(mapped, provider, invited):
    provider.knows("vera-1", VERA, groups=["staff", "phish", "bosses"])
    sign_in(mapped)
    assert f"{VERA}, Owner" in mapped.text("/queue")
    mapped.post("/sign-out", seen_on="/queue")
    provider.knows("vera-1", VERA, groups="phish")
    sign_in(mapped)
    assert f"{VERA}, Analyst" in mapped.text("/queue")


@pytest.mark.parametrize("groups", [["staff"], [], None, {"phish": 1}, 7])
def test_who_has_no_mapped_role_is_turned_away(mapped, provider, invited, groups):
    provider.knows("vera-1", VERA, groups=groups)
    assert sign_in(mapped) == "/sign-in"
    assert REFUSED in told(mapped)


def test_the_provider_cannot_take_the_last_owner_away(mapped, provider, world):
    staff.invite(world.services, world.owner, VERA, Role.OWNER)
    provider.knows("vera-1", VERA, groups=["bosses"])
    sign_in(mapped)
    with world.services.database.begin() as tx:
        tx.execute(operators.update().where(operators.c.id == world.owner.id).values(role=Role.VIEWER))
    mapped.post("/sign-out", seen_on="/queue")
    provider.knows("vera-1", VERA, groups=["phish"])
    sign_in(mapped)
    assert f"{VERA}, Owner" in mapped.text("/queue")


def test_nobody_is_invited_by_a_group_alone(mapped, provider):
    provider.knows("boss", "boss@example.org", groups=["bosses"])
    assert sign_in(mapped, "boss") == "/sign-in"


def test_an_operator_without_a_password_has_none_to_guess(browser, provider, invited):
    assert browser.post("/sign-in", name=VERA, password="").status_code == 401
