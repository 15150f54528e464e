"""App: what holds for every answer of the web process."""

import json
import subprocess
import sys
from base64 import b64encode
from pathlib import Path

import pytest
from builders import ANA, BEN
from sites import RAW, make_site

from backend.app import create_app
from backend.errors import BadInput
from backend.secret import secret_key
from backend.settings import Settings

ROOT = Path(__file__).parents[2]
EVERYWHERE = ["/healthz", "/readyz", "/metrics", "/api/v1/openapi.json", "/api/v1/submissions", "/none", "/api/none"]


@pytest.mark.parametrize("path", EVERYWHERE)
def test_every_answer_is_hardened(embedded, path):
    headers = embedded.client().get(path).headers

    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Request-ID"]


def test_https_is_insisted_on_only_behind_tls(tmp_path, embedded):
    behind_tls = make_site(tmp_path / "tls", secure_cookies=True)

    assert "Strict-Transport-Security" not in embedded.client().get("/healthz").headers
    assert "Strict-Transport-Security" in behind_tls.client().get("/healthz").headers
    behind_tls.services.database.close()


@pytest.mark.parametrize(
    ("given", "https_only"),
    [
        ({}, False),
        ({"host": "::1"}, False),
        ({"host": "0.0.0.0"}, True),
        ({"host": "unhook.internal"}, True),
        ({"public_url": "https://unhook.example"}, True),
        ({"trusted_proxies": 1}, True),
        ({"secure_cookies": True}, True),
        ({"trusted_proxies": 1, "secure_cookies": False}, False),
    ],
)
def test_cookies_go_over_https_only_as_soon_as_others_than_this_machine_ask(
    tmp_path, sqlite_database, given, https_only
):
    site = make_site(tmp_path, sqlite_database, **given)

    answer = site.client().get("/sign-in")

    assert ("Secure" in answer.headers["Set-Cookie"]) is https_only
    assert ("Strict-Transport-Security" in answer.headers) is https_only
    site.services.database.close()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/none", 404),
        ("DELETE", "/api/v1/submissions", 405),
        ("OPTIONS", "/api/v1/submissions", 405),
        ("TRACE", "/api/v1/submissions/1", 405),
        ("POST", "/api/v1/submissions/1", 405),
    ],
)
def test_what_is_not_there_is_refused_with_a_sentence(embedded, method, path, status):
    answer = embedded.client().open(path, method=method)

    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    assert answer.json["detail"]
    assert status != 405 or answer.headers["Allow"]


def test_a_browser_gets_a_page_that_leads_back(embedded):
    answer = embedded.client().get("/none", headers={"Accept": "text/html"})

    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert "There is nothing here" in answer.text
    assert 'href="/"' in answer.text
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]


def test_an_unforeseen_error_shows_no_trace_and_names_its_line_in_the_log(embedded, log_lines):
    def broken() -> None:
        raise ValueError("zebra")

    embedded.app.add_url_rule("/api/broken", "broken", broken)
    answer = embedded.client().get("/api/broken", headers={"X-Request-ID": "trace-1"})

    assert answer.status_code == 500
    assert "zebra" not in answer.get_data(as_text=True)
    assert answer.json["request"] == "trace-1"
    logged = [json.loads(line) for line in log_lines.getvalue().splitlines()]
    assert [line["error"] for line in logged if "error" in line] == ["builtins.ValueError"]
    assert all(line["request"] == "trace-1" for line in logged)
    assert "zebra" not in log_lines.getvalue()


