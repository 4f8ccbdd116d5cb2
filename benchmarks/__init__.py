"""Benchmarks: crackseg and what people use instead, by turns in one run; see docs/benchmarks.md."""
