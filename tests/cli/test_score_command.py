"""`unhook score`: what does the model say of files, whatever is in them?"""

import json
import os

import pytest
from mails import note, phish
from outlook_builder import outlook_file

FIELDS = ["path", "disposition", "margin", "base_margin", "threshold", "reasons", "modules", "defects", "checkpoint"]
HOSTILE = {
    "empty.eml": b"",
    "rubbish.eml": bytes(range(256)) * 400,
    "headers-only.eml": b"From: a@b.example\nSubject: x\n",
    "nested.eml": b"Content-Type: multipart/mixed; boundary=a\n\n"
    + b"--a\nContent-Type: multipart/mixed; boundary=a\n\n" * 999,
    "long-header.eml": b"Subject: " + b"x" * 5_000_000 + b"\n\nbody\n",
    "utf16.eml": "From: a@b.example\nSubject: wide\n\nbody".encode("utf-16"),
    "ten-from.eml": b"From: a@b.example\n" * 10 + b"\nbody\n",
    "no-from.eml": b"Subject: who\n\nbody\n",
}


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "mails"
    place.mkdir()
    (place / "phish.eml").write_bytes(phish("ana@example.org"))
    (place / "note.eml").write_bytes(note("ana@example.org"))
    return place


def lines(result):
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_each_message_is_one_json_line_with_exactly_these_fields(unhook, folder, data):
    said = unhook("score", "--json", folder)
    assert said.exit_code == 0
    scored = {line["path"].rpartition("/")[2]: line for line in lines(said)}
    assert [list(line) for line in scored.values()] == [FIELDS, FIELDS]
    assert scored["phish.eml"]["base_margin"] > scored["note.eml"]["base_margin"]
    assert not data.exists(), "it needs no database"


def test_without_a_reporter_the_margin_is_the_base_margin(unhook, folder):
    for line in lines(unhook("score", "--json", folder)):
        assert line["margin"] == line["base_margin"]


def test_a_good_reporter_lifts_the_margin_and_never_the_base(unhook, folder):
    path = folder / "phish.eml"
    (nobody,) = lines(unhook("score", "--json", path))
    (good,) = lines(unhook("score", "--json", "--reporter", "18/20", path))
    (bad,) = lines(unhook("score", "--json", "--reporter", "0/20", path))
    assert good["base_margin"] == bad["base_margin"] == nobody["base_margin"]
    assert nobody["margin"] == bad["margin"] < good["margin"] <= nobody["margin"] + 2.5


@pytest.mark.parametrize("record", ["5", "7/3", "a/b", "-1/2", "1/-2", "1/2/3", ""])
def test_a_record_that_is_none_is_a_usage_error(unhook, folder, record):
    refused = unhook("score", "--reporter", record, folder)
    assert (refused.exit_code, "such as 18/20" in refused.stderr) == (2, True)


def test_a_missing_path_is_a_usage_error_in_a_sentence(unhook, tmp_path):
    refused = unhook("score", tmp_path / "nowhere.eml")
    assert refused.exit_code == 2
    assert "does not exist" in refused.stderr


def test_hostile_mail_is_scored_like_any_other(unhook, tmp_path):
    for name, content in HOSTILE.items():
        (tmp_path / name).write_bytes(content)
    said = unhook("score", "--json", tmp_path)
    assert said.exit_code == 0
    scored = {line["path"].rpartition("/")[2]: line for line in lines(said)}
    assert set(scored) == set(HOSTILE)
    for name in ("empty.eml", "nested.eml", "long-header.eml", "ten-from.eml"):
        assert scored[name]["defects"], name


def test_what_cannot_be_read_is_a_line_and_exit_code_1_and_the_rest_is_scored(unhook, folder):
    (folder / "bad.msg").write_bytes(b"no outlook file")
    (folder / "bad.mbox").write_bytes(b"\0" * 100)
    os.mkfifo(folder / "pipe.eml")
    (folder / "gone.eml").symlink_to(folder / "nothing")
    said = unhook("score", "--json", folder)
    assert said.exit_code == 1
    errors = {line["path"].rpartition("/")[2] for line in lines(said) if set(line) == {"path", "error"}}
    assert errors == {"bad.msg", "bad.mbox", "pipe.eml", "gone.eml"}
    assert len(lines(said)) == 6
    assert "4 could not be read" in said.stderr


def test_an_outlook_file_and_an_mbox_are_scored_too(unhook, tmp_path):
    (tmp_path / "a.msg").write_bytes(outlook_file("From: a@b.example\r\nSubject: x\r\n\r\n", "hello"))
    (tmp_path / "b.mbox").write_bytes(b"From x Thu Jan  1 00:00:00 2026\n" + note("ana@example.org") + b"\n\n")
    outlook, box = lines(unhook("score", "--json", tmp_path))
    assert "rebuilt-from-msg" in [defect["code"] for defect in outlook["defects"]]
    assert box["path"].endswith("b.mbox#1")


def test_people_get_a_line_with_the_reasons(unhook, folder):
    said = unhook("score", folder)
    assert said.exit_code == 0
    assert len(said.stdout.splitlines()) == 2
    assert "note.eml" in said.stdout


def test_a_name_that_is_no_text_is_printed_all_the_same(unhook, folder):
    os.link(folder / "note.eml", os.fsencode(folder) + b"/\xff\xfe.eml")
    assert unhook("score", folder).exit_code == 0
    assert len(lines(unhook("score", "--json", folder))) == 3


def test_a_missing_checkpoint_is_said_in_a_sentence(unhook, folder, tmp_path, monkeypatch):
    monkeypatch.setenv("UNHOOK_CHECKPOINT", str(tmp_path))
    refused = unhook("score", folder)
    assert refused.exit_code == 1
    assert "UNHOOK_CHECKPOINT" in refused.stderr
