"""Benchmarks of Shoal beside its rivals; the way in is `tools/bench`."""
