"""Contents: which mails does a report bring, however it was put together?"""

import base64
import quopri
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from mails import note
from outlook_builder import outlook_file
from reports_by_mail import DOMAIN, FAILED, PASSED, PHISH, RELAY, SOC, USER, report, with_file
from stamped import by_exchange, by_gmail, inside_exchange, results_of

from backend.domain.disposition import Disposition
from backend.domain.received_mail import MailRoute, Problem, read_route, submitted_as
from backend.domain.submission import Kind, SubmittedAs
from backend.intake_mail.contents import MOST_MAILS, contents_of
from backend.intake_mail.headers import Sender, headers_of, is_automatic, reports_too, sender_at, sender_of
from model.message.parse import parse_message

MOST = 1_000_000
MSG = outlook_file(
    "From: Payroll <pay@bad.example>\r\nTo: ana@example.org\r\nSubject: Bonus\r\nReceived: from a by b; now\r\n\r\n",
    "Open https://bad.example/x",
    b'<p><a href="https://bad.example/x">open</a></p>',
)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


def found(raw: bytes):
    sender = proven(headers_of(raw))
    return contents_of(raw, lambda headers: reports_too(headers, sender, is_ours, proven), MOST)


def is_ours(address: str) -> bool:
    return read_route(address, DOMAIN) is not None


def proven(headers) -> Sender:
    return sender_of(headers, [RELAY])


def subjects(raw: bytes) -> list[str]:
    return [parse_message(mail).subject for mail in found(raw).mails]


def in_parts(*parts: bytes) -> bytes:
    lines = b"".join(b"--q\r\n" + part + b"\r\n" for part in parts)
    return b"From: soc@example.org\r\nContent-Type: multipart/mixed; boundary=q\r\n\r\n" + lines + b"--q--\r\n"


PHISH_SUBJECT = parse_message(PHISH).subject
NOTE_SUBJECT = parse_message(note()).subject


@pytest.mark.parametrize(
    ("written", "route"),
    [
        (f"acme+team+spoof@{DOMAIN}", MailRoute("acme", Kind.TEAM, Disposition.SPOOF)),
        (f"ACME+User+None@{DOMAIN.upper()}", MailRoute("acme", Kind.USER, Disposition.NONE)),
        *[(f"acme+user+{d.lower()}@{DOMAIN}", MailRoute("acme", Kind.USER, d)) for d in Disposition],
        (f"acme@{DOMAIN}", MailRoute("acme")),
        (f"acme+team@{DOMAIN}", MailRoute("acme")),
        (f"acme+spoof+team@{DOMAIN}", MailRoute("acme")),
        (f"acme+team+spoof+x@{DOMAIN}", MailRoute("acme")),
        (f"acme+team+phish@{DOMAIN}", MailRoute("acme")),
        (f"+team+spoof@{DOMAIN}", None),
        (f"ac_me+team+spoof@{DOMAIN}", None),
        (f"a@b@{DOMAIN}", None),
        ("acme+team+spoof@elsewhere.example", None),
        (f"acme+team+spoof@x.{DOMAIN}", None),
        ("acme+team+spoof", None),
        ("", None),
    ],
)
def test_an_address_says_tenant_class_and_disposition(written, route):
    assert read_route(written, DOMAIN) == route


def test_without_a_domain_nothing_is_ours():
    assert read_route("acme+team+spoof@", "") is None


def test_only_what_somebody_holds_to_be_an_attack_is_a_report_of_phish():
    attacks = {Disposition.MALICIOUS, Disposition.SUSPICIOUS, Disposition.SPOOF}
    assert {d for d in Disposition if submitted_as(d) is SubmittedAs.PHISH} == attacks


def test_an_attached_mail_is_what_is_reported_and_the_text_beside_it_a_comment():
    contents = found(report(PHISH, text="Our director got this.").as_bytes())
    assert [parse_message(mail).subject for mail in contents.mails] == [PHISH_SUBJECT]
    assert (contents.comment, contents.problem) == ("Our director got this.", None)


@pytest.mark.parametrize(
    "part",
    [
        b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(PHISH),
        b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        + quopri.encodestring(PHISH),
        b"Content-Type: message/rfc822\r\n\r\n" + PHISH,
        b'Content-Type: application/octet-stream; name="x.eml"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
        + base64.encodebytes(PHISH),
        b"Content-Type: text/plain\r\nContent-Disposition: attachment; filename=message.txt\r\n\r\n" + PHISH,
    ],
    ids=["base64", "quoted-printable", "plain", "as-a-file", "as-a-text-file"],
)
def test_a_mail_may_be_attached_in_any_way(part):
    assert subjects(in_parts(b"Content-Type: text/plain\r\n\r\nhere it is", part)) == [PHISH_SUBJECT]


def test_a_mail_may_be_all_there_is():
    assert subjects(b"From: soc@example.org\r\nContent-Type: message/rfc822\r\n\r\n" + PHISH) == [PHISH_SUBJECT]


