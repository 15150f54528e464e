"""Crooked: how does somebody send who has no right to the name, and where does that lead?"""

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote

from model.composed.organisations import Organisation, invented
from model.composed.sender import Results, Sender, desk, free_mail, vouched
from model.composed.services import route
from model.composed.world import World, data, languages, latin
from model.features.domains import host_kinds
from model.message.domains import registrable

_MISSPELLINGS = (
    ("o", "0"),
    ("l", "1"),
    ("m", "rn"),
    ("i", "l"),
    ("e", "3"),
    ("a", "4"),
    ("w", "vv"),
    ("u", "ü"),
    ("o", "ö"),
)
_UNPROVEN: tuple[Results, ...] = (
    ("none", "none", "none"),
    ("fail", "none", "none"),
    ("softfail", "none", "none"),
    ("pass", "none", "none"),
    ("neutral", "none", "fail"),
)
_FORGED: tuple[Results, ...] = (
    ("fail", "none", "fail"),
    ("softfail", "none", "fail"),
    ("none", "none", "fail"),
    ("pass", "none", "fail"),
    ("fail", "fail", "fail"),
)
_TRUE_SIDES = 0.4  # of phish whose pictures and small print lead to the true owner
_FORMS = {"docs.google.com", "forms.gle", "forms.office.com", "sites.google.com"}
_SAME_WAY = 0.75  # of phish that come through the service that their victim uses


def crooked(
    world: World, flow: str, whose: Organisation, language: str, rcpt: str, person: tuple[str, str] | None
) -> Sender:
    """The same mail from somebody else, leading elsewhere."""
    ways = _PERSONAL if flow == "person" else _AUTOMATIC
    address, proof = world.pick(ways)(world, whose, language, person)
    via = whose.via if world.often(_SAME_WAY) else ()
    way = route(world, flow, via, address, rcpt, language)
    path = way.return_path(world)
    signed = way.signs(registrable(address.rpartition("@")[2]))[0]
    if proof == "own":
        results = vouched(world, address, path, signed, careful=world.often(0.5))
    else:
        results = world.pick(_FORGED if proof == "forged" else _UNPROVEN)
        path = (
            f"{world.pick(('bounce', 'root', 'www-data', 'info', 'apache'))}@{_some_site(world, language)}"
            if world.often(0.5)
            else path
        )
    target, whole = _target(world, whose, language)
    name = f"{person[0]} ({world.pick(('via ', ''))}{whose.name})" if person and flow != "person" else ""
    return Sender(
        name=name or (person[0] if person else desk(world, whose)),
        address=address,
        return_path=path,
        results=results,
        signed=signed,
        reply_to=_reply_to(world, address),
        route=way,
        target=target,
        sides=whose.hosts if world.often(_TRUE_SIDES) else (target.partition("://")[2].partition("/")[0],),
        whole=whole,
    )


def twin(world: World, sender: Sender, language: str, whose: Organisation) -> Sender:
    """The honest sender's own mailbox in other hands: everything passes, and the links lead elsewhere."""
    target, whole = _target(world, whose, language)
    return replace(sender, target=target, whole=whole)


def bad_host(world: World, name: str) -> str:
    """A host taken for a phish: the name with decoration or a misspelling, or nothing that means anything."""
    words = data("names.toml")["crooked"]
    label = latin(name)[:24] or "mail"
    suffix = world.pick(sorted(host_kinds().cheap_suffixes)) if world.often(0.5) else world.pick(words["suffixes"])
    odd, other = world.pick(words["odd"]), world.pick(words["odd"])
    return world.pick(
        (
            f"{label}-{odd}.{suffix}",
            f"{odd}-{label}.{suffix}",
            f"{label}{odd}{other}.{suffix}",
            f"{odd}-{other}{world.chance.randint(1, 999)}.{suffix}",
            f"{label}.{odd}-{other}.{suffix}",
            f"{odd}.{label}.{world.letters('w', 6).lower()}.{suffix}",
            f"{world.letters('w', 9).lower()}.{suffix}",
            f"{_misspelt(world, label)}.{suffix}",
            f"{_misspelt(world, label)}.com",
        )
    )


def _own_domain(world: World, whose: Organisation, _language: str, _person: object) -> tuple[str, str]:
    return f"{_local(world)}@{bad_host(world, whose.name)}", "own" if world.often(0.65) else "unproven"


def _forged(world: World, whose: Organisation, _language: str, person: tuple[str, str] | None) -> tuple[str, str]:
    return f"{person[1]}@{whose.domain}" if person and not whose.known else world.pick(whose.addresses), "forged"


