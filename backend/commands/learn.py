"""Learn: how do a tenant's labels become a candidate for the network that serves it?

take the labels ▸ compose replay and the frozen test ▸ adapt the installation's checkpoint ▸ compare with what serves
     ▸ say which decisions would differ ▸ keep the files ▸ promote, if policy says so
"""

import hashlib
import os
import resource
import signal
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.progress import track

from backend.commands.opened import installation, tenant_called
from backend.domain.candidate import Candidate
from backend.domain.disposition import Disposition
from backend.domain.label import Label
from backend.errors import BadInput, Conflict, UnhookError
from backend.flow.candidates import ask_here, promote_by_policy
from backend.flow.upload import names_in_labels
from backend.services import Services
from backend.store import candidate_files, candidates, labels, messages, tenants, verdicts
from model.message.facts import Facts

if TYPE_CHECKING:
    from model.checkpoint import Checkpoint
    from model.corpus.table import Table

MOST_COMPARED = 3_000  # stored messages whose decision might differ
MOST_NAMED = 200
_SEED = 1
_STEPS = ((0.0, 0.15), (0.15, 0.3), (0.3, 0.4), (0.4, 0.5))  # replay and the frozen test: each is written, then read
_LEARNING = (0.5, 1.0)
_NO_MEMORY = ("allocate memory", "failed to map segment")  # torch's allocator; the system's loader
_HELD_BACK = 5  # one campaign in five is kept back
_WORDS = {
    Disposition.MALICIOUS: "malicious",
    Disposition.SPOOF: "malicious",
    Disposition.SPAM: "spam",
    Disposition.BULK: "bulk",
    Disposition.NONE: "none",
}


@dataclass(frozen=True)
class Judged:
    """One message to learn from."""

    label: Label
    facts: Facts
    source: str  # its campaign, or itself

    @property
    def held_back(self) -> bool:
        """Whole campaigns are kept back: a copy in training would make the test easy."""
        return hashlib.sha256(self.source.encode()).digest()[0] % _HELD_BACK == 0


@click.command()
@click.argument("slug", required=False, metavar="[TENANT]")
@click.option("--candidate", type=int, help="One that was asked for on the learning page; workers use this.")
def command(slug: str | None, candidate: int | None) -> None:
    """Train a candidate for TENANT on its labels and compare it with what serves. Nothing serves it yet."""
    if (slug is None) == (candidate is None):
        raise BadInput("Name a tenant, or a candidate that was asked for.")
    with installation() as services, limited(services.settings.learn_megabytes, services.settings.learn_seconds):
        tenant_id, candidate_id = _asked(services, slug, candidate)
        made = learn_candidate(services, tenant_id, candidate_id, shown=candidate is None)
    before, after = made.measures["frozen"]
    click.echo(f"candidate {made.id} ({made.name}), taught by {len(made.label_ids)} labels")
    click.echo(f"frozen test: {before['caught']} of {before['malicious']} caught before, {after['caught']} now")
    click.echo(f"speaks against it: {', '.join(made.obstacles) or 'nothing'}")


def learn_candidate(services: Services, tenant_id: int, candidate_id: int, *, shown: bool = False) -> Candidate:
    """Train it and keep it; what goes wrong is written down. Raises Conflict when somebody else trains it."""
    with services.database.begin() as tx:
        if not candidates.begin(tx, tenant_id, candidate_id, services.now()):
            raise Conflict("This candidate is being trained already, or it is done.")
    try:
        return _learn(services, tenant_id, candidate_id, shown=shown)
    except BaseException as error:
        refusal = _too_big(error, services.settings.learn_megabytes) or error
        cause = str(refusal) if isinstance(refusal, UnhookError) else f"{type(error).__name__} while learning"
        with services.database.begin() as tx:
            candidates.fail(tx, tenant_id, candidate_id, cause, services.now())
        if refusal is error:
            raise
        raise refusal from error


