"""A model card as training writes it, of a model learned from made-up examples."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from models_ml.readiness import TrainedReadiness, train_readiness
from tests.unit.models_ml.examples import AS_OF, made_examples


@cache
def _trained() -> str:
    examples, attributes = made_examples(900)
    barred = {"payer_type": "protected", "handler": "entered by staff"}
    model = train_readiness(examples, attributes, as_of=AS_OF, excluded_attributes=barred)
    assert isinstance(model, TrainedReadiness), model
    return json.dumps(model.card)


def card() -> dict[str, Any]:
    """A card, anew each time."""
    content: dict[str, Any] = json.loads(_trained())
    return content
