"""JSON Schemas of the criteria files, for editors: generated from the shapes, never written by hand.

They say what one file may look like. What only shows when rules are seen together is `checks.py`; a file an editor
finds in order may still be refused, a file that is read in order is always accepted by its schema.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from orchestration.criteria_files import key_words
from orchestration.criteria_files.companions import SECTIONS
from orchestration.criteria_files.routing_file import RoutingRules
from orchestration.criteria_files.scalars import Text
from orchestration.criteria_files.shapes import OPERATORS, PART_KEYS, Exclusion, Version

FOLDER = "schema"
# What editors' YAML servers have understood for longest.
_DRAFT = "http://json-schema.org/draft-07/schema#"
_REF = "#/definitions/{model}"
Schema = dict[str, Any]
_TESTS = ("FitRule", "EligibilityRule", "Exclusion", "AttributeTest")
_TAGS: dict[str, Schema] = {
    "protected": {"type": ["boolean", "null"]},
    "proxy_for": {"type": ["array", "null"], "items": {"type": "string", "pattern": "\\S"}, "minItems": 1},
    "entered_by": {"enum": ["lead", "staff", "system", None]},
}


def schema_texts() -> dict[str, str]:
    """Text of every schema file by name."""
    found = {name: _whole(name, body) for name, body in _bodies().items()}
    return {
        f"{name}.schema.json": json.dumps(body, indent=2, ensure_ascii=False) + "\n" for name, body in found.items()
    }


def write_schemas(folder: Path) -> list[str]:
    """Writes the schemas into `folder`/schema. Returns the names of the files that changed."""
    stale = stale_schemas(folder)
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    for name in stale:
        (folder / FOLDER / name).write_text(schema_texts()[name], encoding="utf-8", newline="\n")
    return stale


def stale_schemas(folder: Path) -> list[str]:
    """Names of the schemas that are absent from `folder`/schema or say something else than the shapes."""
    paths = {name: folder / FOLDER / name for name in schema_texts()}
    return [
        name
        for name, text in schema_texts().items()
        if not paths[name].is_file() or paths[name].read_text(encoding="utf-8") != text
    ]


def _bodies() -> dict[str, Schema]:
    text = _of(Text)
    exclusions = _of(list[Exclusion])
    definitions = exclusions.pop("definitions")
    sections = {name: _names(text, key_words.SECTIONS[name], is_tagged=True) for name in SECTIONS}
    protected = {"protected_attributes": _names(text, key_words.SECTIONS["protected_attributes"])}
    return {
        "criteria": _criteria(text),
        "catalogue": {"type": "object", "properties": sections, "additionalProperties": False},
        "policy": {"type": "object", "properties": protected, "additionalProperties": False},
        "exclusions": {
            "anyOf": [exclusions, *(_only(key, exclusions) for key in ("exclusions", "rules"))],
            "definitions": definitions,
        },
        "routing": _of(RoutingRules),
    }


def _whole(name: str, body: Schema) -> Schema:
    _put_right(body)
    rest = {key: value for key, value in body.items() if key not in ("title", "description")}
    return {"$schema": _DRAFT, "title": f"{name}.yaml", "description": key_words.FILES[name], **rest}


def _criteria(text: Schema) -> Schema:
    versions = _of(list[Version])
    definitions = versions.pop("definitions")
    owners = {"type": ["object", "null"], "additionalProperties": text}
    properties = {"service_line": text, "owners": owners, "versions": {**versions, "minItems": 1}}
    described = {key: {**value, "description": key_words.MEANINGS[key]} for key, value in properties.items()}
    return {
        "type": "object",
        "properties": described,
        "required": ["versions"],
        "additionalProperties": False,
        "definitions": definitions,
    }


def _of(shape: Any) -> Schema:
    """pydantic's schema of a shape, its definitions where draft 7 has them."""
    schema = TypeAdapter(shape).json_schema(by_alias=True, ref_template=_REF)
    if "$defs" in schema:
        schema["definitions"] = schema.pop("$defs")
    return schema


def _only(key: str, schema: Schema) -> Schema:
    keys = {each: schema for each in ("exclusions", "rules")}
    return {"type": "object", "properties": keys, "required": [key], "additionalProperties": False}


