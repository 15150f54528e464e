"""Serving: what Outlook gets from the web process, with which headers, and who may ask."""

import json

import pytest
from node import ADDIN

from backend.store import tenants

URL = "https://phish.example.org"
DIRECTORY = "99999999-8888-7777-6666-555555555555"
CLIENT = "11111111-2222-3333-4444-555555555555"
KINDS = {
    "/addin/taskpane.html": "text/html; charset=utf-8",
    "/addin/commands.html": "text/html; charset=utf-8",
    "/addin/dist/spamreporting.js": "text/javascript; charset=utf-8",
    "/addin/dist/taskpane.js": "text/javascript; charset=utf-8",
    "/addin/assets/icon-16.png": "image/png",
    "/addin/assets/mark.svg": "image/svg+xml; charset=utf-8",
    "/addin/assets/taskpane.css": "text/css; charset=utf-8",
    "/addin/config.json": "application/json",
    "/.well-known/microsoft-officeaddins-allowed.json": "application/json",
}


@pytest.fixture
def made(make_installation):
    return make_installation(public_url=URL, outlook_addin_client_id=CLIENT, outlook_forward_to="soc@example.org")


@pytest.fixture
def client(made):
    return made.app.test_client()


@pytest.mark.parametrize("path", KINDS)
def test_everything_has_its_type_and_may_stand_in_outlook(client, path):
    answer = client.get(path, buffered=True)

    assert (answer.status_code, answer.content_type) == (200, KINDS[path])
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self' https://appsforoffice.microsoft.com" in policy
    assert "connect-src 'self' https://login.microsoftonline.com;" in policy
    assert "https://outlook.office.com" in policy.split("frame-ancestors")[1]
    assert "unsafe" not in policy
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_pictures_may_be_kept_or_outlook_draws_its_own(client):
    kept = client.get("/addin/assets/icon-80.png", buffered=True).headers["Cache-Control"]
    assert "max-age" in kept
    assert "no-store" not in kept
    assert "no-cache" not in kept


def test_a_script_begins_with_what_this_installation_tells_it(client):
    line, rest = client.get("/addin/dist/spamreporting.js").data.split(b"\n", 1)

    told = json.loads(line.removeprefix(b"var UNHOOK = ").removesuffix(b";"))
    assert told == client.get("/addin/config.json").json
    assert told == {
        "origin": URL,
        "client_id": CLIENT,
        "authority": "https://login.microsoftonline.com/organizations",
        "scope": f"api://{CLIENT}/Report.Submit",
        "directory": "",
        "forward_to": "soc@example.org",
    }
    assert rest == (ADDIN / "dist" / "spamreporting.js").read_bytes()


def test_a_script_is_sent_again_only_when_something_changed(client, made):
    first = client.get("/addin/dist/taskpane.js")
    again = {"If-None-Match": first.headers["ETag"]}
    assert client.get("/addin/dist/taskpane.js", headers=again).status_code == 304

    add_tenant(made, "contoso", DIRECTORY)
    assert client.get("/addin/dist/taskpane.js", headers=again).status_code == 200


def test_the_only_organisation_is_told_and_of_two_none(client, made):
    add_tenant(made, "contoso", DIRECTORY)
    assert client.get("/addin/config.json").json["directory"] == DIRECTORY

    add_tenant(made, "fabrikam", DIRECTORY.replace("9", "7"))
    assert client.get("/addin/config.json").json["directory"] == ""


def test_classic_outlook_finds_its_script_allowed(client):
    allowed = client.get("/.well-known/microsoft-officeaddins-allowed.json").json["allowed"]

    assert allowed == [f"{URL}/addin/dist/spamreporting.js"]
    assert client.get(allowed[0].removeprefix(URL)).status_code == 200


def test_without_an_address_nothing_is_allowed(make_installation):
    answer = make_installation().app.test_client().get("/.well-known/microsoft-officeaddins-allowed.json")

    assert answer.status_code == 404
    assert "UNHOOK_PUBLIC_URL" in answer.json["detail"]


@pytest.mark.parametrize(
    "path",
    [
        "/addin/package.json",
        "/addin/src/submit.js",
        "/addin/dist/none.js",
        "/addin/dist/..%2fbuild.js",
        "/addin/assets/..%2fpackage.json",
        "/addin/assets/none.png",
        "/addin/",
    ],
)
def test_nothing_else_is_served(client, path):
    assert client.get(path).status_code == 404


# Asking beforehand

PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}


@pytest.mark.parametrize("origin", [URL, f"{URL}/", URL.upper()])
@pytest.mark.parametrize("path", ["/api/v1/submissions", "/api/v1/submissions/1", "/api/v1/reports/unverified-outlook"])
def test_our_own_script_may_ask_beforehand(client, origin, path):
    answer = client.options(path, headers={"Origin": origin, **PREFLIGHT})

    assert (answer.status_code, answer.data) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == URL
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
    assert "Idempotency-Key" in answer.headers["Access-Control-Allow-Headers"]
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]


@pytest.mark.parametrize(
    "origin", ["https://evil.example", f"{URL}.evil.example", f"{URL}:8443", "null", f"{URL}//", ""]
)
def test_others_are_told_nothing(client, origin):
    asked = client.options("/api/v1/submissions", headers={"Origin": origin, **PREFLIGHT})
    sent = client.get("/api/v1/submissions", headers={"Origin": origin})

    assert asked.status_code == 405
    assert "Access-Control-Allow-Origin" not in asked.headers
    assert "Access-Control-Allow-Origin" not in sent.headers
    assert sent.headers["Vary"] == "Origin"


def test_only_the_api_answers_beforehand(client):
    asked = client.options("/sign-in", headers={"Origin": URL, **PREFLIGHT})
    assert "Access-Control-Allow-Origin" not in asked.headers


def test_our_own_script_may_read_a_refusal(client):
    answer = client.post("/api/v1/submissions", json={}, headers={"Origin": f"{URL}/"})

    assert answer.status_code == 401
    assert answer.headers["Access-Control-Allow-Origin"] == URL
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_without_an_address_of_our_own_nobody_is_answered(make_installation):
    answer = make_installation().app.test_client().options("/api/v1/submissions", headers={"Origin": "", **PREFLIGHT})
    assert answer.status_code == 405


def add_tenant(made, slug: str, directory: str) -> None:
    services = made.world.services
    with services.database.begin() as tx:
        tenants.add(tx, slug, slug, "outlook", services.now(), directory)
