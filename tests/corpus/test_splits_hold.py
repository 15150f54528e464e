"""Parts and folds: nothing that is tested was nearly seen before."""

import hashlib
import random
from dataclasses import replace

import corpus_mails
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.corpus.clusters import MINIMA
from model.corpus.folds import TOGETHER
from model.corpus.table import LEFT_OUT, TRAIN, starts_of
from model.dataset import (
    TEST,
    Example,
    SplitConfig,
    Table,
    apart_from,
    find_clusters,
    folds,
    load,
    seen_hashes,
    split,
    take,
    was_seen,
)
from model.features.table import BAGS, DENSE

CORPORA = ("phishing_pot", "list_ham", "spamassassin", "foff_milter", "composed")


def some_table(seed):
    """Some messages; bodies, minima, sources and domains are drawn from so few that they often meet."""
    chance = random.Random(seed)
    count = chance.randint(1, 40)
    few = chance.choice([3, 12, 60])
    examples, sketches = [], []
    for number in range(count):
        examples.append(
            Example(
                path=str(number),
                corpus=chance.choice(CORPORA),
                label=chance.choice(["malicious", "none"]),
                sub="",
                source=f"s{chance.randint(0, few)}.example",
                date=f"202{chance.randint(3, 5)}-{chance.randint(1, 12):02}",
                body=chance.choice(["", "", *"abcdefgh"]),
                domain=f"s{chance.randint(0, few)}.example",
                sha256=hashlib.sha256(str(number).encode()).hexdigest(),
            )
        )
        bands = [1_000 * number + 13 if chance.random() < 0.97 else 7 for _ in range(8)]
        sketches.append(np.repeat(bands, MINIMA // 8))
    lengths = np.full((count, len(BAGS)), chance.choice([0, 9]), dtype=np.int32)
    return Table(
        tuple(examples),
        np.zeros(lengths.sum(), dtype=np.int32),
        starts_of(lengths),
        lengths,
        np.zeros((count, len(DENSE)), dtype=np.float32),
        np.array(sketches, dtype=np.uint64),
    )


TABLES = st.integers(0, 2**32).map(some_table)
unhurried = settings(deadline=None)


@unhurried
@given(TABLES)
def test_no_cluster_lies_on_two_sides(table):
    dealt = split(table, SplitConfig())
    sides = {}
    for example in dealt.examples:
        if example.split != LEFT_OUT:
            sides.setdefault(example.cluster, set()).add(example.split)
    assert all(len(parts) == 1 for parts in sides.values())


@unhurried
@given(TABLES)
def test_messages_that_share_a_body_share_a_cluster(table):
    clusters = find_clusters(table)
    found = {}
    for example, cluster in zip(table.examples, clusters, strict=True):
        if example.body:
            assert found.setdefault(example.body, cluster) == cluster


@unhurried
@given(TABLES, st.randoms())
def test_the_order_of_the_mail_does_not_change_its_parts(table, chance):
    order = list(range(len(table)))
    chance.shuffle(order)
    parts = {example.path: example.split for example in split(table, SplitConfig()).examples}
    shuffled = split(take(table, np.array(order)), SplitConfig())
    assert {example.path: example.split for example in shuffled.examples} == parts


@unhurried
@given(TABLES, st.integers(2, 6), st.integers(0, 3))
def test_nothing_crosses_folds(table, k, seed):
    dealt = split(table, SplitConfig())
    found = folds(dealt, k, seed)
    assert set(found) <= set(range(k))
    for name in TOGETHER:
        of = {}
        for example, fold in zip(dealt.examples, found, strict=True):
            assert of.setdefault(getattr(example, name), fold) == fold
    assert np.array_equal(found, folds(dealt, k, seed))


@unhurried
@given(TABLES, st.integers(2, 4))
def test_what_is_apart_shares_nothing_with_the_tested(table, k):
    dealt = split(table, SplitConfig())
    chosen = dealt.where(lambda example: example.corpus == "foff_milter")
    found = folds(dealt, k, 1, chosen)
    assert (np.delete(found, chosen) == -1).all()
    for fold in range(k):
        tested = np.flatnonzero(found == fold)
        training = apart_from(dealt, tested)
        for name in ("source", "domain", "cluster"):
            near = {getattr(dealt.examples[number], name) for number in tested}
            assert near.isdisjoint(getattr(dealt.examples[number], name) for number in training)


def test_folds_are_of_like_size_and_hold_each_label():
    count = 300
    lengths = np.zeros((count, len(BAGS)), dtype=np.int32)
    examples = tuple(
        Example(str(n), "c", ("malicious", "none", "none")[n % 3], "", f"s{n // 2}.example", "", "", cluster=n)
        for n in range(count)
    )
    table = Table(
        examples,
        np.zeros(0, dtype=np.int32),
        starts_of(lengths),
        lengths,
        np.zeros((count, len(DENSE)), dtype=np.float32),
        np.zeros((count, MINIMA), dtype=np.uint64),
    )
    found = folds(table, 5, 1)
    assert np.bincount(found).min() > 50
    malicious = table.where(lambda example: example.label == "malicious")
    assert np.bincount(found[malicious], minlength=5).min() > 12
    assert not np.array_equal(found, folds(table, 5, 2))


@pytest.fixture
def planted(tmp_path):
    """Campaigns of five near-duplicates from five senders each, among mail of its own."""
    mails = {}
    for campaign in range(12):
        words = corpus_mails.wording(campaign, 60)
        for copy in range(5):
            text = f"Dear {corpus_mails.wording(1_000 + 5 * campaign + copy, 1)},\n{words}\n"
            mails[f"c{campaign}-{copy}.eml"] = ("phish", corpus_mails.mail(100 + 5 * campaign + copy, text=text))
    for number in range(60):
        mails[f"own{number}.eml"] = ("benign", corpus_mails.mail(500 + number))
    return split(load(tmp_path, corpus_mails.write_folder(tmp_path, mails, corpus="made")), SplitConfig())


def test_planted_near_duplicates_stay_on_one_side(planted):
    sides = {}
    for example in planted.examples:
        if example.path.startswith("c"):
            sides.setdefault(example.path.partition("-")[0], []).append(example)
    for campaign in sides.values():
        assert len({example.cluster for example in campaign}) == 1
        assert len({example.split for example in campaign} - {LEFT_OUT}) == 1
    assert len({campaign[0].cluster for campaign in sides.values()}) == 12
    assert any(example.split == LEFT_OUT for campaign in sides.values() for example in campaign)


def test_mail_of_its_own_stays_of_its_own(planted):
    own = [example.cluster for example in planted.examples if example.path.startswith("own")]
    assert len(set(own)) == len(own)


def test_what_is_not_for_testing_counts_as_seen(planted):
    seen = seen_hashes(planted)
    assert (np.diff(seen.astype(object)) > 0).all()
    answers = was_seen(seen, [example.sha256 for example in planted.examples])
    assert answers.tolist() == [example.split != TEST for example in planted.examples]
    assert {example.split for example in planted.examples} == {TRAIN, "calibrate", TEST, LEFT_OUT}
    assert not was_seen(seen, [hashlib.sha256(b"never").hexdigest()]).any()


def test_a_table_without_hashes_is_not_taken_for_unseen(planted):
    nameless = replace(planted, examples=tuple(replace(example, sha256="") for example in planted.examples))
    with pytest.raises(ValueError, match="SHA-256"):
        seen_hashes(nameless)
