"""The clinic world: a synthetic clinic group with known truth, as frames.

Writing it to files and a CRM database is `orchestration.demo`; what is in it stands in `docs/world.md`.
"""

from models_ml.world.build import World, build_world
from models_ml.world.outcomes import OutcomeModel

__all__ = ["OutcomeModel", "World", "build_world"]
