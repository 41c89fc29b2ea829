"""The schema's history, forwards only."""
