"""Side-by-side measurements and the quality evaluation; never timed tests."""
