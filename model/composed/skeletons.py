"""Skeletons: how does a letter look in somebody's real template?

`templates.py` cuts installed templates into skeletons: HTML with marks where text, links and pictures were.
"""

import json
import re
from dataclasses import dataclass
from html import escape
from pathlib import Path

from model.composed.layout import Page
from model.composed.world import World

KEPT = "skeletons.json"
_MARK = re.compile(r"\x02(\w+)(?::([^\x02\x03]*))?\x03")


@dataclass(frozen=True)
class Skeletons:
    """All that are installed; false when there are none."""

    pieces: tuple[tuple[str, str], ...] = ()  # name, HTML with marks

    def __bool__(self) -> bool:
        return bool(self.pieces)

    def dress(self, page: Page, world: World) -> str:
        """The page in one of the templates: long texts become the letter's lines, links lead where its links lead."""
        _, html = world.pick(self.pieces)
        return _filled(html, page, world)


def read_skeletons(folder: Path | None) -> Skeletons:
    """Those in the folder; none if there is no such folder or nothing in it."""
    path = folder / KEPT if folder else None
    if path is None or not path.exists():
        return Skeletons()
    return Skeletons(tuple((entry["name"], entry["html"]) for entry in json.loads(path.read_text(encoding="utf-8"))))


def _filled(html: str, page: Page, world: World) -> str:
    """Marks: `text` a long text, `short` a short one, `href` a link, `word` its label, `src` a picture, `end` once."""
    lines = list(reversed([*page.letter.lines, *page.letter.closing]))
    buttons = list(reversed(page.buttons))
    small = list(reversed(page.small))
    last = page.buttons[0][1] if page.buttons else ""
    host = page.logo.rpartition("/")[0] or "https://cdn.example/img"
    state = {"href": "", "word": ""}

    def mark(match: re.Match[str]) -> str:
        kind, old = match.group(1), match.group(2) or ""
        if kind == "text":
            return escape(lines.pop()) if lines else ""
        if kind == "short":
            return escape(page.letter.subject if old == "title" else page.company if world.often(0.5) else "")
        if kind == "href":
            state["word"], state["href"] = buttons.pop() if buttons else small.pop() if small else ("", last)
            return escape(state["href"])
        if kind == "word":
            return escape(state["word"])
        if kind == "src":
            return escape(page.logo if page.logo and world.often(0.4) else f"{host}/{world.letters('h', 8)}.png")
        rest = "".join(f"<p>{escape(line)}</p>" for line in reversed(lines))
        left = "".join(
            f'<p><a href="{escape(url)}">{escape(label)}</a></p>'
            for label, url in [*reversed(buttons), *reversed(small)]
        )
        picture = f'<img src="cid:{page.picture}" alt="">' if page.picture else ""
        pixel = f'<img src="{escape(page.pixel)}" width="1" height="1" alt="">' if page.pixel else ""
        return f"{rest}{picture}{left}{pixel}"

    return _MARK.sub(mark, html)
