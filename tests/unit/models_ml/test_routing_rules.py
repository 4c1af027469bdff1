"""criteria/routing.yaml: defaults where it is silent, a clear refusal where it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from models_ml.routing import DEFAULT_RULES
from orchestration.criteria_files.routing_file import RoutingFileError, read_routing_rules


def test_rules_of_an_absent_file_are_the_defaults(tmp_path: Path) -> None:
    assert DEFAULT_RULES | read_routing_rules(tmp_path) == DEFAULT_RULES
    (tmp_path / "routing.yaml").write_text("")
    assert DEFAULT_RULES | read_routing_rules(tmp_path) == DEFAULT_RULES


def test_the_rules_of_this_house_are_readable() -> None:
    assert read_routing_rules(Path(__file__).resolve().parents[3] / "criteria")["fallback_queue"] == "unassigned"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("fallback_queue: [", "line"),
        ("- one", "mapping"),
        ("colour: secret", "colour"),
        ("priorities: {high: 0}", "priorities.high"),
    ],
)
def test_a_faulty_file_is_refused_naming_where_and_showing_no_value(tmp_path: Path, text: str, named: str) -> None:
    (tmp_path / "routing.yaml").write_text(text)
    with pytest.raises(RoutingFileError, match=named) as caught:
        read_routing_rules(tmp_path)
    assert "routing.yaml" in str(caught.value) and "secret" not in str(caught.value)
