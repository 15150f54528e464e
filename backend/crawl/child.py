"""Child: the process that follows links. It has no environment, no database and no secret, and little of the machine:
of its files those that following needs, where Linux can see to it.

One JSON order on standard input, one JSON line for each link on standard output, as soon as it is known.
"""

import json
import resource
import ssl
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from backend.crawl.confine import confine
from backend.crawl.guard import Guard
from backend.crawl.visit import Limits, visit
from model.modules import landing

MEMORY = 1_500_000_000  # bytes of address space
OPEN_FILES = 64
_LOOKING_UP = ("resolv.conf", "hosts", "nsswitch.conf", "gai.conf", "host.conf", "ld.so.cache")  # names, in /etc
_LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64")
_AUTHORITIES = ("/etc/ssl/certs", "/etc/ssl/openssl.cnf", "/etc/pki", "/usr/share/ca-certificates")


def main() -> None:
    """Follow the links of one order."""
    order = json.load(sys.stdin)
    limits = Limits(ca_file=Path(order["ca_file"]) if order["ca_file"] else None)
    _give_up(int(order["processor_seconds"]))
    confine(_needed(limits))
    guard = Guard(tuple(order["allowed"]))
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


def _needed(limits: Limits) -> Iterator[Path]:
    """Python's modules and ours, what names are looked up with, and the authorities that sign for servers."""
    ours = [Path(module).parents[1] for module in (__file__, landing.__file__)]
    above = {folder.parent for folder in ours}  # there the data folder may lie
    yield from (Path(place) for place in sys.path if place and Path(place) not in above)
    yield from (*ours, Path(sys.base_prefix, "lib"))
    yield from (Path("/etc", name) for name in _LOOKING_UP)
    known = ssl.get_default_verify_paths()
    authorities = (known.openssl_cafile, known.openssl_capath, *_AUTHORITIES, limits.ca_file)
    yield from (Path(place) for place in (*_LIBRARIES, *authorities) if place)


if __name__ == "__main__":
    main()
