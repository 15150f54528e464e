"""Moving: how is one copy taken out of sight, and brought back exactly as it was?

Each function may be repeated at any moment: it reads the copy's labels first, and its mark tells what was done.
"""

from collections.abc import Collection

from connectors.contract import Action, Copy, Outcome, Receipt
from connectors.errors import NotFound, TryLater
from connectors.gmail import labels as rules
from connectors.gmail.client import DELETE, GET, MODIFY, Google
from connectors.gmail.labels import Change
from connectors.gmail.marks import Homes, Marks
from connectors.gmail.refusals import BadRequest, Unknown
from connectors.gmail.scopes import DELETE as DELETE_SCOPE
from connectors.gmail.search import gmail_id

_GONE = Receipt(Outcome.ALREADY_GONE, detail="its owner or Gmail deleted it")


def retract(google: Google, marks: Marks, copy: Copy, action: Action) -> Receipt:
    """Take one copy out of sight, marked as ours, wherever its owner has moved it since it was found."""
    if action is Action.HARD_DELETE:
        return _delete(google, copy)
    try:
        now = _labels(google, copy)
        own = marks.on(copy.mailbox, now)
        if set(now) & set(own) and rules.is_out_of_sight(now):
            return Receipt(Outcome.ALREADY_GONE, rules.held(rules.before(now, own)), "retracted before")

        snapshot = sorted(set(now) - set(own))
        _modify(google, copy, _away(marks, copy, action, snapshot, now, own))
    except (NotFound, BadRequest) as error:
        if isinstance(error, BadRequest):
            marks.labels(copy.mailbox)  # our label was deleted since we learnt its id
            raise TryLater(f"{copy.mailbox}: a label was deleted meanwhile", 1) from error
        return _GONE
    return Receipt(Outcome.RETRACTED, rules.held(snapshot))


def _away(
    marks: Marks, copy: Copy, action: Action, snapshot: Collection[str], now: Collection[str], own: Homes
) -> Change:
    """The change that hides the copy and puts the right mark in the place of an older one."""
    mark = marks.id_of(copy.mailbox, rules.mark_for(snapshot))
    change = rules.retracting(now, action, mark)
    older = (set(now) & set(own)) - {mark}
    return Change(change.add, tuple(sorted({*change.remove, *older})))


def restore(google: Google, marks: Marks, copy: Copy, held: str) -> Receipt:
    """Give a copy the labels it had; those that were deleted meanwhile are left out, and said."""
    try:
        now = _labels(google, copy)
        own = marks.on(copy.mailbox, now)
        wanted = rules.wanted_in(held) or rules.before(now, own)
        if rules.same(now, wanted):
            return Receipt(Outcome.RESTORED)
        if not _is_held(marks, copy, now, own, wanted):
            _modify(google, copy, Change(remove=tuple(sorted(set(now) & set(own)))))
            return Receipt(Outcome.RESTORED, detail="its owner has moved it meanwhile: it stays there")
        return _bring_back(google, marks, copy, now, wanted)
    except NotFound:
        return Receipt(Outcome.EXPIRED, detail="Gmail has deleted it for good")


def _is_held(marks: Marks, copy: Copy, now: Collection[str], own: Homes, wanted: Collection[str]) -> bool:
    """Whether the copy still lies where we put it. Without its mark it does if its owner deleted the label itself."""
    if not rules.is_out_of_sight(now):
        return False
    return bool(set(now) & set(own)) or rules.mark_for(wanted) not in marks.labels(copy.mailbox).values()


def _bring_back(google: Google, marks: Marks, copy: Copy, now: Collection[str], wanted: Collection[str]) -> Receipt:
    try:
        _modify(google, copy, rules.restoring(now, wanted))
    except BadRequest:
        there = set(marks.labels(copy.mailbox))
        kept = [label for label in wanted if label in there]
        if len(kept) == len(wanted):
            raise
        _modify(google, copy, rules.restoring(now, kept))
        return Receipt(Outcome.RESTORED, detail=f"{len(wanted) - len(kept)} of its labels were deleted meanwhile")
    return Receipt(Outcome.RESTORED)


def _labels(google: Google, copy: Copy) -> list[str]:
    request = google.messages.get(
        userId="me", id=gmail_id(copy.mailbox, copy.id), format="minimal", fields="id,labelIds"
    )
    try:
        return [str(label) for label in google.call(request, copy.mailbox, GET).get("labelIds", ())]
    except BadRequest:  # an id that Gmail cannot read is nobody's
        raise NotFound(f"{copy.mailbox}: there is no such mail") from None


def _modify(google: Google, copy: Copy, change: Change) -> None:
    """Change labels and make sure that they changed. When the answer is lost, the labels themselves tell."""
    if not change:
        return
    message_id = gmail_id(copy.mailbox, copy.id)
    request = google.messages.modify(userId="me", id=message_id, body=change.body, fields="id,labelIds")
    try:
        said = google.call(request, copy.mailbox, MODIFY)
        if change.made(said.get("labelIds", ())):
            return
        lost = TryLater(f"{copy.mailbox}: Gmail did not change the labels", 1)
    except Unknown as error:
        lost = error
    if not change.made(_labels(google, copy)):
        raise lost


def _delete(google: Google, copy: Copy) -> Receipt:
    try:
        request = google.messages.delete(userId="me", id=gmail_id(copy.mailbox, copy.id))
        google.call(request, copy.mailbox, DELETE, DELETE_SCOPE)
    except (NotFound, BadRequest):
        return _GONE
    except Unknown:
        if _is_there(google, copy):
            raise
    return Receipt(Outcome.RETRACTED, detail="deleted for good")


def _is_there(google: Google, copy: Copy) -> bool:
    try:
        _labels(google, copy)
    except NotFound:
        return False
    return True
