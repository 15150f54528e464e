"""Leaks: header names must not tell mailboxes apart, and no feature may come from a mark that a mailbox left."""

import random

import corpus_mails
import numpy as np
import pytest

from model.corpus.headers import KEPT, KNOWN_MARKS, header_columns, scrubbed, zero_header_features
from model.corpus.leaks import BOUND, dense_pairs, header_names, summary
from model.corpus.sources import find
from model.dataset import SplitConfig, build, load, split
from model.features.table import BAGS, DENSE, row
from model.message.parse import ANY, parse_message

MARKS = [
    "X-MS-Exchange-Organization-SCL",
    "X-Microsoft-Antispam",
    "X-EOPTenantAttributedMessage",
    "X-IncomingHeaderCount",
    "X-SID-PRA",
    "X-Sender-IP",
    "X-Message-Info",
    "X-Message-Delivery",
    "X-Forefront-Antispam-Report",
    "Received-SPF",
    "ARC-Seal",
    "X-Received",
    "X-Google-DKIM-Signature",
    "X-GM-Message-State",
    "X-Gmail-Labels",
    "X-Forwarded-Encrypted",
    "Delivered-To",
    "X-Original-To",
    "X-Spam-Status",
    "X-FOFF-Test",
    "X-Greylist",
    "X-Authentication-Warning",
    "DKIM-Filter",
    "X-Keywords",
    "X-UID",
    "X-IMAP",
    "Status",
    "X-Status",
    "X-Mailman-Version",
    "X-BeenThere",
    "Errors-To",
    "Sender",
    "Precedence",
    "List-Id",
    "List-Help",
    "List-Post",
    "List-Archive",
    "List-Subscribe",
    "List-Owner",
    "X-KMail-Flag",
    "X-policyd-weight",
    "X-KasLoop",
    "X-DMARC-Policy",
    "X-Rspamd-Score",
    "X-Headers-End",
    "X-Loop",
    "Archived-At",
]
WRITTEN = {  # what senders write, in any corpus as often
    "Reply-To": "r@example.org",
    "Cc": "c@example.org",
    "In-Reply-To": "<1@example.org>",
    "References": "<1@example.org>",
    "X-Mailer": "Mailer",
    "User-Agent": "Agent",
    "Message-ID": "<2@example.org>",
    "DKIM-Signature": "v=1; d=example.org",
}


def two_mailboxes(tmp_path):
    """Phish in one mailbox, list mail in another; senders write alike, mailboxes do not."""
    mails = {}
    for number in range(160):
        phish = number % 2 == 0
        chance = random.Random(number)
        headers = {name: value for name, value in WRITTEN.items() if chance.random() < 0.5}
        marks = ("X-MS-Exchange-Organization-SCL", "X-Pot-Owner") if phish else ("List-Id", "X-Archive-Of-Somebody")
        headers |= {name: "1" for name in marks if chance.random() < 0.9}
        name = ("phishing_pot/phish" if phish else "list_ham/benign") + f"/{number}.eml"
        mails[name] = ("phish" if phish else "benign", corpus_mails.mail(number, Date=dated(number), **headers))
    for name, (_, raw) in mails.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(raw)
    lines = [
        f'{{"path": "{name}", "label": "{label}", "corpus": "{name.partition("/")[0]}"}}'
        for name, (label, _) in mails.items()
    ]
    (tmp_path / "labels.jsonl").write_text("\n".join(lines))
    return split(load(tmp_path, tmp_path / "labels.jsonl"), SplitConfig())


def dated(number):
    return f"Mon, 01 Jun {2021 + number % 4} 10:00:00 +0000"


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return two_mailboxes(tmp_path_factory.mktemp("mail"))


def test_scrubbed_header_names_do_not_tell_mailboxes_apart(table):
    found = header_names(table, seed=1)
    assert found["raw"]["auc"] > 0.95
    assert found["known marks out"]["auc"] > 0.95  # each corpus has a mark that no list of marks names
    assert found["scrubbed"]["auc"] <= BOUND
    assert found["scrubbed"]["newer"] <= BOUND
    assert {"x-pot-owner", "x-archive-of-somebody"} <= set(found["raw"]["most_telling"])


