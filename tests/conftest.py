"""The same examples in every run: a suite that fails by chance is soon believed by nobody.

``pytest --hypothesis-profile explore`` looks for new ones; what it finds becomes an ``@example``.
"""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("steady", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None)
settings.load_profile("steady")
