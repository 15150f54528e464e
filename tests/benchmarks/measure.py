"""Measure: how is a figure taken and shown? Every one stands beside something else run in the same minute."""

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cost:
    """What some work took: seconds by the clock on the wall, and seconds a processor spent on it."""

    wall: float = 0.0
    cpu: float = 0.0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.wall + other.wall, self.cpu + other.cpu)

    def rate(self, number: int) -> str:
        """Messages a second, for one processor and by the clock."""
        return f"{number / self.cpu:8,.0f} messages/s of one core's time   ({number / self.wall:,.0f} by the clock)"


def cost(work: Callable[[], object], pid: int | None = None) -> Cost:
    """What `work` takes of this process and its children; of process `pid` where somebody else does the work."""
    used = (lambda: cpu_of(pid)) if pid else _own_cpu
    wall, cpu = time.perf_counter(), used()
    work()
    return Cost(time.perf_counter() - wall, used() - cpu)


def _own_cpu() -> float:
    """Own time exactly; that of children to a hundredth of a second, ended or alive."""
    ended = os.times()
    return time.process_time() + ended.children_user + ended.children_system + sum(map(cpu_of, children(os.getpid())))


def cpu_of(pid: int) -> float:
    """Seconds of processor that a process, its ended children and its living ones have used."""
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / _TICKS + sum(map(cpu_of, children(pid)))
    return 0.0


def memory_peak(pid: int) -> int:
    """The most bytes that a process has had in memory so far. Its own: what it was forked from does not count."""
    status = Path(f"/proc/{pid}/status").read_text()
    return 1024 * int(status.partition("VmHWM:")[2].split()[0])


def children(pid: int) -> list[int]:
    """The processes that `pid` has started and that are alive."""
    with contextlib.suppress(OSError):
        tasks = Path(f"/proc/{pid}/task").iterdir()
        return [int(word) for task in tasks for word in (task / "children").read_text().split()]
    return []


@contextlib.contextmanager
def one_core() -> Iterator[int]:
    """This process, and every child it starts meanwhile, on one core; yields its number."""
    allowed = os.sched_getaffinity(0)
    core = max(allowed)
    os.sched_setaffinity(0, {core})
    try:
        yield core
    finally:
        os.sched_setaffinity(0, allowed)


def load() -> str:
    """How busy the machine is with everything, for whoever reads a figure later."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


def seconds(work: Callable[[], object]) -> float:
    """How long `work` took, in seconds."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def quantile(values: Sequence[float], share: float) -> float:
    """The value that `share` of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def show(title: str, rows: dict[str, str]) -> None:
    """Print one table."""
    width = max(len(name) for name in rows)
    print(f"\n{title}")
    for name, value in rows.items():
        print(f"  {name:<{width}}  {value}")


def spread(values: Sequence[float], unit: str = "ms", factor: float = 1000) -> str:
    """Median and 95th percentile, with how many were measured."""
    middle, high = quantile(values, 0.5) * factor, quantile(values, 0.95) * factor
    return f"median {middle:,.1f} {unit}, 95 % {high:,.1f} {unit} (n = {len(values)})"
