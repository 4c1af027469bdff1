"""The qualification models as plain SQL, as dbt compiles them: what a replay decides with is what a run decides with.

Compiled once for each state of the dbt project, by `make setup` or by whoever needs it first, and kept beside dbt's
manifest. Running that SQL is `replay/scratch.py`.
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from orchestration.code_version import dbt_hash
from orchestration.dbt_manifest import ManifestError, ensure_manifest
from orchestration.lake.private_files import write_bytes
from orchestration.replay.compiled import CompiledModel, QualificationSql
from orchestration.settings import Settings

_FOLDER = "models/intermediate/qualification/"


def qualification_sql(settings: Settings) -> QualificationSql:
    """The compiled models, compiled anew only where a file of the dbt project changed. Raises ManifestError."""
    # Asked anew each time: a process that lives long sees the project change.
    kept = settings.dbt_manifest.with_name(f"qualification-{dbt_hash.__wrapped__()[:16]}.json")
    if not kept.exists():
        ensure_manifest(settings)
    with (kept.parent / ".compiling").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            _keep(QualificationSql.of_models(_compile(settings)), kept)
        return QualificationSql.from_json(kept.read_text(encoding="utf-8"))


def _compile(settings: Settings) -> list[CompiledModel]:
    folder = os.fspath(settings.dbt_project)
    with tempfile.TemporaryDirectory() as scratch:
        words = ["compile", "--project-dir", folder, "--profiles-dir", folder, "--target", "pipeline", "--full-refresh"]
        words += ["--select", f"path:{_FOLDER.rstrip('/')}", "--target-path", f"{scratch}/target"]
        words += ["--log-path", f"{scratch}/logs"]
        environment = {**os.environ, "DO_NOT_TRACK": "1", "HANDOFF_HOME": scratch}
        environment.pop("HANDOFF_WAREHOUSE", None)
        command = [os.fspath(Path(sys.executable).with_name("handoff-dbt")), *words]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ManifestError(f"the qualification models cannot be compiled:\n{done.stdout[-4000:]}{done.stderr}")
        manifest = json.loads(Path(scratch, "target", "manifest.json").read_text(encoding="utf-8"))
    return [_model(node, manifest) for node in manifest["nodes"].values() if _is_compiled(node)]


def _is_compiled(node: dict[str, Any]) -> bool:
    is_model: bool = node["resource_type"] == "model"
    return is_model and str(node["original_file_path"]).startswith(_FOLDER)


def _model(node: dict[str, Any], manifest: dict[str, Any]) -> CompiledModel:
    upstream = [manifest["nodes"][name] for name in node["depends_on"]["nodes"]]
    return CompiledModel(
        relation=_relation(node),
        sql=node["compiled_code"],
        is_view=node["config"]["materialized"] == "view",
        upstream=tuple(sorted(_relation(each) for each in upstream)),
    )


def _relation(node: dict[str, Any]) -> str:
    return f"{node['schema']}.{node['name']}"


def _keep(sql: QualificationSql, kept: Path) -> None:
    for older in kept.parent.glob("qualification-*.json"):
        older.unlink(missing_ok=True)
    write_bytes(kept, sql.to_json().encode())


if __name__ == "__main__":
    qualification_sql(Settings())
