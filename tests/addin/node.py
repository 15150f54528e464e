"""Node: how do tests run the add-in's JavaScript?"""

import json
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
ADDIN = ROOT / "addin"
HANDLER = ADDIN / "dist" / "spamreporting.js"


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None or not (ADDIN / "node_modules").is_dir():
        raise RuntimeError("The add-in's tests need node, npm and the add-in's packages: make addin")
    return found


def node(*arguments: object, given: object = None) -> "subprocess.CompletedProcess[str]":
    """Run a script of ours in the add-in's folder; `given` is its standard input, as JSON."""
    command = [program("node"), *map(str, arguments)]
    text = json.dumps(given) if given is not None else None
    return subprocess.run(command, cwd=ADDIN, input=text, capture_output=True, text=True, check=False, timeout=120)
