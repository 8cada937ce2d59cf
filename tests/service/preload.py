"""Everything that a victim imports, so that it can be forked ready."""

import tests.service.victim  # noqa: F401
