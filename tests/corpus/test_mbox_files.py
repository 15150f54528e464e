"""Mbox files, with lines that only look like the beginning of a message."""

import mailbox

import corpus_mails
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.corpus import mbox
from model.corpus.sources import find

LINE = b"From s@example.org Mon Jan  5 10:00:00 2026\n"
MAIL = b"From: a@b.example\nSubject: one\n\n"


def read(tmp_path, content):
    path = tmp_path / "box.mbox"
    path.write_bytes(content)
    return list(mbox.messages(path))


def test_each_message_comes_back_without_its_separator(tmp_path):
    assert read(tmp_path, LINE + MAIL + b"hello\n\n" + LINE + MAIL + b"again\n\n") == [
        MAIL + b"hello\n",
        MAIL + b"again\n",
    ]


@pytest.mark.parametrize(
    "hostile",
    [
        b"From now on everything is different\n",
        b"\nFrom now on, Mon to Fri, everything is different\n",
        b"\nFrom me\n\n",
        b"\nFrom s@example.org Mon Jan  5 10:00:00 2026\nand no header after it\n",
        b"text before it\nFrom s@example.org Mon Jan  5 10:00:00 2026\nSubject: not after an empty line\n",
        b"\nFrom " + b"x" * 100_000 + b" Mon Jan  5 10:00:00 2026\nSubject: far away\n",
    ],
)
def test_a_sentence_that_begins_with_from_splits_nothing(tmp_path, hostile):
    assert read(tmp_path, LINE + MAIL + hostile + b"\n" + LINE + MAIL + b"x\n") == [MAIL + hostile, MAIL + b"x\n"]


def test_quoted_lines_are_unquoted_once(tmp_path):
    (found,) = read(tmp_path, LINE + MAIL + b">From me\n>>From you\n> From them\n")
    assert found == MAIL + b"From me\n>From you\n> From them\n"


def test_other_programs_separators_are_known(tmp_path):
    for line in (
        b"From - Tue Apr 28 10:00:00 2020\r\n",
        b"From 170012@xxx Tue Mar 03 10:11:12 +0000 2020\n",
        b"From user at example.org  Thu Jan  1 00:00:00 1970\n",
        b"From MAILER-DAEMON Thu, 01 Jan 1970 00:00:00 +0000\n",
    ):
        end = b"\r\n" if line.endswith(b"\r\n") else b"\n"
        mail = MAIL.replace(b"\n", end)
        assert read(tmp_path, line + mail + b"x" + end + end + line + mail + b"y" + end) == [
            mail + b"x" + end,
            mail + b"y" + end,
        ]


@pytest.mark.parametrize("content", [b"", b"hello\n", MAIL, b"From me to you\n\nhello\n"])
def test_what_is_no_mbox_is_refused_with_the_reason(tmp_path, content):
    with pytest.raises(mbox.MboxUnusable, match=r"no mbox|empty"):
        read(tmp_path, content)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.lists(st.sampled_from([b"From a\n", b"\n", b">From b\n", b"From: c\n", LINE, b"x\n"])), min_size=1))
def test_what_a_mail_program_wrote_is_read_back(tmp_path_factory, bodies):
    path = tmp_path_factory.mktemp("box") / "box.mbox"
    raws = [MAIL + b"".join(body) + b"end\n" for body in bodies]
    box = mailbox.mbox(path)
    for raw in raws:
        box.add(raw)
    box.close()
    kept = [raw.replace(b"\n>From ", b"\nFrom ") for raw in raws]  # such a writer cannot tell the two apart
    assert [raw.replace(b"\n>From ", b"\nFrom ") for raw in mbox.messages(path)] == kept


def test_an_mbox_is_of_one_label(tmp_path):
    path = tmp_path / "lures.mbox"
    path.write_bytes(LINE + corpus_mails.mail(1) + b"\n" + LINE + corpus_mails.mail(2))
    found = find([], None, [(path, "phish")])
    assert [(m.example.path, m.example.corpus, m.example.label) for m in found.messages] == [
        ("lures.mbox#1", "lures", "malicious"),
        ("lures.mbox#2", "lures", "malicious"),
    ]
    assert found.messages[1].read() == corpus_mails.mail(2)
