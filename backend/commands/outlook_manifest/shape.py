"""Shape: which elements may stand where, and in which order? Outlook refuses a manifest for two in the wrong order."""

import xml.etree.ElementTree as ET
from collections.abc import Iterator

from backend.commands.outlook_manifest.reading import Problem, kind_of, name_of

# Children in their order; `?` may be missing, `+` comes once or more, `*` any number of times.
SHAPES = {
    "OfficeApp": "Id Version ProviderName DefaultLocale DisplayName Description IconUrl HighResolutionIconUrl "
    "SupportUrl AppDomains Hosts Requirements FormSettings Permissions Rule DisableEntityHighlighting "
    "VersionOverrides",
    "AppDomains": "AppDomain+",
    "FormSettings": "Form+",
    "Form": "DesktopSettings",
    "DesktopSettings": "SourceLocation RequestedHeight",
    "VersionOverrides VersionOverridesV1_0": "Requirements Hosts Resources WebApplicationInfo? VersionOverrides",
    "VersionOverrides VersionOverridesV1_1": "Requirements Hosts Resources WebApplicationInfo?",
    "Host MailHost": "Runtimes? DesktopFormFactor MobileFormFactor?",
    "Runtimes": "Runtime",
    "Runtime": "Override",
    "DesktopFormFactor": "SupportsSharedFolders? FunctionFile ExtensionPoint+",
    "MobileFormFactor": "ExtensionPoint",
    "ExtensionPoint MessageReadCommandSurface": "OfficeTab",
    "ExtensionPoint MobileMessageReadCommandSurface": "Group",
    "ExtensionPoint ReportPhishingCommandSurface": "ReportPhishingCustomization",
    "OfficeTab": "Group",
    "Group": "Label Control+",
    "Control Button": "Label Supertip Icon Action",
    "Control MobileButton": "Label Icon Action",
    "Supertip": "Title Description",
    "Action ShowTaskpane": "SourceLocation",
    "Action ExecuteFunction": "FunctionName",
    "ReportPhishingCustomization": "Control PreProcessingDialog SourceLocation",
    "PreProcessingDialog": "Title Description NeverShowAgainOption? ReportingOptions? FreeTextLabel? MoreInfo?",
    "ReportingOptions": "Title Option+",
    "MoreInfo": "MoreInfoText MoreInfoUrl",
    "Resources": "Images Urls ShortStrings LongStrings",
    "Images": "Image+",
    "Urls": "Url+",
    "ShortStrings": "String+",
    "LongStrings": "String+",
    "String": "Override*",
    "DisplayName": "Override*",
    "Description": "Override*",
    "WebApplicationInfo": "Id Resource Scopes",
    "Scopes": "Scope+",
}
TYPED = ("VersionOverrides", "Host", "ExtensionPoint", "Control", "Action")


def shape_problems(root: ET.Element) -> Iterator[Problem]:
    """Elements that are missing, strange, repeated or in the wrong order, from the outside in."""
    for element in root.iter():
        name, kind = name_of(element), kind_of(element)
        if name in TYPED and kind and f"{name} {kind}" not in SHAPES:
            yield Problem("kind", name, f"its xsi:type is {kind!r}, which Outlook does not know here")
        wanted = SHAPES.get(f"{name} {kind}") or SHAPES.get(name)
        if wanted is not None:
            yield from _children(" ".join(filter(None, (name, kind))), wanted.split(), element)


def _children(where: str, wanted: list[str], element: ET.Element) -> Iterator[Problem]:
    order = [rule.rstrip("?+*") for rule in wanted]
    found = [name_of(child) for child in element]
    for rule, name in zip(wanted, order, strict=True):
        if name not in found and rule[-1] not in "?*":
            yield Problem("missing", where, f"it has no {name}; add it")
        if found.count(name) > 1 and rule[-1] not in "+*":
            yield Problem("repeated", where, f"it has {found.count(name)} {name}; keep one")
    for name in found:
        if name not in order:
            yield Problem("strange", where, f"there is no {name} in it; take it out")
    places = [order.index(name) for name in found if name in order]
    if places != sorted(places):
        yield Problem("order", where, f"the order is {', '.join(order)}")
