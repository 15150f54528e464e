import json

import numpy as np
import pytest

from model import hand_measure
from model.hand_measure import agreement, measure


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(hand_measure, "_SAMPLES", 50)


def words(*pairs):
    return np.array([word for word, times in pairs for _ in range(times)])


def test_kappa_takes_luck_away():
    hand = words(("phish", 50), ("spam", 50))
    same = agreement(hand, hand)
    assert (same["equal"], same["kappa"], same["interval"]) == (100, 1.0, [1.0, 1.0])
    unrelated = agreement(words(("phish", 25), ("spam", 25), ("phish", 25), ("spam", 25)), hand)
    assert (unrelated["equal"], unrelated["kappa"]) == (50, 0.0)
    assert unrelated["interval"][0] < 0.0 < unrelated["interval"][1]


def test_rules_are_measured_against_the_hand(tmp_path):
    pairs = [("phish", "phish"), ("spam", "phish"), ("spam", "spam"), ("spam", "unsure")]
    for name, which in (("labels", 0), ("kept", 1)):
        lines = [{"sha256": f"{n}", "label": pair[which], "corpus": "made"} for n, pair in enumerate(pairs)]
        (tmp_path / name).write_text("\n".join(map(json.dumps, lines)))
    found = measure(tmp_path / "labels", tmp_path / "kept")
    assert found["counts"]["rule spam · hand phish"] == 1
    assert (found["agreement"]["all"]["n"], found["agreement"]["made"]["equal"]) == (3, 2)
