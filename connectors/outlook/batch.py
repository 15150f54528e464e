"""Batch: many conversations with Graph at the same time, twenty asks to a request, four requests at a time.

A conversation is a generator: it yields an `Ask`, is sent the `Answer`, and returns what it was held for. It does not
know whether it is held alone or beside a thousand others. A busy answer is not shown to it: the ask is repeated after
the time Graph wished for, in another batch, while the others go on.
"""

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count
from typing import Any, Generic, TypeVar

from connectors.errors import ConnectorError, TryLater
from connectors.outlook.asks import Ask
from connectors.outlook.client import AT_A_TIME, BATCH, Graph
from connectors.outlook.refusals import Answer, refusal

K = TypeVar("K")
T = TypeVar("T")
Conversation = Generator[Ask, Answer, T]

_OPEN = 2 * AT_A_TIME * BATCH  # conversations: half of them may wait without anybody else having to


@dataclass(eq=False)
class _Talk(Generic[K, T]):
    """One conversation, and the ask that waits for an answer."""

    key: K
    held: Conversation[T]
    ask: Ask
    tries: int = 0
    renewed: bool = False


def alone(graph: Graph, conversation: Conversation[T]) -> T:
    """Hold one conversation, one request per ask. Raises what it raises."""
    try:
        ask = next(conversation)
        while True:
            try:
                answer = graph.ask(ask)
            except ConnectorError as error:
                ask = conversation.throw(error)
            else:
                ask = conversation.send(answer)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]


def together(
    graph: Graph, conversations: Iterable[tuple[K, Conversation[T]]]
) -> Iterator[tuple[K, T | ConnectorError]]:
    """Hold many; each one's result, or its error, as it ends. Nothing is asked before a result is wanted."""
    hall = _Hall(graph, iter(conversations))
    while not hall.empty():
        hall.send()
        yield from hall.receive()


class _Hall(Generic[K, T]):
    """Everybody who is talking: ready to ask, waiting to ask again, or waiting for an answer."""

    def __init__(self, graph: Graph, fresh: Iterator[tuple[K, Conversation[T]]]) -> None:
        self.graph = graph
        self.pace = graph.pace
        self.fresh: Iterator[tuple[K, Conversation[T]]] | None = fresh
        self.ready: deque[_Talk[K, T]] = deque()
        self.later: list[tuple[float, int, _Talk[K, T]]] = []
        self.asked: dict[Future[list[Answer | None]], list[_Talk[K, T]]] = {}
        self.ended: deque[tuple[K, T | ConnectorError]] = deque()
        self.numbers = count()

    def empty(self) -> bool:
        return not (self.fresh or self.ready or self.later or self.asked or self.ended)

    def send(self) -> None:
        """Fill free requests: first with those who have begun, then with new ones."""
        while self.later and self.later[0][0] <= self.pace.now():
            self.ready.append(heappop(self.later)[2])
        while len(self.asked) < AT_A_TIME:
            while len(self.ready) < BATCH and self.fresh and self.talking() < _OPEN:
                self.welcome()
            if not self.ready:
                return
            talks = [self.ready.popleft() for _ in range(min(BATCH, len(self.ready)))]
            asks = [talk.ask for talk in talks]
            self.asked[self.graph.threads.submit(self.graph.ask_together, asks)] = talks

    def talking(self) -> int:
        return len(self.ready) + len(self.later) + sum(map(len, self.asked.values()))

    def welcome(self) -> None:
        """Let one more begin."""
        assert self.fresh is not None
        try:
            key, held = next(self.fresh)
        except StopIteration:
            self.fresh = None
        else:
            self.go_on(_Talk(key, held, Ask("", "", "", "")), None)

    def receive(self) -> Iterator[tuple[K, T | ConnectorError]]:
        """Wait until something happens; what has ended by then."""
        while self.ended:
            yield self.ended.popleft()
        until = self.later[0][0] - self.pace.now() if self.later else None
        if not self.asked:
            if until is not None and until > 0 and not self.ready:
                self.pace.sleep(until)
            return
        may_send = len(self.asked) < AT_A_TIME
        done, _ = wait(self.asked, max(0, until) if until is not None and may_send else None, FIRST_COMPLETED)
        for future in done:
            self.hear(future, self.asked.pop(future))
        while self.ended:
            yield self.ended.popleft()

    def hear(self, future: Future[list[Answer | None]], talks: list[_Talk[K, T]]) -> None:
        """Hand out the answers of one request."""
        error = future.exception()
        if error is not None and not isinstance(error, ConnectorError):
            raise error
        answers = [None] * len(talks) if error else future.result()
        for talk, answer in zip(talks, answers, strict=True):
            if error is not None:
                self.go_on(talk, error)
            elif answer is not None and answer.status == 401 and not talk.renewed:
                talk.renewed = True
                self.graph.credentials.drop()
                self.ready.append(talk)
            elif answer is None or answer.busy:
                self.put_off(talk, answer)
            else:
                self.go_on(talk, answer)

    def put_off(self, talk: _Talk[K, T], answer: Answer | None) -> None:
        """Ask again when Graph wishes; give up when it was asked often enough."""
        talk.tries += 1
        pause = self.pace.wait(talk.tries, answer)
        if pause is not None:
            heappush(self.later, (self.pace.now() + pause, next(self.numbers), talk))
        elif answer is None:
            self.go_on(talk, TryLater("Microsoft Graph left our request without an answer"))
        else:
            self.go_on(talk, refusal(talk.ask, answer))

    def go_on(self, talk: _Talk[K, T], said: Any) -> None:
        """Tell a conversation what was said; it asks on, or ends."""
        try:
            if said is None:
                talk.ask = next(talk.held)
            elif isinstance(said, ConnectorError):
                talk.ask = talk.held.throw(said)
            else:
                talk.ask = talk.held.send(said)
        except StopIteration as end:
            self.ended.append((talk.key, end.value))
        except ConnectorError as error:
            self.ended.append((talk.key, error))
        else:
            talk.tries, talk.renewed = 0, False
            self.ready.append(talk)
