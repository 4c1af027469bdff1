"""Measures one step in a process of its own: wall and CPU seconds, and peak memory of it and of what it starts."""

from __future__ import annotations

import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
_MIB = 1024


@dataclass(frozen=True)
class Figure:
    """What a step took; `told` is what it said of itself."""

    wall: float
    cpu: float
    peak_mib: float
    told: dict[str, Any] = field(default_factory=dict)


def measure(step: str, **words: object) -> Figure:
    """Run a step of `steps.py`. Where it marked a part of itself by `part`, the figures are that part's.

    Raises
    ------
    RuntimeError
        With the step's last words, if it failed.
    """
    command = [sys.executable, "-m", "tests.benchmarks.steps", step, json.dumps({k: str(v) for k, v in words.items()})]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "DO_NOT_TRACK": "1", "SE_AVOID_STATS": "true"}
    # What each model took is read from there.
    environment["DBT_WRITE_JSON"] = "true"
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    output, errors = process.communicate()
    wall = time.perf_counter() - began
    if process.returncode:
        raise RuntimeError(f"{step} failed:\n{(output + errors).decode()[-3000:]}")
    told = json.loads(output.decode().splitlines()[-1])
    parts = told.pop("part", None) or {"wall": wall, "cpu": told["cpu"]}
    return Figure(parts["wall"], parts["cpu"], told.pop("peak_mib"), told)


@contextmanager
def part(told: dict[str, Any]) -> Iterator[None]:
    """Mark the part of a step that is measured: what comes before is preparation."""
    began, cpu = time.perf_counter(), cpu_seconds()
    yield
    told["part"] = {"wall": time.perf_counter() - began, "cpu": cpu_seconds() - cpu}


def cpu_seconds() -> float:
    """CPU of this process and of those it started and waited for."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def peak_mib() -> float:
    """The larger of this process's peak memory and that of the largest it started."""
    return max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / _MIB


def median(figures: Sequence[Figure]) -> Figure:
    """The figure of medians; what it told is the last one's."""
    values = [statistics.median(getattr(each, name) for each in figures) for name in ("wall", "cpu", "peak_mib")]
    return Figure(*values, told=figures[-1].told)


def machine() -> str:
    """The machine and the versions the figures belong to."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    names = ("duckdb", "dbt-core", "dbt-duckdb", "dagster", "pyarrow", "scikit-learn")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    return f"{os.cpu_count()} cores, {memory:.0f} GiB; Python {platform.python_version()}; {versions}"
