"""Health: machines learn whether the process lives, what it misses and what it measured."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from builders import ANA
from clocks import StillClock
from huey import RedisHuey
from sites import make_site
from sqlalchemy import text

from backend.app import create_app
from backend.jobs import Queue


def metrics(site, **more):
    return site.client().get("/metrics", **more)


def value(page: str, start: str) -> float:
    found = [line for line in page.splitlines() if line.startswith(start)]
    assert len(found) == 1, found
    return float(found[0].rpartition(" ")[2])


def test_a_living_process_says_so(embedded):
    answer = embedded.client().get("/healthz")

    assert (answer.status_code, answer.json) == (200, {"ok": True, "missing": []})


def test_a_process_that_can_work_is_ready(site):
    answer = site.client().get("/readyz")

    assert (answer.status_code, answer.json) == (200, {"ok": True, "missing": []})


def test_a_lost_database_is_named_and_the_process_stays_alive(embedded):
    embedded.services.database.close()
    place = Path(embedded.services.database.engine.url.database)
    for path in place.parent.glob(f"{place.name}*"):
        path.unlink()
    place.mkdir()

    answer = embedded.client().get("/readyz")

    assert (answer.status_code, answer.json["missing"]) == (503, ["database"])
    assert embedded.client().get("/healthz").status_code == 200


def test_tables_of_another_version_are_named(site):
    with site.services.database.begin() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = 'older'"))

    assert site.client().get("/readyz").json["missing"] == ["database"]


def test_evidence_that_cannot_be_kept_is_named(embedded, tmp_path):
    shutil.rmtree(tmp_path / "evidence", ignore_errors=True)
    (tmp_path / "evidence").write_text("a file where the folder should be")

    answer = embedded.client().get("/readyz")

    assert (answer.status_code, answer.json["missing"]) == (503, ["evidence"])


def test_asking_leaves_nothing_among_the_evidence(embedded, tmp_path):
    embedded.client().get("/readyz")

    assert [path for path in (tmp_path / "evidence").rglob("*") if path.is_file() and path.stat().st_size] == []


def test_strangers_who_ask_have_evidence_tried_once_in_a_while_only(embedded, tmp_path):
    clock = StillClock()
    client = create_app(replace(embedded.services, now=clock)).test_client()
    client.get("/readyz")
    shutil.rmtree(tmp_path / "evidence")
    (tmp_path / "evidence").write_text("a file where the folder should be")

    assert [client.get("/readyz").status_code for _ in range(3)] == [200, 200, 200]  # nothing was written
    clock.pass_(10)
    assert client.get("/readyz").json["missing"] == ["evidence"]

    (tmp_path / "evidence").unlink()
    assert client.get("/readyz").json["missing"] == ["evidence"]  # a failure is no reason to write for each, either
    clock.pass_(10)
    assert client.get("/readyz").status_code == 200


def test_a_queue_out_of_reach_is_named(embedded, tmp_path):
    huey = RedisHuey("tests", url=f"unix://{tmp_path}/none.sock", results=False)
    app = create_app(replace(embedded.services, wake=Queue(huey)))

    answer = app.test_client().get("/readyz")

    assert (answer.status_code, answer.json["missing"]) == (503, ["queue"])


def test_a_report_is_acknowledged_while_the_queue_is_out_of_reach(embedded, tmp_path):
    huey = RedisHuey("tests", url=f"unix://{tmp_path}/none.sock", results=False)
    queue = Queue(huey)
    services = replace(embedded.services, wake=queue)
    queue.serve(services)

    answer = (
        create_app(services)
        .test_client()
        .post("/api/v1/submissions", json={"internet_message_id": "<z@pay.example>"}, headers=embedded.bearer(ANA))
    )

    assert answer.status_code == 202


# Measurements


def test_measurements_agree_with_the_store(site):
    site.send_raw(ANA)
    site.send(ANA, {"internet_message_id": "<zebra@pay.example>"})

    page = metrics(site).get_data(as_text=True)

    assert value(page, 'unhook_submissions{kind="user",state="received"}') == 2
    assert value(page, "unhook_queue_waiting ") == 2
    assert value(page, "unhook_verdict_seconds_count") == 0
    assert value(page, 'unhook_http_request_seconds_count{method="POST",route="/api/v1/submissions",status="202"}') == 2


@pytest.mark.parametrize(("seconds", "bucket", "inside"), [(1.5, "2.0", 1), (1.5, "1.0", 0), (4000, "1800.0", 0)])
def test_the_time_to_a_verdict_is_measured_on_both_engines(site, seconds, bucket, inside):
    number = site.send_raw(ANA).json["id"]
    then = {"sqlite": f"strftime('%Y-%m-%d %H:%M:%f', received_at, '+{seconds} seconds')"}
    after = then.get(site.services.database.dialect, f"received_at + interval '{seconds} seconds'")
    with site.services.database.begin() as tx:
        tx.execute(text(f"UPDATE submissions SET scored_at = {after} WHERE id = {number}"))

    page = metrics(site).get_data(as_text=True)

    assert value(page, f'unhook_verdict_seconds_bucket{{le="{bucket}"}}') == inside
    assert value(page, 'unhook_verdict_seconds_bucket{le="+Inf"}') == 1
    assert value(page, "unhook_verdict_seconds_sum") == pytest.approx(seconds, abs=0.01)


def test_measurements_name_no_tenant_person_or_message(site):
    site.send_raw(ANA)

    page = metrics(site).get_data(as_text=True)

    assert not [word for word in ("acme", "ana@", "zebra", "pay.example") if word in page.lower()]


def test_an_address_somebody_typed_is_no_label(embedded):
    embedded.client().get("/zebra/1")
    embedded.client().open("/healthz", method="ZEBRA")

    page = metrics(embedded).get_data(as_text=True)

    assert "zebra" not in page.lower()
    assert 'route="unknown"' in page


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_allowed_addresses_read_measurements(embedded, address):
    assert metrics(embedded, environ_base={"REMOTE_ADDR": address}).status_code == 200


@pytest.mark.parametrize("address", ["192.0.2.7", "", "localhost", "::ffff:192.0.2.7"])
def test_other_addresses_read_no_measurements(embedded, address):
    assert metrics(embedded, environ_base={"REMOTE_ADDR": address}).status_code == 403


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
def test_a_header_opens_measurements_to_nobody(embedded, header):
    given = {header: "127.0.0.1"}

    assert metrics(embedded, headers=given, environ_base={"REMOTE_ADDR": "192.0.2.7"}).status_code == 403
    assert metrics(embedded, headers=given).status_code == 403  # a proxy on this host passes on anybody's request


def test_the_settings_say_who_reads_measurements(tmp_path, sqlite_database):
    site = make_site(tmp_path, sqlite_database, metrics_hosts=("192.0.2.7",))

    assert metrics(site, environ_base={"REMOTE_ADDR": "192.0.2.7"}).status_code == 200
    assert metrics(site).status_code == 403
    site.services.database.close()
