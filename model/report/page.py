"""Page: one HTML file with every figure and plot of an evaluation, which loads nothing and runs nothing."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from model.report import bars, curves
from model.report.words import percent, plain, round_percent, share, signed, span

_HERE = Path(__file__).parent
KINDS = ("corpus", "language", "year")


def page(found: Mapping[str, Any]) -> str:
    """The report of these figures, as `evaluate` gives them."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    for words in (percent, plain, round_percent, share, signed, span):
        environment.filters[words.__name__] = words
    return environment.get_template("page.html.j2").render(
        found=found,
        figures=found["clusters"],
        every=found["messages"],
        plots=plots(found),
        kinds=KINDS,
        css=Markup((_HERE / "page.css").read_text(encoding="utf-8")),  # noqa: S704 - our own file
    )


def plots(found: Mapping[str, Any]) -> dict[str, Markup | None]:
    """Each drawing, or None where the mail gives nothing to draw."""
    return {
        "roc": curves.roc(found),
        "recall": curves.recall(found),
        "margins": bars.margins(found),
        **{kind: bars.groups(found, kind) for kind in KINDS},
        "reliability": curves.reliability(found),
        "bounds": curves.bounds(found),
        "reporters": bars.reporters(found),
        "gain": bars.gain(found),
        "losses": curves.losses(found),
        "learning": curves.learning(found),
    }