def _learn(services: Services, tenant_id: int, candidate_id: int, *, shown: bool) -> Candidate:
    import torch  # only now

    from model import checkpoint as checkpoints
    from model.adapt import AdaptConfig, OutOfTime, adapt
    from model.compare import FROZEN, FROZEN_SEED, REPLAY, REPLAY_SEED, compare
    from model.dataset import load_composed

    if "OMP_NUM_THREADS" not in os.environ:  # batches are small: two threads mostly wait, for each other and for others
        torch.set_num_threads(1)
    with services.database.read() as tx:
        tenant = tenants.get(tx, tenant_id)
    target = tenant.policy.thresholds.target
    judged = list(_judged(services, tenant_id))
    base = checkpoints.load(services.settings.checkpoint or checkpoints.SHIPPED)
    serving = _serving(services, tenant_id, base)
    progress = _progress(services, tenant_id, candidate_id, shown=shown)
    cache = services.settings.data_dir / "learning"
    replay = load_composed(REPLAY, REPLAY_SEED, cache, progress)
    frozen = load_composed(FROZEN, FROZEN_SEED, cache, progress)

    own, held = (_table([one for one in judged if one.held_back is back]) for back in (False, True))
    if not len(own):
        raise BadInput("There is nothing to learn from: no judged message still has its content.")
    name = f"{tenant.slug}-{candidate_id}"
    try:
        made = adapt(base, own, replay, name, AdaptConfig(), _SEED, progress, services.settings.learn_seconds)
    except OutOfTime as error:
        raise BadInput(str(error)) from error
    givers = _givers(services, tenant_id, [one.label for one in judged if not one.held_back])
    measures = compare(serving, made, frozen, held, own, target, givers).to_json()
    measures |= {"difference": _difference(services, tenant_id, serving, made, target)}
    measures |= {"learned": len(own), "held_back": len(held), "serving": serving.name}
    measures["losses"] = made.training["losses"]
    return _keep(services, tenant_id, candidate_id, made, base.name, measures, judged)


def _keep(
    services: Services,
    tenant_id: int,
    candidate_id: int,
    made: "Checkpoint",
    based_on: str,
    measures: dict[str, Any],
    judged: Sequence[Judged],
) -> Candidate:
    from model import checkpoint as checkpoints

    with tempfile.TemporaryDirectory(prefix="unhook-learn-") as place:
        checkpoints.save(made, Path(place))
        files = candidate_files.keep(services.evidence, tenant_id, Path(place))
    names = {column: hashlib.sha256(raw).hexdigest() for column, raw in files.items()}
    taught = [one.label.id for one in judged if not one.held_back]
    with services.database.begin() as tx:
        now = services.now()
        candidate_files.record(tx, tenant_id, names, {column: len(raw) for column, raw in files.items()}, now)
        more = {"name": made.name, "based_on": based_on, "measures": measures, "label_ids": taught, **names}
        if not candidates.finish(tx, tenant_id, candidate_id, now, **more):
            raise Conflict("This candidate was given up on meanwhile.")
        kept = candidates.get(tx, tenant_id, candidate_id)
        assert kept is not None
        promote_by_policy(tx, services, kept)
    return kept


def _asked(services: Services, slug: str | None, candidate: int | None) -> tuple[int, int]:
    with services.database.read() as tx:
        tenant_id = candidates.tenant_of(tx, candidate) if candidate else tenant_called(tx, slug or "").id
    if tenant_id is None:
        raise BadInput(f"There is no candidate {candidate}.")
    return tenant_id, candidate or ask_here(services, tenant_id)


@contextmanager
def limited(megabytes: int, seconds: int) -> Iterator[None]:
    """In here, more memory or time than this ends what is done, whatever it is. For the main thread only."""

    def too_late(_number: int, _frame: object) -> None:
        raise BadInput(f"Learning took longer than {seconds} seconds; see UNHOOK_LEARN_SECONDS.")

    before, most = resource.getrlimit(resource.RLIMIT_DATA), megabytes * 1_000_000
    resource.setrlimit(resource.RLIMIT_DATA, (most, before[1]))
    handler = signal.signal(signal.SIGALRM, too_late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, handler)
        resource.setrlimit(resource.RLIMIT_DATA, before)


def _too_big(error: BaseException, megabytes: int) -> UnhookError | None:
    """The refusal to name where memory ran out; libraries say so with errors of no class of their own."""
    if isinstance(error, MemoryError) or any(words in str(error) for words in _NO_MEMORY):
        return BadInput(f"Learning needed more than {megabytes} megabytes of memory; see UNHOOK_LEARN_MEGABYTES.")
    return None


