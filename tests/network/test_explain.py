"""Attribution: the margin is the sum of its parts, for any network."""

import everyday
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from model.explain import EVERYTHING_ELSE, STARTING_POINT, Explainer
from model.features.table import BAGS, DENSE, explained, rows
from model.message.parse import parse_message
from model.network import Network, NetworkConfig

CONFIG = NetworkConfig(width=3, hidden=6)
WIDE = CONFIG.bags * CONFIG.width + CONFIG.dense
PAYPAL = parse_message(everyday.PHISH["paypal"], ("mx.example.org",))
SEEN = rows([PAYPAL])


def network(seed, scale=1.0):
    torch.manual_seed(seed)
    made = Network(CONFIG).eval()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.copy_(torch.randn_like(parameter) * scale)
    return made


def numbers_of(made, seen):
    counts = torch.from_numpy(seen.lengths.reshape(-1)).float()
    with torch.inference_mode():
        dense, tokens = torch.from_numpy(seen.dense), torch.from_numpy(seen.buckets).long()
        return made.inputs(tokens, torch.from_numpy(seen.offsets()), counts, dense)


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


def test_the_words_of_a_bag_are_named_by_the_way_they_pull():
    made = network(5)
    explainer, seen = Explainer(made), explained(PAYPAL)
    found = explainer.attribute(numbers_of(made, SEEN)[0].numpy())
    named = [reason for reason in explainer.reasons(seen, found, 1.0, 0.0) if reason.code in BAGS and reason.detail]
    assert named

    for reason in named:
        number = BAGS.index(reason.code)
        buckets, origins = seen.bag(number)
        pull = made.table.weight.detach().numpy()[buckets] @ found.slopes[number]
        pulls: dict[str, list[float]] = {}
        for (pieces, place), one in zip(origins, pull.tolist(), strict=True):
            pulls.setdefault(" ".join(pieces.name(place).split()), []).append(one)
        for side in reason.detail.split("; "):
            way, _, words = side.partition(": ")
            assert way in {"for", "against"}
            for word in words.split(", "):
                assert any(one > 0 if way == "for" else one < 0 for one in pulls[word])


def test_each_bucket_of_a_bag_has_its_piece():
    seen = explained(PAYPAL)
    for number, length in enumerate(SEEN.lengths[0].tolist()):
        buckets, origins = seen.bag(number)
        assert len(buckets) == len(origins) == length
        assert all(pieces.name(place) for pieces, place in origins)


def test_every_message_starts_at_the_same_point():
    made = network(7, 0.3)
    explainer = Explainer(made)
    starts = []
    for raw in (*everyday.PHISH.values(), *everyday.LEGITIMATE.values()):
        facts = parse_message(raw, ("mx.example.org",))
        numbers = numbers_of(made, rows([facts]))
        with torch.inference_mode():
            logit = float(made(numbers).logit[0])
        found = explainer.reasons(explained(facts), explainer.attribute(numbers[0].numpy()), 1.0, logit)
        starts += [reason.contribution for reason in found if reason.code == STARTING_POINT]
    assert max(starts) - min(starts) < 1e-3


def test_small_shares_are_summed_up_and_not_lost():
    made = network(9, 0.05)
    explainer = Explainer(made)
    found = explainer.reasons(explained(PAYPAL), explainer.attribute(numbers_of(made, SEEN)[0].numpy()), 1.0, 0.5)
    assert EVERYTHING_ELSE in [reason.code for reason in found]
    assert sum(reason.contribution for reason in found) == pytest.approx(0.5)


def test_the_row_has_a_place_for_every_fact():
    assert SEEN.dense.shape == (1, len(DENSE)) == (1, CONFIG.dense)
    assert SEEN.lengths.shape == (1, len(BAGS)) == (1, CONFIG.bags)
