"""The criteria evaluated beside a run: over examples, over one lead's rows, over history under a changed file.

The SQL is the qualification models' own, as dbt compiled it; it runs in a scratch DuckDB that nothing else sees. No
rule of the criteria language stands here, no warehouse is written to and no run is needed. Never imports Dagster.
"""
