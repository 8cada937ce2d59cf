"""What digests cost, beside plain templates and plain MIME: ``python -m benchmarks.digests``.

__main__ -> report -> rounds | memory -> stages | beside -> newsroom -> stories
"""
