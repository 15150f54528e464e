"""Rule check: does this YARA source compile, and in time? Asked in a process of its own, which can be stopped."""

import json
import resource
import subprocess
import sys

from model.modules.own_rules import LONGEST, Fault, faults

SECONDS = 10  # by the clock
_PROCESSOR = 5  # seconds of it
_MOST_OUTPUT = 20_000


def check(source: str, seconds: float = SECONDS) -> list[Fault]:
    """Why this source cannot be used; empty when it can."""
    if len(source) > LONGEST:
        return [Fault(1, 1, f"longer than {LONGEST} characters")]
    if "\0" in source:
        return [Fault(1, 1, "it holds a NUL character")]
    if not source.strip():
        return [Fault(1, 1, "there is no rule")]
    command = [sys.executable, "-I", "-m", "model.modules.rule_check"]
    try:
        ran = subprocess.run(  # noqa: S603 - our own module, run by our own interpreter
            command,
            check=False,
            input=source,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=seconds,
            env={},
            cwd="/",
        )
        return [Fault(*one) for one in json.loads(ran.stdout[:_MOST_OUTPUT])]
    except (subprocess.TimeoutExpired, ValueError):
        return [Fault(1, 1, "it takes too long to compile; make its patterns simpler")]


def _main() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (_PROCESSOR, _PROCESSOR))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    json.dump(faults(sys.stdin.read()), sys.stdout)


if __name__ == "__main__":
    _main()
