"""The manifest: the shipped one and every written one are sound, and what Outlook would refuse is found."""

import re
from collections.abc import Callable

import pytest
from click.testing import CliRunner

from backend.cli import main
from backend.commands.outlook_manifest.lint import lint
from backend.commands.outlook_manifest.write import SHIPPED, manifest_for
from backend.errors import BadInput

TEXT = SHIPPED.read_text(encoding="utf-8")
CLIENT = "11111111-2222-3333-4444-555555555555"
FUNCTION_FILE = '<FunctionFile resid="Commands.Url"/>'
DIALOG_TITLE = '<Title resid="Button.Label"/>\n                  <Description resid="Dialog.Text"/>'


def codes(text: str) -> set[str]:
    return {problem.code for problem in lint(text.encode())}


def put(old: str, new: str) -> Callable[[str], str]:
    """Each place."""

    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new)

    return change


def once(old: str, new: str) -> Callable[[str], str]:
    """The first place."""

    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    return change


def cut(pattern: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        changed, times = re.subn(pattern, "", text, count=1, flags=re.DOTALL)
        assert times == 1
        return changed

    return change


def _moved_behind(text: str, name: str, mark: str) -> str:
    found = re.search(rf"<{name}>.*</{name}>", text, re.DOTALL)
    assert found
    rest = text.replace(found[0], "")
    at = rest.index(mark) + mark.index(">") + 1
    return rest[:at] + found[0] + rest[at:]


def _swapped(text: str) -> str:
    first, second = DIALOG_TITLE.split("\n")
    assert DIALOG_TITLE in text
    return text.replace(DIALOG_TITLE, second + first)


def _inner_first(text: str) -> str:
    start, end = text.rindex("<VersionOverrides "), text.index("</VersionOverrides>") + len("</VersionOverrides>")
    inner, rest = text[start:end], text[:start] + text[end:]
    at = rest.rindex("<Resources>")
    return rest[:at] + inner + rest[at:]


# What is done to the shipped manifest, and the problem that has to be named for it.
MUTATIONS = {
    "a DOCTYPE": ("unreadable", once("<OfficeApp", "<!DOCTYPE x><OfficeApp")),
    "an entity": ("unreadable", once("<OfficeApp", '<!DOCTYPE x [<!ENTITY a "b">]><OfficeApp')),
    "a tag left open": ("unreadable", once("</Version>", "")),
    "another root": ("unreadable", put("OfficeApp", "OtherApp")),
    "more than 256 KB": ("unreadable", once("<Id>", f"<!--{'x' * 263_000}--><Id>")),
    "a task pane app": ("mail", once('"MailApp"', '"TaskPaneApp"')),
    "an Id that is no GUID": ("id", once("<Id>", "<Id>x")),
    "a version of three parts": ("version", once("1.0.0.0", "1.0.0")),
    "a language without its country": ("defaultlocale", once("en-US", "en")),
    "a translation without its country": ("locale", once('"de-DE"', '"de"')),
    "no permission": ("permissions", once("ReadItem", "Restricted")),
    "a client that is no GUID": ("client", put("00000000-0000", "0000-0000")),
    "Permissions after Rule": ("order", lambda text: _moved_behind(text, "Permissions", "</Rule>\n  <Disable")),
    "Runtimes after the form factor": ("order", lambda text: _moved_behind(text, "Runtimes", "</DesktopFormFactor>")),
    "the dialog's text before its title": ("order", _swapped),
    "no SupportUrl": ("missing", cut(r"<SupportUrl[^>]*>")),
    "no FormSettings": ("missing", cut(r"<FormSettings>.*</FormSettings>")),
    "no page for the report button": ("missing", cut(r'<SourceLocation resid="Commands.Url"/>')),
    "two function files": ("repeated", once(FUNCTION_FILE, 2 * FUNCTION_FILE)),
    "an element of another product": ("strange", once("<Permissions>", "<Dictionary/><Permissions>")),
    "a surface Outlook does not know": ("kind", once("MobileMessageReadCommandSurface", "MobileCommandSurface")),
    "a resource that is not there": ("resource-lost", once('resid="Group.Label"', 'resid="Group.Lable"')),
    "a resource of the other layer": ("resource-lost", once('resid="Group.Label"', 'resid="Option.Spam"')),
    "a resource of another sort": ("resource-sort", once('resid="Group.Label"', 'resid="Button.Tip"')),
    "a resource given twice": ("resource-twice", put('String id="Option.Spam"', 'String id="Option.Phish"')),
    "a name of 33 characters": ("resource-name", put("Option.Phish", "O" * 33)),
    "a label of 126 characters": ("text-long", once('Value="Sicherheit"', f'Value="{"x" * 126}"')),
    "a description of 251 characters": ("text-long", once("Your security team gets", "x" * 230)),
    "an empty label": ("text-empty", once('DefaultValue="Security"', 'DefaultValue=""')),
    "a text not translated": ("language", cut(r'<bt:Override Locale="ja-JP"[^>]*>')),
    "http": ("https", once("https://unhook.example.com/addin/taskpane", "http://unhook.example.com/addin/taskpane")),
    "a picture over http": ("https", once('id="Icon.16" DefaultValue="https', 'id="Icon.16" DefaultValue="http')),
    "a host that is no AppDomain": ("foreign", once("https://unhook.example.com/addin/dist", "https://other.example/addin/dist")),
    "a long address": ("url-long", once("/addin/commands.html", f"/addin/commands.html?{'x' * 2048}")),
    "eight pictures for phones": ("pictures", cut(r'<bt:Image size="48" scale="3"[^>]*>')),
    "no small picture": ("pictures", cut(r'<bt:Image size="16" [^>]*>')),
    "a picture of another size": ("picture-size", put("icon-32.png", "icon-48.png")),
    "a picture that is not there": ("picture-size", put("icon-64.png", "icon-65.png")),
    "two buttons of one name": ("id-twice", put("unhookOpenPane11", "unhookReport")),
    "six options": ("options", once('<Option resid="Option.Spam"/>', 5 * '<Option resid="Option.Spam"/>')),
    "another page than the runtime's": ("page", put('<Runtime resid="Commands.Url"', '<Runtime resid="Taskpane.Url"')),
    "no script for classic Outlook": ("runtime", put('type="javascript"', 'type="wasm"')),
    "a script that is not there": ("script", put("dist/spamreporting.js", "dist/reporting.js")),
    "a function nobody associates": ("function", put("onSpamReport", "onSpamReports")),
    "a pane behind the report button": ("action", put('xsi:type="ExecuteFunction"', 'xsi:type="ShowTaskpane"')),
    "reporting for Mailbox 1.13": ("reporting", put('"1.14"', '"1.13"')),
    "reporting for any Outlook": ("mailbox", put(' DefaultMinVersion="1.14"', "")),
    "1.1 in the namespace of 1.0": ("layers", put("mailappversionoverrides/1.1", "mailappversionoverrides")),
    "1.1 that says it is 1.0": ("layer-kind", put("VersionOverridesV1_1", "VersionOverridesV1_0")),
    "1.1 before the resources of 1.0": ("order", _inner_first),
}  # fmt: skip


def test_the_shipped_manifest_has_no_problem():
    assert lint(TEXT.encode()) == []


@pytest.mark.parametrize("client", ["", CLIENT])
@pytest.mark.parametrize(
    "address", ["https://phish.example.org", "https://a.b.example:8443/", "https://localhost:3000"]
)
def test_a_written_manifest_has_no_problem(address, client):
    assert lint(manifest_for(address, client).encode()) == []


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_what_outlook_would_refuse_is_found(mutation):
    code, change = MUTATIONS[mutation]
    assert code in codes(change(TEXT))


def test_a_written_manifest_names_one_address_and_one_client():
    text = manifest_for("https://phish.example.org", CLIENT)

    assert "unhook.example.com" not in text
    assert "<AppDomain>https://phish.example.org</AppDomain>" in text
    assert f"<Resource>api://{CLIENT}</Resource>" in text
    assert "00000000-0000" not in text


def test_without_a_client_nobody_is_asked_to_sign_in():
    assert "WebApplicationInfo" not in manifest_for("https://phish.example.org")


def test_two_addresses_are_two_add_ins_and_one_is_always_the_same():
    def id_of(address: str) -> str:
        return re.findall("<Id>(.*?)</Id>", manifest_for(address))[0]

    assert id_of("https://a.example") != id_of("https://b.example")
    assert id_of("https://a.example") == id_of("HTTPS://A.example:443/")
    assert id_of("https://a.example") not in TEXT


@pytest.mark.parametrize(
    "address",
    [
        "http://phish.example.org",
        "phish.example.org",
        "https://",
        "https://phish.example.org/unhook",
        "https://phish.example.org?x=1",
        "https://phish.example.org#x",
        "https://me@phish.example.org",
        "https://phish.example.org:port",
        "https://phish_example",
        "https://[::1",
        'https://a"b',
        "",
    ],
)
def test_an_odd_address_is_refused_with_a_sentence(address):
    with pytest.raises(BadInput, match=r"\. Give|\. Outlook|\. Write|\.$"):
        manifest_for(address)


def test_a_client_that_is_no_guid_is_refused():
    with pytest.raises(BadInput, match="GUID"):
        manifest_for("https://phish.example.org", "unhook")


def test_the_command_writes_and_checks(tmp_path, monkeypatch):
    monkeypatch.delenv("UNHOOK_PUBLIC_URL", raising=False)
    path = tmp_path / "manifest.xml"
    run = CliRunner().invoke

    assert run(main, ["manifest", "--base-url", "https://phish.example.org", "--out", str(path)]).exit_code == 0
    good = run(main, ["manifest", "--check", str(path)])
    path.write_text(path.read_text().replace("1.0.0.0", "one"))
    bad = run(main, ["manifest", "--check", str(path)])
    nothing = run(main, ["manifest"])
    http = run(main, ["manifest", "--base-url", "http://phish.example.org"])

    assert (good.exit_code, bad.exit_code, nothing.exit_code, http.exit_code) == (0, 1, 2, 1)
    assert "version: Version: it has to be four numbers" in bad.output
    assert "over HTTPS only" in http.output
