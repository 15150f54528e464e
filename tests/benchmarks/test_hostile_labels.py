"""Poisoning: what do 25 labels of a hostile analyst among 500 do at once and to the next network, and is it undone?

One tenant, through the real flow on a store: an honest analyst's labels, a candidate, then three attacks one after the
other, each measured and revoked before the next. Margins are the shipped network's own. What nobody labelled is the
measure: copies of the attacks, honest mail of the corpora, and the rest of what each attack aimed at.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from as_it_stands import AsItStands, as_it_stands
from builders import World, make_services, seed_tenant
from planted import plant
from test_network_learning import honest, table

from backend.commands.learn import learn_candidate
from backend.domain.candidate import Candidate
from backend.domain.disposition import Disposition
from backend.domain.people import Operator, Role
from backend.errors import Conflict
from backend.flow import candidates as flow
from backend.flow.feedback import correct
from backend.flow.learn import revoke_all_of
from backend.store import candidate_files, candidates
from model import checkpoint as checkpoints
from model.compare import Side, margins, side
from model.composed.campaign import campaign
from model.composed.write import AUTHSERV_ID
from model.message.facts import Facts
from model.message.parse import parse_message
from model.predict import load_predictor

MALICIOUS, NONE = Disposition.MALICIOUS, Disposition.NONE
KINDS, COPIES, LABELLED = (15, 17, 2, 1, 3, 4), 26, 100
WHITEWASHED, OF_ONE = 0, 50  # a campaign the network mostly catches by itself; copies of each campaign aimed at
FRAMED = 12  # an honest sender's mailing that the network is a little in doubt about
HONEST, HOSTILE, TARGET = 675, 25, 0.001


def copies(seed: int, count: int, sided: str = "crooked") -> list[Facts]:
    return [parse_message(mail.raw, (AUTHSERV_ID,)) for mail in campaign(seed, count, sided)]


@dataclass
class Stored:
    """A tenant's mail, by what it truly is: message ids in the order of the mails."""

    world: World
    mails: dict[int, Facts] = field(default_factory=dict)
    truth: dict[int, Disposition] = field(default_factory=dict)

    def keep(self, mails: Sequence[Facts], truth: Disposition) -> list[int]:
        bases = [base for at in range(0, len(mails), 128) for base in load(mails[at : at + 128])]
        numbers = [plant(self.world, facts, float(base)) for facts, base in zip(mails, bases, strict=True)]
        self.mails |= dict(zip(numbers, mails, strict=True))
        self.truth |= dict.fromkeys(numbers, truth)
        return numbers

    def judge(self, who: Operator, words: Mapping[int, Disposition]) -> None:
        for number, said in words.items():
            correct(self.world.services, who, number, said)

    def measured(self, network: checkpoints.Checkpoint, numbers: Sequence[int]) -> Side:
        words = ["malicious" if self.truth[number] is MALICIOUS else "none" for number in numbers]
        rows = table([self.mails[number] for number in numbers], words)
        return side(margins(network, rows, TARGET), rows)


load = load_predictor().margins


def taught(world: World) -> Candidate:
    candidate_id = flow.ask_here(world.services, world.tenant_id)
    return learn_candidate(world.services, world.tenant_id, candidate_id)


def network_of(world: World, candidate: Candidate) -> checkpoints.Checkpoint:
    with candidate_files.unpacked(world.services.evidence, candidate) as folder:
        return checkpoints.load(folder)


