"""Attribution: the margin is the sum of its parts, for any network."""

import everyday
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from model.explain import EVERYTHING_ELSE, STARTING_POINT, Explainer
from model.features.table import BAGS, DENSE, row
from model.message.parse import parse_message
from model.network import Network, NetworkConfig

CONFIG = NetworkConfig(width=3, hidden=6)
WIDE = CONFIG.bags * CONFIG.width + CONFIG.dense
SEEN = row(parse_message(everyday.PHISH["paypal"], ("mx.example.org",)))


def network(seed, scale=1.0):
    torch.manual_seed(seed)
    made = Network(CONFIG).eval()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.copy_(torch.randn_like(parameter) * scale)
    return made


def numbers_of(made, seen):
    buckets, offsets = seen.buckets()
    counts = torch.tensor([float(len(bag)) for bag in seen.bags])
    with torch.inference_mode():
        dense = torch.from_numpy(seen.dense).unsqueeze(0)
        return made.inputs(torch.from_numpy(buckets).long(), torch.from_numpy(offsets), counts, dense)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31), st.floats(min_value=0.01, max_value=5.0), st.booleans())
def test_shares_add_up_to_the_logit(seed, scale, sparse):
    made = network(seed, scale)
    numbers = torch.randn(1, WIDE) * (torch.rand(1, WIDE) > 0.7 if sparse else 1.0)
    with torch.inference_mode():
        logit = float(made(numbers).logit[0])
    found = Explainer(made).attribute(numbers[0].numpy())
    assert found.start + found.shares.sum() == pytest.approx(logit, rel=1e-3, abs=1e-3 * max(1.0, scale**2 * 20))


def test_what_is_not_there_has_no_share():
    numbers = np.zeros(WIDE, dtype=np.float32)
    found = Explainer(network(1)).attribute(numbers)
    assert not found.shares.any()


def test_the_words_of_a_bag_add_up_to_its_share():
    made = network(5)
    explainer = Explainer(made)
    numbers = numbers_of(made, SEEN)[0].numpy()
    found = explainer.attribute(numbers)
    number = BAGS.index("body-words")
    means = numbers[number * CONFIG.width : (number + 1) * CONFIG.width]
    assert found.slopes[number] @ means == pytest.approx(found.shares[number], rel=1e-4)


def test_every_message_starts_at_the_same_point():
    made = network(7, 0.3)
    explainer = Explainer(made)
    starts = []
    for raw in (*everyday.PHISH.values(), *everyday.LEGITIMATE.values()):
        seen = row(parse_message(raw, ("mx.example.org",)))
        numbers = numbers_of(made, seen)
        with torch.inference_mode():
            logit = float(made(numbers).logit[0])
        found = explainer.reasons(seen, explainer.attribute(numbers[0].numpy()), 1.0, logit)
        starts += [reason.contribution for reason in found if reason.code == STARTING_POINT]
    assert max(starts) - min(starts) < 1e-3


def test_small_shares_are_summed_up_and_not_lost():
    made = network(9, 0.05)
    explainer = Explainer(made)
    found = explainer.reasons(SEEN, explainer.attribute(numbers_of(made, SEEN)[0].numpy()), 1.0, 0.5)
    assert EVERYTHING_ELSE in [reason.code for reason in found]
    assert sum(reason.contribution for reason in found) == pytest.approx(0.5)


def test_the_row_has_a_place_for_every_fact():
    assert len(SEEN.dense) == len(DENSE) == CONFIG.dense
    assert len(SEEN.bags) == len(BAGS) == CONFIG.bags
