"""Architecture: which part may import which? Read from the source, so that a forbidden import needs no luck to show."""

import ast
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("backend", "connectors", "model")
MAY_IMPORT = {"model": {"model"}, "connectors": {"connectors"}, "backend": {"backend", "connectors", "model"}}

# Inside the backend, imports point downwards or stay on their line. The longest name that fits counts.
LINES = [
    {"backend.errors", "backend.settings", "backend.log", "backend.secret", "backend.whence"},
    {"backend.domain", "backend.demo.people"},
    {"backend.policy", "backend.store", "backend.mailer"},
    {"backend.services", "backend.metrics", "backend.crawl", "backend.outbound", "backend.intake_mail"},
    {"backend.flow"},
    {"backend.api", "backend.web", "backend.demo.webmail", "backend.demo.inbox"},
    {"backend.app", "backend.jobs"},
    {"backend.wiring"},
    {"backend.cli", "backend.commands", "backend.demo"},
]
HEIGHT = {name: height for height, names in enumerate(LINES) for name in names}
# Of connectors and model the backend sees the doors, not the rooms; wiring and the command line may open any.
DOORS = (
    "connectors.contract",
    "connectors.errors",
    "connectors.likeness",  # what the contract is asked for by who knows no Message-ID
    "connectors.registry",
    "connectors.gmail.addon",  # what Google posts and is answered while somebody waits: nothing of a mailbox
    "connectors.gmail.probe",
    "connectors.outlook.directory",  # who reports, and what may be done: questions that only Microsoft's people ask
    "connectors.outlook.probe",
    "connectors.probed",
    "model.contract",
    "model.lift",
    "model.measured",
    "model.message",
    "model.pretences",
    "model.reasons",
    "model.reporter",
    "model.modules",
)
OPENS_ANY = HEIGHT["backend.wiring"]
TORCH_FREE = ["backend.app", "backend.wiring", "backend.commands.serve", *DOORS]


def imported_by(path: Path, *, everywhere: bool = True) -> tuple[str, ...]:
    """Every module this file imports; only what runs on import unless `everywhere`."""
    return _imported_by(path.read_text(), everywhere=everywhere)


@cache
def _imported_by(source: str, *, everywhere: bool) -> tuple[str, ...]:
    """By the text, so that a copy of the tree is not parsed again."""
    return tuple(_imports(ast.parse(source), everywhere=everywhere))


def _imports(tree: ast.AST, *, everywhere: bool) -> Iterator[str]:
    for node in _statements(tree, everywhere=everywhere):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"a relative import of {node.module}"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _statements(tree: ast.AST, *, everywhere: bool) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        yield node
        if everywhere or not _is_deferred(node):
            yield from _statements(node, everywhere=everywhere)


def _is_deferred(node: ast.AST) -> bool:
    """Whether what stands inside does not run on import."""
    if isinstance(node, ast.If):
        return "TYPE_CHECKING" in ast.dump(node.test)
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


def module_of(path: Path, root: Path) -> str:
    return ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


def package_of(module: str) -> str:
    return module.partition(".")[0]


def fits(name: str, prefix: str) -> bool:
    return name == prefix or name.startswith(prefix + ".")


def height(module: str) -> int | None:
    known = [name for name in HEIGHT if fits(module, name)]
    return HEIGHT[max(known, key=len)] if known else None


def violations(root: Path) -> list[str]:
    """Every import that points where it must not."""
    return [
        f"{path.relative_to(root)} imports {name}"
        for package in PACKAGES
        for path in sorted((root / package).rglob("*.py"))
        for name in imported_by(path)
        if package_of(name) in PACKAGES and not allowed(module_of(path, root), name)
    ]


def allowed(module: str, name: str) -> bool:
    package, wanted = package_of(module), package_of(name)
    if wanted not in MAY_IMPORT[package]:
        return False
    if package != "backend":
        return True
    here = height(module)
    assert here is not None or module == "backend", f"{module} has no line in LINES"
    if wanted != "backend":
        return here is not None and (here >= OPENS_ANY or any(fits(name, door) for door in DOORS))
    there = height(name)
    return there is None or (here is not None and there <= here)


def reaches_torch(root: Path, start: str) -> list[str]:
    """The chain of imports by which importing `start` loads torch; empty when it does not."""
    waiting, seen = [(start,)], {start}
    while waiting:
        chain = waiting.pop()
        path = file_of(root, chain[-1])
        for name in imported_by(path, everywhere=False) if path else ():
            if package_of(name) == "torch":
                return [*chain, name]
            for module in loaded_by(root, name):
                if module not in seen:
                    seen.add(module)
                    waiting.append((*chain, module))
    return []


def loaded_by(root: Path, name: str) -> list[str]:
    """What importing `name` runs: its packages and the module itself."""
    parts = name.split(".")
    return [".".join(parts[:n]) for n in range(1, len(parts) + 1) if file_of(root, ".".join(parts[:n]))]


def file_of(root: Path, module: str) -> Path | None:
    base = root.joinpath(*module.split("."))
    return next((path for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file()), None)


def test_imports_point_downwards():
    assert violations(ROOT) == []


@pytest.mark.parametrize("module", TORCH_FREE)
def test_the_web_process_never_imports_torch(module):
    assert file_of(ROOT, module), f"{module} is gone"
    assert reaches_torch(ROOT, module) == []


def test_importing_the_web_process_loads_no_torch_in_truth():
    code = "import sys, importlib; [importlib.import_module(m) for m in sys.argv[1:]]; print('torch' in sys.modules)"
    command = [sys.executable, "-c", code, *TORCH_FREE]
    ran = subprocess.run(command, check=True, cwd=ROOT, capture_output=True, text=True)
    assert ran.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("model/reporter.py", "from backend.errors import BadInput"),
        ("model/message/parse.py", "import connectors.contract"),
        ("connectors/contract.py", "import model.contract"),
        ("connectors/maildir/__init__.py", "from backend.settings import Settings"),
        ("backend/domain/decision.py", "from backend.store import tables"),
        ("backend/store/audit.py", "from backend.flow.intake import intake"),
        ("backend/flow/intake.py", "from backend.web import inbox"),
        ("backend/flow/intake.py", "from connectors.maildir.mailboxes import MaildirMailboxes"),
        ("backend/settings.py", "def late():\n    from backend.services import Services"),
    ],
)
def test_a_planted_import_is_found(tmp_path, file, line):
    assert line.split()[-1] in "".join(violations(plant(tmp_path, file, line)))


@pytest.mark.parametrize("file", ["backend/store/audit.py", "model/message/facts.py", "connectors/registry.py"])
def test_a_planted_torch_is_found(tmp_path, file):
    assert reaches_torch(plant(tmp_path, file, "import torch"), "backend.commands.serve")[-1] == "torch"


def plant(tmp_path: Path, file: str, line: str) -> Path:
    """A copy of the source with one more import in one file."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "checkpoints"))
    path = tmp_path / file
    path.write_text(f"{path.read_text()}\n{line}\n")
    return tmp_path


def test_test_files_have_names_of_their_own():
    """Pytest imports them by their bare names: two alike and one of them is never run."""
    names = Counter(path.name for path in (ROOT / "tests").rglob("test_*.py"))
    assert [name for name, times in names.items() if times > 1] == []
