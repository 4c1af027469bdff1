"""The files beside the service lines: catalogue, policy, exclusions, routing and the lock, each of which may be absent.

Read into plain frozen values here; whether the criteria agree with them is `checks.py` and `history.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from orchestration.criteria_files.marks import Document, Loc
from orchestration.criteria_files.routing_file import RoutingRules
from orchestration.criteria_files.scalars import Flag, Items, Text
from orchestration.criteria_files.shapes import Exclusion
from orchestration.criteria_files.wording import in_words, unknown_key

SECTIONS = ("signals", "attributes", "offers", "channels", "topics")


@dataclass(frozen=True)
class CatalogueEntry:
    """One name of the catalogue, what it means and where it comes from, and what keeps it from a model's sight.

    `protected`: as if policy.yaml named it. `proxy_for`: protected names it stands in for. `entered_by`: who alone.
    """

    section: str
    name: str
    meaning: str | None
    comes_from: str | None
    protected: bool = False
    proxy_for: tuple[str, ...] = ()
    entered_by: str | None = None

    @property
    def barred_for(self) -> str | None:
        """Why no model may see it, in words; None where one may."""
        if self.protected:
            return "protected"
        if self.proxy_for:
            return f"stands in for {', '.join(self.proxy_for)}"
        return "entered by staff" if self.entered_by == "staff" else None


@dataclass(frozen=True)
class Catalogue:
    """Every signal, attribute, offer and channel there is. `sections` are those the file has."""

    entries: tuple[CatalogueEntry, ...] = ()
    sections: frozenset[str] = frozenset()

    def names(self, section: str) -> frozenset[str] | None:
        """Names of a section; None where the file, or that section of it, is absent: nothing can be refused then."""
        if section not in self.sections:
            return None
        return frozenset(entry.name for entry in self.entries if entry.section == section)


@dataclass(frozen=True)
class Policy:
    """Protected attributes, each with the reason it is protected for (or None); `tagged` are those of the catalogue."""

    protected: dict[str, str | None] = field(default_factory=dict)
    tagged: frozenset[str] = frozenset()

    def file_of(self, name: str) -> str:
        """The file that protects a name."""
        return "catalogue.yaml" if name in self.tagged else "policy.yaml"


class _Entry(BaseModel):
    """A name with whatever is said of it: the catalogue is read by people first, so its words are free."""

    model_config = ConfigDict(extra="allow")
    name: Text = Field(validation_alias=AliasChoices("name", "id"))
    meaning: Text | None = Field(default=None, validation_alias=AliasChoices("meaning", "reason", "description"))
    comes_from: Text | None = Field(default=None, validation_alias=AliasChoices("comes_from", "source", "from"))
    protected: Flag | None = None
    proxy_for: Items | None = None
    entered_by: Literal["lead", "staff", "system"] | None = None


def read_catalogue(document: Document) -> Catalogue:
    """Catalogue of a document: section → name → meaning, or {meaning, comes_from}."""
    entries: list[CatalogueEntry] = []
    data = mapping(document, SECTIONS)
    for section, names in data.items():
        for entry in _entries(document, (section,), names):
            entries.append(
                CatalogueEntry(
                    section,
                    entry.name,
                    entry.meaning,
                    entry.comes_from,
                    bool(entry.protected),
                    tuple(entry.proxy_for or ()),
                    entry.entered_by,
                )
            )
    return Catalogue(tuple(entries), frozenset(data))


def read_policy(document: Document) -> Policy:
    """Policy of a document: `protected_attributes`, a list of names or name → reason."""
    data = mapping(document, ("protected_attributes",))
    found = _entries(document, ("protected_attributes",), data.get("protected_attributes"))
    return Policy({entry.name: entry.meaning for entry in found})


def with_tags(policy: Policy, catalogue: Catalogue, document: Document | None) -> Policy:
    """The policy, and what the catalogue says is protected; refuses a stand-in for something that nobody protects."""
    tagged = {entry.name: entry.meaning for entry in catalogue.entries if entry.protected}
    whole = Policy(tagged | policy.protected, frozenset(tagged) - frozenset(policy.protected))
    for entry in catalogue.entries if document else ():
        for name in (each for each in entry.proxy_for if each not in whole.protected):
            what = f"{name} is not protected: name it in policy.yaml, or take it out"
            document.refuse((entry.section, entry.name, "proxy_for"), what)  # type: ignore[union-attr]
    return whole


def read_exclusions(document: Document) -> tuple[Exclusion, ...]:
    """Exclusion rules in their order: `exclusions:` (or `rules:`) and a list, or the list alone."""
    rules, loc = document.data, ()
    if isinstance(rules, dict):
        data = mapping(document, ("exclusions", "rules"))
        key = "rules" if "rules" in data else "exclusions"
        rules, loc = data.get(key), (key,)  # type: ignore[assignment]
    if not isinstance(rules, list):
        document.refuse(loc, "must be a list of rules with id, reason and an attribute test")
        return ()
    found = []
    for i, rule in enumerate(rules):
        value = validated(document, (*loc, i), Exclusion, rule)
        found += [value] if value is not None else []
    return tuple(found)


def read_routing(document: Document) -> RoutingRules | None:
    """Routing rules of a document, the defaults where a key is absent; None where it is faulty."""
    if not isinstance(document.data, dict):
        document.refuse((), "must be a mapping of routing rules, like `fallback_queue: unassigned`")
        return None
    rules: RoutingRules | None = validated(document, (), RoutingRules, document.data)
    return rules


def mapping(document: Document, keys: tuple[str, ...]) -> dict[str, Any]:
    """The document's top mapping; keys other than those named are refused."""
    if not isinstance(document.data, dict):
        if not document.faults:
            document.refuse((), f"must hold {', '.join(keys)}")
        return {}
    for key in document.data:
        if key not in keys:
            document.refuse((key,), unknown_key(key, keys))
    return {key: value for key, value in document.data.items() if key in keys}


def _entries(document: Document, loc: Loc, names: Any) -> list[_Entry]:
    if isinstance(names, dict):
        items = [((*loc, name), _from_pair(name, value)) for name, value in names.items()]
    elif isinstance(names, list):
        items = [((*loc, i), item if isinstance(item, dict) else {"name": item}) for i, item in enumerate(names)]
    else:
        items = []
        if names is not None:
            document.refuse(loc, "must be a list of names, or name: meaning")
    found = [validated(document, place, _Entry, item) for place, item in items]
    return [entry for entry in found if entry is not None]


def _from_pair(name: str, value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return {"name": name} | value
    return {"name": name, "meaning": value}


def validated(document: Document, loc: Loc, shape: Any, value: Any) -> Any:
    """The value in that shape; None, with its faults noted at their lines, where it does not fit."""
    try:
        return TypeAdapter(shape).validate_python(value)
    except ValidationError as error:
        for fault in error.errors(include_url=False):
            document.refuse((*loc, *fault["loc"]), in_words(fault, shape, fault["loc"]))
    return None
