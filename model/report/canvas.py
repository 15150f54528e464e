"""Canvas: how does a drawing become SVG that can stand inside the page, beside others, and load nothing?"""

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.axis import XAxis, YAxis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

INK, SOFT, LINE = "#12211f", "#4d605d", "#d5dfdd"
COLOURS = {"malicious": "#a8201a", "spam": "#2c5282", "bulk": "#8a6d1f", "none": "#23683a", "legitimate": "#23683a"}
ACCENT, SECOND, THIRD = "#0a635b", "#c2570c", "#6a3a99"
WIDE, TALL = 8.6, 4.2  # inches; the page scales it

_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text: it can be read, searched and copied
    "svg.hashsalt": "unhook",  # the same figures give the same file
    "text.parse_math": False,  # a corpus may be called $x$
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.edgecolor": LINE,
    "axes.labelcolor": SOFT,
    "axes.titlesize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "text.color": INK,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "lines.linewidth": 1.8,
}


@contextmanager
def styled() -> Iterator[None]:
    """Our look for what is drawn inside, and nowhere else. A letter without a glyph is the reader's font's business."""
    with mpl.rc_context(_STYLE), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


def panels(rows: int, columns: int, height: float) -> tuple[Figure, list[Axes]]:
    """An empty drawing of several panels that share an axis: the upper one's x, or the left one's y."""
    figure = Figure(figsize=(WIDE, height), layout="constrained")
    drawn = figure.subplots(rows, columns, sharex=rows > 1, sharey=columns > 1, squeeze=False)
    return figure, list(drawn.ravel())


def axes(width: float = WIDE, height: float = TALL) -> tuple[Figure, Axes]:
    """An empty drawing. No pyplot: it would keep every figure of the process."""
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.add_subplot()


def percents(*axes_of_shares: XAxis | YAxis) -> None:
    """Shares as percent on these axes."""
    for axis in axes_of_shares:
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.10g} %"))


def svg(figure: Figure, name: str, label: str) -> Markup:
    """The drawing as an element of the page; `name` keeps its ids apart from those of other drawings."""
    out = io.StringIO()
    figure.savefig(out, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = out.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'\sxmlns(:xlink)?="[^"]*"', "", text).replace("xlink:href", "href")
    text = re.sub(r'(\sid="|url\(#|href="#)', rf"\g<1>{name}-", text)
    text = re.sub(r'(<svg[^>]*?)\swidth="[^"]*"', r"\1", text, count=1)
    text = re.sub(r'(<svg[^>]*?)\sheight="[^"]*"', r"\1", text, count=1)
    opening = Markup('<svg role="img" aria-label="{}" class="plot"').format(label)
    return opening + Markup(text.removeprefix("<svg"))  # noqa: S704 - matplotlib has escaped the names of corpora
