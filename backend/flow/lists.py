"""Lists: who may put whom on which list, is it taken back, and what would an entry do to a message?"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from sqlalchemy import Connection

from backend.domain.listed import LETS_OFF, OF_SENDERS, Entry, ListKind, Wish
from backend.domain.people import Actor, Operator, Right
from backend.errors import BadInput, Conflict, NotAllowed, Unknown
from backend.flow.context import list_context
from backend.services import Services
from backend.store import audit, lists, messages, tenants
from model.contract import ModuleContext
from model.message.facts import Facts
from model.modules import lists as module
from model.modules.patterns import BadPattern, Fault, checked, compiled

MOST_AT_ONCE = 1_000  # lines that are pasted
LARGEST_FILE = 150_000  # bytes
LONGEST_COMMENT = 200
UNDO_FOR = timedelta(days=30)
COLUMNS = ("kind", "pattern", "comment", "expires")
_LAST_YEAR = 2100

_REFUSED = {
    Fault.EMPTY: BadInput("Line %(line)s holds no pattern."),
    Fault.TOO_LONG: BadInput("Line %(line)s: %(text)s… is longer than an address can be."),
    Fault.NO_PATTERN: BadInput(
        "Line %(line)s: %(text)s is none of an address, a domain, a network, or one of the first two with stars."
    ),
    Fault.TOO_MANY_STARS: BadInput("Line %(line)s: %(text)s has more than four stars."),
    Fault.TOO_WIDE: BadInput("Line %(line)s: %(text)s names too many; be more exact."),
    Fault.ANYBODYS: BadInput("Line %(line)s: anybody can have an address like %(text)s; name the whole address."),
    Fault.OPEN_END: BadInput("Line %(line)s: anybody can register a domain like %(text)s; write its end in full."),
    Fault.PRIVATE: BadInput("Line %(line)s: %(text)s is no address of the internet."),
}


class Added(NamedTuple):
    """What became of entries: new, or on their list already."""

    new: int
    known: int


@dataclass(frozen=True)
class Match:
    """An entry that names what was asked about. `acts` is False where its sender is not proven."""

    kind: ListKind
    pattern: str
    acts: bool


def add(services: Services, operator: Operator, kind: str, text: str, comment: str, expires: str) -> Added:
    """Put every line of the text on one list; all of them or, when one is wrong, none.

    A line is a pattern, and behind a comma a comment of its own. Raises NotAllowed, BadInput, which names the line.
    """
    may(operator)
    until = _day(expires, services.now(), 0)
    lines = [(n, line) for n, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not lines:
        raise BadInput("Write at least one pattern.")
    if len(lines) > MOST_AT_ONCE:
        raise BadInput("At most %(most)s lines at once; a file takes more.", most=MOST_AT_ONCE)
    wishes = []
    for number, line in lines:
        pattern, _, own = line.partition(",")
        wishes.append(_wish(number, kind, pattern, own.strip() or comment.strip(), until))
    return _keep(services, operator, wishes, "list entries added")


def read_file(services: Services, operator: Operator, content: bytes) -> Added:
    """Put every row of a CSV file on its list; all of them or none. Raises NotAllowed, BadInput."""
    may(operator)
    if len(content) > LARGEST_FILE:
        raise BadInput("The file is larger than %(most)s kilobytes; split it.", most=LARGEST_FILE // 1000)
    try:
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput("This is no CSV file in UTF-8.") from error
    if not rows or tuple(cell.strip() for cell in rows[0]) != COLUMNS:
        raise BadInput("The first line must be: %(columns)s", columns=",".join(COLUMNS))
    wishes = [_row(number, row, services.now()) for number, row in enumerate(rows[1:], 2) if any(row)]
    if not wishes:
        raise BadInput("The file holds no entry.")
    return _keep(services, operator, wishes, "list imported")


def remove(services: Services, operator: Operator, entry_id: int) -> Entry:
    """Take an entry off its list. Raises NotAllowed, Unknown, Conflict when somebody has already."""
    may(operator)
    actor, now = Actor("operator", operator.id), services.now()
    with services.database.begin() as tx:
        if lists.get(tx, operator.tenant_id, entry_id) is None:
            raise Unknown("There is no such entry.")
        gone = lists.remove(tx, operator.tenant_id, entry_id, str(actor), now)
        if gone is None:
            raise Conflict("This entry is removed already.")
        _note(tx, actor, "list entry removed", gone, now)
    return gone


def put_back(services: Services, operator: Operator, entry_id: int) -> Entry:
    """Take a removal back. Raises NotAllowed, Unknown, Conflict."""
    may(operator)
    actor, now = Actor("operator", operator.id), services.now()
    with services.database.begin() as tx:
        if lists.get(tx, operator.tenant_id, entry_id) is None:
            raise Unknown("There is no such entry.")
        back = lists.put_back(tx, operator.tenant_id, entry_id)
        if back is None:
            raise Conflict("The same stands on the list (again).")
        _note(tx, actor, "list entry put back", back, now)
    return back


def matches_of_text(tx: Connection, tenant_id: int, asked: str, now: datetime) -> list[Match]:
    """Which entries name this address, domain or IP address, if it is proven. Raises BadInput for what is none."""
    asked = asked.strip()
    standing = lists.acting(tx, tenant_id, now)
    found = []
    for kind in ListKind:
        patterns = compiled(standing.of(kind))
        entry = patterns.of_address(asked) or (patterns.of_source(asked) if kind in OF_SENDERS else None)
        if entry is None and "@" not in asked:
            entry = patterns.of_domain(asked)
        if entry:
            found.append(Match(kind, entry, acts=True))
    return found


def matches_of_message(tx: Connection, tenant_id: int, message_id: int, now: datetime) -> list[Match]:
    """Which entries name this message's sender or recipients, and whether they would act. Raises Unknown."""
    message = messages.get(tx, tenant_id, message_id)
    if message is None:
        raise Unknown("There is no such message.")
    context = list_context(tx, tenants.get(tx, tenant_id), now)
    return list(_matches(message.facts, context, lists.acting(tx, tenant_id, now)))


