"""Routes open leads to intake teams, and within them to members, each with its reasons. Frames in, frame out."""

from models_ml.routing.route import route_leads
from models_ml.routing.rows import COLUMNS
from models_ml.routing.rules import DEFAULT_RULES

__all__ = ["COLUMNS", "DEFAULT_RULES", "route_leads"]
