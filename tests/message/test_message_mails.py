"""Mails: does each trick in the folder fail?"""

from pathlib import Path

import pytest

from model.message.parse import parse_message

MAILS = Path(__file__).with_name("mails")


def read(name):
    return parse_message((MAILS / f"{name}.eml").read_bytes())


def codes(facts):
    return {defect.code for defect in facts.defects}


@pytest.mark.parametrize(
    ("name", "place", "url"),
    [
        ("link-in-area", "area", "https://hidden.example/area"),
        ("link-through-base", "a", "https://hidden.example/dir/pay"),
        ("link-in-meta-refresh", "meta-refresh", "https://hidden.example/meta"),
        ("link-in-srcdoc", "srcdoc", "https://hidden.example/srcdoc"),
        ("link-in-css", "css", "https://hidden.example/css"),
        ("link-in-comment-for-outlook", "comment", "https://hidden.example/comment"),
        ("link-in-template", "comment", "https://hidden.example/template"),
        ("link-in-svg", "a", "https://hidden.example/svg"),
        ("link-in-data-address", "attribute", "https://hidden.example/data"),
        ("link-in-form", "form", "https://hidden.example/form"),
        ("link-in-form", "form", "https://hidden.example/button"),
        ("link-in-odd-attribute", "attribute", "https://hidden.example/odd"),
        ("link-in-script", "attribute", "https://hidden.example/script"),
        ("link-with-backslashes", "a", "https://hidden.example/path"),
        ("link-with-hexadecimal-host", "a", "http://192.0.2.1/"),
        ("link-with-a-user-name", "a", "https://bank.example@hidden.example/"),
        ("link-with-line-breaks", "a", "https://hidden.example/broken"),
        ("link-with-entities", "a", "https://hidden.example/entities"),
        ("link-with-full-width-letters", "a", "https://hidden.example/"),
        ("link-without-scheme", "a", "https://hidden.example/slashes"),
        ("link-in-nested-wrappers", "a", "https://hidden.example/pay"),
        ("attached-message", "a", "https://hidden.example/inner"),
        ("attached-message-in-base64", "a", "https://hidden.example/inner"),
        ("attached-message-as-octets", "a", "https://hidden.example/inner"),
        ("page-as-attachment", "form", "https://hidden.example/attached"),
        ("two-content-types", "a", "https://hidden.example/two"),
        ("boundary-longer-than-declared", "a", "https://hidden.example/boundary"),
        ("last-boundary-missing", "a", "https://hidden.example/last"),
        ("unknown-charset", "text", "https://hidden.example/charset"),
        ("alternative-with-other-links", "text", "https://hidden.example/plain"),
        ("bare-carriage-returns", "text", "https://hidden.example/cr"),
    ],
)
def test_the_hidden_link_is_found(name, place, url):
    links = [link for link in read(name).links if link.url == url]

    assert links, [link.url for link in read(name).links]
    assert links[0].place == place
    assert links[0].domain in {"hidden.example", "192.0.2.1"}


@pytest.mark.parametrize("name", ["text-hidden-by-style", "text-hidden-by-class", "text-hidden-by-attribute"])
def test_hidden_text_is_counted_and_not_shown(name):
    facts = read(name)

    assert facts.text == "Shown"
    assert facts.structure.hidden_characters >= len("Invisiblewords")


def test_text_with_a_size_of_its_own_inside_size_zero_is_shown():
    assert read("text-sized-inside-zero").text == "Shown"


def test_html_counts_as_what_is_seen_of_two_alternatives():
    assert read("alternative-with-other-links").text == "Shown words\nx"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("ten-from-headers", "several-from-addresses"),
        ("ten-from-headers", "repeated-header"),
        ("from-missing", "from-missing"),
        ("two-content-types", "repeated-mime-header"),
        ("unknown-charset", "unknown-charset"),
        ("name-turned-round", "attachment-name-disguised"),
        ("name-with-path", "attachment-name-with-path"),
        ("header-without-colon", "header-without-colon"),
        ("space-before-colon", "space-before-colon"),
        ("leading-blank-lines", "leading-blank-lines"),
        ("byte-order-mark", "byte-order-mark"),
        ("utf-16", "utf-16-message"),
        ("bare-carriage-returns", "carriage-return-line-ends"),
        ("date-from-nowhere", "date-unreadable"),
        ("name-with-comma", "address-malformed"),
        ("broken-base64", "fast-reading-failed"),
    ],
)
def test_what_is_malformed_is_kept_as_a_defect(name, code):
    assert code in codes(read(name))


@pytest.mark.parametrize(
    "name", ["mbox-line", "leading-blank-lines", "byte-order-mark", "utf-16", "bare-carriage-returns", "headers-only"]
)
def test_the_headers_are_found_in_whatever_form_a_mail_was_saved(name):
    facts = read(name)

    assert facts.from_address == "bo@sender.example"
    assert facts.subject == "Your parcel"
    assert facts.text in {"Hello", "Hello https://hidden.example/cr", ""}


@pytest.mark.parametrize(
    ("name", "shown", "address"),
    [
        ("name-like-an-address", "support@bank.example", "x@hidden.example"),
        ("name-like-an-address-unquoted", "support@bank.example", "x@hidden.example"),
        ("name-with-comma", "Berg, Bo", "bo@sender.example"),
        ("address-in-comments", "", "bo@sender.example"),
        ("raw-8-bit-headers", "Börge", "bo@sender.example"),
        ("space-before-colon", "Bo", "bo@sender.example"),
    ],
)
def test_the_address_is_taken_from_where_mail_would_be_sent(name, shown, address):
    from_ = read(name).from_

    assert len(from_) == 1
    assert (from_[0].name, from_[0].address) == (shown, address)


def test_all_ten_senders_are_kept():
    assert [a.address for a in read("ten-from-headers").from_] == [f"p{i}@sender{i}.example" for i in range(10)]


@pytest.mark.parametrize("name", ["raw-8-bit-headers", "encoded-words-split-mid-letter"])
def test_subjects_are_read_in_whatever_encoding(name):
    assert read(name).subject == "Grüße"


@pytest.mark.parametrize(
    ("name", "shown", "kind"),
    [
        ("name-turned-round", "invoicefdp.exe", "application/x-msdownload"),
        ("name-by-rfc-2231", "Rechnung ü.exe", "application/x-msdownload"),
        ("name-with-path", "evil.exe", "application/x-msdownload"),
        ("page-as-attachment", "invoice.pdf", "text/html"),
        ("attached-message-in-base64", "", "message/rfc822"),
    ],
)
def test_attachments_show_their_true_name_and_kind(name, shown, kind):
    attachment = read(name).attachments[0]

    assert (attachment.name, attachment.detected_type) == (shown, kind)


@pytest.mark.parametrize("name", ["attached-message", "attached-message-in-base64", "attached-message-as-octets"])
def test_attached_messages_are_read_apart_from_the_message(name):
    facts = read(name)

    assert facts.text == "See below"
    assert "Inner words" in facts.attached_text
    assert facts.structure.attached_messages == 1
    assert facts.subject == "Your parcel"


def test_two_parsers_that_disagree_are_noted():
    assert read("two-content-types").structure.parsers_disagree
    assert not read("last-boundary-missing").structure.parsers_disagree


@pytest.mark.parametrize("path", sorted(MAILS.glob("*.eml")), ids=lambda path: path.stem)
def test_every_mail_in_the_folder_is_read_with_its_text(path):
    facts = parse_message(path.read_bytes())

    assert facts.size == path.stat().st_size
    assert facts.from_address or path.stem == "from-missing"
