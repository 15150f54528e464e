"""Gmail tokens: whose events are believed, over the real app and a Google that forges what it is asked to?"""

import hmac
import json
import time
from base64 import urlsafe_b64encode
from datetime import timedelta
from hashlib import sha256

import jwt
import pytest
from builders import ANA
from cryptography.hazmat.primitives.serialization import Encoding
from jwt.api_jws import PyJWS
from microsoft.certificates import certificate, key, private_pem
from microsoft.server import Response
from sites import RAW
from sqlalchemy import func, select
from workspace.addon_site import URL, make_gmail_site
from workspace.google import CERTS
from workspace.tokens import ADD_ON, OAUTH_CLIENT

from backend.services import utc_now
from backend.store.tables import people
from connectors.errors import TryLater
from connectors.gmail.addon.certificates import KEPT, PAUSE, Certificates
from connectors.gmail.addon.tokens import UNPROVEN

jws = PyJWS()
WHERE = "/gmail/report"
PATHS = ["/gmail/homepage", "/gmail/message", "/gmail/report", "/gmail/refresh", "/gmail/withdraw"]
HOUR = 3600


@pytest.fixture
def site(tmp_path, sqlite_database, google):
    made = make_gmail_site(tmp_path, sqlite_database, google)
    yield made
    made.close()


def packed(part: bytes) -> bytes:
    return urlsafe_b64encode(part).rstrip(b"=")


def claims_of(token: str) -> dict:
    return jwt.decode(token, options={"verify_signature": False})


def unsigned(token: str, alg: str = "none") -> str:
    header = packed(json.dumps({"alg": alg, "typ": "JWT", "kid": "google"}).encode())
    return b".".join([header, packed(json.dumps(claims_of(token)).encode()), b""]).decode()


def signed_with_the_public_key(token: str) -> str:
    """The oldest trick: what everybody may know, used as a shared secret."""
    public = certificate("google").public_bytes(Encoding.PEM)
    header = packed(json.dumps({"alg": "HS256", "typ": "JWT", "kid": "google"}).encode())
    claims = packed(json.dumps(claims_of(token)).encode())
    return b".".join([header, claims, packed(hmac.digest(public, header + b"." + claims, sha256))]).decode()


def changed(token: str) -> str:
    """Somebody else under a genuine signature."""
    header, _, signature = token.split(".")
    claims = {**claims_of(token), "sub": "somebody-else"}
    return ".".join([header, packed(json.dumps(claims).encode()).decode(), signature])


def signed(token: str, **header: object) -> str:
    """Genuine but for its header."""
    named = {name: value for name, value in {"kid": "google", **header}.items() if value is not None}
    return jwt.encode(claims_of(token), private_pem("google"), algorithm=named.pop("alg", "RS256"), headers=named)


def claiming(token: str, **claims: object) -> str:
    """Genuine but for what the library would not write."""
    said = json.dumps({**claims_of(token), **claims}).encode()
    return jws.encode(said, private_pem("google"), "RS256", {"kid": "google"})


