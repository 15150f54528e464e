"""Content: the bytes of a message, by an id that Graph, or an Office program, gave."""

from base64 import b64decode
from binascii import Error
from collections.abc import Iterator

from connectors.contract import Copy
from connectors.errors import NotFound
from connectors.outlook import asks
from connectors.outlook.batch import Conversation
from connectors.outlook.client import Graph
from connectors.outlook.people import People
from connectors.outlook.refusals import checked, refusal

SMALL = 100_000  # bytes; as many as twenty of these are asked for at once
_NOT_AN_ID_OF_OURS = {"ErrorItemNotFound", "ErrorInvalidIdMalformed"}


def read(graph: Graph, user: str, message_id: str, limit: int) -> Conversation[bytes]:
    """The bytes, streamed, so that a large message is refused before it is here. Raises NotFound, Refused."""
    if not message_id.strip("."):
        raise NotFound("there is no such message in this mailbox")  # a path would take it for a way up
    for one in (message_id, None):
        wanted = one or (yield from immutable(user, message_id))
        ask = asks.content(user, wanted)
        said = graph.read(ask, limit)
        if isinstance(said, bytes):
            return said
        if said.code not in _NOT_AN_ID_OF_OURS:
            raise refusal(ask, said)
    raise NotFound("there is no such message in this mailbox")


def immutable(user: str, message_id: str) -> Conversation[str]:
    """The immutable id of a message that an Office program names. Raises NotFound when it is none of this mailbox."""
    for from_type in _types(message_id):
        ask = asks.translate(user, message_id, from_type)
        answer = yield ask
        if answer.ok and answer.body.get("value"):
            found = str(answer.body["value"][0].get("targetId") or "")
            if found and found != message_id:
                return found
        elif not answer.ok and answer.status not in {400, 404}:
            checked(ask, answer)
    raise NotFound("there is no such message in this mailbox")


def read_small(people: People, copy: Copy) -> Conversation[bytes | None]:
    """The bytes, from a batch; None when they have to be streamed instead."""
    return (yield from people.called(copy.mailbox, lambda user: _small(user, copy)))


def is_small(copy: Copy) -> bool:
    """Whether the search said that it is."""
    size = copy.state.get("size")
    return isinstance(size, int) and 0 < size <= SMALL


def _small(user: str, copy: Copy) -> Conversation[bytes | None]:
    ask = asks.content(user, copy.id)
    answer = yield ask
    if answer.code in _NOT_AN_ID_OF_OURS:
        raise NotFound("there is no such message in this mailbox")
    return _decoded(checked(ask, answer))


def _decoded(body: object) -> bytes | None:
    """What is not JSON comes in Base64; should it ever come in the clear, its exact bytes are unknown."""
    try:
        return b64decode(body, validate=True) if isinstance(body, str) and body else None
    except (Error, ValueError):
        return None


def _types(message_id: str) -> Iterator[str]:
    """In Exchange's own form an id may hold characters that Graph's never does."""
    return iter(("ewsId",) if set(message_id) & set("/+") else ("restId", "ewsId"))
