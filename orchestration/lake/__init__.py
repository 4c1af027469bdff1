"""The lake: landing, accounting, vault, outbox, publication, manifest. Never imports Dagster."""
