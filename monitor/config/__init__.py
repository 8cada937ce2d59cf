"""The owner's files, validated whole: intent comes in here and nowhere else.

document  YAML -> plain data that knows its lines
models    what may stand in the files, of feeds in feeds.py
values    their single values                 (addresses, access, secrets, too)
words     what is wrong, in plain words
checks    what no file can tell alone
loader    all of it, problems collected -> Settings
"""

from monitor.config.digests import DigestSettings
from monitor.config.examples import write_examples
from monitor.config.feeds import FeedSettings
from monitor.config.loader import load
from monitor.config.models import (
    MailSettings,
    MatchingSettings,
    PollingSettings,
    SmtpSettings,
)
from monitor.config.settings import Settings, TopicSettings

__all__ = [
    "DigestSettings",
    "FeedSettings",
    "MailSettings",
    "MatchingSettings",
    "PollingSettings",
    "Settings",
    "SmtpSettings",
    "TopicSettings",
    "load",
    "write_examples",
]
