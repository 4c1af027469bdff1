"""What a service line's page ends with: examples, what changed and why, its versions, the words used."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from orchestration.criteria_files.checks import LEAD_ROW_ATTRIBUTES, attribute_tests
from orchestration.criteria_files.example_shapes import Example, ExampleAppointment, ExampleTouch, ExampleWork
from orchestration.criteria_files.handbook import words
from orchestration.criteria_files.handbook.blocks import (
    Block,
    Bullets,
    Heading,
    Paragraph,
    Table,
    Words,
    code,
    say,
    strong,
)
from orchestration.criteria_files.handbook.changes import changes
from orchestration.criteria_files.handbook.in_force import Standing
from orchestration.criteria_files.load import Criteria
from orchestration.criteria_files.shapes import Version


def example_blocks(version: Version) -> Iterator[Block]:
    """The examples of the file: the lead, what is expected of it, and why."""
    yield Heading(2, "Examples")
    if not version.examples:
        yield Paragraph(say("The criteria hold no examples yet."))
    for example in version.examples:
        yield Heading(3, example.title[:1].upper() + example.title[1:])
        yield Bullets(tuple(_example_lines(example)))


def _example_lines(example: Example) -> Iterator[Words]:
    lead = example.lead
    if lead.attributes:
        known = [f"{words.spaced(name)} {value or 'not known'}" for name, value in lead.attributes.items()]
        yield say("Attributes: ", ", ".join(known))
    for title, events in (
        ("What the lead did", lead.touches),
        ("What staff did", lead.work_events),
        ("Appointments", lead.appointments),
    ):
        if events:
            yield say(f"{title}: ", "; ".join(_event(event) for event in events))
    expected = example.expect.model_dump(exclude_none=True)
    yield say(strong("Expected: "), "; ".join(_expected(name, value) for name, value in expected.items()))
    if example.at:
        yield say(f"Judged at {words.moment(example.at)}")
    yield say(strong("Why: "), words.sentence(example.why) if example.why else "no reason is written.")


_NAMES = {"mql": "MQL", "sql": "SQL"}


def _event(event: ExampleTouch | ExampleWork | ExampleAppointment) -> str:
    """One event in a line: what it was, whatever else is said of it, and when."""
    said = event.model_dump(exclude_defaults=True, exclude={"days_ago"})
    what, *rest = said.items()
    facts = [words.spaced(str(what[1]))] + [f"{words.spaced(name)} {words.spaced(str(value))}" for name, value in rest]
    if isinstance(event, ExampleAppointment):
        facts[0] = f"booked by {facts[0]}"
    return f"{', '.join(facts)} ({_ago(event.days_ago)})"


def _ago(days: Decimal) -> str:
    return "the same day" if days == 0 else "1 day before" if days == 1 else f"{words.number(days)} days before"


def _expected(name: str, value: bool | str | Decimal) -> str:
    word = ("yes" if value else "no") if isinstance(value, bool) else words.spaced(str(value))
    return f"{_NAMES.get(name, words.spaced(name))}: {word}"


def history_blocks(criteria: Criteria, standing: Standing) -> Iterator[Block]:
    """What changed since the version before and why, what is to come, and all versions."""
    yield Heading(2, "What changed")
    if standing.before:
        yield from change_blocks(criteria, standing, standing.before[-1], standing.version)
    else:
        yield Paragraph(say(f"Version {standing.version.version} is the first one. ", *_note(standing.version)))
    previous = standing.version
    for coming in standing.coming:
        yield from change_blocks(criteria, standing, previous, coming)
        previous = coming
    yield Heading(2, "All versions")
    rows = tuple(
        (
            say(f"Version {version.version}"),
            say(words.moment(version.effective_from)),
            say(version.note or "no reason is written"),
            say(", ".join(f"{who} {day}" for who, day in (version.agreed or {}).items()) or "not written"),
        )
        for version in standing.line.versions
    )
    yield Table("Versions, oldest first", ("Version", "In force since", "Why", "Agreed"), rows)


def _note(version: Version) -> tuple[str, ...]:
    return (f"Why: {words.sentence(version.note)}",) if version.note else ("No reason is written.",)


def change_blocks(criteria: Criteria, standing: Standing, before: Version, after: Version) -> Iterator[Block]:
    """What one version changes against another, rule by rule, and why."""
    is_coming = after in standing.coming
    verb = "will change" if is_coming else "changed"
    yield Heading(3, f"What version {after.version} {verb} against version {before.version}")
    since = words.moment(after.effective_from)
    yield Paragraph(say("From " if is_coming else "Since ", f"{since}. ", *_note(after)))
    found = changes(before, after, criteria.catalogue)
    if not found:
        yield Paragraph(say("No rule differs."))
        return
    rows = tuple(
        (
            say(code(change.name)),
            say(change.section),
            say(change.kind),
            say(change.before or "—"),
            say(change.after or "—"),
        )
        for change in found
    )
    caption = f"Version {before.version} and version {after.version}, rule by rule"
    yield Table(caption, ("Rule", "Where", "What", "Before", "After"), rows)


def words_blocks(criteria: Criteria, version: Version) -> Iterator[Block]:
    """The signals and attributes the version's rules use, as the catalogue explains them."""
    used = {("signals", name) for name in signals_of(version)}
    used |= {("attributes", test.attribute) for _, test in attribute_tests(version, ())}
    used |= {("attributes", rule.attribute) for rule in criteria.exclusions}
    known = {(entry.section, entry.name): entry for entry in criteria.catalogue.entries}
    rows = []
    for section, name in sorted(used):
        entry = known.get((section, name))
        meaning = entry.meaning if entry else None
        if meaning is None and name in LEAD_ROW_ATTRIBUTES:
            meaning = "A field of the lead's own record"
        source = (entry.comes_from if entry else None) or "not written"
        rows.append((say(code(name)), say(section[:-1]), say(meaning or "not written"), say(source)))
    if rows:
        yield Heading(2, "Words on this page")
        yield Table("Signals and attributes", ("Name", "What it is", "Meaning", "Comes from"), tuple(rows))


def signals_of(version: Version) -> list[str]:
    """Signals the version's rules name, each once, in order."""
    found = [rule.signal for rule in (version.mql.behaviour.rules if version.mql.behaviour else [])]
    items = version.sql.ready_when_any if version.sql else []
    found += [part.signal for item in items for part in item.parts if part.signal is not None]
    return list(dict.fromkeys(found))
