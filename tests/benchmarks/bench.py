"""`make bench`: measures the pipeline beside the bare engine doing the same work, and writes a table.

    python -m tests.benchmarks.bench --size 1m --out docs/benchmarks.md

A size is a section of the page: it is replaced, the others stay. Each figure is the median of paired runs; a ratio
compares CPU seconds, since wall seconds on a shared machine are its neighbours' too. What a step does is `steps.py`.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.benchmarks.clinic import DAY_OF, END, Clinic
from tests.benchmarks.measure import Figure, machine, measure, median

SIZES = {"100k": 1_000, "1m": 10_000, "3m": 30_000, "10m": 100_000}
_HEAD = "| what | wall s | CPU s | peak MiB | bare CPU s | ratio (CPU) | aim |\n|---|---|---|---|---|---|---|\n"


@dataclass(frozen=True)
class Line:
    """One line of the table. `ratio` is ours to bare; with `is_share` bare to ours, a share of its speed."""

    what: str
    ours: Figure
    bare: Figure | None = None
    is_share: bool = False
    aim: str = ""

    @property
    def ratio(self) -> float | None:
        """CPU against CPU."""
        if self.bare is None:
            return None
        return self.bare.cpu / self.ours.cpu if self.is_share else self.ours.cpu / self.bare.cpu

    def __str__(self) -> str:
        bare = f"{self.bare.cpu:.2f}" if self.bare else ""
        ratio = f"{self.ratio:.2f}" if self.ratio is not None else ""
        figures = f"{self.ours.wall:.2f} | {self.ours.cpu:.2f} | {self.ours.peak_mib:.0f}"
        return f"| {self.what} | {figures} | {bare} | {ratio} | {self.aim} |"


def main() -> None:
    """Measure one size and write its section."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--size", choices=SIZES, default="1m")
    words.add_argument("--pairs", type=int, default=3, help="paired runs of a step; the median is told")
    words.add_argument("--only", default="", help="only steps whose name holds this: land, build, ready, sync")
    words.add_argument("--out", type=Path, help="page to write the section into; else it is printed only")
    words.add_argument("--scratch", type=Path, help="folder to work in; else a temporary one")
    given = words.parse_args()
    scratch = given.scratch or Path(tempfile.mkdtemp(prefix="bench-"))
    try:
        told = section(given.size, scratch, given.pairs, given.only)
    finally:
        if given.scratch is None:
            shutil.rmtree(scratch, ignore_errors=True)
    print(told)
    if given.out:
        write_section(given.out, given.size, told)


def section(size: str, scratch: Path, pairs: int, only: str) -> str:
    """Measure one size; returns its section of the page."""
    clinic = Clinic(scratch / "clinic", SIZES[size])
    if not clinic.folder.exists():
        clinic.write()
    lines = []
    for line in _lines(clinic, scratch, pairs, only):
        print(line, file=sys.stderr, flush=True)
        lines.append(line)
    day = datetime.now(UTC).strftime("%Y-%m-%d")
    table = _HEAD + "".join(f"{line}\n" for line in lines if isinstance(line, Line))
    notes = "".join(f"\n{line}\n" for line in lines if isinstance(line, str))
    title = f"## {size}: {clinic.touches:,} touches, {clinic.leads:,} leads"
    return f"{title}\n\n{day}; {machine()}\n\n{table}{notes}"


def write_section(page: Path, size: str, told: str) -> None:
    """Put a section into the page, in place of the one of its size, else at its end."""
    text = page.read_text(encoding="utf-8") if page.exists() else "# Benchmarks\n"
    found = re.search(rf"\n## {size}: .*?(?=\n## |\Z)", text, flags=re.DOTALL)
    before, after = (text[: found.start()], text[found.end() :]) if found else (text, "")
    page.write_text(f"{before.rstrip()}\n\n{told.rstrip()}\n{after}", encoding="utf-8")


