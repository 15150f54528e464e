"""Templates: which skeletons can be cut from open-source e-mail templates?

`python -m model.composed.templates FOLDER` fetches the pinned packages with npm, runs nothing of theirs, and keeps in
FOLDER (outside the repository) what `compose(..., templates=FOLDER)` reads.
"""

import json
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from model.composed.skeletons import KEPT
from model.composed.world import data

_TAG = re.compile(r"<[^<>]*>")
_TEMPLATE_MARKS = re.compile(r"\{\{\{?.*?\}?\}\}|<%.*?%>", re.DOTALL)
_UNSEEN = re.compile(r"(<(style|title|script)\b[^>]*>)(.*?)(</\2>)|<!--.*?-->", re.DOTALL | re.IGNORECASE)
_LINK = re.compile(r"""(\bhref\s*=\s*["'])[^"']*(["'])""", re.IGNORECASE)
_PICTURE = re.compile(r"""(\bsrc\s*=\s*["'])[^"']*(["'])""", re.IGNORECASE)
_LETTERS = re.compile(r"[^\W\d_]{2}")
_LARGEST = 200_000  # characters of a template


def fetch(folder: Path) -> int:
    """Fetch the packages and keep the skeletons of all their templates; says how many."""
    found = []
    for package, entry in data("packages.toml").items():
        with tempfile.TemporaryDirectory() as place:
            archive = _pack(f"{package}@{entry['version']}", Path(place))
            for name, html in _templates(archive, re.compile(f"package/{entry['templates']}")):
                found.append({"name": f"{package}/{name}", "html": skeleton(html)})
    folder.mkdir(parents=True, exist_ok=True)
    found.sort(key=lambda entry: entry["name"])
    (folder / KEPT).write_text(json.dumps(found, ensure_ascii=False, indent=1), encoding="utf-8")
    return len(found)


def skeleton(html: str) -> str:
    """A template with marks in place of its words, links and pictures, as `skeletons.py` fills them."""
    html = _TEMPLATE_MARKS.sub(" ", html.replace("\x02", "").replace("\x03", ""))
    html = _UNSEEN.sub(_kept_unseen, html)
    html = _PICTURE.sub(r"\1" + "\x02src\x03" + r"\2", html)
    head, body, rest = _parted(html)
    made, inside, before = [], False, 0
    for tag in _TAG.finditer(body):
        made.append(_words(body[before : tag.start()], inside=inside))
        text = tag.group(0)
        if text[:3].lower() in {"<a ", "<a\n"}:
            inside, text = True, _LINK.sub(r"\1" + "\x02href\x03" + r"\2", text, count=1)
        elif text.lower().startswith("</a"):
            inside = False
        made.append(text)
        before = tag.end()
    return f"{head}{''.join(made)}\x02end\x03{rest}"


def _parted(html: str) -> tuple[str, str, str]:
    """What stands before the body, in it and after it."""
    start = re.search(r"<body\b[^>]*>", html, re.IGNORECASE)
    end = html.lower().rfind("</body")
    first = start.end() if start else 0
    last = end if end >= first else len(html)
    return html[:first], html[first:last], html[last:]


def _words(text: str, *, inside: bool) -> str:
    """The mark for a stretch of words; blanks stay."""
    if not _LETTERS.search(text):
        return text if not text.strip() else " "
    return "\x02word\x03" if inside else "\x02text\x03"


def _kept_unseen(match: re.Match[str]) -> str:
    if not match.group(2) or match.group(2).lower() == "script":
        return ""
    words = "\x02short:title\x03" if match.group(2).lower() == "title" else match.group(3)
    return f"{match.group(1)}{words}{match.group(4)}"


def _pack(package: str, place: Path) -> Path:
    """The package as an archive. npm only downloads it: no install, no scripts."""
    command = ["npm", "pack", package, "--ignore-scripts", "--silent", "--pack-destination", str(place)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=300)  # noqa: S603  # pinned names only
    return next(place.glob("*.tgz"))


def _templates(archive: Path, wanted: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """Names and texts of the templates, read without unpacking anything to disk."""
    with tarfile.open(archive) as packed:
        for member in packed:
            content = packed.extractfile(member) if member.isfile() and wanted.fullmatch(member.name) else None
            if content:
                yield member.name.partition("/")[2], content.read(_LARGEST).decode("utf-8", "replace")


if __name__ == "__main__":
    print(fetch(Path(sys.argv[1])), "templates")  # noqa: T201  # what a person at the terminal wants to know
