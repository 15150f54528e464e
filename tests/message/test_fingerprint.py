"""Fingerprint: do copies of one message share it, and does nothing else?"""

from dataclasses import replace
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mail_builders import html_mail, mail, mail_with

from model.message.fingerprint import fingerprint
from model.message.parse import parse_message

BODY = "<p>Dear Ana,</p><p>your invoice is ready: <a href='{link}'>open it</a> by Friday.</p>"
LINK = "https://shop.example/invoice/7?id=9"


def of(raw):
    return fingerprint(parse_message(raw))


ORIGINAL = of(html_mail(BODY.format(link=LINK)))


def test_a_fingerprint_is_64_hex_digits():
    assert len(ORIGINAL) == 64
    assert set(ORIGINAL) <= set("0123456789abcdef")


WRAPPED = [
    f"https://eur01.safelinks.protection.outlook.com/?url={quote(LINK, safe='')}&data=05%7C02&reserved=0",
    f"https://linkprotect.cudasvc.com/url?a={quote(LINK, safe='')}&c=E,1,x&typo=1",
    "https://urldefense.proofpoint.com/v2/url?u=https-3A__shop.example_invoice_7-3Fid-3D9&d=DwMF&c=x&r=y&m=z&s=s&e=",
    "https://urldefense.com/v3/__https://shop.example/invoice/7?id=9__;!!AbC!xyz$",
    f"https://secure-web.cisco.com/1abcDEF/{quote(LINK, safe='')}",
    f"https://www.google.com/url?q={quote(LINK, safe='')}&sa=D",
]


@pytest.mark.parametrize("wrapped", WRAPPED)
def test_a_gateway_that_rewrites_the_links_changes_nothing(wrapped):
    assert of(html_mail(BODY.format(link=wrapped.replace("&", "&amp;")))) == ORIGINAL


def test_a_gateway_that_rewrites_a_link_in_plain_text_changes_nothing():
    before = mail(f"Pay here: {LINK} today\r\n")
    after = mail(f"Pay here: {WRAPPED[0]} today\r\n")

    assert of(before) == of(after)


BANNERS = [
    "CAUTION: This email originated from outside of the organization. Do not click links or open attachments unless "
    "you recognize the sender and know the content is safe.",
    "⚠ EXTERNAL EMAIL: Use caution with links and attachments.",
    "You don't often get email from bo@sender.example. <a href='https://aka.ms/LearnAboutSenderIdentification'>Learn "
    "why this is important</a>",
    "ZjQcmQRYFpfptBannerStart This Message Is From an External Sender. This message came from outside your "
    "organization. ZjQcmQRYFpfptBannerEnd",
    "[EXTERNAL EMAIL]",
    "VORSICHT: Diese E-Mail stammt von außerhalb der Organisation. Klicken Sie nicht auf Links und öffnen Sie keine "
    "Anhänge, es sei denn, Sie kennen den Absender und wissen, dass der Inhalt sicher ist.",
    "ATTENTION : Cet e-mail provient de l'extérieur de l'organisation.",
    "注意：このメールは組織外から送信されました。",
]


@pytest.mark.parametrize("banner", BANNERS)
def test_a_banner_in_front_changes_nothing(banner):
    boxed = f"<table><tr><td style='background:#ffeb9c'><b>{banner}</b></td></tr></table>"

    assert of(html_mail(boxed + BODY.format(link=LINK))) == ORIGINAL


def test_a_banner_in_plain_text_changes_nothing():
    banner = "*** EXTERNAL EMAIL ***\r\n\r\n"

    assert of(mail("Please pay.\r\n")) == of(mail(banner + "Please pay.\r\n"))


def test_a_tag_in_the_subject_changes_nothing():
    tagged = html_mail(BODY.format(link=LINK), Subject="[EXTERNAL] Report", Message_ID="<other@gateway.example>")

    assert of(tagged) == ORIGINAL


def test_case_spacing_and_line_ends_change_nothing():
    assert of(mail("Hello  Ana,\r\n\r\nplease PAY.\r\n")) == of(mail("hello Ana, please\r\npay.\r\n"))


FOOTERS = [
    "_______________________________________________\r\nUsers mailing list\r\nusers@lists.receiver.example\r\n"
    "https://lists.receiver.example/mailman/listinfo/users\r\n",
    '-- \r\nYou received this message because you are subscribed to the Google Groups "users" group.\r\n'
    "To unsubscribe from this group and stop receiving emails from it, send an email to "
    "users+unsubscribe@googlegroups.com.\r\n",
]


