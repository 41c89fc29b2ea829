"""The memory: remembers words and knows nothing of where they come from. The only folder with SQL."""
