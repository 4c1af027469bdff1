"""The home's own handbook and its notices: written where they changed, for people and whoever sends them on."""

from __future__ import annotations

from pathlib import Path

from orchestration.criteria_files.handbook import handbook_texts
from orchestration.criteria_files.handbook.notices import notice_texts
from orchestration.criteria_files.handbook.texts import LINES_FOLDER
from orchestration.lake.private_files import write_bytes
from orchestration.runs import Run


def write_handbook(run: Run) -> dict[str, str]:
    """Bring `<home>/handbook` up to date; gives the files that changed, by name. Pages of lines that are gone go."""
    folder = run.home.home / "handbook"
    texts = handbook_texts(run.criteria, run.as_of)
    for path in sorted((folder / LINES_FOLDER).glob("*.*")):
        if path.suffix in (".md", ".html") and path.relative_to(folder).as_posix() not in texts:
            path.unlink()
    return {name: text for name, text in texts.items() if _write(folder / name, text)}


def write_notices(run: Run) -> dict[str, str]:
    """Write `<home>/notices/<criteria version>.md` of versions in force that were not at the last publication.

    A first publication brings its versions with it and announces none.
    """
    if run.before is None:
        return {}
    texts = notice_texts(run.criteria, run.as_of, run.before.manifest.criteria_versions)
    for name, text in texts.items():
        path = run.home.home / "notices" / f"{name.replace('/', '-')}.md"
        _write(path, text)
        run.notices.append(f"{name} has come into force: {path} says what changed")
    return texts


def _write(path: Path, text: str) -> bool:
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    write_bytes(path, text.encode())
    return True
