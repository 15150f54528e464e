"""Labelled: what of a label file can be measured, whatever is in it?"""

import hashlib
import json

import pytest

from model.labelled import counted, read_hand_labels, read_labelled, write_lines


@pytest.fixture
def folder(tmp_path):
    for name in ("a.eml", "b.eml", "c.eml"):
        (tmp_path / name).write_bytes(name.encode())
    (tmp_path / "folder.eml").mkdir()
    return tmp_path


def read(folder, *lines, also=None):
    labels = folder / "labels.jsonl"
    texts = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    labels.write_bytes(b"\n".join(texts))
    return read_labelled(folder, labels, also)


def test_usable_lines_come_by_path_and_keep_what_is_known(folder):
    later = {"path": "b.eml", "label": "phish", "date": "2025-01-02", "lang": "de"}
    found = read(folder, later, {"path": "a.eml", "label": "spam"})
    assert [line["path"] for line in found.lines] == ["a.eml", "b.eml"]
    assert found.lines[1]["lang"] == "de"
    assert found.problems == ()


def test_labels_that_say_do_not_measure_are_counted(folder):
    found = read(
        folder,
        {"path": "a.eml", "label": "spam_or_phish"},
        {"path": "b.eml", "label": "bulk?"},
        {"path": "c.eml", "label": "exclude"},
        {"path": "x.eml", "label": "spam_or_phish"},
        {"path": "y.eml", "label": "anything else"},
    )
    assert found.lines == ()
    assert found.left_out == {"bulk?": 1, "exclude": 1, "spam_or_phish": 2, "unknown label": 1}


@pytest.mark.parametrize(
    ("line", "where", "what"),
    [
        ({"path": "gone.eml", "label": "phish"}, "gone.eml", "no such file"),
        ({"path": "folder.eml", "label": "phish"}, "folder.eml", "cannot be read"),
        ({"path": "a\0.eml", "label": "phish"}, "a\0.eml", "cannot be read"),
        ({"path": "x" * 300, "label": "phish"}, "x" * 300, "cannot be read"),
        ({"path": "../a.eml", "label": "phish"}, "../a.eml", "not inside"),
        ({"path": "/etc/hostname", "label": "phish"}, "/etc/hostname", "not inside"),
        ({"path": "a.eml"}, "line 2", "no JSON object"),
        ({"path": 3, "label": "phish"}, "line 2", "no JSON object"),
        ({"label": "phish"}, "line 2", "no JSON object"),
        (b"[1]", "line 2", "no JSON object"),
        (b"{", "line 2", "no JSON object"),
        (b"\xff\xfe{}", "line 2", "no JSON object"),
        (b"[" * 100_000, "line 2", "no JSON object"),
        ({"path": "c.eml", "label": "spam"}, "c.eml", "more than once"),
    ],
)
def test_a_line_that_cannot_be_used_is_named_and_the_rest_counts(folder, line, where, what):
    found = read(folder, {"path": "c.eml", "label": "phish"}, line, {"path": "b.eml", "label": "benign"})
    assert [line["path"] for line in found.lines] == ["b.eml", "c.eml"]
    assert [line["label"] for line in found.lines] == ["benign", "phish"]
    assert [problem.where for problem in found.problems] == [where]
    assert what in found.problems[0].what


def test_problems_of_a_kind_are_counted_together(folder):
    found = read(folder, {"path": "x", "label": "phish"}, {"path": "y", "label": "spam"}, b"{")
    assert counted(found.problems) == {"no JSON object with path and label": 1, "no such file": 2}


def test_values_that_are_no_words_are_dropped(folder):
    found = read(folder, {"path": "a.eml", "label": "phish", "date": 2025, "lang": None, "corpus": ["x"]})
    assert found.lines == ({"path": "a.eml", "label": "phish", "sha256": hashlib.sha256(b"a.eml").hexdigest()},)


def test_a_person_may_settle_what_the_rules_left_open(folder):
    lines = [{"path": "a.eml", "label": "spam_or_phish"}, {"path": "b.eml", "label": "exclude"}]
    found = read(folder, *lines, also={hashlib.sha256(b"a.eml").hexdigest(): "phish"})
    assert [line["path"] for line in found.lines] == ["a.eml"]
    assert found.left_out["spam_or_phish"] == 1


def test_lines_written_are_lines_read(folder):
    lines = read(folder, {"path": "a.eml", "label": "phish", "corpus": "ä"}).lines
    write_lines(lines, folder / "again.jsonl")
    assert read_labelled(folder, folder / "again.jsonl").lines == lines


def test_hand_labels_are_phish_or_spam_by_hash(tmp_path):
    path = tmp_path / "hand.jsonl"
    path.write_text('{"sha256": "AB", "label": "phish"}\n{"sha256": "cd", "label": "unsure"}\nno\n{"label": "spam"}\n')
    assert read_hand_labels(path) == {"ab": "phish"}


def test_a_message_is_known_by_its_own_hash(folder):
    own = hashlib.sha256(b"a.eml").hexdigest()
    (line,) = read(folder, {"path": "a.eml", "label": "phish"}).lines
    assert line["sha256"] == own
    assert read(folder, {"path": "a.eml", "label": "phish", "sha256": own.upper()}).problems == ()


def test_a_hash_that_differs_is_a_problem_and_no_reason_to_stop(folder):
    found = read(folder, {"path": "a.eml", "label": "phish", "sha256": "00" * 32})
    assert [line["sha256"] for line in found.lines] == [hashlib.sha256(b"a.eml").hexdigest()]
    assert "SHA-256" in found.problems[0].what
