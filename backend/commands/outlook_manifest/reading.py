"""Reading: what is in a manifest, and where?"""

import xml.etree.ElementTree as ET  # a DOCTYPE, and with it every entity, is refused before it parses
from collections.abc import Iterator
from dataclasses import dataclass

from backend.errors import BadInput

MOST_BYTES = 256 * 1024
APP = "{http://schemas.microsoft.com/office/appforoffice/1.1}"
TYPES = "{http://schemas.microsoft.com/office/officeappbasictypes/1.0}"
OVERRIDES = "{http://schemas.microsoft.com/office/mailappversionoverrides}"
OVERRIDES_11 = "{http://schemas.microsoft.com/office/mailappversionoverrides/1.1}"
KIND = "{http://www.w3.org/2001/XMLSchema-instance}type"


@dataclass(frozen=True)
class Problem:
    """One thing that Outlook would stumble over, and what to do about it."""

    code: str
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.code}: {self.where}: {self.what}"


@dataclass(frozen=True)
class Layer:
    """The manifest itself or one VersionOverrides: resources count inside their own layer only."""

    name: str
    root: ET.Element
    space: str

    def all(self) -> Iterator[ET.Element]:
        """Every element of this layer, without those of the layer inside."""
        return _without_layers(self.root)


def parsed(raw: bytes) -> ET.Element:
    """The manifest's root. Raises BadInput with what to do."""
    if len(raw) > MOST_BYTES:
        raise BadInput(f"The file has {len(raw):,} bytes; Microsoft takes at most {MOST_BYTES:,}.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput("The file is not UTF-8. Save it as UTF-8.") from error
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise BadInput("The file has a DOCTYPE or entities. A manifest needs neither; take them out.")
    try:
        root = ET.fromstring(text)  # noqa: S314 - see above
    except ET.ParseError as error:
        raise BadInput(f"The file is not XML: {error}. Start again from the shipped manifest.xml.") from error
    if root.tag != f"{APP}OfficeApp":
        raise BadInput("The file is no Office add-in manifest: its root is not OfficeApp.")
    return root


def layers(root: ET.Element) -> list[Layer]:
    """The manifest, and the VersionOverrides in it from the outside in."""
    found = [Layer("manifest", root, APP)]
    for number, space in (("1.0", OVERRIDES), ("1.1", OVERRIDES_11)):
        inner = found[-1].root.find(f"{space}VersionOverrides")
        if inner is None:
            break
        found.append(Layer(f"VersionOverrides {number}", inner, space))
    return found


def name_of(element: ET.Element) -> str:
    """The element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def kind_of(element: ET.Element) -> str:
    """Its xsi:type."""
    return element.get(KIND, "")


def text_of(element: ET.Element | None) -> str:
    """What it says, without space around."""
    return (element.text or "").strip() if element is not None else ""


def _without_layers(element: ET.Element) -> Iterator[ET.Element]:
    for child in element:
        if name_of(child) != "VersionOverrides":
            yield child
            yield from _without_layers(child)
