"""The rules of the house that the files themselves can tell."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted(path for path in (ROOT / "kafkalab").rglob("*.py") if "migrations" not in path.parts)
SCRIPTS = sorted((ROOT / "static").rglob("*.js"))
STYLES = sorted((ROOT / "static").rglob("*.css"))
PURE = [path for path in MODULES if path.relative_to(ROOT).parts[1] in ("engine", "wire")]
LINES_AT_MOST = 400
DRAWERS = {"utils.py", "helpers.py", "common.py", "manager.py", "misc.py"}
TOP_LEVEL = {"manage.py", "pyproject.toml", "README.md", "LICENSE", "requirements.lock"} | {
    "kafkalab", "templates", "static", "tests", "fixtures"
}  # fmt: skip
CLOCKS_AND_DICE = re.compile(
    r"\b(datetime\.now|datetime\.utcnow|time\.time|time\.monotonic|os\.urandom|uuid4|uuid1)\b|"
    r"^import random|^from random import (?!Random$)",
    re.MULTILINE,
)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    return listed.stdout.split()


@pytest.mark.parametrize("path", MODULES + SCRIPTS + STYLES, ids=name)
def test_a_file_is_one_idea(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LINES_AT_MOST


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_module_begins_with_a_sentence(path: Path) -> None:
    if path.read_text().strip():
        assert ast.get_docstring(ast.parse(path.read_text()))


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_errors_are_caught_by_name(path: Path) -> None:
    bare = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException")))
    ]
    assert bare == []


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_no_file_is_a_drawer(path: Path) -> None:
    assert path.name not in DRAWERS


@pytest.mark.parametrize("path", PURE, ids=name)
def test_the_engine_has_no_clock_and_no_dice_of_its_own(path: Path) -> None:
    assert CLOCKS_AND_DICE.findall(path.read_text()) == []


@pytest.mark.parametrize("path", [path for path in PURE if path.name != "disk.py"], ids=name)
def test_only_the_disk_touches_files(path: Path) -> None:
    imports = {
        alias.name.split(".")[0]
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    assert imports & {"os", "pathlib", "shutil", "io"} == set()


@pytest.mark.parametrize("path", PURE, ids=name)
def test_the_engine_walks_over_no_set(path: Path) -> None:
    walked = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.For | ast.comprehension)
        and (
            isinstance(node.iter, ast.Set | ast.SetComp)
            or (isinstance(node.iter, ast.Call) and getattr(node.iter.func, "id", "") in ("set", "frozenset"))
        )
    ]
    assert walked == []


def test_the_top_level_holds_what_it_should() -> None:
    assert {path.split("/")[0] for path in tracked() if not path.startswith(".")} <= TOP_LEVEL


def test_the_page_draws_what_people_write_as_text() -> None:
    places = [
        name(path)
        for path in SCRIPTS + sorted((ROOT / "templates").rglob("*.html"))
        if re.search(r"\.innerHTML\s*=|insertAdjacentHTML|document\.write|\|\s*safe\b", path.read_text())
    ]
    assert places == []


def test_the_page_has_no_inline_script_or_style() -> None:
    inline = [
        name(path)
        for path in sorted((ROOT / "templates").rglob("*.html"))
        if re.search(r"<script(?![^>]*\bsrc=)[^>]*>\s*\S|<style|\sstyle=|\son[a-z]+=", path.read_text())
    ]
    assert inline == []


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_import_contracts_hold() -> None:
    entry = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run(
        [sys.executable, "-c", entry, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_ruff_finds_nothing() -> None:
    done = run("ruff", "check", "--no-cache", ".")
    assert done.returncode == 0, done.stdout


def test_the_files_are_formatted() -> None:
    done = run("ruff", "format", "--check", "--no-cache", ".")
    assert done.returncode == 0, done.stdout


def test_mypy_finds_nothing() -> None:
    done = run("mypy", "--no-error-summary")
    assert done.returncode == 0, done.stdout