@pytest.mark.timeout(3_600)
def test_a_hostile_analysts_25_labels_among_500_are_bounded_and_undone(corpora: Path, tmp_path: Path, sqlite_database):
    world = seed_tenant(make_services(tmp_path, sqlite_database))
    world.set_policy(actions={"MALICIOUS": "no-action", "SPOOF": "no-action"}, learning={"promote": "policy"})
    olga, mallory = world.operator(Role.ANALYST, "olga"), world.operator(Role.ANALYST, "mallory")
    kept = Stored(world)
    attacks = kept.keep([facts for seed in KINDS for facts in copies(seed, COPIES)], MALICIOUS)
    kept.keep(copies(5, 3), MALICIOUS)  # takes the number by which the seventh campaign would be held back
    framed = kept.keep(copies(FRAMED, OF_ONE, "honest"), NONE)
    washed = kept.keep(copies(WHITEWASHED, OF_ONE), MALICIOUS)
    ordinary = kept.keep(honest(corpora, HONEST), NONE)
    random.Random(4).shuffle(attacks)
    known = [*attacks[:LABELLED], *ordinary[: 475 - LABELLED]]
    unlabelled = {
        "attacks": attacks[LABELLED:],
        "the whitewashed campaign": washed[HOSTILE:],
        "the framed mailing": framed[HOSTILE:],
        "honest mail": ordinary[475 - LABELLED + HOSTILE :],
    }
    drawn = random.Random(5).sample([*attacks[LABELLED:], *ordinary[475 - LABELLED : 475 - LABELLED + 150]], HOSTILE)
    ways = {
        "25 at random": {number: NONE if kept.truth[number] is MALICIOUS else MALICIOUS for number in drawn},
        "one campaign whitewashed": dict.fromkeys(washed[:HOSTILE], NONE),
        "one honest mailing framed": dict.fromkeys(framed[:HOSTILE], MALICIOUS),
    }

    kept.judge(olga, {number: kept.truth[number] for number in known})
    before = as_it_stands(world)
    clean = taught(world)
    show(kept, "all true", unlabelled, before, before, clean)
    refused = []
    for name, lies in ways.items():
        kept.judge(mallory, lies)
        harmed = as_it_stands(world)
        poisoned = taught(world)
        rest = {group: [n for n in numbers if n not in lies] for group, numbers in unlabelled.items()}
        show(kept, name, rest, before, harmed, poisoned)
        refused += [name] if poisoned.obstacles else []
        hostile = {label for label in harmed.labels - before.labels if label in poisoned.label_ids}
        assert len(hostile) > HOSTILE / 2, "held back: this attack was not measured"
        print(f"  hostile labels it was taught: {len(hostile)}; whose contradict most: {poisoned.measures['giver']}")
        with world.services.database.read() as tx:
            serving = candidates.serving(tx, world.tenant_id)
        if serving == poisoned.id:
            flow.roll_back(world.services, world.owner)
        assert revoke_all_of(world.services, world.owner, f"operator:{mallory.id}", "Taken over.") == len(lies)
        assert as_it_stands(world) == before
    print(f"refused by the comparison: {refused}")
    again = taught(world)
    print(f"after revoking: the same weights as before the attacks: {again.weights_sha256 == clean.weights_sha256}")
    assert (again.label_ids, again.weights_sha256) == (clean.label_ids, clean.weights_sha256)
    while True:
        try:
            flow.roll_back(world.services, world.owner)
        except Conflict:
            break
    assert world.services.predictor_of(world.tenant_id).checkpoint == "v1"


def show(
    kept: Stored,
    name: str,
    groups: Mapping[str, Sequence[int]],
    before: AsItStands,
    now: AsItStands,
    candidate: Candidate,
) -> None:
    frozen = [Side(**one) for one in candidate.measures["frozen"]]
    own = [Side(**one) for one in candidate.measures["own"]]
    serving, made = checkpoints.load(checkpoints.SHIPPED), network_of(kept.world, candidate)
    print(f"{name}:")
    for group, numbers in groups.items():
        changed = [number for number in numbers if now.held[number][0] != before.held[number][0]]
        to_malicious = sum(now.held[number][0] is MALICIOUS for number in changed)
        acted = sum(now.held[number][2] != before.held[number][2] for number in numbers)
        old, new = kept.measured(serving, numbers), kept.measured(made, numbers)
        over = (old.caught, new.caught, new.malicious) if old.malicious else (old.wrong, new.wrong, new.legitimate)
        print(
            f"  {group}: at once {to_malicious} of {len(numbers)} to malicious, {len(changed) - to_malicious} away,"
            f" responses changed {acted}; over the threshold {over[0]} (shipped) {over[1]} (candidate) of {over[2]}"
        )
    print(
        f"  frozen test: recall {frozen[0].recall:.4f} to {frozen[1].recall:.4f},"
        f" wrong {frozen[0].wrong} to {frozen[1].wrong} of {frozen[1].legitimate}"
    )
    print(f"  ledger as labelled: caught {own[0].caught} to {own[1].caught} of {own[1].malicious},", end="")
    print(f" wrong {own[0].wrong} to {own[1].wrong} of {own[1].legitimate}")
    print(f"  against the network's certainty: {candidate.measures['contrary']}; obstacles: {candidate.obstacles}")
