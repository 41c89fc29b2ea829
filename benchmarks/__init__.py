"""Benchmarks: our numbers side by side with a peer's, measured in the same run."""
