"""The house's own measures: sizes of files and functions, words, and paths that docs name."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = [path for place in ("orchestration", "models_ml", "tests") for path in sorted((ROOT / place).rglob("*.py"))]
MODELS = sorted((ROOT / "dbt_project" / "models").rglob("*.sql"))
YAMLS = sorted(p for place in ("dbt_project/models", "criteria", "docs") for p in (ROOT / place).rglob("*.y*ml"))
PYTHON_HARD, PYTHON_SOFT, FUNCTION, SQL, YAML = 400, 250, 40, 100, 400
# Data written as code, and generated files, may be longer than the soft budget.
LONG_BY_NATURE = {"orchestration/lake/contract.py"}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_files_keep_their_budget():
    wrong = [f"{name(p)}: {lines(p)} lines" for p in CODE if lines(p) > PYTHON_HARD]
    wrong += [
        f"{name(p)}: {lines(p)} lines"
        for p in CODE
        if lines(p) > PYTHON_SOFT and not name(p).startswith("tests/") and name(p) not in LONG_BY_NATURE
    ]
    wrong += [f"{name(p)}: {lines(p)} lines" for p in MODELS if lines(p) > SQL]
    wrong += [f"{name(p)}: {lines(p)} lines" for p in YAMLS if lines(p) > YAML]
    assert not wrong, "\n".join(wrong)


def test_functions_keep_their_budget():
    wrong = []
    for path in CODE:
        if name(path).startswith("tests/"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and (length := body_length(node)) > FUNCTION:
                wrong.append(f"{name(path)}:{node.lineno} {node.name}: {length} lines")
    assert not wrong, "\n".join(wrong)


def body_length(node: ast.FunctionDef) -> int:
    """Lines from the first statement after the docstring to the end: words of explanation are not what is long."""
    body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
    return (node.end_lineno or node.lineno) - body[0].lineno + 1


def test_every_module_says_what_it_holds():
    wrong = [
        name(p) for p in CODE if p.stat().st_size and not ast.get_docstring(ast.parse(p.read_text(encoding="utf-8")))
    ]
    assert not wrong, "\n".join(wrong)


def test_no_bare_sql_identifier_for_the_stage():
    """The stage is `sql_stage`, its moment `became_sql_at`; a column or alias called `sql` reads as the language."""
    bare = re.compile(r"\bas\s+sql\b|\.sql\b(?!\w)|^\s*sql\s*,", re.IGNORECASE | re.MULTILINE)
    wrong = [name(p) for p in MODELS if bare.search(re.sub(r"--.*|'[^']*'", "", p.read_text(encoding="utf-8")))]
    assert not wrong


# Written by a command when somebody asks for it.
MADE = {"criteria/decided.lock"}
DOCS = [path for pattern in ("*.md", "docs/**/*.md") for path in sorted(ROOT.glob(pattern))]


def tracked() -> set[str]:
    known = {name(p) for p in CODE} | {name(p) for p in MODELS}
    found = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return known | set(found.stdout.split("\n"))


@pytest.mark.parametrize("path", DOCS, ids=name)
def test_paths_named_in_docs_exist(path):
    named = re.findall(
        r"`((?:orchestration|models_ml|dbt_project|tests|docs|criteria|\.ci)/[\w./-]*)`", path.read_text("utf-8")
    )
    named += [
        str((path.parent / link).resolve().relative_to(ROOT))
        for link in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", path.read_text("utf-8"))
    ]
    wrong = [each for each in named if each not in MADE and not (ROOT / each).exists()]
    assert not wrong, f"{name(path)} names what is not there: {', '.join(wrong)}"


def test_the_repository_holds_no_machine_paths_and_no_registry_hosts():
    """Only its own files: a path of somebody's machine, or the address of a package index, helps nobody else."""
    said = re.compile(r"/(?:home|Users|root|work)/\w+|https?://[^\s\"']*(?:pypi|simple/)", re.IGNORECASE)
    kinds = {".py", ".sql", ".yml", ".yaml", ".toml", ".md", ".lock", ".txt", ""}
    files = [ROOT / each for each in sorted(tracked()) if each and Path(each).suffix in kinds]
    files = [path for path in files if path.is_file() and path != Path(__file__)]
    assert not [name(path) for path in files if said.search(path.read_text("utf-8", errors="ignore"))]
