"""Claims that run out: a row is somebody's until a time, so that the dead hold nothing for ever."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, and_, or_

HORIZON = timedelta(hours=25)
"""No wait but a digest's is longer than a day: a time beyond comes from a clock that was wrong."""
FREE = {"lease_owner": None, "lease_until": None}


def come(moment: Column[Any], now: datetime, horizon: timedelta = HORIZON) -> ColumnElement[bool]:
    """Whether ``moment`` has come, or lies so far ahead that it cannot be meant."""
    return or_(moment <= now, moment > now + horizon)


def held(table: Table, now: datetime) -> ColumnElement[bool]:
    """Whether somebody holds the row at ``now``."""
    until = table.c.lease_until
    return and_(until.is_not(None), until > now, until <= now + HORIZON)
