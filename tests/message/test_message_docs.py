"""Docs: does docs/parsing.md know every defect, file and place?"""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "model" / "message").glob("*.py"))
PAGE = (ROOT / "docs" / "parsing.md").read_text("utf-8")


def test_every_defect_is_described():
    source = "".join(path.read_text("utf-8") for path in SOURCES)
    added = re.findall(r'defects\.add\(\s*"([a-z0-9-]+)"', source)
    doubts = re.findall(r'doubts\["([a-z0-9-]+)"\]', source)

    assert len(added) > 40
    assert {code for code in (*added, *doubts) if f"`{code}`" not in PAGE} == set()


def test_every_file_is_described():
    assert [path.name for path in SOURCES if f"`{path.name}`" not in PAGE and path.name != "__init__.py"] == []
