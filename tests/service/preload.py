"""Everything that a victim imports, and the templates compiled, so that it can be forked ready."""
# ruff: noqa: F401

import alembic.command
import httpx

import monitor.ingest.fetch
import monitor.ingest.pool
import monitor.matching.calibrate
import monitor.matching.score
import monitor.notify.atom
import monitor.notify.feed
import monitor.notify.mail
import monitor.notify.push
import monitor.notify.webhook
import tests.service.victim
from monitor.notify.render import page, render
from monitor.notify.templating import Templating
from tests.notify.builders import a_digest

render(a_digest(), sender="monitor@example.org", templating=Templating.shipped())
page(a_digest(), templating=Templating.shipped())
