"""Training: from a labelled folder to a checkpoint that can be repeated."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
import training
from safetensors.torch import load_file

from model.batches import Masking, masked_batch
from model.checkpoint import CheckpointUnusable, load
from model.dataset import (
    CALIBRATE,
    TEST,
    TRAIN,
    SplitConfig,
    find_clusters,
    load_composed,
    no_progress,
    one_a_cluster,
    split,
)
from model.dataset import load as load_table
from model.features.table import DENSE, authentication_columns
from model.fit import MALICIOUS, SPAM, balanced_weights, truth
from model.fit_lift import fit_lift
from model.fitted import fitted
from model.population import draw_reports, draw_values
from model.thorough import MODERN, SHARES, modern_mail
from model.train import train


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("mail")
    training.write_folder(root)
    return root


@pytest.fixture(scope="module")
def trained(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("trained")
    figures = train(folder, folder / "labels.jsonl", out, seed=3, name="tiny", config=training.TINY, quiet=True)
    return out, figures


@pytest.fixture(scope="module")
def table(folder):
    return split(load_table(folder, folder / "labels.jsonl"), SplitConfig())


def card(out):
    return json.loads((out / "checkpoint.json").read_text())


def test_the_loss_falls(trained):
    losses = card(trained[0])["training"]["losses"]
    assert losses[-1] < 0.6 * losses[0]


def test_what_it_learned_holds_for_senders_it_never_saw(trained):
    figures = trained[1]["clusters"]["malicious_against_legitimate"]
    assert figures["malicious"] > 5
    assert figures["auc"]["value"] > 0.9


def test_the_checkpoint_says_how_to_repeat_it(trained):
    kept = card(trained[0])["training"]
    assert kept["seed"] == 3
    assert len(kept["data"]["sha256"]) == 64
    assert kept["config"]["composed"] == training.TINY.composed
    assert kept["figures"]["clusters"]["at_threshold"]


def test_the_checkpoint_ships_its_curve_and_offers_only_what_it_supports(trained):
    points = load(trained[0]).calibration.points
    assert points
    assert all(point.upper_bound <= point.target and point.legitimate > 0 for point in points)
    assert 0.001 not in [point.target for point in points]


def test_the_same_seed_gives_the_same_weights(folder, trained, tmp_path):
    train(folder, folder / "labels.jsonl", tmp_path, seed=3, name="tiny", config=training.TINY, quiet=True)
    first, second = (load_file(out / "weights.safetensors") for out in (trained[0], tmp_path))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert card(trained[0])["calibration"] == card(tmp_path)["calibration"]


def test_training_the_lift_leaves_the_base_network_alone(trained):
    network = load(trained[0]).network
    before = {name: weights.clone() for name, weights in network.state_dict().items()}
    fit_lift(network, seed=7)
    changed = {name for name, weights in network.state_dict().items() if not torch.equal(weights, before[name])}
    assert changed <= {"gate.weight", "gate.bias", "mixture"}
    assert "mixture" in changed


def test_what_further_trainings_show_is_written_beside_the_figures(folder, tmp_path):
    figures = train(folder, folder / "labels.jsonl", tmp_path, seed=3, config=training.TINY, quiet=True, thorough=True)
    curve = figures["learning_curve"]
    assert [row["share"] for row in curve] == [*SHARES, 1.0]
    assert [row["messages"] for row in curve] == sorted(row["messages"] for row in curve)
    assert all(0.0 <= row["recall_at_1"] <= 1.0 for row in curve)
    assert set(figures["without_headers"]) == {"as_it_is", "hidden"}


def test_modern_mail_is_judged_by_networks_that_never_met_its_sender(table):
    modern = replace(table, examples=tuple(_as_modern(example) for example in table.examples))
    met = []

    def fit(chosen, parts):
        made = fitted(chosen, parts, training.TINY.network, training.TINY.fit, training.TINY.targets, 1, no_progress)
        met.append({chosen.examples[number].source for number in (*parts.train, *parts.calibrate)})
        return made

    found = modern_mail(modern, fit, 0.2)
    legitimate = {example.source for example in modern.examples if example.corpus == MODERN[0]}
    assert found["nobody"]["all"]["n"] > 20
    assert found["nobody"]["all"]["hits"] <= found["newcomer"]["all"]["hits"] < found["nobody"]["all"]["n"]
    assert all(not legitimate <= sources for sources in met)
    assert legitimate <= set().union(*met)


def _as_modern(example):
    return replace(example, corpus=MODERN[0]) if example.label == "bulk" else example


def test_copies_of_one_mail_weigh_less_than_different_mails(table):
    apart = tuple(replace(example, cluster=number) for number, example in enumerate(table.examples))
    copied = {number for number in np.flatnonzero(truth(table) == MALICIOUS).tolist() if number < 200}
    one = replace(table, examples=apart)
    copies = replace(table, examples=tuple(replace(e, cluster=0) if n in copied else e for n, e in enumerate(apart)))
    numbers = np.flatnonzero(truth(table) == MALICIOUS)
    both = np.concatenate((numbers, np.flatnonzero(truth(table) != MALICIOUS)))
    before, after = (balanced_weights(each, both, 0.5)[0][: len(numbers)] for each in (one, copies))
    assert after[0] < before[0]
    assert after[-1] > before[-1]


def test_a_damaged_checkpoint_is_refused_with_the_reason(trained, tmp_path):
    (tmp_path / "checkpoint.json").write_bytes((trained[0] / "checkpoint.json").read_bytes())
    weights = bytearray((trained[0] / "weights.safetensors").read_bytes())
    weights[-1] ^= 1
    (tmp_path / "weights.safetensors").write_bytes(weights)
    with pytest.raises(CheckpointUnusable, match="weights"):
        load(tmp_path)


@pytest.mark.parametrize(("key", "value"), [("format", 99), ("dense", ["other"]), ("calibration", {})])
def test_a_checkpoint_of_another_kind_is_refused(trained, tmp_path, key, value):
    (tmp_path / "weights.safetensors").write_bytes((trained[0] / "weights.safetensors").read_bytes())
    (tmp_path / "checkpoint.json").write_text(json.dumps({**card(trained[0]), key: value}))
    with pytest.raises(CheckpointUnusable):
        load(tmp_path)


def test_an_empty_folder_is_no_checkpoint(tmp_path):
    with pytest.raises(CheckpointUnusable):
        load(tmp_path)


def test_sides_share_no_sender_and_no_campaign(table):
    by_side = {
        side: [example for example in table.examples if example.split == side] for side in (TRAIN, CALIBRATE, TEST)
    }
    assert all(len(examples) > 20 for examples in by_side.values())
    for first, second in ((TRAIN, CALIBRATE), (TRAIN, TEST), (CALIBRATE, TEST)):
        assert not {e.source for e in by_side[first]} & {e.source for e in by_side[second]}
        assert not {e.cluster for e in by_side[first]} & {e.cluster for e in by_side[second]}


def test_a_corpus_split_by_time_keeps_the_newest_for_testing(table):
    dated = replace(
        table,
        examples=tuple(
            replace(example, corpus="dated", date=f"20{20 + number % 8}-06", body=str(number))
            for number, example in enumerate(table.examples)
        ),
    )
    config = SplitConfig(by_time=("dated",), calibrate_from="2024", test_from="2026")
    for example in split(dated, config).examples:
        if example.split == TEST:
            assert example.date >= "2026"
        if example.split == TRAIN:
            assert example.date < "2024"


def test_near_duplicates_fall_into_one_cluster_and_different_mail_does_not(folder, tmp_path):
    first = training.mail("phish", 1)
    (tmp_path / "a.eml").write_bytes(first)
    (tmp_path / "b.eml").write_bytes(first.replace(b"account", b"profile"))
    (tmp_path / "c.eml").write_bytes(training.mail("benign", 2))
    lines = [json.dumps({"path": f"{name}.eml", "label": "phish"}) for name in "abc"]
    (tmp_path / "labels.jsonl").write_text("\n".join(lines))
    found = find_clusters(load_table(tmp_path, tmp_path / "labels.jsonl"))
    assert found[0] == found[1] != found[2]


def test_one_message_stands_for_its_cluster(table):
    twice = replace(table, examples=tuple(replace(example, cluster=1) for example in table.examples))
    assert len(one_a_cluster(twice, np.arange(len(twice)))) == 4  # one for each label


def test_rows_kept_between_runs_are_the_rows_read(folder, tmp_path):
    labels = folder / "labels.jsonl"
    read, kept = load_table(folder, labels, tmp_path), load_table(folder, labels, tmp_path)
    assert read.examples == kept.examples
    assert np.array_equal(read.buckets, kept.buckets)
    assert np.array_equal(read.dense, kept.dense)


def test_spam_takes_no_part_in_the_first_boundary(table):
    numbers = np.arange(len(table))
    boundary, head = balanced_weights(table, numbers)
    labels = truth(table)
    assert (boundary[labels == SPAM] == 0).all()
    assert boundary[labels == MALICIOUS].sum() == pytest.approx(boundary[labels != MALICIOUS].sum())
    assert (head[labels == SPAM] > 0).all()


def test_masked_authentication_looks_like_none_at_all():
    composed = load_composed(40, seed=1)
    masked = masked_batch(composed, np.arange(40), Masking(authentication=1.0, dense=0.0), np.random.default_rng(1))
    columns = list(authentication_columns())
    unknown = DENSE.index("authentication-unknown")
    assert composed.dense[:, columns].sum() > 40
    assert masked.dense[:, unknown].tolist() == [1.0] * 40
    columns.remove(unknown)
    assert float(masked.dense[:, columns].sum()) == 0.0


def test_most_simulated_reports_are_mistaken_and_good_reporters_are_worth_more():
    values, right = draw_reports(4_000, np.random.default_rng(1))
    assert 0.05 < right.mean() < 0.25
    assert values[right].mean() > values[~right].mean() + 0.5
    assert (values >= 0).all()


def test_values_are_drawn_for_the_kind_of_report_asked_for():
    chance = np.random.default_rng(1)
    assert draw_values(500, chance, right=True).mean() > draw_values(500, chance, right=False).mean()


def test_composed_mail_is_the_same_for_the_same_seed():
    first, again, other = (load_composed(30, seed) for seed in (1, 1, 2))
    assert np.array_equal(first.buckets, again.buckets)
    assert not np.array_equal(first.buckets, other.buckets)
    assert {example.label for example in first.examples} >= {"malicious", "none"}
