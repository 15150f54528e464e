"""Author: who wrote this message, if a mailing list put its own address into From?

Lists that would break DMARC write "Ada via Widgets" <widgets@lists.example> and move the author to Reply-To. Read as it
stands, such a mail seems to come from the list: a phish on it would look like everything else the list carries.
"""

from dataclasses import replace

from model.features.hosts import signs_of
from model.message.facts import Address, Authentication, Facts

_VIA = " via "


def as_written(facts: Facts) -> Facts:
    """The facts with the author back in From; what was authenticated was the list, so nothing is known of the author.

    Anybody can write such a From. It never lends a brand's address to a mail that does not come from there.
    """
    shown = facts.from_[0] if facts.from_ else None
    if shown is None or _VIA not in shown.name.lower():
        return facts
    name = shown.name[: shown.name.lower().rindex(_VIA)].strip(" '\"")
    meant = next((reply.address for reply in facts.reply_to[:5] if _may_be_meant(reply, shown)), "")
    if not meant:
        return facts
    author = Address(name, meant)
    return replace(facts, from_=(author, *facts.from_[1:]), reply_to=(), authentication=Authentication())


def _may_be_meant(reply: Address, shown: Address) -> bool:
    host = reply.address.rpartition("@")[2]
    return bool(host) and reply.address != shown.address and not signs_of(host).owner