def _names(text: Schema, description: str, *, is_tagged: bool = False) -> Schema:
    """Names as a list, or as name: meaning, or as name: {meaning, comes_from}; whatever else is said is free."""
    said = {key: {**text, "description": key_words.SECTIONS[key]} for key in ("meaning", "comes_from")}
    if is_tagged:
        said |= {key: {**shape, "description": key_words.SECTIONS[key]} for key, shape in _TAGS.items()}
    entry = {"type": "object", "properties": said}
    named = {**entry, "properties": {"name": text, **said}}
    of_names = {"type": "object", "additionalProperties": {"anyOf": [entry, text, {"type": "null"}]}}
    a_list = {"type": "array", "items": {"anyOf": [text, named]}}
    return {"description": description, "anyOf": [of_names, a_list, {"type": "null"}]}


def _put_right(schema: Schema) -> None:
    """Says what pydantic cannot know: how a readiness item is written, which keys go together, what a key means."""
    definitions = schema.get("definitions", {})
    if "Part" in definitions:
        part = definitions["Part"]
        definitions["ReadinessItem"] = _readiness_item(definitions["ReadinessItem"], part)
        part["allOf"] = _part_rules()
    for name in _TESTS:
        if name in definitions:
            definitions[name]["anyOf"] = [_given(key) for key in _operators()]
    if "ExampleLead" in definitions:
        # Whatever else is said of an example's lead is an attribute, too.
        lead = definitions["ExampleLead"]
        lead["additionalProperties"] = lead["properties"]["attributes"]["additionalProperties"]
    for name, found in {**definitions, "": schema}.items():
        for key, value in found.get("properties", {}).items():
            if key == "is_known":
                value["enum"] = [True, None]
            _describe(name, key, value)
    _tidy(schema)


def _describe(name: str, key: str, value: Schema) -> None:
    tests_an_attribute = name in (*_TESTS, "Part", "ReadinessItem")
    special = f"AttributeTest.{key}" if tests_an_attribute else f"{name}.{key}"
    meaning = key_words.MEANINGS.get(special) or key_words.MEANINGS.get(key)
    if meaning is not None:
        value.setdefault("description", meaning)


def _readiness_item(item: Schema, part: Schema) -> Schema:
    """A readiness item as it is written: its only part in the item itself, or several under `all`."""
    several = {**item["properties"]["parts"], "title": None}
    properties = {"id": item["properties"]["id"], "all": several, **json.loads(json.dumps(part["properties"]))}
    alone = {"properties": {key: False for key in part["properties"]}, "required": ["all"]}
    return {
        "type": "object",
        "description": item["description"],
        "properties": properties,
        "required": ["id"],
        "additionalProperties": False,
        "if": {"required": ["all"]},
        "then": alone,
        "else": {"allOf": _part_rules()},
    }


def _part_rules() -> list[Schema]:
    rules: list[Schema] = [{"oneOf": [_given(kind) for kind in PART_KEYS]}]
    for kind, keys in PART_KEYS.items():
        written = [key.removesuffix("_") for key in keys]
        strangers = {other.removesuffix("_") for others in PART_KEYS.values() for other in others} - set(written)
        absent = {key: {"type": "null"} for key in sorted(strangers)}
        then: Schema = {"properties": absent}
        if kind == "attribute":
            then["anyOf"] = [_given(key) for key in _operators()]
        rules.append({"if": _given(kind), "then": then})
    return rules


def _operators() -> Iterable[str]:
    return [name.removesuffix("_") for name in OPERATORS]


def _given(key: str) -> Schema:
    """The key stands there and is not empty."""
    return {"required": [key], "properties": {key: {"not": {"type": "null"}}}}


def _tidy(value: Any) -> None:
    """Without the titles pydantic makes of names, and without defaults that say only that a key may be absent."""
    if isinstance(value, list):
        for each in value:
            _tidy(each)
    if not isinstance(value, dict):
        return
    if not isinstance(value.get("title"), dict):
        value.pop("title", None)
    if "default" in value and value["default"] in (None, []):
        value.pop("default")
    for each in value.values():
        _tidy(each)
