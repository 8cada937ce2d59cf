"""The owner's files, validated whole: intent comes in here and nowhere else.

document  YAML -> plain data that knows its lines
models    what may stand in the files           (values, addresses, secrets: their single values)
words     what is wrong, in plain words
checks    what no file can tell alone
loader    all of it, problems collected -> Settings
"""

from monitor.config.examples import write_examples
from monitor.config.loader import load
from monitor.config.models import (
    DigestSettings,
    FeedSettings,
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
