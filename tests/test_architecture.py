"""One direction of flow: a module imports only from modules before it."""

import ast
import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import cyclegan

ROOT = Path(__file__).parent.parent

ORDER = [
    *("core", "methods", "store", "lessons", "inference", "training", "labs", "page", "web"),
]
"""Rooms of the core, then the page, with a server and without. app.py and train.py, at the doors,
may import all of them."""

MODULES = sorted(path.relative_to(ROOT) for path in (ROOT / "cyclegan").rglob("*.py"))
COMMANDS = [path for path in MODULES if len(path.parts) == 2 and path.name != "__init__.py"]
DOORS = [Path("train.py"), Path("app.py"), *COMMANDS]


def imports(path: Path) -> Iterator[str]:
    """Full dotted names of all that a file imports, anywhere in it: cyclegan.data.folder.x"""
    package = list(path.with_suffix("").parts[:-1])
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            base = base + ([node.module] if node.module else [])
            yield from (".".join([*base, alias.name]) for alias in node.names)


def room(parts: list[str] | tuple[str, ...]) -> str:
    """cyclegan/data/folder.py and cyclegan.data.folder both lie in "data"."""
    return parts[1].removesuffix(".py") if len(parts) > 1 else "cyclegan"


def rooms(path: Path) -> set[str]:
    found = (name.split(".") for name in imports(path) if name.split(".")[0] == "cyclegan")
    return {room(parts) for parts in found}


def test_names_are_resolved():
    """The tests below would pass on anything if this did not work."""
    assert {"core", "methods"} == rooms(Path("cyclegan/methods/model.py"))
    assert "cyclegan.core.media.PICTURES" in set(imports(Path("cyclegan/training/batches.py")))
    assert {"core", "lessons", "training"} <= rooms(Path("cyclegan/training/command.py"))
    assert "torch.nn.functional" in set(imports(Path("cyclegan/core/losses.py")))


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_a_module_imports_only_from_rooms_before_its_own(path):
    own = room(path.parts)
    if own == "__init__":
        assert rooms(path) == set()
        return
    if path in COMMANDS:
        return
    assert own in ORDER, f"give {path} its place in ORDER"
    others = rooms(path) - {own if len(path.parts) > 2 else ""}
    assert others <= set(ORDER[: ORDER.index(own)]), f"{path} imports from behind itself"


@pytest.mark.parametrize("path", DOORS, ids=str)
def test_the_doors_import_rooms_that_exist(path):
    assert rooms(path) <= set(ORDER)


def test_config_needs_the_standard_library_only():
    tops = {name.split(".")[0] for name in imports(Path("cyclegan/core/config.py"))}
    assert tops and tops <= set(sys.stdlib_module_names)


def test_only_the_page_knows_gradio():
    inside = [path for path in MODULES if "page" in path.parts]
    core = [*(path for path in MODULES if path not in inside), Path("train.py")]
    for path in core:
        tops = {name.split(".")[0] for name in imports(path)}
        assert not tops & {"gradio", "gradio_client", "spaces"}, path


def test_no_tab_knows_another():
    for path in (p for p in MODULES if p.name.endswith("_tab.py")):
        assert not {name for name in imports(path) if name.endswith("_tab")}, path


def test_the_trainer_opens_no_file():
    tops = {name.split(".")[0] for name in imports(Path("cyclegan/training/trainer.py"))}
    assert not tops & {"pathlib", "os", "io", "json", "PIL", "torchvision"}


def test_nothing_is_called_F_but_the_generator():
    files = [*MODULES, *DOORS, *(p.relative_to(ROOT) for p in (ROOT / "tests").glob("*.py"))]
    for path in files:
        for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = {alias.asname or alias.name for alias in node.names}
                assert not names & {"F", "G"}, f"{path}:{node.lineno}"


@pytest.mark.parametrize(("asked", "holds"), [(None, "1"), ("0", "0")])
def test_large_tensors_are_in_huge_pages_unless_asked_not_to(asked, holds, monkeypatch):
    name = "THP_MEM_ALLOC_ENABLE"
    monkeypatch.setenv(name, asked) if asked else monkeypatch.delenv(name, raising=False)
    importlib.reload(cyclegan)
    assert os.environ[name] == holds
