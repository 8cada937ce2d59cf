"""How good the matching is, measured on labelled news: ``python -m benchmarks.quality --help``."""
