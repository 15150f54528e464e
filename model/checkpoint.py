"""Checkpoint: what lies in the folder of a trained network?

`weights.safetensors` (half precision; nothing in it can run), `checkpoint.json` (configuration, calibration curve,
what it was trained on, figures) and `seen.npy` (the first eight bytes of the SHA-256 of each mail it has learnt from).
A folder that does not fit this code is refused, never guessed at.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file

from model.calibration import Calibration
from model.features.table import BAGS, DENSE
from model.network import Network, NetworkConfig

FORMAT = 1
SHIPPED = Path(__file__).parent / "checkpoints" / "v1"
_WEIGHTS, _CARD, _SEEN = "weights.safetensors", "checkpoint.json", "seen.npy"


class CheckpointUnusable(Exception):
    """The folder holds no checkpoint that this version can serve; the sentence says why."""


@dataclass(frozen=True)
class Checkpoint:
    """A trained network with all that serving and repeating it need."""

    name: str
    network: Network
    calibration: Calibration
    training: Mapping[str, Any] = field(default_factory=dict)


def save(checkpoint: Checkpoint, folder: Path, seen: NDArray[np.uint64] | None = None) -> None:
    """Write the files; the weights in half precision. `seen` is what `seen_hashes` says of the mail learnt from."""
    folder.mkdir(parents=True, exist_ok=True)
    state = {
        name: weights.detach().to(torch.float16).contiguous()
        for name, weights in checkpoint.network.state_dict().items()
    }
    save_file(state, folder / _WEIGHTS)
    (folder / _WEIGHTS).chmod(0o644)  # the library writes 0600; weights are no secret
    card = {
        "format": FORMAT,
        "name": checkpoint.name,
        "config": checkpoint.network.config.to_json(),
        "bags": list(BAGS),
        "dense": list(DENSE),
        "calibration": checkpoint.calibration.to_json(),
        "weights_sha256": _sha256(folder / _WEIGHTS),
        "training": dict(checkpoint.training),
    }
    if seen is not None:
        np.save(folder / _SEEN, seen)
    (folder / _CARD).write_text(json.dumps(card, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def load(folder: Path) -> Checkpoint:
    """Read a folder. Raises CheckpointUnusable with the reason."""
    try:
        card = json.loads((folder / _CARD).read_text(encoding="utf-8"))
        config = NetworkConfig(**card["config"])
        _check(card, config, folder)
        network = Network(config)
        network.load_state_dict({name: weights.float() for name, weights in load_file(folder / _WEIGHTS).items()})
        calibration = Calibration.from_json(card["calibration"])
    except (OSError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise CheckpointUnusable(f"{folder.name}: {error}") from error
    return Checkpoint(str(card["name"]), network.eval(), calibration, card.get("training", {}))


def load_seen(folder: Path) -> NDArray[np.uint64] | None:
    """What `save` was given; None where the folder does not say. Serving has no use for it."""
    try:
        kept: NDArray[np.uint64] = np.load(folder / _SEEN, allow_pickle=False)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise CheckpointUnusable(f"{folder.name}: {error}") from error
    return kept.astype(np.uint64)


def round_weights(network: Network) -> None:
    """Give the network the very weights that `save` keeps, so that calibration is of what is shipped."""
    with torch.no_grad():
        for weights in network.parameters():
            weights.copy_(weights.to(torch.float16).float())


def _check(card: Mapping[str, Any], config: NetworkConfig, folder: Path) -> None:
    if card["format"] != FORMAT:
        raise CheckpointUnusable(f"{folder.name}: format {card['format']}, this version reads {FORMAT}")
    if (
        card["bags"] != list(BAGS)
        or card["dense"] != list(DENSE)
        or config.features_version != NetworkConfig().features_version
    ):
        raise CheckpointUnusable(f"{folder.name}: trained on other features than this version computes")
    if card["weights_sha256"] != _sha256(folder / _WEIGHTS):
        raise CheckpointUnusable(f"{folder.name}: the weights are not those the checkpoint describes")


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
