"""Checkpoint: is there a network to ask?"""

from pathlib import Path

from backend.errors import BadInput
from model.contract import Predictor


def loaded(folder: Path | None) -> Predictor:
    """The predictor of this checkpoint folder, the shipped one by default. Raises BadInput with what to do."""
    from model.checkpoint import CheckpointUnusable  # loads torch: only now
    from model.predict import load_predictor

    try:
        return load_predictor(folder)
    except CheckpointUnusable as error:
        raise BadInput(f"The checkpoint cannot be used ({error}); set UNHOOK_CHECKPOINT to a good one.") from error