def test_a_leak_in_what_senders_write_would_be_found(table, tmp_path):
    leaky = {}
    for number in range(160):
        phish = number % 2 == 0
        corpus, label = ("phishing_pot", "phish") if phish else ("list_ham", "benign")
        headers = {"X-Mailer": "Mailer"} if phish else {}
        leaky[f"{corpus}/{label}/{number}.eml"] = (label, corpus_mails.mail(number, **headers))
    for name, (_, raw) in leaky.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(raw)
    examples = [(message.example, message.read(), ANY) for message in find([tmp_path]).messages]
    found = header_names(split(build(examples), SplitConfig()), seed=1)
    assert found["scrubbed"]["auc"] > BOUND


@pytest.mark.parametrize("name", MARKS)
def test_no_mark_of_a_mailbox_outlives_the_scrub(name):
    assert KNOWN_MARKS.fullmatch(name.lower())
    assert not scrubbed([name.lower()])


def test_the_scrub_keeps_what_senders_write_and_forgets_order_and_number():
    assert scrubbed(["to", "from", "to", "x-anything", "cc"]) == scrubbed(["cc", "from"]) == {"recipient", "from"}
    assert not {name for name in KEPT if KNOWN_MARKS.fullmatch(name)}


@pytest.mark.parametrize("name", [*MARKS, "X-Anything", "List-Unsubscribe", "X-Mailer", "User-Agent", "Received"])
def test_no_feature_comes_from_a_mark_of_a_mailbox(name):
    plain = corpus_mails.mail(1, Date=dated(1), Message_ID="<1@example.org>")
    marked = f"{name}: from somebody (a.example [192.0.2.1]) spf=fail <b@c.example>\n".encode() + plain
    first, second = (row(parse_message(raw, ANY)) for raw in (plain, marked))
    assert np.array_equal(first.buckets()[0], second.buckets()[0])
    assert np.array_equal(first.dense, second.dense)


def test_without_header_features_only_from_subject_and_content_are_left(tmp_path):
    text = corpus_mails.wording(7)
    plain = corpus_mails.mail(1, text=text)
    headed = corpus_mails.mail(
        1,
        text=text,
        Date="no date",
        **WRITTEN,
        Return_Path="<bounce@other.example>",
        Received="from a.example by b.example",
        Authentication_Results="mx.example; spf=pass smtp.mailfrom=sender1.example; "
        "dkim=pass header.d=sender1.example; dmarc=pass header.from=sender1.example",
    )
    labels = corpus_mails.write_folder(tmp_path, {"a.eml": ("phish", plain), "b.eml": ("phish", headed)})
    table = load(tmp_path, labels)
    assert table.dense[0].tolist() != table.dense[1].tolist()
    zeroed = zero_header_features(table)
    assert dict(zip(DENSE, zeroed.dense[0].tolist(), strict=True)) == dict(
        zip(DENSE, zeroed.dense[1].tolist(), strict=True)
    )
    first, second = (zeroed.buckets[zeroed.starts[n] : zeroed.starts[n + 1]].tolist() for n in (0, 1))
    assert first == second
    assert zeroed.lengths[:, BAGS.index("sender-known-domain")].tolist() == [0, 0]
    assert table.lengths[:, BAGS.index("sender-known-domain")].tolist() == [0, 1]
    assert len(zeroed.buckets) == zeroed.starts[-1] == zeroed.lengths.sum()


def test_what_a_reader_sees_is_no_header_feature():
    seen = {DENSE[place] for place in range(len(DENSE))} - {DENSE[place] for place in header_columns()}
    assert {"sender-brand-elsewhere", "sender-free-mail", "words-urgency", "link-text-differs"} <= seen


def test_dense_facts_that_tell_corpora_of_one_label_apart_are_named(tmp_path):
    mails = {}
    for number in range(120):
        one = number % 2 == 0
        text = corpus_mails.wording(number) + (" https://somewhere.example/page" if one else "")
        mails[f"{number}.eml"] = ("spam", corpus_mails.mail(number, text=text))
    labels = corpus_mails.write_folder(tmp_path, mails)
    lines = [
        line.replace('"label"', f'"corpus": "{("one", "two")[number % 2]}", "label"')
        for number, line in enumerate(labels.read_text().splitlines())
    ]
    labels.write_text("\n".join(lines))
    (pair,) = dense_pairs(split(load(tmp_path, labels), SplitConfig()), seed=1)
    assert pair["corpora"] == ["one", "two"]
    assert pair["auc"] > 0.95
    assert "link-count.none" in pair["most_telling"]
    assert any("link-count" in line for line in summary({"header_names": {}, "dense": [pair]}))
