"""Clients that write to CRMs. Never import Dagster."""
