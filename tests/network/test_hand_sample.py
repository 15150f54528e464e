import hashlib
import json

import pytest
from training import mail

from model import hand_sample
from model.hand_sample import candidates, draw, settle, view
from model.message.authentication import ANY
from model.message.parse import parse_message

LABELS = ("phish", "spam", "spam_or_phish", "benign")


@pytest.fixture
def folder(tmp_path):
    lines = []
    for number in range(48):
        label, year = LABELS[number % 4], 2024 + number % 3 // 2
        raw = mail(label, number)
        path = f"secret-{label}/{number}.eml"
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(raw)
        line = {"path": path, "label": label, "corpus": "phishing_pot", "date": f"{year}-02-03", "lang": "en"}
        lines.append({**line, "body_sha": "", "sha256": hashlib.sha256(raw).hexdigest()})
    labels = tmp_path / "labels.jsonl"
    labels.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return tmp_path, labels


def test_only_held_back_phish_spam_and_the_undecided_are_drawn(folder):
    found = [line for _, line in candidates(*folder, None)]
    assert {line["label"] for line in found} == {"phish", "spam", "spam_or_phish"}
    assert {line["date"] for line in found} == {"2025-02-03"}


def test_near_duplicates_are_drawn_once(folder):
    root, labels = folder
    before = candidates(root, labels, None)
    lines = [json.loads(line) for line in labels.read_text().splitlines()]
    twins = [{**line, "path": f"twin-{number}.eml"} for number, line in enumerate(lines)]
    for twin, line in zip(twins, lines, strict=True):
        (root / twin["path"]).write_bytes((root / line["path"]).read_bytes())
    labels.write_text("".join(json.dumps(line) + "\n" for line in lines + twins), encoding="utf-8")
    assert len(candidates(root, labels, None)) == len(before)


def test_the_draw_repeats_and_its_order_follows_the_seed(folder):
    found = candidates(*folder, None)
    assert draw(found, seed=1) == draw(list(found), seed=1)
    assert draw(found, seed=1) != draw(found, seed=2)


def test_half_is_from_the_honeypot_and_no_language_floods_the_rest(folder, monkeypatch):
    monkeypatch.setattr(hand_sample, "_LANGUAGE_CAP", 2)
    example, line = candidates(*folder, None)[0]
    other = hand_sample.Example("x", "list_spam", "spam", "", "", "", "")
    found = [(example, {**line, "lang": "en"})] * 5
    found += [(other, {"lang": lang, "sha256": f"{lang}{n}"}) for lang in ("en", "ja", "pt") for n in range(5)]
    drawn = draw(found, count=10)
    assert len(drawn) == 10
    assert all(sum(each["sha256"].startswith(lang) for each in drawn) <= 2 for lang in ("en", "ja", "pt"))


def test_the_view_shows_the_mail_and_nothing_of_its_label_or_place(folder):
    root, _ = folder
    raw = (root / "secret-spam_or_phish/2.eml").read_bytes().replace(b"spam_or_phish0", b"sender")
    seen = view(7, parse_message(raw, ANY))
    assert seen.startswith("== 7\nfrom: Sender <s@sender[.]example>")
    assert "subject: draft of the report" in seen
    assert "secret" not in seen
    assert "spam" not in seen


def test_nothing_in_the_view_can_be_clicked_or_moves_the_cursor():
    raw = b"From: a@example.org\nSubject: =?utf-8?q?x=1B[2J?=\n\nsee https://bad.example.org/now\n"
    seen = view(1, parse_message(raw, ANY))
    assert "bad[.]example[.]org" in seen
    assert "https://" not in seen
    assert "\x1b" not in seen


def test_answers_are_kept_by_hash_and_none_may_be_missing():
    drawn = [{"sha256": "bb"}, {"sha256": "aa"}]
    kept = [json.loads(line) for line in settle("1 phish\n2 unsure\n", drawn).splitlines()]
    assert kept == [{"sha256": "aa", "label": "unsure"}, {"sha256": "bb", "label": "phish"}]
    with pytest.raises(ValueError, match="one line for each number"):
        settle("1 phish\n", drawn)
    with pytest.raises(ValueError, match="one line for each number"):
        settle("1 phish\n2 benign\n", drawn)


def test_the_kept_labels_are_sorted_hashes_with_known_answers():
    lines = [json.loads(line) for line in (hand_sample.KEPT).read_text(encoding="utf-8").splitlines()]
    hashes = [line["sha256"] for line in lines]
    assert len(lines) == hand_sample.COUNT
    assert hashes == sorted(set(hashes))
    assert {line["label"] for line in lines} == set(hand_sample.ANSWERS)
    assert all(set(line) == {"sha256", "label"} for line in lines)
