"""Measure: how is a figure taken and shown? Every one stands beside something else run in the same minute."""

import time
from collections.abc import Callable, Sequence


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
