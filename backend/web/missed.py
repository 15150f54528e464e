"""Missed: why did nothing act on this message, and how far was each part from acting?

Every sentence states something that an operator can look up: a result in the mail's headers, a list's length, a sum.
"""

from collections.abc import Callable
from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import ngettext

from backend.policy.settings import TenantPolicy
from backend.web.languages import decimal
from backend.web.spelled import percent, signed
from model.contract import Opinion, Verdict
from model.message.facts import Facts

MOST_NAMED = 5  # links or signs in one sentence


@dataclass(frozen=True)
class Part:
    """One part of Unhook: whether it acted, how far it was from that (in its own unit, for people), and why."""

    name: str
    acted: bool
    distance: str
    sentence: str


def parts(verdict: Verdict, facts: Facts, policy: TenantPolicy) -> list[Part]:
    """The network first, then each module in the order of its opinions."""
    return [_network(verdict, policy), *(_module(opinion, facts, policy) for opinion in verdict.opinions)]


def acted(several: list[Part]) -> bool:
    """Whether anything did."""
    return any(part.acted for part in several)


def _network(verdict: Verdict, policy: TenantPolicy) -> Part:
    margin, base, band = verdict.margin, verdict.base_margin, policy.thresholds.suspicious_below
    if margin >= 0:
        said = _("Its margin is %(margin)s, at or above the threshold.", margin=signed(margin))
        return Part("network", True, _("acted"), said)
    short = _("%(nats)s nats below the threshold", nats=decimal(-margin, 2))
    if margin >= -band:
        said = _(
            "Its margin is %(margin)s: inside the suspicious band, which begins at %(band)s. A person decides there.",
            margin=signed(margin),
            band=signed(-band),
        )
    else:
        said = _(
            "Its margin is %(margin)s and the suspicious band begins at %(band)s. Without any reporter it is %(base)s.",
            margin=signed(margin),
            band=signed(-band),
            base=signed(base),
        )
    return Part("network", False, short, said)


def _module(opinion: Opinion, facts: Facts, policy: TenantPolicy) -> Part:
    sentence = _SENTENCES.get(opinion.module, _nothing)(opinion, facts, policy)
    if opinion.hard or opinion.distance <= 0:
        return Part(opinion.module, True, _("acted"), sentence)
    needed = opinion.score + opinion.distance
    short = _(
        "%(short)s short: %(score)s of %(needed)s",
        short=decimal(opinion.distance, 2),
        score=decimal(opinion.score, 2),
        needed=decimal(needed, 2),
    )
    return Part(opinion.module, False, short, sentence)


def _authentication(opinion: Opinion, facts: Facts, _policy: TenantPolicy) -> str:
    found = facts.authentication
    if not found.authserv_id and {found.spf, found.dkim, found.dmarc} == {"unknown"}:
        return _("No gateway that the settings trust wrote down what it found, so there is nothing to hold against it.")
    said = {"spf": found.spf, "dkim": found.dkim, "dmarc": found.dmarc}
    if opinion.score >= 1:
        return _("SPF %(spf)s, DKIM %(dkim)s, DMARC %(dmarc)s, and the sender poses as somebody known.", **said)
    if opinion.score > 0:
        return _(
            "SPF %(spf)s, DKIM %(dkim)s, DMARC %(dmarc)s: alignment failed, but nobody known is imitated, "
            "which takes the other half.",
            **said,
        )
    return _("SPF %(spf)s, DKIM %(dkim)s, DMARC %(dmarc)s: alignment did not fail.", **said)


def _lists(opinion: Opinion, facts: Facts, _policy: TenantPolicy) -> str:
    sender = facts.from_address or _("no address")
    codes = {reason.code for reason in opinion.reasons}
    if opinion.hard:
        return _("Somebody who has a part in sending it is on the list of blocked senders.")
    if "sender-verify" in codes:
        return _("A person is to look at whatever names %(sender)s.", sender=sender)
    if "sender-trusted" in codes:
        return _("The sender %(sender)s is on the list of trusted senders, and proven to be the sender.", sender=sender)
    if codes:
        return _("The sender %(sender)s is on the list of acceptable senders, and proven.", sender=sender)
    return _("%(sender)s is on none of the lists.", sender=sender)


def _signatures(opinion: Opinion, _facts: Facts, _policy: TenantPolicy) -> str:
    if any(reason.code in {"signatures-stopped", "own-rules-stopped"} for reason in opinion.reasons):
        return _("The rules were stopped because this mail took too long to scan.")
    if not opinion.reasons:
        return _("No rule for known attacks matches.")
    codes = ", ".join(reason.code.removeprefix("signature-") for reason in opinion.reasons[:MOST_NAMED])
    return _(
        "Rules that match: %(codes)s. The heaviest weighs %(score)s.", codes=codes, score=decimal(opinion.score, 2)
    )


def _campaigns(opinion: Opinion, _facts: Facts, _policy: TenantPolicy) -> str:
    if opinion.score <= 0:
        return _("No message that was held to be malicious here shares its text or links.")
    return _("The most similar message that was held to be malicious is %(alike)s alike.", alike=percent(opinion.score))


def _links(opinion: Opinion, facts: Facts, _policy: TenantPolicy) -> str:
    links = len(facts.links)
    if not links:
        return _("It has no links.")
    if not opinion.reasons:
        return ngettext("Its one link shows no misleading sign.", "Its %(num)s links show no misleading sign.", links)
    codes = ", ".join(reason.code.replace("-", " ") for reason in opinion.reasons[:MOST_NAMED])
    return _("Signs found: %(codes)s. Together they weigh %(score)s.", codes=codes, score=decimal(opinion.score, 2))


def _nothing(_opinion: Opinion, _facts: Facts, _policy: TenantPolicy) -> str:
    return _("It says no more than its score.")


_SENTENCES: dict[str, Callable[[Opinion, Facts, TenantPolicy], str]] = {
    "authentication": _authentication,
    "lists": _lists,
    "signatures": _signatures,
    "campaigns": _campaigns,
    "links": _links,
}
