"""The page for marketing automation: where the rules in force stand as JSON, and what every key means."""

from __future__ import annotations

from collections.abc import Sequence

from orchestration.criteria_files.handbook.blocks import Block, Heading, Page, Paragraph, Table, code, link, say
from orchestration.criteria_files.handbook.in_force import Standing
from orchestration.criteria_files.handbook.rules_json import KEYS
from orchestration.criteria_files.handbook.service_line_page import line_title


def automation_page(standings: Sequence[Standing], path: str, rules_file: str) -> Page:
    """The page beside the JSON file named."""
    rows = tuple(
        (say(line_title(standing)), say(code(standing.deciding.name)) if standing.deciding else say("none yet"))
        for standing in standings
    )
    blocks: tuple[Block, ...] = (
        Paragraph(
            say(
                "The rules that decide now stand in ",
                link(rules_file, rules_file),
                ". Segment and score by them, and name the version with what you send: the pipeline decides by the "
                "same rules, on every row it knows, and what it decides is what counts.",
            )
        ),
        Heading(2, "Versions in the file"),
        Table("Versions that decide", ("Service line", "Version"), rows),
        Heading(2, "Keys"),
        Paragraph(
            say(
                "Keys are stable: one may be added, none changes its meaning. Null means that nothing is said. Values "
                "are compared exactly, numbers are numbers, times are UTC. … stands for the places a key is used in."
            )
        ),
        Table("Keys of the file", ("Key", "Means"), tuple((say(code(key)), say(means)) for key, means in KEYS)),
    )
    return Page(path, "Rules for marketing automation", "Marketing automation", blocks)
