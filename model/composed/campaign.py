"""Campaign: how does one attack, or one honest sender's mailing, look in its many copies?

What changes from copy to copy is what attackers' tools change: the name of who gets it, numbers and days, the links'
hosts and tokens, here and there the wording (a sentence exchanged, left out or added), the look, and now and then the
sender. It measures from which similarity on two messages are taken for one campaign, and what instant learning finds.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from model.composed.compose import Composed, Scene, draw_scene, laid_out
from model.composed.crooked import crooked
from model.composed.letter import Letter, facts
from model.composed.sender import Sender, honest
from model.composed.skeletons import read_skeletons
from model.composed.world import World, said

_SENDERS = 3  # of a crooked campaign: a domain that is blocked is replaced
_EXCHANGED = 0.2  # sentences that a copy says in another way
_LEFT_OUT = 0.15  # copies that leave a sentence out
_ADDED = 0.2  # copies that add one
_PREFIXED = 0.1  # sentences that begin otherwise
_OTHER_SUBJECT = 0.3
_PREFIXES = ("NB: ", "> ", "* ", "- ", "1. ")


@dataclass(frozen=True)
class _Plan:
    """What the copies of one campaign share."""

    scene: Scene
    senders: tuple[Sender, ...]
    subjects: tuple[str, ...]
    lines: tuple[str, ...]  # wordings with their slots open
    others: tuple[str, ...]  # what else such a mail could say
    labels: tuple[str, ...]


def campaign(seed: int, copies: int, side: str = "crooked", templates: Path | None = None) -> Iterator[Composed]:
    """`copies` of one campaign, the same ones for the same seed; `side` is crooked or honest."""
    world = World(random.Random(f"campaign {side} {seed}"))  # noqa: S311  # wording, not secrets
    plan, skeletons = _plan(world, side), read_skeletons(templates)
    label = {"honest": plan.scene.entry.get("label", "benign"), "crooked": "phish"}[side]
    for number in range(copies):
        name, local = world.person(plan.scene.language)
        scene = replace(plan.scene, to=f"{local}{number}@{plan.scene.to.rpartition('@')[2]}", reader=name)
        sender = plan.senders[number * len(plan.senders) // copies]
        raw = laid_out(world, scene, _copy(world, plan, scene), sender, skeletons)
        yield Composed(raw, label, f"campaign-{side}-{seed}", scene.kind, scene.language)


def _plan(world: World, side: str) -> _Plan:
    scene = draw_scene(world, side)
    while scene.flow == "person" and not scene.entry.get("links", 1):  # a few words by hand are no mailing
        scene = draw_scene(world, side)
    make = honest if side == "honest" else crooked
    senders = tuple(
        make(world, scene.flow, scene.whose, scene.language, scene.to, scene.person)
        for _ in range(1 if side == "honest" else _SENDERS)
    )
    wording = said(scene.language)[scene.kind]
    count = min(len(wording["lines"]), world.chance.randint(3, 5))
    kept = sorted(world.chance.sample(range(len(wording["lines"])), count))
    lines = tuple(wording["lines"][number] for number in kept)
    others = [line for line in wording["lines"] if line not in lines]
    if side == "crooked":
        others += said(scene.language)["common"]["pressure"]
    labels = tuple(wording.get("labels", ()))[:2]
    return _Plan(scene, senders, tuple(wording["subjects"]), lines, tuple(others) or lines, labels)


def _copy(world: World, plan: _Plan, scene: Scene) -> Letter:
    """The wording of one copy."""
    common = said(scene.language)["common"]
    person = scene.person[0] if scene.person else ""
    slots = {
        **facts(world, scene.language, scene.whose.name, person),
        "domain": scene.to.rpartition("@")[2],
        "mailbox": scene.to,
        "me": scene.reader.partition(" ")[0],
    }
    lines = [_said(world, plan, line) for line in plan.lines]
    if len(lines) > 2 and world.often(_LEFT_OUT):
        lines.pop(world.chance.randrange(len(lines)))
    if world.often(_ADDED):
        lines.insert(world.chance.randint(1, len(lines)), world.pick(plan.others))
    subject = world.pick(plan.subjects) if world.often(_OTHER_SUBJECT) else plan.subjects[0]
    closing = [common["regards"][0], "{person}"] if scene.flow == "person" else [common["closings"][0]]
    return Letter(
        kind=scene.kind,
        language=scene.language,
        subject=world.fill(subject, slots),
        lines=tuple(world.fill(line, slots) for line in (world.pick(common["greetings"]), *lines)),
        labels=tuple(world.fill(label, slots) for label in plan.labels[:1]),
        closing=tuple(world.fill(line, slots) for line in closing),
        small=tuple(common["small"]) if scene.flow != "person" else (),
        note=world.fill(common["notes"][0], slots) if scene.flow != "person" else "",
    )


def _said(world: World, plan: _Plan, line: str) -> str:
    if world.often(_EXCHANGED):
        return world.pick(plan.others)
    return world.pick(_PREFIXES) + line if world.often(_PREFIXED) else line
