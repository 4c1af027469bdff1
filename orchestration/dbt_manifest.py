"""Keeps dbt's manifest as current as the project's files: parsed by `make setup`, again only where a file changed."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

from orchestration.code_version import dbt_hash
from orchestration.settings import Settings


class ManifestError(RuntimeError):
    """The dbt project cannot be parsed; the message is dbt's own."""


def is_manifest_current(settings: Settings) -> bool:
    """Whether the manifest was parsed from the project as it is now."""
    stamp = _stamp(settings)
    return settings.dbt_manifest.exists() and stamp.exists() and stamp.read_text() == dbt_hash()


def ensure_manifest(settings: Settings) -> None:
    """Parse the dbt project if its files changed since it was parsed. Raises ManifestError."""
    if is_manifest_current(settings):
        return
    target = settings.dbt_manifest.parent
    target.mkdir(parents=True, exist_ok=True)
    with (target / ".parsing").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_manifest_current(settings):
            _parse(settings)
            # Dagster copies it into homes as it is, and a home is its owner's alone.
            (target / "partial_parse.msgpack").chmod(0o600)
            _stamp(settings).write_text(dbt_hash())


def _parse(settings: Settings) -> None:
    dbt = Path(sys.executable).with_name("dbt")
    folder = os.fspath(settings.dbt_project)
    words = [os.fspath(dbt), "--no-use-colors", "parse", "--project-dir", folder, "--profiles-dir", folder]
    environment = {**os.environ, "DO_NOT_TRACK": "1", "DBT_TARGET_PATH": os.fspath(settings.dbt_manifest.parent)}
    environment["DBT_LOG_PATH"] = environment["DBT_TARGET_PATH"]
    done = subprocess.run(
        [*words, "--target", "pipeline"], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ManifestError(f"the dbt project cannot be parsed:\n{done.stdout[-4000:]}")


def _stamp(settings: Settings) -> Path:
    return settings.dbt_manifest.with_name("parsed-from.sha256")


if __name__ == "__main__":
    ensure_manifest(Settings())
