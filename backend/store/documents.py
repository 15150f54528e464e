"""Documents: which words of a mail can be searched for, and in which field does each stand?"""

from collections.abc import Iterable

from backend.store.words import terms
from model.message.facts import Facts

MOST_HOSTS = 100  # of one mail; a mail with more links is found by the first
LONGEST_HOST = 253  # characters; a longer one has no address
MOST_ABOVE = 8  # domains above one host, counted from the top
MOST_PEOPLE = 200
MOST_FILES = 100


def words_of(facts: Facts) -> dict[str, str]:
    """The columns of `search_documents` that come from the mail itself."""
    people = [*facts.to, *facts.cc][:MOST_PEOPLE]
    senders = [*facts.from_, *facts.reply_to, *facts.sender][:MOST_PEOPLE]
    files = facts.attachments[:MOST_FILES]
    return {
        "subject": terms(facts.subject),
        "sender": terms(" ".join(f"{one.name} {one.address}" for one in senders)),
        "body": terms(facts.text),
        "recipients": terms(" ".join(f"{one.name} {one.address}" for one in people)),
        "domains": " ".join(domain_words(_hosts(facts))),
        "own_id": terms(facts.message_id),
        "attachments": terms(" ".join(f"{one.name} {one.detected_type} {one.sha256}" for one in files)),
    }


def domain_words(hosts: Iterable[str]) -> list[str]:
    """One word for each host and each domain above it, so that example.org is found below, and not beside, itself."""
    found: dict[str, None] = {}
    for host in hosts:
        labels = [label for label in host[-LONGEST_HOST:].lower().split(".") if label]
        for begin in (0, *range(max(len(labels) - MOST_ABOVE, 1), len(labels) - 1)):
            found.setdefault(domain_word(labels[begin:]))
    return [word for word in found if word]


def domain_word(labels: Iterable[str]) -> str:
    """A domain as one word: the index parts words at dots and hyphens."""
    return "_".join("".join(c if c.isalnum() else "_" for c in label) for label in labels)


def _hosts(facts: Facts) -> list[str]:
    senders = [one.address.rpartition("@")[2] for one in [*facts.from_, *facts.reply_to, *facts.sender]]
    hosts = dict.fromkeys([*senders, facts.return_path.rpartition("@")[2], *(link.host for link in facts.links)])
    return [host for host in hosts if host][:MOST_HOSTS]
