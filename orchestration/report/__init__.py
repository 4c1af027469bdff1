"""What a person looks at: the page of a publication (`page`), pictures and Markdown for Dagster. Frames in, HTML,
pictures and text out. Never imports Dagster, never reads a file of the lake.
"""
