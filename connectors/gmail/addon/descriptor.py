"""Descriptor: what does Google need to know to show the add-on and to call us?

The addresses in it are the audiences of the tokens that come back: both are made from one base address, so that they
cannot differ.
"""

import json
from collections.abc import Iterator
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from connectors.gmail.addon import addresses
from connectors.gmail.addon.scopes import LOCALE, NEEDED

Json = dict[str, Any]
HTTPS = r"^https://[^\s/?#]+(/[^\s]*)?$"
_COLOUR = r"^#[0-9a-fA-F]{6}$"


def descriptor_for(base_url: str, *, with_locale: bool = False) -> Json:
    """What `gcloud workspace-add-ons deployments create` takes. Raises ValueError for a bad address."""
    base = base_of(base_url)
    common: Json = {
        "name": "Report Phish",
        "logoUrl": f"{base}{addresses.LOGO}",
        "layoutProperties": {"primaryColor": "#b3261e", "secondaryColor": "#b3261e"},
        "homepageTrigger": {"runFunction": f"{base}{addresses.HOMEPAGE}", "enabled": True},
        "openLinkUrlPrefixes": [f"{base}/"],
        "useLocaleFromApp": with_locale,
    }
    message = {"unconditional": {}, "onTriggerFunction": f"{base}{addresses.MESSAGE}"}
    return {
        "oauthScopes": [*NEEDED, *([LOCALE] if with_locale else [])],
        "addOns": {
            "common": common,
            "gmail": {"contextualTriggers": [message]},
            "httpOptions": {"authorizationHeader": "SYSTEM_ID_TOKEN", "granularOauthPermissionSupport": "OPT_IN"},
        },
    }


def base_of(base_url: str) -> str:
    """`https://host`, without a slash at the end. Raises ValueError for anything else."""
    base = base_url.strip().rstrip("/")
    address = urlsplit(base)
    if address.scheme != "https" or not address.hostname or base != f"https://{address.netloc}" or "@" in base:
        raise ValueError(f"{base_url!r} is no address like https://unhook.example.com")
    return base


def check(text: bytes, base_url: str = "") -> list[str]:
    """What Google or we would refuse about this descriptor; `base_url` is where it should lead, if that is known."""
    try:
        deployment = Deployment.model_validate_json(text)
    except ValidationError as error:
        return [f"{'.'.join(str(part) for part in one['loc']) or 'file'}: {one['msg']}" for one in error.errors()]
    return list(_problems(deployment, json.loads(text), base_url))


def _problems(deployment: "Deployment", said: Json, base_url: str) -> Iterator[str]:
    common, gmail = deployment.add_ons.common, deployment.add_ons.gmail
    wanted = {*NEEDED, *([LOCALE] if common.use_locale_from_app else [])}
    for scope in sorted(wanted - set(deployment.oauth_scopes)):
        yield f"oauthScopes: {scope} is missing"
    for scope in sorted(set(deployment.oauth_scopes) - wanted):
        yield f"oauthScopes: {scope} is more than the add-on needs"
    if "granularOauthPermissionSupport" not in said["addOns"].get("httpOptions", {}):
        yield "addOns.httpOptions: without granularOauthPermissionSupport OPT_IN nobody may grant single scopes"

    base = base_url.rstrip("/") or common.homepage_trigger.run_function.removesuffix(addresses.HOMEPAGE)
    if len(gmail.contextual_triggers) != 1:
        yield "addOns.gmail.contextualTriggers: the add-on has exactly one"
    for name, address, path in [
        ("common.homepageTrigger", common.homepage_trigger.run_function, addresses.HOMEPAGE),
        *(
            ("gmail.contextualTriggers", one.on_trigger_function, addresses.MESSAGE)
            for one in gmail.contextual_triggers
        ),
    ]:
        if address != base + path:
            yield f"addOns.{name}: {address} should be {base}{path}, byte for byte: tokens are made for it"
    if not any(f"{base}/".startswith(prefix) for prefix in common.open_link_url_prefixes):
        yield f"addOns.common.openLinkUrlPrefixes: {base}/ is not covered"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, strict=True)


class _Layout(_Part):
    primary_color: str = Field("", pattern=_COLOUR)
    secondary_color: str = Field("", pattern=_COLOUR)


class _Homepage(_Part):
    run_function: str = Field(pattern=HTTPS)
    enabled: bool = True


class _UniversalAction(_Part):
    label: str = Field(min_length=1)
    open_link: str = Field("", pattern=HTTPS)
    run_function: str = Field("", pattern=HTTPS)


class _Common(_Part):
    name: str = Field(min_length=1)
    logo_url: str = Field(pattern=HTTPS)
    layout_properties: _Layout | None = None
    homepage_trigger: _Homepage
    universal_actions: list[_UniversalAction] = []
    open_link_url_prefixes: list[str] = Field(min_length=1)
    use_locale_from_app: bool = False


class _Nothing(_Part):
    pass


class _Contextual(_Part):
    unconditional: _Nothing
    on_trigger_function: str = Field(pattern=HTTPS)


class _Gmail(_Part):
    homepage_trigger: _Homepage | None = None
    contextual_triggers: list[_Contextual]


class _Http(_Part):
    authorization_header: Literal["SYSTEM_ID_TOKEN"] = "SYSTEM_ID_TOKEN"
    granular_oauth_permission_support: Literal["OPT_IN"] = "OPT_IN"


class _AddOns(_Part):
    common: _Common
    gmail: _Gmail
    http_options: _Http = _Http()


class Deployment(_Part):
    """The resource as far as this add-on uses it: a field that is not here is a mistake, or somebody else's add-on."""

    name: str = ""
    etag: str = ""
    oauth_scopes: list[str]
    add_ons: _AddOns