def pattern_of(line: int, written: str, *, helps: bool, networks: bool) -> str:
    """A pattern as it is kept. Raises BadInput, which names the line; `checked` says what the others mean."""
    try:
        return checked(written, helps=helps, networks=networks)
    except BadPattern as error:
        raise BadInput(_REFUSED[error.fault].sentence, line=line, text=written[:80]) from error


def may(operator: Operator) -> None:
    """Raises NotAllowed."""
    if not operator.may(Right.LISTS):
        raise NotAllowed("The role %(role)s does not change lists or rules; ask an analyst.", role=operator.role)


def _matches(facts: Facts, context: ModuleContext, standing: lists.Lists) -> Iterator[Match]:
    """Of senders with their proof, of recipients and of the domains that links lead to."""
    acting = {
        ListKind.TRUSTED: module.trusted_sender(facts, context),
        ListKind.ACCEPTABLE: module.acceptable_sender(facts, context),
        ListKind.VERIFY: module.seen_to_verify(facts, context),
        ListKind.BLOCKED: module.blocked_sender(facts, context),
    }
    for kind, entry in acting.items():
        claimed = entry or compiled(standing.of(kind)).of_address(facts.from_address)
        if claimed:
            yield Match(kind, claimed, acts=entry is not None)
    exempt, domains = compiled(standing.of(ListKind.EXEMPT)), compiled(standing.of(ListKind.DOMAIN))
    people = [person.address for person in (*facts.to[:50], *facts.cc[:50])]
    for pattern in dict.fromkeys(filter(None, map(exempt.of_address, people))):
        yield Match(ListKind.EXEMPT, pattern, acts=True)
    for pattern in dict.fromkeys(filter(None, (domains.of_domain(link.host) for link in facts.links[:100]))):
        yield Match(ListKind.DOMAIN, pattern, acts=True)


def _keep(services: Services, operator: Operator, wishes: Sequence[Wish], what: str) -> Added:
    actor, now = Actor("operator", operator.id), services.now()
    unique = list({(wish.kind, wish.pattern): wish for wish in reversed(wishes)}.values())[::-1]
    with services.database.begin() as tx:
        room = lists.MOST - sum(lists.counts(tx, operator.tenant_id).values())
        if len(unique) > room:
            raise BadInput("There is room for %(room)s more entries; remove some first.", room=max(room, 0))
        ids = lists.add(tx, operator.tenant_id, unique, str(actor), now)
        added = [entry for number in ids[:1] if (entry := lists.get(tx, operator.tenant_id, number))]
        if len(ids) == 1:
            _note(tx, actor, "list entry added", added[0], now)
        elif ids:
            kinds = sorted({str(wish.kind) for wish in unique})
            audit.record(tx, operator.tenant_id, actor, what, "lists", {"entries": len(ids), "kinds": kinds}, now)
    return Added(len(ids), len(wishes) - len(ids))


def _note(tx: Connection, actor: Actor, what: str, entry: Entry, now: datetime) -> None:
    """The log names ids only: the pattern may be somebody's address, and the entry keeps it."""
    audit.record(tx, entry.tenant_id, actor, what, f"list-entry:{entry.id}", {"kind": str(entry.kind)}, now)


def _row(number: int, row: Sequence[str], now: datetime) -> Wish:
    if len(row) != len(COLUMNS):
        raise BadInput("Line %(line)s: there must be %(n)s columns.", line=number, n=len(COLUMNS))
    kind, pattern, comment, expires = (cell.strip() for cell in row)
    return _wish(number, kind, _unarmed(pattern), _unarmed(comment), _day(expires, now, number))


def _unarmed(cell: str) -> str:
    """As it was before an export kept a spreadsheet from taking it for a formula."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in tuple("=+-@") else cell


def _wish(number: int, kind: str, pattern: str, comment: str, until: datetime | None) -> Wish:
    if kind not in list(ListKind):
        raise BadInput("Line %(line)s: choose one of %(kinds)s.", line=number, kinds=", ".join(ListKind))
    if len(comment) > LONGEST_COMMENT or not comment.isprintable():
        raise BadInput("Line %(line)s: a comment has at most %(n)s characters.", line=number, n=LONGEST_COMMENT)
    wish = Wish(ListKind(kind), pattern.strip(), comment, until)
    kept = pattern_of(number, wish.pattern, helps=wish.kind in LETS_OFF, networks=wish.kind in OF_SENDERS)
    return replace(wish, pattern=kept)


def _day(text: str, now: datetime, line: int) -> datetime | None:
    """The end of that day."""
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if not now.date() <= day < date(_LAST_YEAR, 1, 1):
        raise BadInput("Line %(line)s: the last day must be to come, as in 2027-01-31.", line=line)
    return datetime.combine(day + timedelta(days=1), time())