FORGED = {
    "unsigned": unsigned,
    "unsigned under a good name": lambda token: unsigned(token, "RS256"),
    "the public key as a secret": signed_with_the_public_key,
    "another algorithm": lambda token: signed(token, alg="RS512"),
    "a key without a name": lambda token: signed(token, kid=None),
    "changed on the way": changed,
    "an issuer that is no text": lambda token: claiming(token, iss=["accounts.google.com"]),
    "claims that are no object": lambda token: jws.encode(b"[]", private_pem("google"), "RS256", {"kid": "google"}),
    "no JSON": lambda token: "a.b.c",
    "two parts": lambda token: token.rpartition(".")[0],
    "too long": lambda token: token + "x" * 10_000,
}
WRONG_FOR_ANYBODY = {
    "another issuer": ({"iss": "https://accounts.example"}, UNPROVEN),
    "an issuer that only looks like it": ({"iss": "https://accounts.google.com/"}, UNPROVEN),
    "no issuer": ({"iss": None}, UNPROVEN),
    "a stranger's key under a known id": ({"signer": "stranger"}, UNPROVEN),
    "an unknown key": ({"signer": "unknown"}, UNPROVEN),
    "expired": ({"exp": int(time.time()) - HOUR}, "expired"),
    "no end": ({"exp": None}, UNPROVEN),
    "no beginning": ({"iat": None}, UNPROVEN),
    "from the future": ({"iat": int(time.time()) + HOUR}, UNPROVEN),
    "no audience": ({"aud": None}, UNPROVEN),
}
WRONG_SYSTEM = {
    **WRONG_FOR_ANYBODY,
    "another address of ours": ({"aud": URL + "/gmail/message"}, "another address"),
    "a slash more": ({"aud": URL + WHERE + "/"}, "another address"),
    "a question mark more": ({"aud": URL + WHERE + "?x=1"}, "another address"),
    "another host": ({"aud": "https://unhook.example.net" + WHERE}, "another address"),
    "two audiences": ({"aud": [URL + WHERE, "https://x.example"]}, "another address"),
    "the person's audience": ({"aud": OAUTH_CLIENT}, "another address"),
    "another service account": (
        {"email": "service-99@gcp-sa-gsuiteaddons.iam.gserviceaccount.com"}, "another add-on",
    ),
    "the same account in capitals": ({"email": ADD_ON.upper()}, "another add-on"),
    "no account": ({"email": None}, "another add-on"),
    "an account that is not verified": ({"email_verified": False}, "not verified"),
    "verified in words only": ({"email_verified": "true"}, "not verified"),
    "nothing said of verifying": ({"email_verified": None}, "not verified"),
}  # fmt: skip
WRONG_PERSON = {
    **WRONG_FOR_ANYBODY,
    "another client": ({"aud": "99-other.apps.googleusercontent.com"}, "another program"),
    "the system's audience": ({"aud": URL + WHERE}, "another program"),
    "two clients": ({"aud": [OAUTH_CLIENT, "other"]}, "another program"),
    "a consumer account": ({"hd": None}, "no organisation"),
    "an empty organisation": ({"hd": ""}, "no organisation"),
    "organisations": ({"hd": ["example.org"]}, "no organisation"),
    "another organisation": ({"hd": "example.net"}, "not served here"),
    "an organisation that contains ours": ({"hd": "example.org.example.net"}, "not served here"),
    "not verified": ({"email_verified": False}, "not verified your address"),
    "nothing said of verifying": ({"email_verified": None}, "not verified your address"),
    "no address": ({"email": None}, "your address"),
    "an address that is none": ({"email": "ana"}, "your address"),
    "no person": ({"sub": None, "azp": None}, "who you are"),
    "an empty person": ({"sub": "", "azp": None}, "who you are"),
    "a person who is no text": ({"sub": 7, "azp": None}, UNPROVEN),
}


def refused(answer, why: str) -> None:
    assert answer.status_code == 401
    assert why in answer.json["detail"], answer.json["detail"]
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert "renderActions" not in answer.text


@pytest.mark.parametrize(("claims", "why"), WRONG_SYSTEM.values(), ids=WRONG_SYSTEM)
def test_a_request_that_google_did_not_send_here_is_refused(site, google, claims, why):
    button = site.button()
    token = google.tokens.system_token(URL + WHERE, **claims)

    refused(button.post(WHERE, button.event(site.deliver(ANA, RAW)), token), why)
    assert (site.count(), google.calls["messages.get"]) == (0, 0)


@pytest.mark.parametrize(("claims", "why"), WRONG_PERSON.values(), ids=WRONG_PERSON)
@pytest.mark.parametrize("path", ["/gmail/report", "/gmail/message"])
def test_a_person_who_is_not_proven_is_refused_even_when_google_calls(site, google, claims, why, path):
    button = site.button()
    event = button.event(site.deliver(ANA, RAW), userIdToken=google.tokens.user_token(ANA, **claims))

    refused(button.post(path, event), why)
    assert (site.count(), google.calls["messages.get"]) == (0, 0)


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_a_forged_token_is_refused_in_both_places(site, google, forge):
    button = site.button()
    event = button.event(site.deliver(ANA, RAW))
    person = {**event["authorizationEventObject"], "userIdToken": forge(google.tokens.user_token(ANA))}

    refused(button.post(WHERE, event, forge(google.tokens.system_token(URL + WHERE))), UNPROVEN)
    refused(button.post(WHERE, {**event, "authorizationEventObject": person}), UNPROVEN)
    assert site.count() == 0


@pytest.mark.parametrize("path", PATHS)
def test_nothing_is_shown_to_whoever_sends_no_token(site, path):
    button = site.button()

    refused(button.post(path, button.event(), token=""), "Bearer TOKEN")


@pytest.mark.parametrize("path", PATHS)
def test_each_address_takes_only_tokens_made_for_it(site, google, path):
    button = site.button()
    for other in PATHS:
        answer = button.post(path, button.event(), google.tokens.system_token(URL + other))
        assert answer.status_code == (200 if other == path else 401)


def test_a_persons_token_is_not_googles_and_googles_not_a_persons(site, google):
    button = site.button()
    event = button.event()

    refused(button.post(WHERE, event, event["authorizationEventObject"]["userIdToken"]), "another address")
    event["authorizationEventObject"]["userIdToken"] = google.tokens.system_token(URL + WHERE)
    refused(button.post(WHERE, event), "another program")


def test_the_token_in_the_body_must_be_the_one_in_the_header(site, google):
    button = site.button()
    same, other = (google.tokens.system_token(URL + "/gmail/message", jti=name) for name in "ab")

    assert button.post("/gmail/message", button.event(systemIdToken=same), same).status_code == 200
    refused(button.post("/gmail/message", button.event(systemIdToken=other), same), "another token")


