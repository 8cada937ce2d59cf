"""The four kinds of poll that are measured, in the order in which they have to come."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What the servers do while it lasts.

    ``edition`` of each feed they serve, whether they know ETag and Last-Modified, the ``status``
    that every poll is then answered with, and how many stories per feed are new.
    """

    name: str
    title: str
    edition: int
    validators: bool
    status: HTTPStatus
    new_stories: int


SCENARIOS = {
    each.name: each
    for each in (
        Scenario(
            name="first",
            title="first poll",
            edition=0,
            validators=True,
            status=HTTPStatus.OK,
            new_stories=30,
        ),
        Scenario(
            name="unchanged_304",
            title="unchanged, 304",
            edition=0,
            validators=True,
            status=HTTPStatus.NOT_MODIFIED,
            new_stories=0,
        ),
        Scenario(
            name="unchanged_no_validators",
            title="unchanged, no validators",
            edition=0,
            validators=False,
            status=HTTPStatus.OK,
            new_stories=0,
        ),
        Scenario(
            name="one_new_item",
            title="one new item in 30",
            edition=1,
            validators=True,
            status=HTTPStatus.OK,
            new_stories=1,
        ),
    )
}
FIRST = SCENARIOS["first"]
