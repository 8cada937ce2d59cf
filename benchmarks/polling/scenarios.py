"""The four kinds of poll that are measured, in the order in which they have to come."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What the servers do while it lasts.

    ``edition`` of each feed they serve, whether they know ETag and Last-Modified, the ``status``
    that every poll is then answered with, and how many ``polls`` in a row are measured: the
    cheapest kind needs several for a steady figure.
    """

    name: str
    title: str
    edition: int
    validators: bool
    status: HTTPStatus
    polls: int = 1


SCENARIOS = {
    each.name: each
    for each in (
        Scenario(
            name="first",
            title="first poll",
            edition=0,
            validators=True,
            status=HTTPStatus.OK,
        ),
        Scenario(
            name="unchanged_304",
            title="unchanged, 304",
            edition=0,
            validators=True,
            status=HTTPStatus.NOT_MODIFIED,
            polls=5,
        ),
        Scenario(
            name="unchanged_no_validators",
            title="unchanged, no validators",
            edition=0,
            validators=False,
            status=HTTPStatus.OK,
        ),
        Scenario(
            name="one_new_item",
            title="one new item in 30",
            edition=1,
            validators=True,
            status=HTTPStatus.OK,
        ),
    )
}
FIRST = SCENARIOS["first"]
