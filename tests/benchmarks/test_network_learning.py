"""Network learning: what do 500 new labels bring, what do they cost, and what do 25 hostile ones among them do?

The new kind is six generated campaigns whose copies the shipped network partly misses; honest mail comes from the
corpora. Another part of both is held back. Processor time stands beside the clock, which counts the neighbours too.
"""

import hashlib
import json
import random
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from model import checkpoint as checkpoints
from model.adapt import AdaptConfig, adapt
from model.compare import FROZEN, FROZEN_SEED, REPLAY, REPLAY_SEED, compare, margins
from model.composed.campaign import campaign
from model.composed.write import AUTHSERV_ID
from model.corpus.rows import from_facts, tabled
from model.corpus.table import Example, Table
from model.dataset import load_composed, no_progress
from model.message.facts import Facts
from model.message.parse import parse_message

NEW_KIND, LEARNED, HELD = (15, 17, 2, 1, 3, 4), 100, 54
HONEST, HOSTILE, TARGET = 400, 25, 0.001
OTHER = {"malicious": "none", "none": "malicious"}


def table(mails: Sequence[Facts], labels: Sequence[str]) -> Table:
    names = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(len(mails))]
    examples = [
        Example(str(number), "own", label, "", source=str(number), date="", body="")
        for number, label in enumerate(labels)
    ]
    return tabled(examples, from_facts(list(zip(names, mails, strict=True))))


def honest(corpora: Path, count: int) -> list[Facts]:
    with (corpora / "labels.jsonl").open(encoding="utf-8") as lines:
        known = [line for line in map(json.loads, lines) if line["label"] in {"benign", "bulk"}]
    chosen = random.Random(3).sample(known, count)
    return [parse_message((corpora / line["path"]).read_bytes(), ("*",)) for line in chosen]


def test_five_hundred_labels_teach_a_new_kind_and_five_percent_hostile_ones_do_little(corpora: Path, tmp_path: Path):
    began, used = time.perf_counter(), time.process_time()
    frozen = load_composed(FROZEN, FROZEN_SEED, tmp_path)
    replay = load_composed(REPLAY, REPLAY_SEED, tmp_path)
    print(f"composing: {time.perf_counter() - began:.0f} s, {time.process_time() - used:.0f} s of processor time")

    copies = [parse_message(m.raw, (AUTHSERV_ID,)) for seed in NEW_KIND for m in campaign(seed, 26)]
    attacks = random.Random(4).sample(copies, len(copies))
    mails = honest(corpora, HONEST + 300)
    said = ["malicious"] * LEARNED + ["none"] * HONEST
    own = attacks[:LEARNED] + mails[:HONEST]
    held = table(attacks[LEARNED : LEARNED + HELD] + mails[HONEST:], ["malicious"] * HELD + ["none"] * 300)
    hostile = set(random.Random(5).sample(range(len(said)), HOSTILE))
    lies = [OTHER[label] if number in hostile else label for number, label in enumerate(said)]
    lied = [number for number in hostile if said[number] == "none"]
    serving = checkpoints.load(checkpoints.SHIPPED)

    found = {}
    for name, labels in (("all true", said), (f"{HOSTILE} hostile", lies)):
        began, used = time.perf_counter(), time.process_time()
        taught = table(own, labels)
        made = adapt(serving, taught, replay, "candidate", AdaptConfig(), 1, no_progress)
        spent = time.perf_counter() - began, time.process_time() - used
        found[name] = compare(serving, made, frozen, held, taught, TARGET)
        before, after = found[name].frozen
        mine, now = found[name].own
        over = margins(made, table([own[number] for number in lied], ["none"] * len(lied)), TARGET) >= 0
        print(f"{name}: {spent[0]:.0f} s, {spent[1]:.0f} s of processor time")
        wrong = f"wrong {before.wrong} to {after.wrong} of {after.legitimate}"
        print(f"  frozen: {before.recall:.4f} to {after.recall:.4f}, {wrong}")
        print(f"  new kind, held back: {mine.caught} to {now.caught} of {now.malicious}")
        print(f"  honest, held back: wrong {mine.wrong} to {now.wrong} of {now.legitimate}")
        print(f"  labels against the network's certainty: {found[name].contrary}; obstacles: {found[name].obstacles()}")
        print(
            f"  honest mail that was called an attack and is now over the threshold: {int(np.sum(over))} of {len(lied)}"
        )
    clean = found["all true"]
    assert clean.own[1].caught > clean.own[0].caught
    assert clean.frozen[0].recall - clean.frozen[1].recall <= 0.005
