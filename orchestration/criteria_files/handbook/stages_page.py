"""The page for CRM admins: what each stage value means, who may set it, and which rules reach it on which basis."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from orchestration.criteria_files.handbook import rule_words, words
from orchestration.criteria_files.handbook.blocks import (
    Block,
    Heading,
    Notice,
    Page,
    Paragraph,
    Table,
    Words,
    code,
    link,
    say,
    separated,
)
from orchestration.criteria_files.handbook.in_force import Standing
from orchestration.criteria_files.handbook.service_line_page import line_title
from orchestration.criteria_files.shapes import Version

# Stage values in their order: what each means, who may set it (the criteria say who may make an SQL), its bases.
_STAGES = (
    ("lead", "A contact with enough information to be contacted later", "The CRM record itself", ()),
    ("mql", "Marketing-qualified: fits, and has shown interest", "Nobody by hand: the criteria", ("criteria",)),
    ("sql", "Sales-qualified: eligible, and ready for the next step", "", rule_words.BASES),
    ("opportunity", "The CRM's own opportunity; not an SQL", "Whoever may in the CRM", ()),
    ("appointment", "A visit is booked", "Whoever books it: the lead or staff", ("appointment_record",)),
    ("consult", "The visit was held", "Staff who record the visit as held", ("appointment_record",)),
    (
        "disqualified",
        "Screened out, or known not to be eligible; it can end",
        "Staff, by a screening; the criteria, where an eligibility rule fails",
        ("staff_confirmed", "criteria"),
    ),
    ("recycled", "Given back to marketing; ends a handoff", "Whoever may in the CRM", ()),
)
_BASES = (
    ("criteria", "The written rules held, by what the lead is and did"),
    ("staff_confirmed", "Staff took part: a screening, a contact or a booking by staff"),
    ("self_scheduled", "The lead booked a visit, and no staff took part"),
    ("crm_label", "Somebody, or a rule of the CRM, set the stage in the CRM"),
    ("appointment_record", "The record of an appointment says so: booked, or held"),
)


def stages_page(standings: Sequence[Standing], path: str) -> Page:
    """The page on stage values, by the versions that decide."""
    blocks: list[Block] = [
        Notice(
            (
                say("The pipeline writes ", code("handoff_stage"), " into the CRM; nobody else should."),
                say(
                    "Its value is ", code("disqualified"), " while that stands, else the furthest of lead, mql, sql, "
                    "opportunity, appointment and consult."
                ),
            )
        ),
        Heading(2, "What each stage value means"),
        Table("Stage values", ("Value", "Means", "Who may set it", "Bases"), tuple(_stage_rows(standings))),
        Paragraph(
            say(
                "A stage set in the CRM (basis ", code("crm_label"), ") is kept beside every other basis. It makes the "
                "stage only for opportunity, and where the registry of sources says that the CRM decides a stage."
            )
        ),
        Heading(2, "What each basis means"),
        Table("Bases", ("Basis", "Means"), tuple((say(code(basis)), say(means)) for basis, means in _BASES)),
    ]  # fmt: skip
    blocks += _roles_blocks(standings)
    blocks += _rules_blocks(standings)
    return Page(path, "Stage values for CRM admins", "Stage values", tuple(blocks))


def deciding(standings: Sequence[Standing]) -> Iterator[tuple[Standing, Version]]:
    """Every service line some version decides for, with that version (its own, or the default's until it has one)."""
    for standing in standings:
        if standing.deciding is not None:
            yield standing, standing.deciding.version


def _stage_rows(standings: Sequence[Standing]) -> Iterator[tuple[Words, ...]]:
    for value, means, who, bases in _STAGES:
        kept = ("crm_label",) if value != "lead" else ()
        who_may = who or _who_may_make_sql(standings)
        yield say(code(value)), say(means), say(who_may), say(words.listed([*bases, *kept] or ["none"]))


def _who_may_make_sql(standings: Sequence[Standing]) -> str:
    roles = [role for _, version in deciding(standings) if version.sql for role in version.sql.verified_by or []]
    is_open = any(version.sql and version.sql.verified_by is None for _, version in deciding(standings))
    named = [f"staff in the role of {words.values(sorted(set(roles)))}, by service line"] if roles else []
    named += ["where a service line names no role, any member of staff"] if is_open else []
    named += ["the lead, by booking a visit"] if _has_basis(standings, "self_scheduled") else []
    named += ["the criteria alone"] if _has_basis(standings, "criteria") else []
    said = "; ".join(named) or "nobody: no criteria name a way"
    return said[:1].upper() + said[1:]


def _has_basis(standings: Sequence[Standing], basis: str) -> bool:
    items = [item for _, version in deciding(standings) if version.sql for item in version.sql.ready_when_any]
    return any(basis in rule_words.bases(item) for item in items)


def _roles_blocks(standings: Sequence[Standing]) -> Iterator[Block]:
    yield Heading(2, "Who may confirm an SQL")
    rows = tuple(
        (
            say(line_title(standing)),
            say(rule_words.confirming(version.sql)),
        )
        for standing, version in deciding(standings)
    )
    yield Table("Roles by service line", ("Service line", "Whose screenings and contacts count"), rows)
    yield Paragraph(say("A booking counts whoever of the staff made it; so does a screening that disqualifies."))


def _rules_blocks(standings: Sequence[Standing]) -> Iterator[Block]:
    yield Heading(2, "Which rules reach a stage, and on which basis")
    rows = []
    for standing, version in deciding(standings):
        title = line_title(standing)
        halves = (version.mql.fit, version.mql.behaviour)
        together = [code(rule.id) for half in halves if half is not None for rule in half.rules]
        rows.append((say(title), say(code("mql")), say(*separated(together)), say("criteria")))
        for item in version.sql.ready_when_any if version.sql else []:
            basis = words.listed(rule_words.bases(item))
            rows.append((say(title), say(code("sql")), say(code(item.id)), say(basis)))
        eligibility = [
            code(rule.id) for rule in (version.sql.eligibility if version.sql else []) if words.failing(rule)
        ]
        if eligibility:
            failed = say("one that fails: ", *separated(eligibility))
            rows.append((say(title), say(code("disqualified")), failed, say("criteria")))
    screened = say("a screening with the outcome ", code("not_qualified"))
    rows.append((say("All of them"), say(code("disqualified")), screened, say("staff_confirmed")))
    yield Table("Rules by service line and stage", ("Service line", "Stage", "Rules", "Basis"), tuple(rows))
    yield Paragraph(
        say(
            "MQL rules add up to points; one way of being ready makes an SQL where every eligibility rule holds. "
            "What each rule says stands on the page of its service line: see ",
            link("all pages", "index"),
            ".",
        )
    )
