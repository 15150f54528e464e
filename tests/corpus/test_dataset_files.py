"""A data set: labelled mail in one file, parsed once."""

import json
import sqlite3
import zlib
from dataclasses import replace
from datetime import UTC, datetime

import corpus_mails
import numpy as np
import pytest

from model.corpus import dataset, sources
from model.dataset import DatasetUnusable, SplitConfig, load, load_composed, read_dataset, split, write_dataset

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
MAILS = {
    f"{label}/{number}.eml": (label, corpus_mails.mail(number, Date="Fri, 02 Jan 2026 10:00:00 +0000"))
    for number, label in enumerate(("phish", "spam", "bulk", "benign") * 5)
}


def build(root, out, **options):
    found = sources.find([root])
    return write_dataset(found.messages, out, NOON, left_out=found.left_out, **options)


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "mail"
    corpus_mails.write_folder(root, MAILS, corpus="made")
    return root


@pytest.fixture
def parsings(monkeypatch):
    """How many messages each build parsed."""
    counts = []

    def counting(messages, authserv_ids):
        counts.append(0)
        for made in parsed(messages, authserv_ids):
            counts[-1] += 1
            yield made

    parsed = dataset.parsed
    monkeypatch.setattr(dataset, "parsed", counting)
    return counts


def same(first, second):
    return first.examples == second.examples and all(
        np.array_equal(getattr(first, name), getattr(second, name))
        for name in ("buckets", "starts", "lengths", "dense", "sketches")
    )


def test_a_data_set_reads_back_as_it_was_made(folder, tmp_path):
    made = build(folder, tmp_path / "data.db")
    assert len(made) == 20
    assert same(made, read_dataset(tmp_path / "data.db"))
    assert same(load(tmp_path / "data.db", tmp_path / "no-labels"), made)


def test_training_meets_the_same_table_in_a_data_set_and_in_its_folder(folder, tmp_path):
    build(folder, tmp_path / "data.db")
    roots = (folder, tmp_path / "data.db")
    assert same(*(split(load(root, folder / "labels.jsonl"), SplitConfig(salt="other")) for root in roots))


def test_what_the_label_does_not_say_comes_from_the_mail(folder, tmp_path):
    example = build(folder, tmp_path / "data.db").examples[0]
    assert (example.date, example.domain, example.source) == ("2026-01-02", "sender11.example", "sender11.example")
    assert len(example.sha256) == len(example.body) == 64
    assert "subject" in example.headers


def test_a_label_line_says_more_than_the_mail(tmp_path):
    corpus_mails.write_folder(
        tmp_path,
        {"a.eml": ("spam", corpus_mails.mail(1))},
        date="2020-01-01",
        lang="ru/uk",
        list="linux-a.lists.example",
    )
    example = load(tmp_path, tmp_path / "labels.jsonl").examples[0]
    assert (example.date, example.language, example.source, example.label) == ("2020-01-01", "ru", "a", "spam")


def test_building_again_parses_only_what_is_new(folder, tmp_path, parsings):
    build(folder, tmp_path / "data.db")
    corpus_mails.write_folder(folder, MAILS | {"phish/new.eml": ("phish", corpus_mails.mail(99))}, corpus="made")
    again = build(folder, tmp_path / "data.db")
    assert parsings == [20, 1]
    assert len(again) == len(read_dataset(tmp_path / "data.db")) == 21


def test_rows_that_other_code_made_are_made_again(folder, tmp_path, parsings):
    build(folder, tmp_path / "data.db", key="older")
    with pytest.raises(DatasetUnusable, match="corpus build again"):
        read_dataset(tmp_path / "data.db")
    build(folder, tmp_path / "data.db")
    assert parsings == [20, 20]


def test_a_build_that_was_stopped_goes_on_where_it_was(folder, tmp_path, parsings, monkeypatch):
    monkeypatch.setattr(dataset, "_BATCH", 4)

    def stopped(items, _total, _what):
        for number, item in enumerate(items):
            if number == 9:
                raise KeyboardInterrupt
            yield item

    monkeypatch.setattr("model.corpus.rows._TOGETHER", 2)
    with pytest.raises(KeyboardInterrupt):
        build(folder, tmp_path / "data.db", progress=stopped)
    with pytest.raises(DatasetUnusable, match="never finished"):
        read_dataset(tmp_path / "data.db")
    build(folder, tmp_path / "data.db")
    assert parsings[1] == 12


