"""Entra: whose tokens are believed, over the real app and a sign-in service that forges what it is asked to?"""

import hmac
import json
import time
from base64 import urlsafe_b64encode
from hashlib import sha256

import jwt
import pytest
from builders import ANA
from clocks import StillClock
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from microsoft.certificates import key
from outlook_site import ADDIN, ANA_OID, APP, DIRECTORY, OTHER_DIRECTORY, make_outlook_site
from sqlalchemy import func, select

from backend.api.entra import KEPT, PAUSE, UNPROVEN, SigningKeys
from backend.errors import StoreUnavailable
from backend.store.tables import people, submissions

WHERE = "/api/v1/submissions"
HOUR = 3600


@pytest.fixture
def site(tmp_path, sqlite_database, entra):
    made = make_outlook_site(tmp_path, sqlite_database, entra)
    yield made
    made.close()


def ask(site, token: str):
    return site.client().get(WHERE, headers={"Authorization": f"Bearer {token}"})


def packed(part: bytes) -> bytes:
    return urlsafe_b64encode(part).rstrip(b"=")


def signed_with_the_public_key(site) -> str:
    """The oldest trick: what everybody may know, used as a shared secret."""
    public = key("entra").public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    header = packed(json.dumps({"alg": "HS256", "typ": "JWT", "kid": "entra"}).encode())
    claims = packed(json.dumps(jwt.decode(site.token(), options={"verify_signature": False})).encode())
    return b".".join([header, claims, packed(hmac.digest(public, header + b"." + claims, sha256))]).decode()


def changed(token: str) -> str:
    """Somebody else's id under a genuine signature."""
    header, _, signature = token.split(".")
    said = jwt.decode(token, options={"verify_signature": False})
    return ".".join([header, packed(json.dumps({**said, "oid": "somebody-else"}).encode()).decode(), signature])


def naming(site, directory: object) -> str:
    """Genuine but for the directory it names."""
    said = jwt.decode(site.token(), options={"verify_signature": False})
    return site.entra._sign({**said, "tid": directory}, "entra")


def now() -> int:
    return int(time.time())


FORGED = {
    "another directory": lambda site: site.token(directory=OTHER_DIRECTORY),
    "another directory's issuer": lambda site: site.token(iss=site.entra.issuer(OTHER_DIRECTORY)),
    "the issuer of version 1": lambda site: site.token(iss=f"https://sts.windows.net/{DIRECTORY}/"),
    "another sign-in service": lambda site: site.token(iss=f"https://login.example/{DIRECTORY}/v2.0"),
    "unsigned": lambda site: site.token(key=""),
    "unsigned without its dots": lambda site: site.token(key="").rstrip("."),
    "the public key as a secret": signed_with_the_public_key,
    "a stranger's key under a known id": lambda site: site.token(key="stranger"),
    "an unknown key": lambda site: site.token(key="unknown"),
    "changed on the way": lambda site: changed(site.token()),
    "no directory": lambda site: naming(site, None),
    "a directory that is a path": lambda site: naming(site, "../x"),
    "a directory that is no text": lambda site: naming(site, [DIRECTORY]),
    "no end": lambda site: site.token(exp=None),
    "no beginning": lambda site: site.token(nbf=None),
    "no issuer": lambda site: site.token(iss=None),
    "no JSON": lambda site: "a.b.c",
    "nothing in three parts": lambda site: "..",
    "four parts": lambda site: site.token() + ".x",
}
GENUINE_BUT = {
    "another audience": ({"aud": "00000003-0000-0000-c000-000000000000"}, "another service"),
    "two audiences": ({"aud": [ADDIN, "other"]}, "another service"),
    "the audience of version 1": ({"aud": f"api://{ADDIN}"}, "another service"),
    "expired": ({"exp": now() - HOUR}, "expired"),
    "not yet valid": ({"nbf": now() + HOUR}, "not valid yet"),
    "issued in the future": ({"iat": now() + HOUR}, "not valid yet"),
    "version 1": ({"ver": "1.0"}, "another version"),
    "no version": ({"ver": None}, "another version"),
    "a program": ({"idtyp": "app", "scp": None, "roles": ["Report.Submit"]}, "given to a program"),
    "a program with a scope": ({"idtyp": "app"}, "given to a program"),
    "roles only": ({"scp": None, "roles": ["Report.Submit"]}, "given to a program"),
    "another scope": ({"scp": "openid profile Report.Submitted"}, "does not allow Report.Submit"),
    "no scope": ({"scp": ""}, "does not allow Report.Submit"),
    "another program": ({"azp": APP}, "another program"),
    "nobody": ({"oid": None}, "who you are"),
    "a person that is a path": ({"oid": "../../organization"}, "who you are"),
}


def test_a_persons_token_is_believed(site):
    assert ask(site, site.token()).status_code == 200


def test_a_scope_among_others_will_do(site):
    assert ask(site, site.token(scp="openid Report.Submit profile")).status_code == 200


@pytest.mark.parametrize(("claim", "seconds"), [("exp", -200), ("nbf", 200)])
def test_clocks_may_differ_by_five_minutes(site, claim, seconds):
    assert ask(site, site.token(**{claim: now() + seconds})).status_code == 200


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_a_forged_token_is_refused_without_saying_why(site, forged):
    answer = ask(site, forged(site))

    assert answer.status_code == 401
    assert answer.json["detail"] in {UNPROVEN, "This token is not valid. Ask your administrator for a new one."}


@pytest.mark.parametrize(("claims", "says"), GENUINE_BUT.values(), ids=GENUINE_BUT)
def test_a_genuine_token_of_the_wrong_kind_is_refused_in_words(site, claims, says):
    answer = ask(site, site.token(**claims))

    assert answer.status_code == 401
    assert says in answer.json["detail"]


