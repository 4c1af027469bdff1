"""Warm Handoff's wiring: sources, lake, criteria, destinations, and the Dagster definitions over them."""
