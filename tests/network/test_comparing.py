"""Comparing: what speaks against a candidate?"""

from dataclasses import replace

import pytest

from model.compare import Comparison, Side

SIDE = Side(malicious=400, caught=320, legitimate=300, wrong=2)
SAME = Comparison(frozen=(SIDE, SIDE), own=(SIDE, SIDE), blind=("invoice", 0.15), swayed=0.03, contrary=90)


@pytest.mark.parametrize(
    ("found", "obstacles"),
    [
        (SAME, ()),
        (replace(SAME, frozen=(SIDE, replace(SIDE, caught=319))), ()),  # a quarter of a point
        (replace(SAME, frozen=(SIDE, replace(SIDE, caught=317))), ("forgets",)),
        (replace(SAME, frozen=(SIDE, replace(SIDE, wrong=3))), ("more-wrong",)),
        (replace(SAME, blind=("invoice", 0.16)), ("blind-spot",)),
        (replace(SAME, swayed=0.031), ("sways",)),
        (replace(SAME, own=(SIDE, replace(SIDE, wrong=3))), ("more-wrong-here",)),
        (replace(SAME, own=(SIDE, replace(SIDE, caught=319))), ("worse-here",)),
        (replace(SAME, giver=("operator:2", 5, 24)), ("one-giver",)),
        (replace(SAME, giver=("operator:2", 5, 25)), ()),
        (replace(SAME, giver=("operator:2", 4, 4)), ()),  # too few to say
    ],
)
def test_what_speaks_against_a_candidate_is_named(found, obstacles):
    assert found.obstacles() == obstacles
    assert found.to_json()["obstacles"] == list(obstacles)