def test_a_mail_may_lie_deep_in_other_parts():
    inner = b"Content-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\nContent-Type: message/rfc822\r\n\r\n"
    assert subjects(in_parts(b"Content-Type: text/plain\r\n\r\nx", inner + PHISH + b"\r\n--i--")) == [PHISH_SUBJECT]


def test_several_mails_are_several_reports_and_the_same_one_twice_is_one():
    assert subjects(report(PHISH, note(), PHISH).as_bytes()) == [PHISH_SUBJECT, NOTE_SUBJECT]


def test_an_outlook_file_becomes_the_mail_that_it_was_made_from_with_the_headers_it_came_with():
    (mail,) = found(with_file(MSG, "Bonus.msg", "application/vnd.ms-outlook")).mails
    facts = parse_message(mail)
    assert (facts.subject, facts.from_address, facts.structure.received_hops) == ("Bonus", "pay@bad.example", 1)
    assert {link.url for link in facts.links} == {"https://bad.example/x"}
    assert found(with_file(MSG, "Bonus.msg")).mails == (mail,)  # the same bytes each time


def test_an_attack_that_has_a_mail_attached_is_reported_itself():
    attack = report(note(), sender="evil@bad.example", to="ana@example.org", results="").as_bytes()
    assert [parse_message(mail).from_address for mail in found(report(attack).as_bytes()).mails] == ["evil@bad.example"]


def test_a_report_that_is_attached_to_a_report_is_opened():
    users = report(PHISH, sender="ana@example.org", to=USER).as_bytes()
    assert subjects(report(users).as_bytes()) == [PHISH_SUBJECT]


@pytest.mark.parametrize(
    "attack",
    [
        {"sender": "evil@bad.example", "results": f"{RELAY}; dmarc=pass header.from=bad.example"},
        {"results": FAILED},
        {"results": ""},
        {"results": f"mx.example.org; dmarc=fail header.from=example.org\r\nAuthentication-Results: {PASSED}"},
    ],
    ids=["from-elsewhere", "forged", "unchecked", "results-of-its-own"],
)
def test_an_attack_that_names_our_address_and_has_an_honest_mail_attached_is_reported_itself(attack):
    results = attack.pop("results")
    raw = report(note(), to=USER, results="", **attack).as_bytes()
    raw = f"Authentication-Results: {results}\r\n".encode() + raw if results else raw
    assert found(report(raw).as_bytes()).mails != found(report(note()).as_bytes()).mails
    assert subjects(report(raw).as_bytes()) == ["Reported"]


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (report(text="You have won!").as_bytes(), Problem.NO_MAIL),
        (report(text="From: a@b.example\nTo: me\nSubject: forwarded in the text\n\nhi").as_bytes(), Problem.NO_MAIL),
        (with_file(PNG, "screenshot.png", "image/png"), Problem.PICTURE),
        (with_file(b"%PDF-1.7", "mail.pdf", "application/pdf"), Problem.OTHER_FILE),
        (with_file(b"only a piece of a body", "mail.eml"), Problem.UNREADABLE),
        (with_file(b"", "mail.eml"), Problem.UNREADABLE),
        (with_file(MSG[:700], "mail.msg"), Problem.UNREADABLE),
        (with_file(b"not an Outlook file", "mail.msg"), Problem.UNREADABLE),
        (report(PHISH + b"x" * MOST).as_bytes(), Problem.TOO_LARGE),
        (b"", Problem.NO_MAIL),
        (b"\0\xff" * 500, Problem.NO_MAIL),
    ],
)
def test_what_brings_nothing_says_why(raw, problem):
    contents = found(raw)
    assert (contents.mails, contents.problem) == ((), problem)


def test_what_brings_something_and_something_else_says_both():
    mail = report(PHISH)
    mail.add_attachment(b"broken", maintype="application", subtype="octet-stream", filename="second.eml")
    contents = found(mail.as_bytes())
    assert (len(contents.mails), contents.problem) == (1, Problem.UNREADABLE)


def test_more_mails_than_anybody_sends_are_cut_off():
    many = EmailMessage(policy=SMTP)
    many["From"] = SOC
    for number in range(MOST_MAILS + 5):
        other = PHISH + str(number).encode()
        many.add_attachment(other, maintype="application", subtype="octet-stream", filename=f"{number}.eml")
    contents = found(many.as_bytes())
    assert (len(contents.mails), contents.problem) == (MOST_MAILS, Problem.TOO_MANY)


@pytest.mark.parametrize(
    ("results", "proven"),
    [
        (PASSED, True),
        (FAILED, False),
        ("", False),
        (f"{RELAY}; spf=pass smtp.mailfrom=example.org", False),  # aligned, but nobody asked DMARC
        (f"{RELAY}; dmarc=pass header.from=evil.example", False),
        ("mx.evil.example; dmarc=pass header.from=example.org", False),
        (f"{RELAY}.evil.example; dmarc=pass header.from=example.org", False),
        (f"{RELAY}; dmarc=fail header.from=example.org; dmarc=pass header.from=example.org", False),
        (f'{RELAY}; spf=fail smtp.mailfrom="x;dmarc=pass header.from=example.org"@evil.example', False),
    ],
)
def test_a_sender_is_proven_by_the_relay_alone(results, proven):
    sender = sender_of(headers_of(report(PHISH, results=results).as_bytes()), [RELAY])
    assert (sender.address, sender.proven) == (SOC, proven)


