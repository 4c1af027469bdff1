"""The page to look at: frames in, HTML, pictures and Markdown out. Never imports Dagster."""
