"""Instant learning: how much of a campaign does one judgement convert, how soon, and does it ever convert honest mail?

On generated campaigns through the real store, and on the corpora as if every phish in them had been judged.
"""

import json
import time
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest
from builders import make_services, seed_tenant
from campaign_measures import alike, families, share_together
from numpy import mean
from planted import held, plant

from backend.domain.disposition import Disposition
from backend.flow.feedback import correct
from backend.policy.settings import tenant_policy
from model.composed.campaign import campaign
from model.composed.write import AUTHSERV_ID
from model.message.parse import parse_message
from model.modules.traits import HOST, shared, traits
from model.predict import load_predictor

SEEDS, COPIES, STORED = range(20), 50, 30
THRESHOLDS = (0.3, 0.35, 0.4, 0.45, 0.5, 0.6)
JOINS = tenant_policy({}).campaigns.similarity
REACH = tenant_policy({}).learning


def copies(side: str):
    return [[parse_message(mail.raw, (AUTHSERV_ID,)) for mail in campaign(seed, COPIES, side)] for seed in SEEDS]


def test_a_threshold_holds_campaigns_together_and_apart():
    """Twenty seeds of fifty copies, from crooked and from honest templates."""
    made = {side: copies(side) for side in ("crooked", "honest")}
    for threshold in THRESHOLDS:
        line = f"similarity {threshold}:"
        for side, groups in made.items():
            together = [share_together(families(COPIES, alike(group, threshold))) for group in groups]
            line += f" {side} {mean(together):.3f} together (least {min(together):.2f})"
        print(line)
    every = [facts for groups in made.values() for group in groups for facts in group]
    whose = np.repeat(np.arange(len(every) // COPIES), COPIES)
    mixed = {(whose[one], whose[other]) for one, other in alike(every, JOINS) if whose[one] != whose[other]}
    print(
        f"at {JOINS}: {len(mixed)} of {len(every) // COPIES * (len(every) // COPIES - 1) // 2} pairs of campaigns meet"
    )
    assert mean([share_together(families(COPIES, alike(group, JOINS))) for group in made["crooked"]]) >= 0.95


@pytest.mark.timeout(3_600)
def test_one_judgement_converts_its_campaign_in_time(tmp_path, sqlite_database):
    """The first copy is judged when thirty are stored; twenty come later. Margins are the network's own."""
    predictor = load_predictor()
    world = seed_tenant(make_services(tmp_path, sqlite_database))
    stored, later, seconds, by_network, ways = [], [], [], [], Counter()
    for seed, group in zip(SEEDS, copies("crooked"), strict=True):
        margins = predictor.margins(group)
        numbers = [plant(world, facts, float(base)) for facts, base in zip(group[:STORED], margins, strict=False)]
        began, used = time.perf_counter(), time.process_time()
        correct(world.services, world.owner, numbers[0], Disposition.MALICIOUS)
        seconds.append((time.perf_counter() - began, time.process_time() - used))
        stored += (shares := [held(world, number).disposition is Disposition.MALICIOUS for number in numbers])
        rest = zip(group[STORED:], margins[STORED:], strict=True)
        ahead = [plant(world, facts, float(base)) for facts, base in rest]
        later += (after := [held(world, number).disposition is Disposition.MALICIOUS for number in ahead])
        ways.update(held(world, number).why[0] for number in (*numbers[1:], *ahead))
        by_network += list(margins >= 0)
        alone = mean(margins >= 0)
        print(f"campaign {seed}: stored {mean(shares):.2f}, later {mean(after):.2f}, network alone {alone:.2f}")
    print(f"stored {mean(stored):.3f}, later {mean(later):.3f}, by the network alone {mean(by_network):.3f}")
    print(f"how each is held: {ways.most_common()}")
    clock, processor = np.array(seconds).T
    print(
        f"seconds from the word to the last conversion: median {np.median(clock):.2f}, most {max(clock):.2f}; "
        f"of processor time {np.median(processor):.2f}, {max(processor):.2f}"
    )
    honest = [
        (facts, float(base))
        for group in copies("honest")
        for facts, base in zip(group, predictor.margins(group), strict=True)
    ]
    of_network = sum(base >= 0 for _, base in honest)
    decided = [held(world, plant(world, facts, base)) for facts, base in honest]
    wrong = sum(decision.why[0].startswith("learned-") for decision in decided)
    print(f"honest copies converted: {wrong} of {len(honest)}; over the threshold by themselves: {of_network}")
    assert mean(stored) >= 0.95
    assert mean(later) >= 0.95
    assert max(clock) <= 5
    assert wrong == 0


@pytest.mark.timeout(3_600)
def test_no_judged_phish_of_the_corpora_converts_honest_mail(corpora: Path):
    """Every phish judged malicious: what would be converted, by likeness and by a link or file of its own?"""
    with (corpora / "labels.jsonl").open(encoding="utf-8") as lines:
        known = [json.loads(line) for line in lines]
    known = [line for line in known if line["label"] in {"phish", "benign", "bulk"}]
    mails = [parse_message((corpora / line["path"]).read_bytes(), ("*",)) for line in known]
    predictor = load_predictor()
    margins = np.concatenate([predictor.margins(mails[at : at + 256]) for at in range(0, len(mails), 256)])
    phish = [line["label"] == "phish" for line in known]

    family = families(len(mails), alike(mails, JOINS))
    attacked = {number for number, crooked in zip(family, phish, strict=True) if crooked}
    things = defaultdict(list)
    for facts, crooked in zip(mails, phish, strict=True):
        for trait in traits(facts) if crooked else ():
            if trait.kind != HOST:  # it counts inside one campaign alone, and no honest mail below is in one
                things[trait.kind, trait.value].append(trait)
    like = hard = wrong = 0
    for facts, number, base, crooked in zip(mails, family, margins, phish, strict=True):
        if crooked:
            continue
        likely = number in attacked
        owns = any(shared(theirs, ours) for ours in traits(facts) for theirs in things.get((ours.kind, ours.value), ()))
        like, hard = like + likely, hard + owns
        wrong += (likely and base >= REACH.similar_from) or (owns and base >= REACH.shared_from)
    print(f"{sum(phish)} phish and {len(mails) - sum(phish)} honest mails")
    print(f"honest ones in a campaign with phish: {like}; with a link or file of theirs: {hard}")
    print(f"honest mail converted: {wrong}")
    assert (like, wrong) == (0, 0)