def _judged(services: Services, tenant_id: int) -> Iterator[Judged]:
    """Every judged message that still has its content and says something about the boundary."""
    with services.database.read() as tx:
        found = labels.judged_messages(tx, tenant_id)
    for message_id, label in sorted(found.items()):
        if label.disposition not in _WORDS:
            continue
        with services.database.read() as tx:
            message = messages.get(tx, tenant_id, message_id)
        if message is None or message.erased_at or not message.facts.size:
            continue
        family = f"campaign {message.campaign_id}" if message.campaign_id else f"message {message_id}"
        yield Judged(label, message.facts, family)


def _givers(services: Services, tenant_id: int, taught: Sequence[Label]) -> list[str]:
    """Whose each label is: an operator's own mail that they uploaded is theirs, and not another person's."""
    with services.database.read() as tx:
        known = {name: names_in_labels(tx, tenant_id, name)[0] for name in {label.given_by for label in taught}}
    return [known[label.given_by] for label in taught]


def _table(judged: Sequence[Judged]) -> "Table":
    from model.corpus.rows import from_facts, tabled
    from model.corpus.table import Example

    names = [hashlib.sha256(f"label {one.label.id}".encode()).hexdigest() for one in judged]
    examples = [
        Example(
            path=str(one.label.message_id),
            corpus="own",
            label=_WORDS[one.label.disposition],
            sub="",
            source=one.source,
            date=one.facts.date[:10],
            body="",
            weight=one.label.weight,
        )
        for one in judged
    ]
    return tabled(examples, from_facts([(name, one.facts) for name, one in zip(names, judged, strict=True)]))


def _serving(services: Services, tenant_id: int, base: "Checkpoint") -> "Checkpoint":
    """What serves now, to be compared with."""
    from model import checkpoint as checkpoints

    with services.database.read() as tx:
        number = candidates.serving(tx, tenant_id)
        chosen = candidates.get(tx, tenant_id, number) if number is not None else None
    if chosen is None:
        return base
    with candidate_files.unpacked(services.evidence, chosen) as folder:
        return checkpoints.load(folder)


def _difference(
    services: Services, tenant_id: int, serving: "Checkpoint", made: "Checkpoint", target: float
) -> dict[str, Any]:
    """Which stored messages would be held to be something else: the reporters' lift of the last verdict stays."""
    from model.predict import CheckpointPredictor

    with services.database.read() as tx:
        ids = messages.newest_ids(tx, tenant_id, MOST_COMPARED)
    old, new = CheckpointPredictor(serving), CheckpointPredictor(made)
    changed: list[list[float]] = []
    looked = 0
    for at in range(0, len(ids), 200):
        with services.database.read() as tx:
            found = [messages.get(tx, tenant_id, number) for number in ids[at : at + 200]]
            some = [message for message in found if message and not message.erased_at]
            lifts = verdicts.lifts_of(tx, tenant_id, [message.id for message in some])
        facts = [message.facts for message in some]
        for message, before, after in zip(some, old.margins(facts, target), new.margins(facts, target), strict=True):
            lift = lifts.get(message.id, 0.0)
            if (before + lift >= 0) != (after + lift >= 0):
                changed.append([message.id, round(float(before + lift), 2), round(float(after + lift), 2)])
        looked += len(some)
    up = sum(after >= 0 for _, _, after in changed)
    return {"looked_at": looked, "to_malicious": up, "to_other": len(changed) - up, "messages": changed[:MOST_NAMED]}


def _progress(
    services: Services, tenant_id: int, candidate_id: int, *, shown: bool
) -> Callable[[Iterable[Any], int, str], Iterable[Any]]:
    """A bar in the terminal, and a share in the row that the page shows: half of it is composing mail."""
    steps = iter(_STEPS)

    def watched(items: Iterable[Any], total: int, what: str) -> Iterable[Any]:
        low, high = _LEARNING if what == "learning" else next(steps)
        for number, item in enumerate(track(items, description=what, total=total) if shown else items):
            yield item
            if number % max(1, total // 20) == 0:
                _note(services, tenant_id, candidate_id, low + (high - low) * number / max(1, total))

    return watched


def _note(services: Services, tenant_id: int, candidate_id: int, share: float) -> None:
    with services.database.begin() as tx:
        if not candidates.note_progress(tx, tenant_id, candidate_id, share):
            raise Conflict("This candidate was given up on meanwhile.")