def _lines(clinic: Clinic, scratch: Path, pairs: int, only: str) -> Iterator[Line | str]:
    groups: dict[str, Callable[[Clinic, Path, int], Iterator[Line | str]]] = {
        "land": _landing, "build": _building, "ready": _readiness, "sync": _syncing,
    }  # fmt: skip
    for name, group in groups.items():
        if only in name:
            yield from group(clinic, scratch, pairs)


def _landing(clinic: Clinic, scratch: Path, pairs: int) -> Iterator[Line]:
    bare, ours = [], []
    for _ in range(pairs):
        bare.append(measure("bare_land", file=clinic.history, out=scratch / "bare.parquet"))
        shutil.rmtree(scratch / "landed", ignore_errors=True)
        ours.append(measure("land", home=scratch / "landed", registry=clinic.registry, file=clinic.history))
    yield Line("land touches, against COPY CSV to Parquet", median(ours), median(bare), True, "≥ 0.4 of COPY")


def _building(clinic: Clinic, scratch: Path, pairs: int) -> Iterator[Line | str]:
    home = scratch / "home"
    clinic.forget_days()
    shutil.rmtree(home, ignore_errors=True)
    full = measure("land_and_build", home=home, registry=clinic.registry, as_of=f"{END}T00:00:00Z")
    bare = scratch / "bare_build"
    shutil.rmtree(bare, ignore_errors=True)
    bare.mkdir()
    alone = measure("bare_build", home=home, scratch=bare)
    yield Line("full build with tests, against its SQL alone", full, alone, aim="≤ 1.4 at 10m")
    until = clinic.write_day(1, clinic.leads)
    day = measure("land_and_build", home=home, registry=clinic.registry, as_of=f"{until}T00:00:00Z")
    assert full.told["is_full"] and not day.told["is_full"]
    yield Line("build of one new day, of this clinic", day)
    share = day.told["sql_seconds"] / full.told["sql_seconds"]
    yield (
        f"One new day took {day.told['sql_seconds']:.1f} s in models, {share:.0%} of the full build's "
        f"{full.told['sql_seconds']:.1f} s (aim: ≤ 25 % at 10m), wall, two models at a time. "
        f"Slowest models, full: {_told(full)}; day: {_told(day)}."
    )
    until = clinic.write_day(2, DAY_OF)
    small = measure("land_and_build", home=home, registry=clinic.registry, as_of=f"{until}T00:00:00Z")
    yield Line(f"build of one new day, of a clinic of {DAY_OF:,} leads", small, aim="≤ 1.5 × that of 1m")
    yield f"Slowest models of the small day: {_told(small)}; {small.told['sql_seconds']:.1f} s in models."
    idle = measure("run_twice", home=home, registry=clinic.registry, as_of=f"{until}T00:00:00Z")
    yield Line("nothing new, in a warm process", idle, aim="≤ 15 s")


def _told(figure: Figure) -> str:
    return ", ".join(f"{name} {seconds:.1f}" for name, seconds in list(figure.told["slowest"].items())[:5])


def _readiness(clinic: Clinic, scratch: Path, pairs: int) -> Iterator[Line]:
    home = scratch / "home"
    train = [(measure("train", home=home), measure("bare_train", home=home)) for _ in range(pairs)]
    yield Line(
        "train and judge readiness, against one fit", median([a for a, _ in train]), median([b for _, b in train])
    )
    score = [(measure("score", home=home), measure("bare_score", home=home)) for _ in range(pairs)]
    yield Line(
        "score with reasons, against predict_proba", median([a for a, _ in score]), median([b for _, b in score])
    )


def _syncing(clinic: Clinic, scratch: Path, pairs: int) -> Iterator[Line]:
    ours, bare = [], []
    for number in range(pairs):
        place = scratch / f"sync-{number}"
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(clinic.folder, place, ignore=shutil.ignore_patterns("export"))
        (place / "export").mkdir()
        ours.append(measure("sync", home=scratch / "home", registry=place / "sources.yaml", scratch=place))
        bare.append(measure("bare_sync", home=scratch / "home", scratch=place))
    yield Line("write to a CRM, proved, against a bulk upsert", median(ours), median(bare))


if __name__ == "__main__":
    main()
