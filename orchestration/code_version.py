"""What code a run was made by: a hash over the checkout's sources. Knows no git, so that a copied tree hashes alike."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from orchestration.settings import CHECKOUT

_PLACES = ("orchestration", "models_ml", "dbt_project")
_KINDS = frozenset({".py", ".sql", ".yml", ".yaml", ".csv"})
_MADE = frozenset({"target", "logs", "__pycache__"})


@cache
def code_hash(checkout: Path = CHECKOUT) -> str:
    """SHA-256 over names and contents of all sources that can change a result, and of the lock file."""
    digest = hashlib.sha256()
    for path in sorted(_sources(checkout)):
        digest.update(f"{path.relative_to(checkout).as_posix()}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


@cache
def dbt_hash(checkout: Path = CHECKOUT) -> str:
    """The same over the dbt project alone: what dbt's manifest was parsed from."""
    digest = hashlib.sha256()
    for path in sorted(path for path in _sources(checkout) if path.is_relative_to(checkout / "dbt_project")):
        digest.update(f"{path.relative_to(checkout).as_posix()}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _sources(checkout: Path) -> list[Path]:
    found = [checkout / "requirements.lock"]
    for place in _PLACES:
        for path in (checkout / place).rglob("*"):
            if path.suffix in _KINDS and path.is_file() and not _MADE & set(path.relative_to(checkout).parts):
                found.append(path)
    return [path for path in found if path.exists()]
