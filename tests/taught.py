"""Taught: candidates as training leaves them, and which network serves."""

from hashlib import sha256

from builders import World

from backend.store import candidate_files, candidates
from model import checkpoint as checkpoints

_SIDE = {"malicious": 10, "caught": 8, "legitimate": 20, "wrong": 0}
MEASURES = {
    "frozen": [_SIDE, _SIDE],
    "own": [_SIDE, {**_SIDE, "caught": 9}],
    "blind": ["invoice", 0.02],
    "swayed": 0.01,
    "steps": [-2.0, 0.0],
    "calibration": [[[15, 0], [7, 2], [8, 8]], [[16, 0], [5, 1], [9, 9]]],
    "contrary": 1,
    "learned": 40,
    "held_back": 10,
    "difference": {"looked_at": 3, "to_malicious": 1, "to_other": 0, "messages": [[1, -0.4, 0.3]]},
}


def made(world: World, name: str = "acme-1", obstacles: tuple[str, ...] = ()) -> int:
    """A candidate as training leaves it: the shipped weights under a name of its own."""
    shipped = checkpoints.load(checkpoints.SHIPPED)
    folder = world.services.settings.data_dir / name
    checkpoints.save(checkpoints.Checkpoint(name, shipped.network, shipped.calibration), folder)
    services, now = world.services, world.services.now()
    files = candidate_files.keep(services.evidence, world.tenant_id, folder)
    names = {column: sha256(raw).hexdigest() for column, raw in files.items()}
    with services.database.begin() as tx:
        candidate_files.record(tx, world.tenant_id, names, {column: len(raw) for column, raw in files.items()}, now)
        candidate_id = candidates.ask(tx, world.tenant_id, "operator:1", now)
        assert candidate_id is not None
        assert candidates.begin(tx, world.tenant_id, candidate_id, now)
        measures = {**MEASURES, "obstacles": list(obstacles)}
        assert candidates.finish(tx, world.tenant_id, candidate_id, now, name=name, measures=measures, **names)
    return candidate_id


def serves(world: World) -> str:
    return world.services.predictor_of(world.tenant_id).checkpoint
