"""Compose: what would everyday mail say, and the phish and spam that look just like it?

Flow, language, look, service and files are drawn alike for honest and crooked mail. So neither header names nor
structure nor wording tell the sides apart; who signed, what aligns, where the links lead and what is claimed do.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from model.composed.attach import File, attach
from model.composed.crooked import crooked, twin
from model.composed.layout import Page, plain, pretty
from model.composed.letter import Letter, letter
from model.composed.organisations import Organisation, invented, organisation, scanner
from model.composed.sender import Sender, honest
from model.composed.skeletons import Skeletons, read_skeletons
from model.composed.world import World, data, languages, said
from model.composed.write import Body, content_id, write

_SIDES = ("honest",) * 20 + ("crooked",) * 9 + ("spam",) * 4  # and 5 % of all are an honest mail's crooked twins
_TWINS = 0.08  # of honest mails with links
_OWN_MAILBOX = 0.15  # of twins and of persons' phish: sent from the very mailbox
_FLOWS = ("notice",) * 11 + ("person",) * 5 + ("bulk",) * 4
_SPAM_FLOWS = ("bulk", "person")
_WRAPPED = 0.06  # of mails that reached somebody whose gateway rewrites links
_TEMPLATES = 0.45  # of machines' mails that wear a template, where there are any
_ENGLISH = 0.3


@dataclass(frozen=True)
class Composed:
    """One composed mail with its label and the group it was made from (a twin shares its original's)."""

    raw: bytes
    label: str  # benign, bulk, phish or spam
    group: str
    kind: str = ""
    language: str = ""


def compose(count: int, seed: int, templates: Path | None = None) -> Iterator[Composed]:
    """`count` mails, the same for the same seed; `templates` is a folder that `templates.py` filled."""
    world = World(random.Random(seed))  # noqa: S311  # wording, not secrets
    skeletons = read_skeletons(templates)
    made = 0
    while made < count:
        for mail in _family(world, f"composed-{made}", skeletons):
            if made < count:
                yield mail
                made += 1


@dataclass(frozen=True)
class Scene:
    """What both sides share: the occasion, before anybody has been honest or not."""

    kind: str
    flow: str
    language: str
    whose: Organisation
    person: tuple[str, str] | None
    to: str
    reader: str  # the name of who gets it

    @property
    def entry(self) -> dict[str, Any]:
        """What `kinds.toml` says of the kind."""
        found: dict[str, Any] = data("kinds.toml")[self.kind]
        return found


def _family(world: World, group: str, skeletons: Skeletons) -> Iterator[Composed]:
    """A mail, and perhaps its twin."""
    side = world.pick(_SIDES)
    scene = draw_scene(world, side)
    sender = (honest if side == "honest" else crooked)(
        world, scene.flow, scene.whose, scene.language, scene.to, scene.person
    )
    if side == "crooked" and scene.flow == "person" and world.often(_OWN_MAILBOX):
        sender = twin(
            world,
            honest(world, scene.flow, scene.whose, scene.language, scene.to, scene.person),
            scene.language,
            scene.whose,
        )
    label = {"honest": scene.entry.get("label", "benign"), "crooked": "phish", "spam": "spam"}[side]
    words = _said(world, scene, side)
    yield Composed(laid_out(world, scene, words, sender, skeletons), label, group, scene.kind, scene.language)

    if (
        side == "honest"
        and scene.entry.get("links", 1)
        and scene.entry.get("sides", "both") == "both"
        and world.often(_TWINS)
    ):
        other = crooked(world, scene.flow, scene.whose, scene.language, scene.to, scene.person)
        yield Composed(laid_out(world, scene, words, other, skeletons), "phish", group, scene.kind, scene.language)


def draw_scene(world: World, side: str) -> Scene:
    """An occasion that this side (honest, crooked or spam) has."""
    language = "en" if world.often(_ENGLISH) else world.pick(languages())
    flow = world.pick(_SPAM_FLOWS if side == "spam" else _FLOWS)
    if not _kinds(side, flow, language)[0]:
        language = "en"  # texts for this are missing in the other
    kinds, weights = _kinds(side, flow, language)
    kind = world.chance.choices(kinds, weights)[0]
    entry = data("kinds.toml")[kind]
    sector = world.pick(entry.get("sectors", ("business",)))
    whose = _whose(world, side, sector, language)
    by_person = flow == "person" or (entry.get("by_person", False) and world.often(0.6))
    reader, local = world.person(language)
    inside = sector in {"it", "scanner"} or (flow == "person" and world.often(0.3))
    home = whose.domain if inside else invented(world, "business", language).domain
    return Scene(kind, flow, language, whose, world.person(language) if by_person else None, f"{local}@{home}", reader)


def _whose(world: World, side: str, sector: str, language: str) -> Organisation:
    if sector == "scanner":
        return scanner(world, language)
    return invented(world, sector, language) if side == "spam" else organisation(world, sector, language)


@cache
def _kinds(side: str, flow: str, language: str) -> tuple[list[str], list[float]]:
    """The kinds of mail that a side sends in a language, with their weights."""
    found = {}
    for kind, entry in data("kinds.toml").items():
        sides = entry.get("sides", "both")
        if entry["flow"] == flow and kind in said(language) and (sides == side or (sides == "both" and side != "spam")):
            found[kind] = float(entry.get(f"{side}_weight", entry.get("weight", 1.0)))
    return list(found), list(found.values())


def _said(world: World, scene: Scene, side: str) -> Letter:
    person = scene.person[0] if scene.person else world.person(scene.language)[0]
    extra = {"domain": scene.to.rpartition("@")[2], "mailbox": scene.to, "me": scene.reader.partition(" ")[0]}
    return letter(world, scene.kind, scene.language, scene.whose.name, person, crooked=side == "crooked", extra=extra)


def laid_out(world: World, scene: Scene, words: Letter, sender: Sender, skeletons: Skeletons) -> bytes:
    """The letter laid out, with this sender's links and files."""
    main = _url(world, scene, sender)
    linked = world.often(scene.entry.get("links", 1.0))
    files = _files(world, scene, words, main)
    picture = content_id(0) if any(file.inline for file in files) else ""
    bare = [file for file in files if file.name.endswith(".html") or picture]
    if bare and world.often(0.5):  # the file is where it leads
        linked = False
    page = Page(
        letter=words,
        company=scene.whose.name,
        buttons=tuple((_shown(world, scene, label, main), sender.route.link(world, main)) for label in words.labels)
        if linked
        else (),
        small=_small(world, words, sender),
        logo=_logo(world, scene, sender, linked=linked),
        pixel=sender.route.pixel(world) if scene.flow != "person" else "",
        picture=picture,
    )
    if world.often(_WRAPPED):
        page = replace(page, buttons=tuple((label, _wrapped(world, url, scene.to)) for label, url in page.buttons))
    return write(_body(world, scene, page, files, skeletons), sender, scene.to, world)


def _body(world: World, scene: Scene, page: Page, files: tuple[File, ...], skeletons: Skeletons) -> Body:
    form = world.pick(_FORMS[scene.flow])
    text = plain(page) if "text" in form else ""
    html = ""
    if "html" in form or page.picture:
        dressed = scene.flow != "person" and skeletons and world.often(_TEMPLATES)
        html = skeletons.dress(page, world) if dressed else pretty(page, world, scene.flow)
    return Body(page.letter.subject, text, html, files)


_FORMS = {
    "notice": ("text html", "text html", "text html", "html", "html", "text"),
    "bulk": ("text html", "text html", "text html", "html"),
    "person": ("text html", "text html", "text", "html"),
}


def _url(world: World, scene: Scene, sender: Sender) -> str:
    """The address behind the buttons."""
    if sender.whole:
        return world.fill(sender.target, {"to": scene.to})
    tail = world.pick(("", "", "/{h12}", "/{uuid}", "?id={n8}", "?token={b43}", "/{n7}", "?email={to}&t={h16}"))
    return f"{sender.target}/{world.fill(world.pick(scene.entry['paths']) + tail, {'to': scene.to})}"


def _shown(world: World, scene: Scene, label: str, url: str) -> str:
    """Mostly words; sometimes an address, which a crook shows as the true one's."""
    if not world.often(0.12):
        return label
    return (
        f"https://{world.pick(scene.whose.hosts)}/{world.pick(scene.entry['paths'])}" if scene.flow != "person" else url
    )


def _small(world: World, words: Letter, sender: Sender) -> tuple[tuple[str, str], ...]:
    """The links of the small print."""
    kept = [label for label in words.small if world.often(0.6)]
    paths = ("unsubscribe", "privacy", "help", "preferences", "view")
    made = []
    for label in kept:
        url = f"https://{world.pick(sender.sides)}/{world.pick(paths)}"
        made.append((label, sender.route.link(world, url) if world.often(0.6) else url))
    return tuple(made)


def _logo(world: World, scene: Scene, sender: Sender, *, linked: bool) -> str:
    if scene.flow == "person" or not linked or not world.often(0.65):
        return ""
    host = world.pick(
        (
            *sender.sides,
            f"d{world.letters('w', 13).lower()}.cloudfront.net",
            "fonts.gstatic.com" if sender.sides[0][-1].isdigit() else f"cdn.{sender.sides[0].removeprefix('www.')}",
        )
    )
    folder = world.pick(("img", "assets", "email", "static", "images"))
    return f"https://{host}/{folder}/logo{world.pick(('', '@2x', '-white'))}.png"


def _files(world: World, scene: Scene, words: Letter, url: str) -> tuple[File, ...]:
    if not world.often(scene.entry.get("attached", 0.0)):
        return ()
    stem = f"{world.pick(data('names.toml')['parts']['files'])}_{world.chance.randint(10, 99999)}"
    return (attach(world, world.pick(scene.entry["files"]), stem, words.subject, url),)


def _wrapped(world: World, url: str, to: str) -> str:
    """As a gateway rewrites a link, whoever sent it."""
    tail = f"data=05%7C02%7C{quote(to)}%7C{world.letters('h', 32)}&sdata={world.letters('w', 43)}%3D&reserved=0"
    return (
        f"https://eur0{world.chance.randint(1, 5)}.safelinks.protection.outlook.com/?url={quote(url, safe='')}&{tail}"
    )
