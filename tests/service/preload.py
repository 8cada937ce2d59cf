"""Everything that a victim imports, so that it can be forked ready."""
# ruff: noqa: F401

import alembic.command

import monitor.ingest.fetch
import monitor.ingest.pool
import monitor.matching.calibrate
import monitor.matching.score
import monitor.notify.mail
import monitor.notify.render
import tests.service.victim
