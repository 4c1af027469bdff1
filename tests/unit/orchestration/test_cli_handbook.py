"""`handoff handbook`: what it writes, what it leaves, and what it refuses."""

from __future__ import annotations

from pathlib import Path

from tests.unit.criteria_files.test_faulty_files import GOOD, SECOND
from tests.unit.orchestration.test_cli import call


def criteria_of(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "orthopaedics.yaml").write_text(text)
    return folder


def test_it_writes_the_versions_in_force_at_as_of(tmp_path: Path) -> None:
    criteria, out = criteria_of(tmp_path / "criteria", GOOD + SECOND), tmp_path / "new" / "handbook"
    for as_of, version in (("2026-03-15", 1), ("2026-04-01T00:00:00-06:00", 2)):
        code, output = call("handbook", "--criteria", criteria, "--out", out, "--as-of", as_of)
        assert code == 0 and f"written: 11 files; begin with {out / 'index.html'}" in output
        page = out / "service_lines" / "orthopaedics"
        assert f"**Version {version} is in force**" in page.with_suffix(".md").read_text()
        assert f"Version {version} is in force</strong>" in page.with_suffix(".html").read_text()
    assert not any(out.parent.joinpath(name).exists() for name in (".handoff", "criteria"))


def test_without_as_of_it_answers_for_now(tmp_path: Path) -> None:
    criteria = criteria_of(tmp_path / "criteria", GOOD.replace("2026-03-01", "9999-03-01"))
    assert call("handbook", "--criteria", criteria, "--out", tmp_path)[0] == 0
    assert "Not yet in force" in (tmp_path / "service_lines" / "orthopaedics.md").read_text()


def test_it_names_pages_of_service_lines_that_are_gone_and_leaves_them(tmp_path: Path) -> None:
    criteria, out = criteria_of(tmp_path / "criteria", GOOD), tmp_path / "out"
    call("handbook", "--criteria", criteria, "--out", out)
    criteria_of(criteria, GOOD.replace("orthopaedics", "knees"))
    code, output = call("handbook", "--criteria", criteria, "--out", out)
    left = out / "service_lines" / "orthopaedics.md"
    assert code == 0 and f"note: {left} is of no service line any more" in output and left.exists()


def test_what_cannot_be_read_or_written_is_2(tmp_path: Path) -> None:
    good = criteria_of(tmp_path / "good", GOOD)
    bad = criteria_of(tmp_path / "bad", GOOD.replace("points: 20", "points: 0"))
    (tmp_path / "file").write_text("")
    for words, said in (
        (["--criteria", bad, "--out", tmp_path / "out"], "orthopaedics.yaml:11"),
        (["--criteria", tmp_path / "absent", "--out", tmp_path / "out"], "there is no such folder"),
        (["--criteria", good, "--out", tmp_path / "file"], "cannot be written"),
        (["--criteria", good, "--out", tmp_path / "out", "--as-of", "soon"], "not an ISO 8601 time"),
    ):
        code, output = call("handbook", *words)
        assert code == 2 and said in output, words
    assert not (tmp_path / "out").exists()
