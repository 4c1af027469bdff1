"""Compiled models as data: their SQL, the order they are built in, and the relations they stand on."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class CompiledModel:
    """One model: its relation as schema.name, its SQL for a full build, and the relations it reads."""

    relation: str
    sql: str
    is_view: bool
    upstream: tuple[str, ...]


@dataclass(frozen=True)
class QualificationSql:
    """The qualification models in building order."""

    models: tuple[CompiledModel, ...]

    @classmethod
    def of_models(cls, models: Iterable[CompiledModel]) -> QualificationSql:
        """The models, each after those it reads."""
        waiting = {model.relation: model for model in models}
        ordered: list[CompiledModel] = []
        while waiting:
            ready = [name for name, model in sorted(waiting.items()) if not set(model.upstream) & set(waiting)]
            ordered += [waiting.pop(name) for name in ready]
        return cls(tuple(ordered))

    @property
    def inputs(self) -> tuple[str, ...]:
        """Relations the models read and do not build."""
        built = {model.relation for model in self.models}
        return tuple(sorted({name for model in self.models for name in model.upstream} - built))

    def leading_to(self, *relations: str) -> QualificationSql:
        """Only the models those relations need."""
        by_name = {model.relation: model for model in self.models}
        needed: set[str] = set()
        waiting = list(relations)
        while waiting:
            name = waiting.pop()
            if name in by_name and name not in needed:
                needed.add(name)
                waiting += by_name[name].upstream
        return QualificationSql(tuple(model for model in self.models if model.relation in needed))

    def to_json(self) -> str:
        """The models as JSON text."""
        return json.dumps([asdict(model) for model in self.models], indent=1)

    @classmethod
    def from_json(cls, text: str) -> QualificationSql:
        """What `to_json` made."""
        found = [CompiledModel(**{**item, "upstream": tuple(item["upstream"])}) for item in json.loads(text)]
        return cls(tuple(found))
