"""Lint: what would Outlook or Microsoft 365 refuse about this manifest? Microsoft's own check needs their service."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

from backend.commands.outlook_manifest.buttons import button_problems, picture_problems, report_problems
from backend.commands.outlook_manifest.reading import (
    APP,
    KIND,
    TYPES,
    Layer,
    Problem,
    kind_of,
    layers,
    name_of,
    parsed,
    text_of,
)
from backend.commands.outlook_manifest.resources import resource_problems, text_problems, url_problems
from backend.commands.outlook_manifest.shape import shape_problems
from backend.errors import BadInput

ADDIN = Path(__file__).parents[3] / "addin"
GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
VERSION = re.compile(r"\d{1,5}(\.\d{1,5}){3}")
LOCALE = re.compile(r"[a-z]{2}-[A-Z]{2}")
REPORTING_NEEDS = (1, 14)


def lint(raw: bytes, addin: Path = ADDIN) -> list[Problem]:
    """Every problem of a manifest; none means that it may be given to Microsoft 365."""
    try:
        root = parsed(raw)
    except BadInput as refusal:
        return [Problem("unreadable", "the file", str(refusal))]
    found = layers(root)
    problems = [*_base_problems(root), *shape_problems(root), *_layer_problems(found)]
    origins = {text_of(domain) for domain in root.iter(f"{APP}AppDomain")}
    for layer in found:
        problems += [*resource_problems(layer), *text_problems(layer), *url_problems(layer, origins)]
        problems += [*button_problems(layer), *picture_problems(layer, addin), *report_problems(layer, addin)]
    return problems


def _base_problems(root: ET.Element) -> Iterator[Problem]:
    if kind_of(root) != "MailApp":
        yield Problem("mail", "OfficeApp", "its xsi:type has to be MailApp")
    for name, pattern, example in (
        ("Id", GUID, "a GUID"),
        ("Version", VERSION, "four numbers, such as 1.0.0.0"),
        ("DefaultLocale", LOCALE, "a language with its country, such as en-US"),
        ("Permissions", re.compile("ReadItem|ReadWriteItem|ReadWriteMailbox"), "ReadItem or more"),
    ):
        if not pattern.fullmatch(text_of(root.find(f"{APP}{name}"))):
            yield Problem(name.lower(), name, f"it has to be {example}")
    for override in root.iter():
        if name_of(override) == "Override" and not LOCALE.fullmatch(override.get("Locale", "xx-XX")):
            yield Problem("locale", "Override", f"{override.get('Locale')!r} is no language with its country")
    for identity in root.iter():
        if name_of(identity) == "WebApplicationInfo" and not GUID.fullmatch(_client(identity)):
            yield Problem("client", "WebApplicationInfo", "its Id has to be the GUID of the app registration")


def _client(identity: ET.Element) -> str:
    return next((text_of(child) for child in identity if name_of(child) == "Id"), "")


def _layer_problems(found: list[Layer]) -> Iterator[Problem]:
    """Both VersionOverrides are there, each says which Outlook it is for, and reporting is for those that can."""
    if len(found) < 3:
        yield Problem("layers", "VersionOverrides", "1.1 has to stand inside 1.0, each in its own namespace")
    for layer in found[1:]:
        if layer.root.get(KIND) != f"VersionOverridesV{layer.name[-3:].replace('.', '_')}":
            yield Problem("layer-kind", layer.name, "its xsi:type and its namespace name different versions")
        needs = _mailbox_version(layer)
        if needs is None:
            yield Problem("mailbox", layer.name, "its Requirements have to name a version of Mailbox")
        reports = any(kind_of(one) == "ReportPhishingCommandSurface" for one in layer.all())
        if reports and needs is not None and needs < REPORTING_NEEDS:
            yield Problem("reporting", layer.name, "Outlook's report button needs Mailbox 1.14 in the Requirements")


def _mailbox_version(layer: Layer) -> tuple[int, ...] | None:
    for sets in layer.root.iterfind(f"{layer.space}Requirements/{TYPES}Sets"):
        for one in sets:
            version = one.get("MinVersion") or sets.get("DefaultMinVersion") or ""
            if one.get("Name") == "Mailbox" and re.fullmatch(r"\d+\.\d+", version):
                return tuple(map(int, version.split(".")))
    return None
