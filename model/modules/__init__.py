"""Opinions beside the network, one file each, all with one contract: facts in, opinion out."""

from model.contract import ModuleContext, Opinion
from model.message.facts import Facts
from model.modules import authentication, campaigns, links, lists, signatures

MODULES = (authentication, lists, signatures, campaigns, links)


def opinions(facts: Facts, context: ModuleContext) -> tuple[Opinion, ...]:
    """What every module thinks of the message, in a fixed order. They never enter the margin."""
    return tuple(module.opinion(facts, context) for module in MODULES)
