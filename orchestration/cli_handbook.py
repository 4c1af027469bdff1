"""`handoff handbook`: the written criteria as pages people read. Reads the criteria folder and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from orchestration.cli_calls import FILE, refuse, settings_of


@click.command()
@click.option("--criteria", type=FILE, help="Folder of criteria; default the checkout's.")
@click.option("--out", type=FILE, default=Path("handbook"), show_default=True, help="Folder to write into.")
@click.option(
    "--as-of", help="The moment whose versions are in force (ISO 8601, UTC unless it has an offset); default now."
)
def handbook(criteria: Path | None, out: Path, as_of: str | None) -> None:
    """Write the criteria down for people: pages in Markdown and HTML, and the rules in force as JSON."""
    from orchestration.criteria_files import CriteriaError, load_criteria
    from orchestration.criteria_files.handbook import handbook_texts

    settings = settings_of(criteria=criteria, as_of=as_of)
    try:
        if not settings.criteria.is_dir():
            refuse(f"{settings.criteria}: there is no such folder of criteria")
        texts = handbook_texts(
            load_criteria(settings.criteria), settings.as_of or datetime.now(UTC).replace(tzinfo=None)
        )
    except CriteriaError as error:
        refuse(str(error))
    try:
        for name, text in texts.items():
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            (out / name).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        refuse(f"{out}: cannot be written: {error.strerror}")
    for left in _left_over(out, texts):
        click.echo(f"note: {left} is of no service line any more: remove it")
    click.echo(f"written: {len(texts)} files; begin with {out / 'index.html'} or {out / 'index.md'}")


def _left_over(out: Path, texts: dict[str, str]) -> list[str]:
    """Pages of service lines an earlier handbook had in that folder."""
    written = {out / name for name in texts}
    found = [path for folder in {path.parent for path in written} - {out} for path in folder.glob("*.*")]
    return sorted(str(path) for path in found if path.suffix in (".md", ".html") and path not in written)
