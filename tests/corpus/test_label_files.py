"""Label files and folders: what is labelled, and what is said about a file that is wrong."""

import json

import corpus_mails
import pytest

from model.corpus.labels import LabelsUnusable, read_labels
from model.corpus.sources import find, labelled

RAW = corpus_mails.mail(1)


def labels_of(tmp_path, *lines):
    path = tmp_path / "labels.jsonl"
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines))
    return path


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("not json", "line 2 is no JSON.*one object a line"),
        ("[1]", "line 2 lacks a path or a label"),
        ('{"path": "a.eml"}', "line 2 lacks a path or a label"),
        ('{"path": 3, "label": "phish"}', "line 2 lacks a path or a label"),
        ('{"path": "b.eml", "label": "fish"}', "line 2: 'fish' is no label; write one of phish, spam, bulk, benign"),
        ('{"path": "/etc/b.eml", "label": "phish"}', "line 2: a path is relative"),
        ('{"path": "../b.eml", "label": "phish"}', "line 2: a path is relative"),
        ('{"path": "a.eml", "label": "spam"}', "line 2: a.eml has two labels; keep one"),
        ("[" * 100_000, "line 2 is no JSON"),
    ],
)
def test_a_wrong_line_is_named_with_what_to_do(tmp_path, line, says):
    with pytest.raises(LabelsUnusable, match=says):
        read_labels(labels_of(tmp_path, {"path": "a.eml", "label": "phish"}, line))


def test_a_file_that_labels_nothing_is_refused(tmp_path):
    with pytest.raises(LabelsUnusable, match="labels no message as one of phish"):
        read_labels(labels_of(tmp_path, {"path": "a.eml", "label": "exclude"}))


def test_labels_that_nobody_learns_from_are_counted(tmp_path):
    found = read_labels(labels_of(tmp_path, {"path": "a", "label": "phish"}, {"path": "b", "label": "bulk?"}))
    assert [line["path"] for line in found.lines] == ["a"]
    assert found.left_out == {"bulk?": 1}


def test_the_wrong_folder_is_said_to_be_the_wrong_folder(tmp_path):
    with pytest.raises(LabelsUnusable, match="paths are relative to that folder"):
        labelled(tmp_path, labels_of(tmp_path, {"path": "there/a.eml", "label": "phish"}))


def test_a_missing_message_is_named_and_a_missing_corpus_left_out(tmp_path):
    labels = corpus_mails.write_folder(tmp_path, {"one/a.eml": ("phish", RAW)})
    with labels.open("a") as file:
        file.write('{"path": "two/b.eml", "label": "spam"}\n')
    found = labelled(tmp_path, labels)
    assert [message.example.path for message in found.messages] == ["one/a.eml"]
    assert found.left_out == {"two is not there": 1}

    with labels.open("a") as file:
        file.write('{"path": "one/gone.eml", "label": "spam"}\n')
    with pytest.raises(LabelsUnusable, match=r"one/gone\.eml is labelled and not there: unpack it again"):
        labelled(tmp_path, labels)


def test_a_message_that_is_not_the_one_labelled_is_refused(tmp_path):
    labels = corpus_mails.write_folder(tmp_path, {"a.eml": ("phish", RAW)}, sha256="0" * 64)
    (message,) = labelled(tmp_path, labels).messages
    with pytest.raises(LabelsUnusable, match="SHA-256 differs"):
        message.read()


def test_folders_named_for_labels_need_no_label_file(tmp_path):
    for path in ("shop/bulk/a.eml", "shop/phish/x/1", "Ham/b.eml", "ham/.hidden", "ham/notes.txt", "else/c.eml"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(RAW)
    (tmp_path / "ham" / "link.eml").symlink_to(tmp_path / "else" / "c.eml")
    found = find([tmp_path])
    assert {(m.example.path, m.example.corpus, m.example.label) for m in found.messages} == {
        ("Ham/b.eml", tmp_path.name, "none"),
        ("shop/bulk/a.eml", "shop", "bulk"),
        ("shop/phish/x/1", "shop", "malicious"),
    }
    assert found.left_out == {".txt files": 1, "in no folder named for a label": 1}


def test_several_roots_keep_their_names_apart(tmp_path):
    for name in ("one", "two"):
        corpus_mails.write_folder(tmp_path / name, {"a.eml": ("phish", RAW)})
    found = find([tmp_path / "one", tmp_path / "two"])
    assert [message.example.path for message in found.messages] == ["one/a.eml", "two/a.eml"]


def test_nothing_labelled_is_an_error_that_says_how_to_label(tmp_path):
    (tmp_path / "a.eml").write_bytes(RAW)
    with pytest.raises(LabelsUnusable, match=r"write a labels\.jsonl, or put the mail into folders called"):
        find([tmp_path])
