"""The error tree. Every message says what, where and what to do.

MonitorError
  ConfigError             the owner's files: one or several problems, each with its place
  FetchError              a feed or page could not be read      (permanent: the server means it)
    AddressRefused        the guard refused the address          (always permanent)
    HostResting           its host asked for a rest: it was not asked at all
  ParseError              the body is not a feed, or could not be parsed within its limits
  DeliveryError           a message was not accepted             (permanent, ambiguous, retry_after,
                                                                   unreachable)
  StoreError              the database
    SchemaTooNew          written by a newer version of this program
    AlreadyRunning        another service works on this database
"""

from __future__ import annotations

from datetime import timedelta


class MonitorError(Exception):
    """The root: everything this program raises on purpose."""


class ConfigError(MonitorError):
    """Problems in the owner's files, each as ``file:line: key.path: what is wrong; what to do``."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class FetchError(MonitorError):
    """A fetch that failed. ``retry_after``: how long the server asked to be left alone.

    ``seconds``: how long the network was busy with it; None: it was not asked. ``host``: where it
    failed, which after a redirect is not the host that was to be asked; None: before any.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        status: int | None = None,
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.status = status
        self.retry_after = retry_after
        self.seconds: float | None = None
        self.host: str | None = None


class AddressRefused(FetchError):
    """The address is not public and not on the list of exceptions."""

    def __init__(self, message: str) -> None:
        super().__init__(message, permanent=True)


class HostResting(FetchError):
    """The host said that it is asked too much; ``retry_after`` is what is left of its rest."""


class ParseError(MonitorError):
    """The body is not a feed, or its parser died or ran out of time or memory."""


class DeliveryError(MonitorError):
    """A message that was not accepted.

    ``permanent``: trying again is pointless (5xx). ``ambiguous``: the server may have taken it.
    ``retry_after``: how long the server asked to be left alone with it. ``unreachable``: it lay
    with the way, not with the message, so that others would not get through now either.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        ambiguous: bool = False,
        retry_after: timedelta | None = None,
        unreachable: bool = False,
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.ambiguous = ambiguous
        self.retry_after = retry_after
        self.unreachable = unreachable


class StoreError(MonitorError):
    """The database refused or could not be reached."""


class SchemaTooNew(StoreError):
    """The database was written by a newer version of this program."""


class AlreadyRunning(StoreError):
    """Another service already works on this database."""