def test_the_host_of_a_request_means_nothing(site, google):
    button = site.button()
    token = google.tokens.system_token("https://evil.example/gmail/message")
    headers = {"Authorization": f"Bearer {token}", "Host": "evil.example", "X-Forwarded-Host": "evil.example"}

    refused(button.client.post("/gmail/message", json=button.event(), headers=headers), "another address")


@pytest.mark.parametrize("issuer", ["accounts.google.com", "https://accounts.google.com"])
def test_both_names_of_the_issuer_are_googles(site, google, issuer):
    button = site.button()
    token = google.tokens.system_token(URL + "/gmail/message", iss=issuer)

    assert button.post("/gmail/message", button.event(), token).status_code == 200


def test_clocks_may_differ_by_some_seconds(site, google):
    button, now = site.button(), int(time.time())
    for claims in ({"iat": now + 30}, {"exp": now - 30}):
        token = google.tokens.system_token(URL + "/gmail/message", **claims)
        assert button.post("/gmail/message", button.event(), token).status_code == 200


def test_whoever_is_refused_is_not_remembered_as_a_person(site, google):
    button = site.button()
    button.post(WHERE, button.event(userIdToken=google.tokens.user_token(ANA, hd="example.net")))

    with site.services.database.read() as tx:
        assert tx.execute(select(func.count()).select_from(people)).scalar_one() == 0


@pytest.mark.parametrize("missing", ["public_url", "gmail_addon_account", "gmail_addon_client_id"])
def test_without_its_settings_nothing_is_believed(tmp_path, sqlite_database, google, missing):
    site = make_gmail_site(tmp_path, sqlite_database, google, **{missing: ""})
    button = site.button()

    refused(button.post("/gmail/message", button.event()), "not set up here")
    site.close()


def test_another_persons_report_is_unknown(site):
    site.button().report(site.deliver(ANA, RAW))
    number = site.kept()[0].id

    answers = [site.button("ben@example.org").refresh(wanted) for wanted in (number, number + 1)]

    assert {answer.status_code for answer in answers} == {200}
    assert answers[0].json == answers[1].json
    assert "no report of yours" in answers[0].text


@pytest.mark.parametrize("number", ["", "-1", "1.0", "１", "9" * 30, "x"])
def test_what_is_no_number_is_no_report(site, number):
    assert "no report of yours" in site.button().refresh(number).text


# Certificates


def test_certificates_are_asked_for_once(site, google):
    button = site.button()
    for _ in range(5):
        assert button.post("/gmail/homepage", button.event()).status_code == 200

    assert google.calls["certs"] == 1


def test_an_unknown_key_makes_us_look_again_but_not_more_often_than_now_and_then(google):
    moment = [utc_now()]
    certificates = Certificates(google.url + CERTS, google.ca_file, lambda: moment[0])
    assert certificates.find("google").public_numbers() == key("google").public_key().public_numbers()
    assert [certificates.find("new") for _ in range(3)] == [None] * 3
    assert google.calls["certs"] == 1

    moment[0] += PAUSE
    assert [certificates.find("new") for _ in range(3)] == [None] * 3
    assert google.calls["certs"] == 2


def test_certificates_are_kept_as_long_as_google_says_and_longer_while_it_does_not_answer(google):
    moment = [utc_now()]
    certificates = Certificates(google.url + CERTS, google.ca_file, lambda: moment[0])
    certificates.find("google")
    google.troubles.order("certs", status=503, times=99)

    moment[0] += timedelta(minutes=59)
    assert certificates.find("google")
    assert google.calls["certs"] == 1
    moment[0] += timedelta(minutes=2)
    assert certificates.find("google")
    assert google.calls["certs"] == 2
    moment[0] += KEPT
    with pytest.raises(TryLater):
        certificates.find("google")


def test_while_googles_certificates_cannot_be_had_nobody_is_refused_for_good(site, google):
    google.troubles.order("certs", status=503, times=99)
    button = site.button()

    answer = button.post("/gmail/message", button.event())

    assert answer.status_code == 503
    assert google.url not in answer.text


@pytest.mark.parametrize("published", [b"[]", b"{}", b"no", b'{"google": "no"}', b'{"keys": []}'])
def test_what_is_no_list_of_certificates_is_not_believed(google, monkeypatch, published):
    monkeypatch.setattr(google.tokens, "certificates", lambda: Response(200, published))

    with pytest.raises(TryLater):
        Certificates(google.url + CERTS, google.ca_file, utc_now).find("google")


def test_another_authoritys_certificate_is_not_trusted(google, tmp_path):
    with pytest.raises(TryLater):
        Certificates(google.url + CERTS, None, utc_now).find("google")
