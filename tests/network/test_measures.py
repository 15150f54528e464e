"""Measures: are the figures what other people's libraries, or plain counting, say they are?"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import binomtest
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, roc_auc_score, roc_curve

from model.lift import MAX_LIFT
from model.measures.answers import answer, asked_share, rate
from model.measures.bootstrap import intervals, weights
from model.measures.figures import both_ways, figures
from model.measures.groups import per_group
from model.measures.probabilities import brier, calibration_error, expected_error
from model.measures.reporters import ablation, liars, spent_trust
from model.measures.scored import Scored, numbered, one_a_cluster
from model.measures.separation import HEAD, RATES, confusion, histogram, phish_against_spam, roc
from model.measures.weighted import area, caught, cut, mean, share

ONCE = np.ones((1, 400))


def made(count=400, seed=1, threshold=2.0, **other):
    """Scores of made-up messages: malicious ones tend to lie higher; three share a cluster, twenty a source."""
    chance = np.random.default_rng(seed)
    labels = np.array([HEAD[place] for place in chance.integers(0, 4, count)], dtype=object)
    odds = np.round(chance.normal(0, 2, count) + 3 * (labels == "malicious") + (labels == "spam"), 1)
    head = chance.dirichlet([1.0] * 4, count)
    shares = chance.dirichlet([1.0] * 4, count) * chance.random((count, 1))
    words = {"corpus": ["a", "b", "c"], "language": ["en", "de"], "year": ["2024", "2025"]}
    values = {
        "odds": odds,
        "threshold": threshold,
        "head": head,
        "strengths": shares,
        "labels": labels,
        "groups": {name: chance.choice(np.array(some, dtype=object), count) for name, some in words.items()},
        "clusters": numbered([place // 3 for place in range(count)]),
        "sources": numbered([place // 20 for place in range(count)]),
    }
    return Scored(**{**values, **other})


def only(scored, *labels):
    return scored.take(np.flatnonzero(np.isin(scored.labels.astype(str), labels)))


def test_auc_is_that_of_scikit_learn_with_ties_and_weights():
    scored = made()
    both = scored.malicious | scored.legitimate
    often = np.random.default_rng(2).integers(0, 4, (3, 400)).astype(float)
    found = area(scored.odds, scored.malicious, scored.legitimate)(often)
    for row, value in zip(often, found, strict=True):
        expected = roc_auc_score(scored.malicious[both], scored.odds[both], sample_weight=row[both])
        assert value == pytest.approx(expected, abs=1e-12)


def test_a_weight_is_worth_as_many_copies():
    scored = made()
    often = np.random.default_rng(3).integers(0, 3, 400)
    copies = scored.take(np.repeat(np.arange(400), often))
    rates = (*RATES, 0.05, 0.3)
    weighted = caught(scored.odds, scored.malicious, scored.legitimate, rates)
    copied = caught(copies.odds, copies.malicious, copies.legitimate, rates)
    for one, other in zip(weighted, copied, strict=True):
        assert one(often[None, :].astype(float))[0] == pytest.approx(other(np.ones((1, len(copies))))[0])


@given(
    arrays(np.int64, st.integers(2, 60), elements=st.integers(-5, 5)),
    st.lists(st.booleans(), min_size=60, max_size=60),
    st.sampled_from([0.0, 0.001, 0.01, 0.1, 0.5, 1.0]),
)
def test_recall_is_the_best_of_all_cuts_that_keep_the_rate(scores, sides, allowed):
    scores, positive = scores.astype(float), np.array(sides[: len(scores)])
    found = caught(scores, positive, ~positive, [allowed])[0](np.ones((1, len(scores))))[0]
    if positive.all() or not positive.any():
        assert np.isnan(found)
        return
    cuts = [-np.inf, *scores]
    kept = [at for at in cuts if (scores[~positive] > at).mean() <= allowed + 1e-12]
    assert found == pytest.approx(max((scores[positive] > at).mean() for at in kept))


def test_the_cut_is_the_one_that_recall_counts_over():
    scored = made()
    for at in RATES:
        over = scored.odds > cut(scored.odds, scored.legitimate, at)
        recalled = caught(scored.odds, scored.malicious, scored.legitimate, [at])[0](ONCE)[0]
        assert over[scored.malicious].mean() == pytest.approx(recalled)
        assert over[scored.legitimate].mean() <= at
    assert cut(scored.odds, scored.odds > 99, 0.01) is None


def test_the_roc_curve_is_that_of_scikit_learn():
    scored = made()
    both = scored.malicious | scored.legitimate
    wrong, recalled, _ = roc_curve(scored.malicious[both], scored.odds[both], drop_intermediate=False)
    theirs = {round(float(x), 6): round(float(y), 6) for x, y in zip(wrong, recalled, strict=True)}  # highest at each
    for x, y in roc(scored.odds, scored.malicious, scored.legitimate):
        assert theirs[x] == y


def test_a_long_curve_is_thinned_and_still_ends_at_one():
    scored = made(count=9_000)
    exact = scored.odds + np.arange(9_000) * 1e-6  # no ties
    points = roc(exact, scored.malicious, scored.legitimate)
    assert 50 < len(points) <= 240
    assert points[-1] == [1.0, 1.0]
    assert points == sorted(points)


def test_shares_and_means_count_only_whom_they_are_asked_about():
    among = np.array([True, True, False, True])
    often = np.array([[1.0, 1.0, 1.0, 1.0], [2.0, 0.0, 9.0, 1.0], [0.0, 0.0, 5.0, 0.0]])
    assert share(np.array([True, False, True, False]), among)(often)[:2].tolist() == pytest.approx([1 / 3, 2 / 3])
    assert mean(np.array([3.0, 6.0, 100.0, 0.0]), among)(often)[:2].tolist() == pytest.approx([3.0, 2.0])
    assert np.isnan(share(among, among)(often)[2])


@pytest.mark.parametrize(("hits", "n"), [(0, 10), (3, 10), (10, 10), (1, 1297), (17, 2000)])
def test_the_exact_interval_is_that_of_scipy(hits, n):
    theirs = binomtest(hits, n).proportion_ci(0.95, method="exact")
    assert rate(hits, n, "")["exact"] == pytest.approx([theirs.low, theirs.high], abs=1e-6)


def test_whole_units_are_drawn_and_as_many_as_there_are():
    units = np.array([0, 0, 0, 1, 2, 2])
    drawn = np.concatenate(list(weights(units, 500, seed=1)))
    assert drawn.shape == (500, 6)
    assert (drawn[:, 0] == drawn[:, 1]).all()
    assert (drawn[:, 4] == drawn[:, 5]).all()
    assert (drawn[:, 0] + drawn[:, 3] + drawn[:, 4] == 3).all()


def test_the_same_seed_draws_the_same_and_another_does_not():
    scored = made()
    asked = [share(scored.odds > 0, scored.legitimate)]
    first, again, other = (intervals(asked, scored.clusters, seed, draws=200) for seed in (1, 1, 2))
    assert first == again != other


def test_the_interval_of_a_share_is_about_as_wide_as_theory_says():
    hits = np.arange(1_000) < 300
    ((low, high),) = intervals([share(hits, np.ones(1_000, dtype=bool))], np.arange(1_000), seed=1)
    expected = 1.96 * np.sqrt(0.3 * 0.7 / 1_000)
    assert (low, high) == pytest.approx((0.3 - expected, 0.3 + expected), abs=0.005)


def test_copies_of_one_mail_do_not_make_an_interval_narrower():
    hits, units = np.arange(200) % 4 == 0, np.arange(200)
    ((low, high),) = intervals([share(hits, np.ones(200, dtype=bool))], units, seed=1)
    nine_times = share(np.repeat(hits, 9), np.ones(1_800, dtype=bool))
    ((copied_low, copied_high),) = intervals([nine_times], np.repeat(units, 9), seed=1)
    assert copied_high - copied_low == pytest.approx(high - low, abs=0.01)


def test_one_unit_has_no_interval_and_neither_has_mail_that_draws_often_miss():
    scored = made()
    everything = share(scored.odds > 0, scored.legitimate)
    assert intervals([everything], np.zeros(400, dtype=np.int64), seed=1) == [None]
    one_message = share(scored.odds > 0, np.arange(400) == 7)
    assert intervals([one_message], scored.clusters, seed=1) == [None]


def test_brier_at_the_natural_rate_is_that_of_scikit_learn():
    scored = made()
    both = scored.malicious | scored.legitimate
    said = 1 / (1 + np.exp(-scored.odds[both]))
    found = brier(scored.odds, scored.malicious, scored.legitimate, even=False)(ONCE)[0]
    assert found == pytest.approx(brier_score_loss(scored.malicious[both], said))


def test_at_even_odds_both_classes_weigh_the_same():
    scored = made()
    said = 1 / (1 + np.exp(-scored.odds))
    sides = [((said - scored.malicious) ** 2)[side].mean() for side in (scored.malicious, scored.legitimate)]
    found = brier(scored.odds, scored.malicious, scored.legitimate, even=True)(ONCE)[0]
    assert found == pytest.approx(np.mean(sides))


def test_the_calibration_error_is_small_for_honest_odds_and_large_for_boasts():
    chance = np.random.default_rng(4)
    odds = chance.normal(0, 3, 20_000)
    malicious = chance.random(20_000) < 1 / (1 + np.exp(-odds))
    once = np.ones((1, 20_000))
    assert expected_error(odds, malicious, ~malicious, even=False)(once)[0] < 0.01
    assert expected_error(3 * odds, malicious, ~malicious, even=False)(once)[0] > 0.05


def test_the_bins_say_what_scikit_learn_says_of_the_same_bins():
    scored = made()
    bins = calibration_error(scored)["natural_rate"]["bins"]
    both = scored.malicious | scored.legitimate
    shift = np.log(scored.malicious.sum() / scored.legitimate.sum())
    said = 1 / (1 + np.exp(-(scored.odds[both] + shift)))
    here = (scored.odds[both] + shift >= 0) & (scored.odds[both] + shift < 1)
    true, stated = calibration_curve(scored.malicious[both][here], said[here], n_bins=1)
    middle = next(row for row in bins if row["from"] == 0.0)
    assert (middle["true"], middle["said"]) == pytest.approx((true[0], stated[0]), abs=1e-6)
    assert sum(row["malicious"] for row in bins) == scored.malicious.sum()


def test_the_head_is_counted_by_true_label():
    scored = made()
    found = answer(confusion(scored), scored, seed=1, draws=50)
    assert sum(sum(row.values()) for row in found["counts"].values()) == 400
    likeliest = scored.head.argmax(axis=1)
    assert found["counts"]["spam"]["bulk"] == int(((likeliest == 2) & scored.spam).sum())
    assert found["right"]["value"] == pytest.approx(
        np.mean([HEAD[n] == x for n, x in zip(likeliest, scored.labels, strict=True)])
    )


def test_phish_against_spam_knows_both_opinions():
    scored = made()
    head = np.where(scored.malicious[:, None], [0.7, 0.1, 0.1, 0.1], [0.1, 0.7, 0.1, 0.1])
    found = answer(phish_against_spam(made(head=head)), scored, seed=1, draws=50)
    assert found["auc_by_head"]["value"] == 1.0
    assert 0.5 < found["auc_by_margin"]["value"] < 1.0


def test_no_margin_falls_off_the_histogram():
    scored = made(odds=np.linspace(-1_000, 1_000, 400))
    assert sum(sum(row) for row in histogram(scored)["counts"].values()) == 400


def test_one_message_stands_for_a_cluster_and_label():
    scored = made()
    chosen = scored.take(one_a_cluster(scored))
    pairs = list(zip(chosen.clusters.tolist(), chosen.labels.tolist(), strict=True))
    assert len(pairs) == len(set(pairs)) < 400


def test_groups_share_the_cuts_of_all_mail():
    scored = made()
    found = per_group(scored)
    for name, values in scored.groups.items():
        assert set(found[name]) == set(values)
        for side, among in (("malicious", scored.malicious), ("legitimate", scored.legitimate)):
            hits = sum(group[side]["at_0.01"]["hits"] for group in found[name].values())
            over = scored.margins() > cut(scored.margins(), scored.legitimate, 0.01)
            assert hits == int((over & among).sum())
    own = scored.groups["corpus"] == "a"
    both = own & (scored.malicious | scored.legitimate)
    theirs = roc_auc_score(scored.malicious[both], scored.odds[both])
    assert found["corpus"]["a"]["auc"]["value"] == pytest.approx(theirs, abs=1e-6)


def test_better_records_catch_more_and_nobody_is_the_base_network():
    scored = made()
    rows = answer(ablation(scored), scored, seed=1, draws=50)
    assert [row["reporter"] for row in rows] == ["nobody", "newcomer", "3 of 5", "8 of 10", "20 of 20"]
    for side in ("malicious", "legitimate", "spam"):
        assert [row[side]["hits"] for row in rows] == sorted(row[side]["hits"] for row in rows)
    assert rows[0]["malicious"]["hits"] == int((scored.odds >= scored.threshold)[scored.malicious].sum())
    assert rows[0]["value"] == 0.0


def test_no_liars_do_more_than_the_bound_allows():
    scored = made(strengths=np.full((400, 4), 1.0))
    *people, bound = (row["legitimate"]["hits"] for row in answer(liars(scored), scored, seed=1, draws=50))
    assert len(people) >= 4
    assert max(people) <= bound == int((scored.margins() >= -MAX_LIFT)[scored.legitimate].sum())


def test_lies_that_were_judged_cost_trust():
    scored = made()
    rows = answer(spent_trust(scored), scored, seed=1, draws=50)
    values = [row["value"] for row in rows]
    assert values == sorted(values, reverse=True)
    assert values[0] > values[-1]


@pytest.mark.parametrize("labels", [("malicious",), ("none", "bulk"), ("spam",), ()])
def test_what_cannot_be_computed_is_null_and_says_why(labels):
    found = figures(only(made(), *labels), seed=1, draws=50)
    auc = found["malicious_against_legitimate"]["auc"]
    assert auc == {"value": None, "why": "needs malicious and legitimate mail"}
    assert all(row["recall"]["value"] is None for row in found["malicious_against_legitimate"]["recall_at"])
    assert found["calibration_error"]["even_odds"]["ece"]["value"] is None
    if "malicious" not in labels:
        assert found["at_threshold"]["newcomer"]["malicious"] == {
            "value": None,
            "why": "no malicious mail",
            "hits": 0,
            "n": 0,
        }


def test_clusters_come_first_and_intervals_hold_their_figure():
    found = both_ways(made(), seed=1, draws=300)
    assert list(found) == ["clusters", "messages"]
    assert found["messages"]["counts"]["spam"] > found["clusters"]["counts"]["spam"]
    for way in found.values():
        auc = way["malicious_against_legitimate"]["auc"]
        for units in ("over_clusters", "over_sources"):
            low, high = auc[units]
            assert low < auc["value"] < high


def test_a_share_has_its_exact_interval_and_both_bootstraps():
    scored = made()
    found = answer(asked_share(scored.odds > 0, scored.spam, "spam"), scored, seed=1, draws=300)
    assert found["value"] == pytest.approx(found["hits"] / found["n"], abs=1e-6)
    assert set(found) == {"value", "hits", "n", "exact", "over_clusters", "over_sources"}
