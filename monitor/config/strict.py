"""What the models of the files share: an unknown key is an error everywhere."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """Refuses unknown keys, cannot be changed, and keeps what was written out of its errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def exactly_one(model: Strict, *names: str) -> None:
    """Raise ``ValueError`` unless exactly one of the fields has a value."""
    given = [name for name in names if getattr(model, name) is not None]
    if len(given) != 1:
        either = ", ".join(names)
        raise ValueError(f"has {' and '.join(given) or 'none'}; write exactly one of {either}")
