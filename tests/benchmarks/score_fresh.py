"""A fresh process that scores a file of messages: how long until its first answer, and how much memory at most?

Run as a script by `test_footprint.py`: the checkpoint's folder, then paths on standard input, the smallest mail first.
"""

import json
import os
import sys
import time
from pathlib import Path


def main() -> None:
    """Print one JSON line after the first message, another after the last."""
    here = Path(__file__).parent
    sys.path[:0] = [str(here.parents[1]), str(here)]
    from scorer import TOGETHER, load_scorer

    scorer = load_scorer(Path(sys.argv[1]))
    paths = [Path(line) for line in sys.stdin.read().splitlines()]
    scored = len(scorer.everything([paths[0].read_bytes()]))
    _say(scored)
    for at in range(1, len(paths), TOGETHER):
        scored += len(scorer.everything([path.read_bytes() for path in paths[at : at + TOGETHER]]))
    _say(scored)


def _say(scored: int) -> None:
    from measure import memory_peak

    said = {"at": time.time(), "cpu": time.process_time(), "memory": memory_peak(os.getpid()), "scored": scored}
    print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
