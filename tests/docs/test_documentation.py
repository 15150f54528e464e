"""Documentation: does every setting, command, policy key and decision have its line, and does every link lead on?"""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from backend.cli import COMMANDS, main
from backend.policy.settings import TenantPolicy, tenant_policy
from backend.settings import Settings

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def page(name: str) -> str:
    return (ROOT / name).read_text()


def test_every_setting_has_its_line_and_every_line_its_setting():
    documented = set(re.findall(r"^\| `UNHOOK_(\w+)` \|", page("docs/settings.md"), re.MULTILINE))
    assert documented == {name.upper() for name in Settings.model_fields}


def as_written(default: object) -> str:
    if isinstance(default, tuple):
        return json.dumps(list(default))
    return f"./{default}" if isinstance(default, Path) else str(default).lower()


def test_the_documented_defaults_are_the_defaults():
    rows = re.findall(r"^\| `UNHOOK_(\w+)` \| `([^`]+)` \|", page("docs/settings.md"), re.MULTILINE)
    assert len(rows) > 10
    for name, said in rows:
        assert said == as_written(Settings.model_fields[name.lower()].default), name


def commands(group: click.Group, words: str = "unhook") -> Iterator[str]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, f"{words} {name}")
        else:
            yield f"{words} {name}"


def test_every_command_has_its_line_and_every_line_its_command():
    documented = re.findall(r"^- `(unhook(?: [a-z][a-z-]*)+)", page("docs/commands.md"), re.MULTILINE)
    assert sorted(documented) == sorted(commands(main))


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_explains_itself_and_is_listed_in_one_line(name):
    command = main.get_command(click.Context(main), name)
    assert command is not None
    assert command.help
    assert len(COMMANDS[name][1]) < 80


def test_every_policy_key_has_its_line_and_every_line_its_key():
    tables = tomllib.loads(page("backend/policy/policy.toml"))
    keys = {f"{section}.{key}" for section, rows in tables.items() for key in rows}
    keys |= {f"senders.{key}" for key in tenant_policy({}).senders.model_dump()}
    keys |= {f"simulations.{key}" for key in tenant_policy({}).simulations.model_dump()}
    documented = set(re.findall(r"^\| `(\w+\.\w+)` \|", page("docs/policy.md"), re.MULTILINE))
    assert documented == keys
    for section in TenantPolicy.model_fields:
        assert f"\n## {section}\n" in page("docs/policy.md")


def test_the_documented_policy_numbers_are_the_numbers():
    tables = tomllib.loads(page("backend/policy/policy.toml"))
    for key, said in re.findall(r"^\| `(\w+\.\w+)` \| ([^|]+) \|", page("docs/policy.md"), re.MULTILINE):
        section, name = key.split(".")
        if section in tables:
            value = tables[section][name]
            plain = said.strip("` ")
            assert (plain if isinstance(value, str) else json.loads(plain)) == value, key


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(path):
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text()):
        if "://" not in target:
            assert (path.parent / target).exists(), target


def test_the_index_names_every_page():
    for path in ROOT.glob("docs/*.md"):
        assert path.name == "README.md" or f"]({path.name})" in page("docs/README.md"), path.name


def test_decisions_are_numbered_without_gaps():
    numbers = [int(path.name[:4]) for path in sorted(ROOT.glob("docs/decisions/*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("path", sorted(ROOT.glob("docs/decisions/*.md")), ids=lambda path: path.stem)
def test_a_decision_says_context_choice_and_price(path):
    for part in ("**Context.**", "**Choice.**", "**What we gave up.**"):
        assert part in path.read_text()


def test_the_documentation_names_files_that_exist():
    for name in re.findall(r"`((?:backend|connectors|model|tests|docs)/[\w./]+)`", "".join(map(Path.read_text, PAGES))):
        assert (ROOT / name).exists(), name
