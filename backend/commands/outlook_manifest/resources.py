"""Resources: does every name lead to a text, picture or address of the right sort, short enough and over HTTPS?"""

import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlsplit

from backend.commands.outlook_manifest.reading import APP, Layer, Problem, name_of

LONGEST_NAME = 32
LONGEST_URL = 2048
LONGEST = {"ShortStrings": 125, "LongStrings": 250, "DisplayName": 125, "Description": 250, "ProviderName": 125}
ADDRESSES = frozenset({"Url", "Image", "SourceLocation", "IconUrl", "HighResolutionIconUrl", "SupportUrl"})
SORT = {
    "Label": "ShortStrings",
    "Title": "ShortStrings",
    "Option": "ShortStrings",
    "FreeTextLabel": "ShortStrings",
    "MoreInfoText": "ShortStrings",
    "Description": "LongStrings",
    "Image": "Images",
    "SourceLocation": "Urls",
    "FunctionFile": "Urls",
    "MoreInfoUrl": "Urls",
    "Runtime": "Urls",
    "Override": "Urls",
}


def resources_of(layer: Layer) -> dict[str, ET.Element]:
    """The layer's own resources by their names."""
    return {entry.get("id", ""): entry for sort in _sorts(layer) for entry in sort}


def address(layer: Layer, element: ET.Element) -> str:
    """The address an element names, by itself or by way of a resource; empty when it leads nowhere."""
    entry = resources_of(layer).get(element.get("resid", ""))
    return (element if entry is None else entry).get("DefaultValue", "")


def resource_problems(layer: Layer) -> Iterator[Problem]:
    """Names that are too long, lead nowhere, lead to another sort, or are given twice."""
    sort_of = {entry.get("id", ""): name_of(sort) for sort in _sorts(layer) for entry in sort}
    times = Counter(entry.get("id", "") for sort in _sorts(layer) for entry in sort)
    for name, count in times.items():
        if count > 1:
            yield Problem("resource-twice", layer.name, f"the resource {name} is there {count} times; keep one")
        if len(name) > LONGEST_NAME:
            yield Problem("resource-name", layer.name, f"the name {name} is longer than {LONGEST_NAME} characters")

    for element in layer.all():
        asked = element.get("resid")
        if asked is None:
            continue
        wanted = SORT.get(name_of(element), "")
        if asked not in sort_of:
            yield Problem("resource-lost", f"{layer.name}, {name_of(element)}", f"no resource {asked} in this layer")
        elif wanted != sort_of[asked]:
            yield Problem("resource-sort", f"{layer.name}, {name_of(element)}", f"{asked} has to be one of {wanted}")


def text_problems(layer: Layer) -> Iterator[Problem]:
    """Texts that are empty or too long, in any language, and languages that only some texts speak."""
    texts = [element for element in layer.all() if _longest(layer, element)]
    spoken = {override.get("Locale", "") for text in texts for override in text}
    for text in texts:
        where = f"{layer.name}, {text.get('id') or name_of(text)}"
        values = [text.get("DefaultValue", ""), *(override.get("Value", "") for override in text)]
        longest = _longest(layer, text)
        if any(not value.strip() for value in values):
            yield Problem("text-empty", where, "it says nothing in one language; give it words")
        if any(len(value) > longest for value in values):
            yield Problem("text-long", where, f"at most {longest} characters are shown")
        missing = sorted(spoken - {override.get("Locale", "") for override in text})
        if missing:
            yield Problem("language", where, f"it is not translated into {', '.join(missing)} as its neighbours are")


def url_problems(layer: Layer, origins: set[str]) -> Iterator[Problem]:
    """Addresses that are not HTTPS, too long, or lead to a host that is not among the AppDomains."""
    for element in layer.all():
        url = element.get("DefaultValue")
        if url is None or name_of(element) not in ADDRESSES:
            continue
        where = f"{layer.name}, {element.get('id') or name_of(element)}"
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.hostname:
            yield Problem("https", where, f"{url!r} is not an https address")
        elif f"https://{parts.netloc}" not in origins:
            yield Problem("foreign", where, f"{parts.netloc} is not among the AppDomains; add it there")
        if len(url) > LONGEST_URL:
            yield Problem("url-long", where, f"an address has at most {LONGEST_URL:,} characters")


def _sorts(layer: Layer) -> list[ET.Element]:
    found = layer.root.find(f"{layer.space}Resources")
    return [] if found is None else list(found)


def _longest(layer: Layer, element: ET.Element) -> int:
    """How long a text may be that stands here; 0 when it is none."""
    if layer.space == APP:
        return LONGEST.get(name_of(element), 0) if element.get("DefaultValue") is not None else 0
    parents = {entry: name_of(sort) for sort in _sorts(layer) for entry in sort}
    return LONGEST.get(parents.get(element, ""), 0)