def test_mail_that_is_gone_leaves_the_data_set(folder, tmp_path):
    build(folder, tmp_path / "data.db", evidence=True)
    corpus_mails.write_folder(folder, dict(list(MAILS.items())[:3]), corpus="made")
    build(folder, tmp_path / "data.db", evidence=True)
    with sqlite3.connect(tmp_path / "data.db") as database:
        for table in ("messages", "features", "evidence"):
            assert database.execute(f"select count(*) from {table}").fetchone() == (3,)
    database.close()


def test_no_word_of_a_mail_is_in_a_data_set_unless_asked_for(tmp_path):
    secret = "unforgettable sentence about nothing at all that anybody could read"
    corpus_mails.write_folder(tmp_path / "mail", {"a.eml": ("spam", corpus_mails.mail(1, text=secret * 3))})
    build(tmp_path / "mail", tmp_path / "data.db")
    assert b"unforgettable" not in (tmp_path / "data.db").read_bytes()
    assert b"someone@" not in (tmp_path / "data.db").read_bytes()

    build(tmp_path / "mail", tmp_path / "data.db", evidence=True)
    with sqlite3.connect(tmp_path / "data.db") as database:
        (raw,) = database.execute("select raw from evidence").fetchone()
    database.close()
    assert b"unforgettable" in zlib.decompress(raw)

    build(tmp_path / "mail", tmp_path / "data.db")
    with sqlite3.connect(tmp_path / "data.db") as database:
        assert database.execute("select count(*) from evidence").fetchone() == (0,)
    database.close()


def test_a_data_set_says_how_it_was_made(folder, tmp_path):
    table = build(folder, tmp_path / "data.db")
    known = dataset.described(tmp_path / "data.db")
    assert known["made_at"] == "2026-01-01T12:00:00+00:00"
    assert known["messages"] == 20
    assert sum(known["counts"].values()) == 20
    assert known["data_sha256"] == dataset.data_hash(table)
    assert known["split"]["salt"]


def test_the_data_hash_knows_parts_and_labels(folder, tmp_path):
    table = build(folder, tmp_path / "data.db")
    other = replace(table, examples=(replace(table.examples[0], label="other"), *table.examples[1:]))
    assert dataset.data_hash(table) != dataset.data_hash(other)


@pytest.mark.parametrize("content", [b"no database at all, only text " * 40, None])
def test_another_file_is_refused_and_left_as_it_was(folder, tmp_path, content):
    path = tmp_path / "other.db"
    if content is None:
        with sqlite3.connect(path) as database:
            database.execute("create table people (name text)")
        database.close()
        content = path.read_bytes()
    path.write_bytes(content)
    with pytest.raises(DatasetUnusable, match="name another"):
        build(folder, path)
    assert path.read_bytes() == content


def test_the_cache_holds_one_file_for_the_code_of_today(folder, tmp_path, parsings):
    cache = tmp_path / "cache"
    first = load(folder, folder / "labels.jsonl", cache)
    (kept,) = cache.iterdir()
    kept.rename(cache / (kept.name[:-6] + "old.db"))
    load(folder, folder / "labels.jsonl", cache)
    assert [path.name for path in cache.iterdir()] == [kept.name]
    assert same(first, load(folder, folder / "labels.jsonl", cache))
    assert parsings == [20, 20, 0]


def test_a_part_of_the_labels_uses_the_same_cache(folder, tmp_path, parsings):
    load(folder, folder / "labels.jsonl", tmp_path / "cache")
    some = tmp_path / "some.jsonl"
    some.write_text(json.dumps({"path": "phish/0.eml", "label": "spam"}))
    assert [example.label for example in load(folder, some, tmp_path / "cache").examples] == ["spam"]
    assert len(load(folder, folder / "labels.jsonl", tmp_path / "cache")) == 20
    assert parsings == [20, 0, 0]


def test_the_same_mail_twice_is_one_row_and_one_cluster(tmp_path, parsings):
    raw = corpus_mails.mail(1, text="hi")
    corpus_mails.write_folder(tmp_path / "mail", {"a.eml": ("spam", raw), "b.eml": ("spam", raw)})
    table = build(tmp_path / "mail", tmp_path / "data.db")
    assert parsings == [1]
    assert table.examples[0].cluster == table.examples[1].cluster


def test_composed_mail_is_kept_between_runs(tmp_path, parsings):
    first = load_composed(12, 1, tmp_path)
    assert same(first, load_composed(12, 1, tmp_path))
    assert len(parsings) == 1
    fresh = load_composed(12, 1)
    assert np.array_equal(first.buckets, fresh.buckets)
    assert [example.label for example in first.examples] == [example.label for example in fresh.examples]
