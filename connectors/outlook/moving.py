"""Moving: how is one copy taken out of sight, and how does it come back exactly?"""

from connectors.contract import Action, Copy, Outcome, Receipt
from connectors.outlook import asks
from connectors.outlook.batch import Conversation
from connectors.outlook.mark import TARGETS, Mark, Row, mark_on, parse, written
from connectors.outlook.people import People
from connectors.outlook.refusals import checked

_GONE = Receipt(Outcome.ALREADY_GONE, detail="its owner or another program removed it")
_TRIES = 2  # a copy that vanishes between being read and being moved is looked for once more


def retract(people: People, user: str, copy: Copy, action: Action) -> Conversation[Receipt]:
    """Read how it lies, write that on it, move it. Whatever is repeated or lost in between, the mark tells."""
    for _ in range(_TRIES):
        row = yield from _read(user, copy.id)
        if row is None:
            return _GONE
        if earlier := (yield from _taken_before(people, user, copy, row)):
            return earlier
        if action is Action.HARD_DELETE:
            taken = yield from _delete_for_good(user, copy.id)
        else:
            taken = yield from _take(people, user, copy.id, Mark.before(action, row))
        if taken:
            return taken
    return _GONE


def restore(people: People, user: str, copy: Copy, held: str) -> Conversation[Receipt]:
    """Back to its folder, then everything that differs from how it lay, and the mark off; in this order."""
    row = yield from _read(user, copy.id)
    if row is None:
        return Receipt(Outcome.EXPIRED, detail="it is not in the mailbox any more, nor among its recoverable items")
    on_it = mark_on(row)
    if on_it is None or on_it.action not in TARGETS:
        return Receipt(Outcome.RESTORED, detail="nothing of ours is on it: it lies where its owner has it")

    before = parse(held) or on_it
    target = before.target or (yield from people.folder(user, TARGETS[on_it.action]))
    detail = ""
    if row["parentFolderId"] == target and before.folder != target:
        moved = yield from _move(user, copy.id, before.folder)
        if moved is None:
            moved = yield from _move(user, copy.id, "inbox")
            detail = "its folder is gone: it lies in the inbox"
        if moved is None:
            return Receipt(Outcome.EXPIRED, detail="it was removed for good meanwhile")
        row = moved
    elif row["parentFolderId"] not in {target, before.folder}:
        detail = "its owner had already taken it out"

    differs = {} if detail.startswith("its owner") else before.differs(row)
    ask = asks.change(user, copy.id, {**differs, **written("")})
    checked(ask, (yield ask))
    return Receipt(Outcome.RESTORED, detail=detail)


def _read(user: str, copy_id: str) -> Conversation[Row | None]:
    ask = asks.message(user, copy_id)
    answer = yield ask
    if answer.status == 404 and answer.code == "ErrorItemNotFound":
        return None
    return checked(ask, answer)  # type: ignore[no-any-return]


def _taken_before(people: People, user: str, copy: Copy, row: Row) -> Conversation[Receipt | None]:
    """What to say of a copy that needs no taking: an earlier call did, or its owner deleted it."""
    mark = mark_on(row)
    if mark is not None and mark.action in TARGETS:
        target = yield from people.folder(user, TARGETS[mark.action])
        if row["parentFolderId"] == target:
            return Receipt(Outcome.ALREADY_GONE, mark.text(target), "retracted before")
    if row["parentFolderId"] != copy.folder:  # moved since it was found, perhaps to where only Recover finds it
        recoverable = yield from people.folder(user, TARGETS[Action.SOFT_DELETE])
        if row["parentFolderId"] == recoverable:
            return _GONE
    return None


def _take(people: People, user: str, copy_id: str, mark: Mark) -> Conversation[Receipt | None]:
    ask = asks.change(user, copy_id, written(mark.text()))
    answer = yield ask
    if answer.status == 404:
        return None
    checked(ask, answer)

    moved = yield from _move(user, copy_id, TARGETS[mark.action])
    if moved is None:
        return None
    target = str(moved["parentFolderId"])
    people.learn_folder(user, TARGETS[mark.action], target)
    return Receipt(Outcome.RETRACTED, mark.text(target))


def _delete_for_good(user: str, copy_id: str) -> Conversation[Receipt | None]:
    ask = asks.delete_for_good(user, copy_id)
    answer = yield ask
    if answer.status == 404:
        return None
    checked(ask, answer)
    return Receipt(Outcome.RETRACTED, detail="deleted for good")


def _move(user: str, copy_id: str, folder: str) -> Conversation[Row | None]:
    """The message after the move; None when it, or the folder, is not there."""
    ask = asks.move(user, copy_id, folder)
    answer = yield ask
    gone = answer.status == 404 and answer.code in {"ErrorItemNotFound", "ErrorFolderNotFound"}
    return None if gone else checked(ask, answer)
