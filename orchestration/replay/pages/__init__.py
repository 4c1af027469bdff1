"""What a replay found, as pages people read: words and tables only."""
