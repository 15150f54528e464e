"""Bad input: every report that cannot be used is refused with a sentence, and nothing is kept."""

import io
import json
import resource
from base64 import b64encode
from contextlib import contextmanager

import pytest
from builders import ANA
from sites import RAW, make_site
from sqlalchemy import func, select

from backend.store.tables import evidence, submissions

JSON = "application/json"
MAIL = "message/rfc822"


def kept(site) -> int:
    with site.services.database.read() as tx:
        return sum(
            tx.execute(select(func.count()).select_from(table)).scalar_one() for table in (submissions, evidence)
        )


def post(site, data, content_type, path="/api/v1/submissions", **more):
    return site.client().post(path, data=data, content_type=content_type, headers=site.bearer(ANA), **more)


def named(**fields: object) -> bytes:
    return json.dumps({"internet_message_id": "<zebra@pay.example>", **fields}).encode()


WRONG = {
    "empty mail": (b"", MAIL, 400),
    "empty json": (b"", JSON, 400),
    "binary rubbish as json": (bytes(range(256)) * 10, JSON, 400),
    "not json": (b"{'a': 1}", JSON, 400),
    "a list": (b"[]", JSON, 400),
    "a number": (b"7", JSON, 400),
    "nested too deep": (b"[" * 100_000, JSON, 400),
    "no message named": (b"{}", JSON, 400),
    "only a comment": (b'{"comment": "look"}', JSON, 400),
    "broken base64": (named(raw="not base64!"), JSON, 400),
    "base64 with a missing end": (named(raw="QUJ"), JSON, 400),
    "base64 of nothing": (named(raw=""), JSON, 400),
    "raw as a number": (named(raw=12), JSON, 400),
    "huge comment": (named(comment="x" * 2001), JSON, 400),
    "NUL in the comment": (named(comment="a\x00b"), JSON, 400),
    "NUL in an id": (named(provider_message_id="a\x00b"), JSON, 400),
    "line break in an id": (named(provider_message_id="a\nb"), JSON, 400),
    "half a surrogate pair": (b'{"internet_message_id": "\\ud800"}', JSON, 400),
    "broken UTF-8": (b'{"internet_message_id": "\xff\xfe"}', JSON, 400),
    "huge id": (named(internet_message_id="x" * 999), JSON, 400),
    "unknown field": (named(verdict="NONE"), JSON, 400),
    "a team's word from a person": (named(disposition="NONE"), JSON, 403),
    "person in the body": (named(person_id=2), JSON, 400),
    "unknown choice": (named(submitted_as="ham"), JSON, 400),
    "number as comment": (named(comment=5), JSON, 400),
    "null as mailbox": (named(mailbox=None), JSON, 400),
    "wrong content type": (RAW, "text/plain", 415),
    "form": (b"internet_message_id=x", "application/x-www-form-urlencoded", 415),
    "no content type": (RAW, None, 415),
    "rubbish as content type": (RAW, "\xfc;;;", 415),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_used_is_refused_and_not_kept(embedded, name):
    data, content_type, status = WRONG[name]

    answer = post(embedded, data, content_type)

    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    assert answer.json["detail"]
    assert kept(embedded) == 0


def test_a_refusal_names_the_field_and_not_its_value(embedded):
    answer = post(embedded, named(comment="zebra" * 500), JSON)

    assert answer.json["fields"][0]["field"] == "comment"
    assert "2000" in answer.json["detail"]
    assert "zebra" not in answer.get_data(as_text=True)


@pytest.mark.parametrize("query", ["submitted_as=ham", "comment=x", "submitted_as=%00"])
def test_unknown_words_in_the_address_are_refused(embedded, query):
    assert post(embedded, RAW, MAIL, f"/api/v1/submissions?{query}").status_code == 400
    assert kept(embedded) == 0


def test_a_packed_body_is_not_unpacked(embedded):
    headers = {**embedded.bearer(ANA), "Content-Encoding": "gzip"}
    answer = embedded.client().post("/api/v1/submissions", data=b"\x1f\x8b", content_type=MAIL, headers=headers)

    assert answer.status_code == 415


@pytest.mark.parametrize("raw", [bytes(range(256)) * 40, b"\x00" * 5000, b"\r\n" * 9, b"From\xff:\x00", b"a" * 200_000])
def test_rubbish_sent_as_mail_is_kept_because_hostile_mail_is_normal_input(site, raw):
    answer = site.send_raw(ANA, raw)

    assert answer.status_code == 202
    with site.services.database.read() as tx:
        sha256 = tx.execute(select(submissions.c.client_copy_sha256)).scalar_one()
    assert site.services.evidence.read(site.world.tenant_id, sha256) == raw


# Size


class Endless(io.RawIOBase):
    """A body that goes on for 100 MB and counts what was taken from it."""

    def __init__(self, size: int = 100_000_000) -> None:
        super().__init__()
        self.left, self.taken, self.most = size, 0, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:
        count = min(len(buffer), self.left)
        buffer[:count] = b"x" * count
        self.left -= count
        self.taken += count
        self.most = max(self.most, count)
        return count


@pytest.fixture
def small(tmp_path, sqlite_database):
    made = make_site(tmp_path, sqlite_database, max_message_bytes=100_000)
    yield made
    made.services.database.close()


@pytest.mark.parametrize("content_type", [MAIL, JSON])
def test_100_megabytes_are_refused_before_any_is_read(small, content_type):
    body = Endless()
    given = {"wsgi.input": body, "CONTENT_LENGTH": "100000000"}

    answer = post(small, None, content_type, environ_overrides=given)

    assert (answer.status_code, body.taken) == (413, 0)
    assert "too large" in answer.json["detail"]


@pytest.mark.parametrize(("content_type", "most"), [(MAIL, 100_000), (JSON, 240_000)])
def test_100_megabytes_of_untold_length_are_read_only_up_to_the_limit(small, content_type, most):
    body = Endless()
    given = {"wsgi.input": body, "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}

    answer = post(small, None, content_type, environ_overrides=given)

    assert answer.status_code == 413
    assert body.taken <= most + io.DEFAULT_BUFFER_SIZE
    assert kept(small) == 0


@pytest.mark.parametrize(("content_type", "body"), [(MAIL, RAW), (JSON, named())])
def test_a_body_that_ended_early_is_not_taken_for_the_whole(embedded, content_type, body):
    """The connection broke: the server below says only that there is no more to read."""
    given = {"wsgi.input_terminated": True, "CONTENT_LENGTH": str(len(body) + 100)}

    answer = post(embedded, body, content_type, environ_overrides=given)

    assert answer.status_code == 400
    assert kept(embedded) == 0


def test_the_largest_message_is_taken_and_one_byte_more_is_not(small):
    fits, over = b"x" * 100_000, b"x" * 100_001

    assert post(small, fits, MAIL).status_code == 202
    assert post(small, over, MAIL).status_code == 413
    assert post(small, named(raw=b64encode(fits).decode()), JSON).status_code == 202
    assert post(small, named(raw=b64encode(over).decode()), JSON).status_code == 413
    assert small.send_raw(ANA, fits).status_code == 202


# A full disk


@contextmanager
def full_disk(limit: int = 0):
    """The kernel refuses to let any file grow, as it does on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_told_and_nothing_is_acknowledged(embedded):
    with full_disk():
        answer = embedded.send_raw(ANA)

    assert answer.status_code == 503
    assert "Nothing was kept" in answer.json["detail"]
    assert answer.headers["Retry-After"]
    assert kept(embedded) == 0


def test_a_disk_that_fills_between_file_and_row_acknowledges_nothing(embedded):
    """A report by id writes no file: only the database can be full."""
    with full_disk():
        answer = embedded.send(ANA, {"internet_message_id": "<zebra@pay.example>"})

    assert answer.status_code == 503
    assert kept(embedded) == 0


def test_after_a_full_disk_the_same_report_is_taken(embedded):
    with full_disk():
        embedded.send_raw(ANA, Idempotency_Key="k1")

    assert embedded.send_raw(ANA, Idempotency_Key="k1").status_code == 202
