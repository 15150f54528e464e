"""How long does a fresh process need to its first verdict, and how much memory for all of the corpora?"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from corpus_sample import read_paths
from measure import load, one_core, show

from model import checkpoint as checkpoints

SCRIPT = Path(__file__).with_name("score_fresh.py")
STARTS = 3


@pytest.mark.timeout(1_800)
def test_start_and_memory_of_a_fresh_process(corpora: Path):
    paths = sorted(read_paths(corpora))
    with one_core():
        _run(paths[:1])  # the files come from the disk once
        starts = [_run(paths[:1])[0] for _ in range(STARTS)]
        first, last = _run(paths)

    show(
        f"A fresh process over all {last['scored']:,} messages of the corpora ({load()})",
        {
            "import, load, first message": f"{min(start['at'] for start in starts):.2f} s by the clock, "
            f"{min(start['cpu'] for start in starts):.2f} s of one core (best of {STARTS}); the goal is 5 s",
            "memory after the first": f"{first['memory'] / 1e6:,.0f} MB",
            "memory at most": f"{last['memory'] / 1e6:,.0f} MB; the goal is 700 MB",
            "beside: an interpreter with torch and numpy": f"{_torch_alone() / 1e6:,.0f} MB",
        },
    )
    assert last["scored"] == len(paths)


def _run(paths: list[Path]) -> list[dict[str, float]]:
    """What the process said after the first message and after the last; `at` in seconds since it was started."""
    command = [sys.executable, str(SCRIPT), str(checkpoints.SHIPPED)]
    begun = time.time()
    listed = "\n".join(map(str, paths))
    done = subprocess.run(command, input=listed, stdout=subprocess.PIPE, text=True, check=True, env=dict(os.environ))
    said = [json.loads(line) for line in done.stdout.splitlines()]
    return [{**each, "at": each["at"] - begun} for each in said]


def _torch_alone() -> int:
    say = "import numpy, torch; print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])"
    return 1024 * int(subprocess.run([sys.executable, "-c", say], capture_output=True, text=True, check=True).stdout)