def test_the_web_process_never_imports_torch():
    """Building the app and taking a report, in a process of its own."""
    program = """
import sys, tempfile
from pathlib import Path
sys.path[:0] = ["tests", "tests/api"]
from builders import ANA
from sites import RAW, make_site
with tempfile.TemporaryDirectory() as folder:
    site = make_site(Path(folder))
    assert site.send_raw(ANA).status_code == 202
    assert site.see(ANA, "/api/v1/submissions/1").status_code == 200
    assert site.client().get("/metrics").status_code == 200
    site.services.database.close()
print("torch:", "torch" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=120, cwd=ROOT
    )

    assert (done.stdout.splitlines()[-1:], done.returncode) == (["torch: False"], 0), done.stderr[-2000:]


# Log


def test_no_content_of_mail_and_no_address_reaches_the_log(embedded, log_lines):
    embedded.send_raw(ANA)
    embedded.send(
        ANA, {"internet_message_id": "<zebra@pay.example>", "comment": "zebra", "raw": b64encode(RAW).decode()}
    )
    embedded.send(ANA, {"mailbox": BEN, "internet_message_id": "<zebra@pay.example>"})
    embedded.send(ANA, {"comment": "zebra" * 1000})
    embedded.send(ANA, {"zebra": "zebra"})
    embedded.see(ANA, "/api/v1/submissions/zebra?zebra=zebra")
    embedded.client().get("/zebra", headers={"User-Agent": "zebra", "Authorization": "Bearer zebra"})

    text = log_lines.getvalue()
    assert '"accepted report"' in text
    token = embedded.world.tokens[ANA]
    assert not [word for word in ("zebra", "pay.example", "ana@", "ben@", token) if word in text.lower() + text]


def test_each_request_is_one_line_with_its_route(embedded, log_lines):
    embedded.see(ANA, "/api/v1/submissions/12345")

    lines = [json.loads(line) for line in log_lines.getvalue().splitlines()]
    answered = [line for line in lines if line["event"] == "answered"]
    assert len(answered) == 1
    assert answered[0]["status"] == 404
    assert "12345" not in answered[0]["route"]


def test_probes_are_not_logged(embedded, log_lines):
    for path in ("/healthz", "/readyz", "/metrics"):
        embedded.client().get(path)

    assert log_lines.getvalue() == ""


# Limits


@pytest.fixture
def strict(tmp_path, sqlite_database):
    made = make_site(tmp_path, sqlite_database, submissions_per_minute=2)
    yield made
    made.services.database.close()


def test_a_person_who_reports_too_often_is_asked_to_wait(strict):
    codes = [strict.send_raw(ANA).status_code for _ in range(3)]
    last = strict.send_raw(ANA)

    assert codes == [202, 202, 429]
    assert 0 < int(last.headers["Retry-After"]) <= 60
    assert "Retry-After" in last.json["detail"]


def test_one_persons_limit_is_not_anothers(strict):
    for _ in range(3):
        strict.send_raw(ANA)

    assert strict.send_raw(BEN).status_code == 202


def test_looking_is_not_counted_as_reporting(strict):
    for _ in range(5):
        assert strict.see(ANA, "/api/v1/submissions").status_code == 200

    assert strict.send_raw(ANA).status_code == 202


def test_strangers_use_up_their_own_share_and_nobody_elses(strict):
    wrong = {"Authorization": "Bearer wrong"}
    codes = [strict.client().post("/api/v1/submissions", data=RAW, headers=wrong).status_code for _ in range(3)]

    assert codes == [401, 401, 429]
    assert strict.send_raw(ANA).status_code == 202


def test_a_household_is_limited_as_one_whichever_address_it_takes(strict):
    def asked_from(address: str) -> int:
        wrong = {"Authorization": "Bearer wrong"}
        at = {"REMOTE_ADDR": address}
        return strict.client().post("/api/v1/submissions", data=RAW, headers=wrong, environ_base=at).status_code

    assert [asked_from(f"2001:db8:1:2::{number}") for number in range(3)] == [401, 401, 429]
    assert asked_from("2001:db8:1:3::1") == 401


def test_web_processes_share_their_counts_through_redis(tmp_path, sqlite_database, redis_url):
    site = make_site(tmp_path, sqlite_database, submissions_per_minute=2, queue_url=redis_url)
    other = create_app(site.services)

    assert [site.send_raw(ANA).status_code for _ in range(2)] == [202, 202]
    answer = other.test_client().post(
        "/api/v1/submissions", data=RAW, content_type="message/rfc822", headers=site.bearer(ANA)
    )

    assert answer.status_code == 429
    site.services.database.close()


def test_reports_are_taken_and_limited_while_redis_is_out_of_reach(tmp_path, sqlite_database):
    site = make_site(tmp_path, sqlite_database, submissions_per_minute=2, queue_url=f"unix://{tmp_path}/none.sock")

    assert [site.send_raw(ANA).status_code for _ in range(3)] == [202, 202, 429]
    site.services.database.close()


# Secret


def test_the_key_of_sessions_is_made_once_and_read_by_its_owner_only(tmp_path):
    settings = Settings(data_dir=tmp_path / "var")

    first = secret_key(settings)

    assert secret_key(settings) == first
    assert len(first) >= 32
    assert (tmp_path / "var" / "secret_key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["secret_key"]


def test_a_given_key_wins(tmp_path):
    assert secret_key(Settings(data_dir=tmp_path, secret_key="given")) == "given"
    assert list(tmp_path.iterdir()) == []


def test_hosts_that_share_a_database_must_be_given_their_key(tmp_path):
    shared = Settings(data_dir=tmp_path, database_url="postgresql://db.example/unhook", evidence_url=str(tmp_path))

    with pytest.raises(BadInput, match="UNHOOK_SECRET_KEY"):
        secret_key(shared)