@pytest.mark.parametrize("footer", FOOTERS)
def test_the_footer_of_a_mailing_list_changes_nothing(footer):
    assert of(mail("The meeting is at nine.\r\n")) == of(mail("The meeting is at nine.\r\n" + footer))


def test_a_footer_with_a_link_elsewhere_is_another_message():
    footer = FOOTERS[0].replace("lists.receiver.example/mailman", "hidden.example/mailman")

    assert of(mail("The meeting is at nine.\r\n")) != of(mail("The meeting is at nine.\r\n" + footer))


def test_words_below_a_footer_keep_the_message_apart():
    footer = FOOTERS[0] + "Call +1 555 0100 to keep your account.\r\n"

    assert of(mail("The meeting is at nine.\r\n")) != of(mail("The meeting is at nine.\r\n" + footer))


@pytest.mark.parametrize(
    "other",
    [
        html_mail(BODY.format(link="https://shop.example/invoice/8?id=9")),
        html_mail(BODY.format(link="https://hidden.example/invoice/7?id=9")),
        html_mail(BODY.format(link=LINK).replace("Friday", "Monday")),
        html_mail(BODY.format(link=LINK) + "<img src='https://hidden.example/p.png'>"),
        html_mail(BODY.format(link=LINK), From="Bo Berg <bo@other.example>"),
        html_mail(BODY.format(link=LINK), Date="Mon, 01 Jun 2026 10:00:01 +0200"),
    ],
    ids=["other path", "other host", "other word", "added picture", "other sender", "other second"],
)
def test_whatever_a_reader_or_a_click_would_notice_makes_another_message(other):
    assert of(other) != ORIGINAL


def test_the_same_message_id_sender_and_date_with_another_body_is_another_message():
    honest = mail("The minutes of Monday's meeting are in the usual place.\r\n")
    forged = mail("Your mailbox is full. Sign in at https://hidden.example/login\r\n")

    assert parse_message(honest).message_id == parse_message(forged).message_id
    assert of(honest) != of(forged)


def test_a_lure_dressed_as_a_banner_is_another_message():
    lure = "CAUTION: This email originated from outside of the organization. Call +1 555 0100 now."

    assert of(mail("Please pay.\r\n")) != of(mail(lure + "\r\nPlease pay.\r\n"))


def test_a_banner_naming_another_sender_is_no_banner():
    banner = "You don't often get email from call-0100@hidden.example. Learn why this is important\r\n"

    assert of(mail("Please pay.\r\n")) != of(mail(banner + "Please pay.\r\n"))


def test_amounts_and_currencies_matter():
    assert of(mail("Pay 100 $ today.\r\n")) != of(mail("Pay 100 € today.\r\n"))
    assert of(mail("Pay 100 $ today.\r\n")) != of(mail("Pay 1000 $ today.\r\n"))


def test_an_attachment_with_other_bytes_makes_another_message():
    first = mail_with(("a.bin", "application/octet-stream", b"\x00\x01"))
    second = mail_with(("a.bin", "application/octet-stream", b"\x00\x02"))

    assert of(first) != of(second)


def test_a_tenants_own_banner_can_be_named():
    plain = parse_message(mail("Please pay.\r\n"))
    marked = parse_message(mail("Acme Mail Guard: this is not one of us!\r\nPlease pay.\r\n"))

    assert fingerprint(marked, ["Acme mail guard: this is not one of us"]) == fingerprint(plain)
    assert fingerprint(marked) != fingerprint(plain)


def test_what_the_caps_cut_off_still_tells_two_messages_apart():
    long = "word " * 25_000

    assert of(mail(long + "first end")) != of(mail(long + "other end"))


def test_links_beyond_the_cap_still_tell_two_messages_apart():
    many = "".join(f"<a href='https://h.example/{n}'>x</a>" for n in range(2_500))

    assert of(html_mail(many + "<p>z</p>")) == of(html_mail(many + "<p>z</p>"))
    assert of(html_mail(many)) != of(html_mail(many + "<a href='https://hidden.example/'></a>"))


@given(st.text(max_size=80), st.text(max_size=80))
def test_texts_that_differ_in_letters_or_digits_differ_in_fingerprint(one, other):
    facts = parse_message(mail())
    letters = ["".join(c for c in text if c.isascii() and c.isalnum()).lower() for text in (one, other)]
    prints = [fingerprint(replace(facts, text=text)) for text in letters]

    assert (prints[0] == prints[1]) == (letters[0] == letters[1])
