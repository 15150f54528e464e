"""Buttons: does each one have its pictures, its name and something to do, and the report button its dialog?"""

import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from backend.commands.outlook_manifest.reading import Layer, Problem, kind_of, name_of, text_of
from backend.commands.outlook_manifest.resources import address

MOST_OPTIONS = 5
BUTTON = {("16", ""), ("32", ""), ("80", "")}
PHONE = {(size, scale) for size in ("25", "32", "48") for scale in ("1", "2", "3")}
LISTED = {"IconUrl": 64, "HighResolutionIconUrl": 128}
PNG = b"\x89PNG\r\n\x1a\n"


def button_problems(layer: Layer) -> Iterator[Problem]:
    """Buttons without the pictures Outlook asks for, and two that have one name."""
    named = Counter(element.get("id", "") for element in layer.all() if name_of(element) in {"Control", "Group"})
    for name, times in named.items():
        if times > 1 or not name:
            yield Problem("id-twice", layer.name, f"{times} buttons or groups are called {name!r}; name them apart")
    for control in _named(layer, "Control"):
        wanted = PHONE if kind_of(control) == "MobileButton" else BUTTON
        found = [(image.get("size", ""), image.get("scale", "")) for image in _below(control, "Image")]
        if set(found) != wanted or len(found) != len(wanted):
            sizes = ", ".join(" x".join(filter(None, one)) for one in sorted(wanted))
            yield Problem("pictures", f"{layer.name}, {control.get('id')}", f"it needs one picture of each: {sizes}")


def picture_problems(layer: Layer, addin: Path) -> Iterator[Problem]:
    """Pictures of ours that are not there, or not of the size that is said."""
    for element in layer.all():
        if name_of(element) in LISTED:
            pixels = LISTED[name_of(element)]
        elif name_of(element) == "Image" and (element.get("size") or "").isdecimal():
            pixels = int(element.get("size", "0")) * int(element.get("scale") or 1)
        else:
            continue
        path = file_behind(address(layer, element), addin)
        measured = _measured(path) if path else None
        if measured != (pixels, pixels):
            said = f"is {measured[0]} x {measured[1]}" if measured else "is no PNG of this add-in"
            yield Problem(
                "picture-size", f"{layer.name}, {path.name if path else name_of(element)}", f"{said}, not {pixels}"
            )


def report_problems(layer: Layer, addin: Path) -> Iterator[Problem]:
    """What Outlook's own report button needs: one runtime, its page, its script, its function, one to five options."""
    pages = {runtime.get("resid") for runtime in _named(layer, "Runtime")}
    scripts = [one for runtime in _named(layer, "Runtime") for one in runtime if one.get("type") == "javascript"]
    for customization in _named(layer, "ReportPhishingCustomization"):
        where = f"{layer.name}, ReportPhishingCustomization"
        if len(scripts) != 1:
            yield Problem("runtime", where, "classic Outlook needs one Runtime with one Override of type javascript")
        for place in customization:
            if name_of(place) == "SourceLocation" and place.get("resid") not in pages:
                yield Problem("page", where, "its SourceLocation has to be the resid of the Runtime")
        for options in _below(customization, "ReportingOptions"):
            count = len(list(_below(options, "Option")))
            if not 1 <= count <= MOST_OPTIONS:
                yield Problem("options", where, f"it has {count} options; one to {MOST_OPTIONS} are shown")
        for action in _below(customization, "Action"):
            if kind_of(action) != "ExecuteFunction":
                yield Problem("action", where, "the report button can only execute a function")
            yield from _function_problems(where, layer, action, scripts, addin)


def file_behind(url: str, addin: Path) -> Path | None:
    """The file of the add-in that an address stands for, or None when it is somewhere else."""
    path = urlsplit(url).path.removeprefix("/addin/")
    inside = (addin / path).resolve()
    return inside if inside.is_relative_to(addin.resolve()) and inside.is_file() else None


def _function_problems(
    where: str, layer: Layer, action: ET.Element, scripts: list[ET.Element], addin: Path
) -> Iterator[Problem]:
    wanted = text_of(next(iter(action), None))
    for script in scripts:
        path = file_behind(address(layer, script), addin)
        if path is None:
            yield Problem("script", where, f"{address(layer, script)!r} is no script of this add-in")
        elif wanted not in re.findall(r'Office\.actions\.associate\(\s*"(\w+)"', path.read_text()):
            yield Problem("function", where, f"{path.name} associates no function {wanted!r}")


def _measured(path: Path) -> tuple[int, int] | None:
    head = path.read_bytes()[:24]
    if not head.startswith(PNG) or len(head) < 24:
        return None
    return int.from_bytes(head[16:20]), int.from_bytes(head[20:24])


def _named(layer: Layer, name: str) -> Iterator[ET.Element]:
    return (element for element in layer.all() if name_of(element) == name)


def _below(element: ET.Element, name: str) -> Iterator[ET.Element]:
    return (one for one in element.iter() if name_of(one) == name)
