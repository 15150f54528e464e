"""`unhook corpus`: what a person types, sees, and is told when it cannot be done."""

import json

import corpus_mails
import pytest
from click.testing import CliRunner

from backend.cli import main


def run(*arguments):
    return CliRunner().invoke(main, ["corpus", *map(str, arguments)])


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "mail"
    mails = {f"{n}.eml": (("phish", "benign")[n % 2], corpus_mails.mail(n)) for n in range(8)}
    corpus_mails.write_folder(root, mails, corpus="made")
    return root


def test_a_data_set_is_built_and_shown(folder, tmp_path):
    box = tmp_path / "lures.mbox"
    box.write_bytes(b"From a Mon Jan  5 10:00:00 2026\n" + corpus_mails.mail(50))
    built = run("build", folder, "--mbox", f"{box}=phish", "--out", tmp_path / "data.db")
    assert built.exit_code == 0, built.output
    shown = run("show", tmp_path / "data.db")
    assert "9 messages in 9 near-duplicate clusters" in shown.output
    assert "made/none" in shown.output
    assert "lures/malicious" in shown.output
    assert json.loads(run("show", tmp_path / "data.db", "--json").output)["messages"] == 9


def test_leaks_are_measured_on_a_data_set_and_on_a_folder(folder, tmp_path):
    run("build", folder, "--out", tmp_path / "data.db")
    for data in (tmp_path / "data.db", folder):
        measured = run("leaks", data, "--json", tmp_path / "leaks.json")
        assert measured.exit_code == 0, measured.output
        assert "too little mail" in measured.output
    assert json.loads((tmp_path / "leaks.json").read_text())["header_names"] == {}


def test_a_wrong_label_file_is_refused_in_one_sentence(folder, tmp_path):
    (folder / "labels.jsonl").write_text('{"path": "0.eml", "label": "fish"}')
    for refused in (run("build", folder, "--out", tmp_path / "data.db"), run("leaks", folder)):
        assert refused.exit_code == 1
        assert "line 1: 'fish' is no label; write one of phish" in refused.output
    assert not (tmp_path / "data.db").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["build", "--out", "x.db"], "name a folder"),
        (["build", "--mbox", "a.mbox", "--out", "x.db"], "write FILE=LABEL"),
        (["build", "--mbox", "a.mbox=fish", "--out", "x.db"], "write FILE=LABEL"),
        (["build", "--mbox", "a.mbox=phish", "--out", "x.db"], "there is no file a.mbox"),
        (["show", "x.db"], "make it with unhook corpus build"),
    ],
)
def test_what_cannot_be_done_is_said_with_what_to_do(tmp_path, monkeypatch, arguments, says):
    monkeypatch.chdir(tmp_path)
    refused = run(*arguments)
    assert refused.exit_code == 1
    assert says in refused.output
    assert not (tmp_path / "x.db").exists()


def test_training_takes_a_data_set_and_says_when_it_is_none(tmp_path):
    data = tmp_path / "data.db"
    data.write_bytes(b"not a database, only text that is long enough to be looked at by whoever opens it" * 9)
    refused = CliRunner().invoke(main, ["train", str(data), "--out", str(tmp_path / "out")])
    assert refused.exit_code == 1
    assert "is no data set" in refused.output
