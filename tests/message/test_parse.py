"""Parse: does every mail, however hostile, become sensible facts?"""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mail_builders import html_mail, mail

from model.message.parse import parse_message


def codes(facts):
    return {defect.code for defect in facts.defects}


def test_an_honest_mail_has_no_defects():
    facts = parse_message(mail("Hello Ana,\r\nsee https://sender.example/report\r\n"))

    assert facts.defects == ()
    assert facts.from_address == "bo@sender.example"
    assert facts.from_[0].name == "Bo Berg"
    assert facts.subject == "Report"
    assert facts.date == "2026-06-01T08:00:00+00:00"
    assert facts.message_id == "<1@sender.example>"
    assert facts.text == "Hello Ana,\nsee https://sender.example/report"
    assert [link.url for link in facts.links] == ["https://sender.example/report"]
    assert facts.header_names == ("from", "to", "subject", "date", "message-id", "content-type")


def test_html_is_read_as_a_person_sees_it():
    facts = parse_message(html_mail("<p>Dear <b>Ana</b></p><p>pay <a href='https://evil.example/x'>here</a></p>"))

    assert facts.text == "Dear Ana\npay here"
    assert facts.links[0].url == "https://evil.example/x"
    assert facts.links[0].text == "here"


@given(st.binary(max_size=3_000))
def test_any_bytes_become_facts(raw):
    assert parse_message(raw).size == len(raw)


_BLOCKS = st.sampled_from(
    [
        b"From: a@b.example\r\n",
        b"From:\r\n",
        b"Subject: =?utf-8?b?4pyT?=\r\n",
        b"Subject: =?x?q?=\r\n",
        b"\r\n",
        b"\n",
        b"--x\r\n",
        b"--x--\r\n",
        b"Content-Type: multipart/mixed; boundary=x\r\n",
        b'Content-Type: multipart/alternative; boundary="x"\r\n',
        b"Content-Type: text/html; charset=utf-16\r\n",
        b"Content-Type: message/rfc822\r\n",
        b"Content-Transfer-Encoding: base64\r\n",
        b"Content-Transfer-Encoding: quoted-printable\r\n",
        b"Content-Disposition: attachment; filename*=utf-8''%00%2f\r\n",
        b"<a href='",
        b"http://",
        b"https://x.example/",
        b'<iframe srcdoc="<a href=y>">',
        b"data:text/html;base64,PGE+",
        b"AAAA",
        b"=E2=9C",
        b"\xff\xfe",
        b"\x00",
        b"<base href=//h>",
        b"<!--",
        b"-->",
        b"<style>",
        b"url(",
        b"Date: Mon, 99 Foo 2026\r\n",
        b"%PDF-1.4",
        b"PK\x03\x04",
        b"\x89PNG\r\n\x1a\n",
        b"Authentication-Results: mx; dkim=pass (",
        b"Content-Type: image/png\r\n",
        b"((((((",
        b"<<<<",
        b"@",
        b",",
        b";",
    ]
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(st.one_of(_BLOCKS, st.binary(max_size=20)), max_size=40).map(b"".join))
def test_mails_put_together_from_broken_pieces_become_facts(raw):
    parse_message(raw, ("*",))


def test_a_message_id_that_is_longer_than_a_line_is_none():
    name = "a" * 994
    fits, longer = (b"Message-ID: <%b@y>\r\n" % one.encode() for one in (name, name + "a"))
    assert parse_message(fits).message_id == f"<{name}@y>"
    assert parse_message(longer).message_id == ""
    assert "message-id-too-long" in codes(parse_message(longer))