def test_a_refused_token_leaves_nobody_and_no_report(site):
    token = site.token("0c0c0c0c-0000-4000-8000-000000000003", aud="another")
    site.client().post(WHERE, json={"internet_message_id": "<1@x>"}, headers={"Authorization": f"Bearer {token}"})

    with site.services.database.read() as tx:
        assert tx.execute(select(func.count()).select_from(people)).scalar_one() == 2
        assert tx.execute(select(func.count()).select_from(submissions)).scalar_one() == 0


def test_tokens_and_who_sent_them_are_not_logged(site, log_lines):
    token = site.token(key="stranger")
    ask(site, token)
    ask(site, site.token())

    logged = log_lines.getvalue()
    assert '"why": "InvalidSignatureError"' in logged
    assert token.split(".")[1] not in logged
    assert ANA not in logged
    assert ANA_OID not in logged


def test_without_an_add_in_nobody_is_asked(tmp_path, sqlite_database, entra):
    site = make_outlook_site(tmp_path, sqlite_database, entra, outlook_addin_client_id="")

    answer = ask(site, site.token())

    assert answer.status_code == 401
    assert "not set up" in answer.json["detail"]


def test_an_own_token_needs_no_microsoft(site, entra):
    entra.close()

    assert ask(site, "unhook_.not.known").status_code == 401


def test_while_microsoft_is_away_nobody_is_taken_for_a_stranger(site, entra):
    entra.close()

    assert ask(site, site.token()).status_code == 503


# The keys, and how often anybody can make us fetch them.


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def fetched(monkeypatch) -> list[str]:
    """The directories whose keys are fetched, one entry a time."""
    times: list[str] = []
    real = SigningKeys._fetch

    def counted(self, directory):
        times.append(directory)
        return real(self, directory)

    monkeypatch.setattr(SigningKeys, "_fetch", counted)
    return times


@pytest.fixture
def keys(entra, clock, fetched) -> SigningKeys:
    entra.add_tenant(DIRECTORY)
    return SigningKeys(entra.url, entra.ca_file, clock)


def test_keys_are_kept_for_a_day(keys, clock, fetched):
    assert keys.find(DIRECTORY, "entra") is keys.find(DIRECTORY, "entra")
    assert len(fetched) == 1

    clock.time += KEPT
    assert keys.find(DIRECTORY, "entra")
    assert len(fetched) == 2


def test_an_unknown_key_is_looked_for_once_in_a_while(keys, clock, fetched):
    assert keys.find(DIRECTORY, "entra")
    clock.time += PAUSE
    for number in range(50):
        assert keys.find(DIRECTORY, f"made up {number}") is None

    assert len(fetched) == 2


def test_a_new_key_is_found_at_once(keys, clock, entra, monkeypatch):
    assert keys.find(DIRECTORY, "entra")
    jwk = entra._jwk
    monkeypatch.setattr(entra, "_jwk", lambda name: {**jwk(name), "kid": "newer"})
    clock.time += PAUSE

    assert keys.find(DIRECTORY, "newer")


def test_a_sign_in_service_that_is_away_is_not_asked_again_and_again(keys, clock, entra, fetched):
    entra.close()
    for _ in range(5):
        with pytest.raises(StoreUnavailable):
            keys.find(DIRECTORY, "entra")
    assert len(fetched) == 1

    clock.time += PAUSE
    with pytest.raises(StoreUnavailable):
        keys.find(DIRECTORY, "entra")
    assert len(fetched) == 2


def test_known_keys_serve_on_while_an_unknown_one_cannot_be_looked_for(keys, clock, entra):
    assert keys.find(DIRECTORY, "entra")
    entra.close()
    clock.time += PAUSE

    assert keys.find(DIRECTORY, "unknown") is None
    assert keys.find(DIRECTORY, "entra")


@pytest.mark.parametrize(
    "wrong",
    [
        {"issuer": "https://login.example/x/v2.0"},
        {"jwks_uri": "http://127.0.0.1/keys"},
        {"jwks_uri": None},
        {"jwks_uri": "https://[broken"},
    ],
)
def test_what_describes_another_issuer_or_leads_nowhere_gives_no_keys(keys, entra, monkeypatch, wrong):
    described = entra._discovery
    monkeypatch.setattr(entra, "_discovery", lambda tid: {**described(tid), **wrong})

    with pytest.raises(StoreUnavailable):
        keys.find(DIRECTORY, "entra")


@pytest.mark.parametrize("key", [{"kty": "oct", "k": "QQ", "kid": "entra"}, {"kty": "RSA", "kid": "entra"}, "entra"])
def test_what_is_no_public_key_is_none(keys, entra, monkeypatch, key):
    monkeypatch.setattr(entra, "_jwk", lambda name: key)

    with pytest.raises(StoreUnavailable):
        keys.find(DIRECTORY, "entra")


def test_a_key_for_consumers_signs_for_no_organisation(keys, entra, monkeypatch):
    jwk = entra._jwk
    consumers = f"{entra.url}/{OTHER_DIRECTORY}/v2.0"
    monkeypatch.setattr(entra, "_jwk", lambda name: {**jwk(name), "issuer": consumers})

    with pytest.raises(StoreUnavailable):
        keys.find(DIRECTORY, "entra")


def test_a_key_for_every_organisation_signs_for_each(keys, entra, monkeypatch):
    jwk = entra._jwk
    anybody = f"{entra.url}/{{tenantid}}/v2.0"
    monkeypatch.setattr(entra, "_jwk", lambda name: {**jwk(name), "issuer": anybody})

    assert keys.find(DIRECTORY, "entra")
