"""Tryton module: handoff fields on leads and opportunities, and the two calls Warm Handoff makes.

It runs inside Tryton, under Tryton's licence (GPL-3.0-or-later); Warm Handoff never imports it.
"""

from . import routes

__all__ = ["routes"]
