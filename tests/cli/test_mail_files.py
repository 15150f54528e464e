"""Which messages lie in files and folders, hostile ones among them?"""

import mailbox
import os
from email import message_from_bytes

import pytest
from outlook_builder import container, outlook_file

from backend.commands.mailfiles import files_under, messages_in
from backend.errors import BadInput
from model.message.parse import parse_message

MAIL = b"From: a@b.example\nSubject: one\n\nhello\n"
HEADERS = "From: Ana <ana@example.org>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nContent-Type: text/html\r\n\r\n"


def read(path):
    return [mail.read() for mail in messages_in(path)]


def test_folders_are_walked_in_order_and_only_for_mail(tmp_path):
    for name in ("b/2.EML", "a.eml", "b/1.msg", "b/box.mbox", "b/notes.txt", "c.pdf"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(MAIL)
    found = [str(path.relative_to(tmp_path)) for path in files_under([tmp_path])]
    assert found == ["a.eml", "b/1.msg", "b/2.EML", "b/box.mbox"]


def test_a_named_file_is_read_whatever_it_is_called(tmp_path):
    path = tmp_path / "message"
    path.write_bytes(MAIL)
    assert list(files_under([path])) == [path]
    assert read(path) == [(MAIL, ())]


def test_a_link_to_a_folder_above_is_not_followed_forever(tmp_path):
    (tmp_path / "a.eml").write_bytes(MAIL)
    (tmp_path / "again").symlink_to(tmp_path)
    assert list(files_under([tmp_path])) == [tmp_path / "a.eml"]


def test_every_message_of_an_mbox_is_read(tmp_path):
    path = tmp_path / "archive.mbox"
    box = mailbox.mbox(path)
    for number in range(3):
        box.add(MAIL.replace(b"one", str(number).encode()))
    box.close()
    seen = [(mail.path, message_from_bytes(mail.read()[0])["Subject"]) for mail in messages_in(path)]
    assert seen == [(f"{path}#1", "0"), (f"{path}#2", "1"), (f"{path}#3", "2")]


@pytest.mark.parametrize("content", [b"", b"\0\xff" * 5000, MAIL])
def test_an_mbox_without_messages_says_so(tmp_path, content):
    path = tmp_path / "no.mbox"
    path.write_bytes(content)
    with pytest.raises(BadInput, match="no message"):
        read(path)


def test_a_pipe_is_no_mail_and_holds_nobody_up(tmp_path):
    for name in ("pipe.eml", "pipe.mbox", "pipe.msg"):
        os.mkfifo(tmp_path / name)
        with pytest.raises(BadInput, match="not a file"):
            read(tmp_path / name)


def test_an_outlook_file_becomes_the_mail_it_was_made_from(tmp_path):
    path = tmp_path / "note.msg"
    path.write_bytes(outlook_file(HEADERS, "see https://bad.example/a", b'<a href="https://worse.example/b">go</a>'))
    ((raw, defects),) = read(path)
    facts = parse_message(raw)
    assert (facts.from_address, facts.subject) == ("ana@example.org", "Grüße")
    assert {link.host for link in facts.links} >= {"worse.example"}
    assert [defect.code for defect in defects] == ["rebuilt-from-msg"]


def test_an_outlook_file_without_headers_is_mail_all_the_same(tmp_path):
    path = tmp_path / "draft.msg"
    path.write_bytes(outlook_file("", "only a body"))
    ((raw, _),) = read(path)
    assert "only a body" in parse_message(raw).text


GOOD = outlook_file(HEADERS, "text", b"<p>html</p>")


@pytest.mark.parametrize(
    "content",
    [b"", MAIL, GOOD[:700], GOOD[:512] + bytes(3000), container({"other": b"1"})],
    ids=["empty", "a mail", "cut off", "zeros", "no properties"],
)
def test_a_damaged_outlook_file_is_refused_in_a_sentence(tmp_path, content):
    path = tmp_path / "bad.msg"
    path.write_bytes(content)
    with pytest.raises(BadInput, match="not a readable Outlook file"):
        read(path)


def test_an_outlook_file_that_claims_more_than_it_holds_is_refused_unread(tmp_path):
    path = tmp_path / "bomb.msg"
    path.write_bytes(container({f"stream{n}": b"x" for n in range(20)}, claimed=20_000_000))
    with pytest.raises(BadInput, match="claims"):
        read(path)


def test_a_mutated_outlook_file_is_read_or_refused_and_nothing_else(tmp_path):
    path = tmp_path / "mutant.msg"
    became = []
    for place in range(0, len(GOOD), 7):
        mutant = bytearray(GOOD)
        mutant[place] ^= 0xFF
        path.write_bytes(mutant)
        try:
            became.append(bool(read(path)))
        except BadInput:
            became.append(False)
    assert set(became) == {True, False}