def _broken_into(world: World, _whose: Organisation, language: str, person: tuple[str, str] | None) -> tuple[str, str]:
    """Some firm's mailbox that was broken into: everything passes, for a name that is not the claimed one."""
    local = person[1] if person and world.often(0.7) else _local(world)
    return f"{local}@{_some_site(world, language)}", "own" if world.often(0.85) else "unproven"


def _free(world: World, whose: Organisation, _language: str, person: tuple[str, str] | None) -> tuple[str, str]:
    number = world.letters("n", world.chance.randint(0, 4))
    local = (
        person[1]
        if person
        else world.pick((f"{latin(whose.name)}.{_local(world)}", _local(world), world.letters("w", 9).lower()))
    )
    return f"{local}{number}@{free_mail(world)}", "own"


def _machine(world: World, _whose: Organisation, language: str, _person: object) -> tuple[str, str]:
    host = world.pick(
        (f"vps{world.letters('n', 5)}.{_some_site(world, language)}", f"server.{_some_site(world, language)}")
    )
    return f"{_local(world)}@{host}", "unproven"


def _tenant(world: World, whose: Organisation, _language: str, _person: object) -> tuple[str, str]:
    label = world.pick((world.letters("w", 10).lower(), f"{latin(whose.name)[:14]}{world.letters('n', 3)}"))
    return f"{_local(world)}@{label}.onmicrosoft.com", "own"


_Way = Callable[[World, Organisation, str, tuple[str, str] | None], tuple[str, str]]
_AUTOMATIC: tuple[_Way, ...] = (
    _own_domain,
    _own_domain,
    _own_domain,
    _forged,
    _broken_into,
    _broken_into,
    _broken_into,
    _free,
    _machine,
    _tenant,
)
_PERSONAL: tuple[_Way, ...] = (
    _broken_into,
    _broken_into,
    _broken_into,
    _free,
    _free,
    _own_domain,
    _own_domain,
    _forged,
)


def _target(world: World, whose: Organisation, language: str) -> tuple[str, bool]:
    """Where the buttons lead, and whether that is a whole address already."""
    words = data("names.toml")["crooked"]
    broken = f"http{world.pick(('s', 's', ''))}://{_some_site(world, language)}/{world.pick(words['paths'])}"
    octets = ".".join(str(world.chance.randint(2, 250)) for _ in range(4))
    tenant = latin(invented(world, "business", "en").name)
    choices: tuple[tuple[float, str, bool], ...] = (
        (0.30, f"https://{bad_host(world, whose.name)}", False),
        (0.28, f"{broken}{world.pick(('', '?e={to}', '#{to}', '?id={h16}'))}", True),
        (0.20, *_hosted_free(world, whose)),
        (0.08, f"https://{world.pick(sorted(host_kinds().shorteners))}/{world.letters('w', 7)}", True),
        (0.03, f"http://{octets}/{world.pick(words['paths'])}", True),
        (0.06, world.fill(world.pick(words["redirectors"]), {"url": quote(broken, safe="")}), True),
        (0.05, f"https://{tenant}-my.sharepoint.com", False),
    )
    chosen = world.chance.choices(choices, [share for share, _, _ in choices])[0]
    return chosen[1], chosen[2]


def _hosted_free(world: World, whose: Organisation) -> tuple[str, bool]:
    host = world.pick(sorted(host_kinds().free_hosting))
    if host in _FORMS:
        return f"https://{host}/{world.pick(('forms/d/e', 'presentation/d/e', 'view'))}/{world.letters('b', 40)}", True
    label = world.pick((bad_host(world, whose.name).partition(".")[0], world.letters("w", 12).lower()))
    return f"https://{label}.{host}", False


def _some_site(world: World, language: str) -> str:
    """An honest small firm's domain that somebody broke into; often in another country."""
    words = data("names.toml")["crooked"]
    if world.often(0.4):
        family = latin(world.person(language)[0].rpartition(" ")[2]) or "casa"
        return f"{world.pick(words['innocent'])}-{family}.{world.pick(words['suffixes'])}"
    return invented(
        world,
        world.pick(("business", "shop", "health", "school", "city")),
        world.pick(languages()) if world.often(0.5) else language,
    ).domain


def _local(world: World) -> str:
    return str(world.pick(data("names.toml")["crooked"]["locals"]))


def _reply_to(world: World, address: str) -> str:
    if not world.often(0.2):
        return ""
    return f"{_local(world)}{world.letters('n', 2)}@{free_mail(world)}" if world.often(0.6) else address


def _misspelt(world: World, label: str) -> str:
    for honest, wrong in world.chance.sample(_MISSPELLINGS, len(_MISSPELLINGS)):
        if honest in label:
            made = label.replace(honest, wrong, 1)
            return made if made.isascii() else made.encode("idna").decode("ascii")
    return f"{label}s"