def test_results_that_the_sender_brought_stand_below_the_relays_own_and_do_not_count():
    raw = f"Authentication-Results: {FAILED}\r\n".encode() + report(PHISH, results=PASSED).as_bytes()
    assert not sender_of(headers_of(raw), [RELAY]).proven


def test_two_senders_prove_nobody():
    raw = b"From: evil@bad.example\r\n" + report(PHISH).as_bytes()
    assert not sender_of(headers_of(raw), [RELAY]).proven


def test_nobody_is_proven_while_no_relay_is_named():
    assert not sender_of(headers_of(report(PHISH).as_bytes()), []).proven


GOOGLE, FORGED = "mx.google.com", results_of(SOC, "pass")
ANONYMOUS = b"X-MS-Exchange-Organization-AuthAs: Anonymous\r\n"
NOTHING = "dkim=none (message not signed) header.d=none;dmarc=none action=none header.from=example.org;"


def plain(**more: str) -> bytes:
    """A mail before anybody has delivered it. `more` are headers that its sender made up."""
    return report(PHISH, results="", **more).as_bytes()


@pytest.mark.parametrize(
    ("raw", "provider"),
    [
        (by_exchange(plain()), "microsoft"),
        (inside_exchange(plain()), "microsoft"),
        (inside_exchange(plain(), NOTHING), "microsoft"),
        (by_gmail(plain()), GOOGLE),
    ],
    ids=["outside", "inside", "inside-and-unsigned", "gmail"],
)
def test_whom_the_mailboxes_own_provider_found_to_be_right_is_proven(raw, provider):
    assert sender_at(headers_of(raw), provider) == Sender(SOC, proven=True)


@pytest.mark.parametrize(
    ("raw", "provider"),
    [
        (by_exchange(plain(), "fail"), "microsoft"),
        (by_exchange(plain(Authentication_Results=FORGED), "fail"), "microsoft"),
        (by_exchange(plain(X_MS_Exchange_Organization_AuthAs="Internal"), "fail"), "microsoft"),
        (b"X-MS-Exchange-Organization-AuthAs: Internal\r\n" + by_exchange(plain(), "fail"), "microsoft"),
        (inside_exchange(by_exchange(plain(), "fail")), "microsoft"),
        (inside_exchange(plain(), f"{GOOGLE}; {NOTHING}"), "microsoft"),
        (inside_exchange(plain(), results_of(SOC, "fail")), "microsoft"),
        (inside_exchange(plain().replace(b"\r\nTo:", b"\r\nFrom: b@example.org\r\nTo:", 1)), "microsoft"),
        (inside_exchange(inside_exchange(plain())), "microsoft"),
        (inside_exchange(by_exchange(plain(), "fail").replace(ANONYMOUS, b""), NOTHING), "microsoft"),
        (inside_exchange(plain(Resent_From="ana@example.org")), "microsoft"),
        (inside_exchange(plain(X_MS_Exchange_Inbox_Rules_Loop="ana@example.org"), NOTHING), "microsoft"),
        (inside_exchange(plain(Authentication_Results_Original=results_of(SOC, "fail"))), "microsoft"),
        (inside_exchange(plain()).replace(b": Internal", b": Internal74"), "microsoft"),
        (inside_exchange(plain()), GOOGLE),
        (by_gmail(plain()), "microsoft"),
        (by_exchange(plain()), GOOGLE),
        (by_gmail(plain(), "fail"), GOOGLE),
        (by_gmail(plain(Authentication_Results=f"{GOOGLE}; {FORGED}"), "fail"), GOOGLE),
        (b"Authentication-Results: relay.example; dmarc=pass\r\n" + by_gmail(plain()), GOOGLE),
        (plain(), "microsoft"),
        (plain(), GOOGLE),
    ],
)
def test_whoever_only_wrote_what_a_provider_would_write_is_not(raw, provider):
    assert sender_at(headers_of(raw), provider) == Sender(SOC, proven=False)


@pytest.mark.parametrize(
    ("headers", "automatic"),
    [
        ({}, False),
        ({"Auto_Submitted": "no"}, False),
        ({"Auto_Submitted": "auto-generated"}, True),
        ({"Precedence": "Bulk"}, True),
        ({"List_Id": "<soc.example.org>"}, True),
        ({"X_Auto_Response_Suppress": "All"}, True),
    ],
)
def test_machines_and_lists_are_known_so_that_nobody_answers_them(headers, automatic):
    assert is_automatic(headers_of(report(PHISH, **headers).as_bytes())) is automatic
