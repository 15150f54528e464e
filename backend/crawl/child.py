"""Child: the process that follows links. It has no environment, no database and no secret, and little of the machine.

One JSON order on standard input, one JSON line for each link on standard output, as soon as it is known.
"""

import json
import resource
import sys
from dataclasses import asdict
from pathlib import Path

from backend.crawl.guard import Guard
from backend.crawl.visit import Limits, visit

MEMORY = 1_500_000_000  # bytes of address space
OPEN_FILES = 64


def main() -> None:
    """Follow the links of one order."""
    order = json.load(sys.stdin)
    _give_up(int(order["processor_seconds"]))
    guard = Guard(tuple(order["allowed"]))
    limits = Limits(ca_file=Path(order["ca_file"]) if order["ca_file"] else None)
    for link in order["links"]:
        sys.stdout.write(json.dumps(asdict(visit(link, guard, limits))) + "\n")
        sys.stdout.flush()


def _give_up(seconds: int) -> None:
    """Nothing can be written, no other program started from a core file, and no more used than this."""
    for what, most in (
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
    ):
        resource.setrlimit(what, (most, most))


if __name__ == "__main__":
    main()
