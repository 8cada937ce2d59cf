"""What differs between two states of a profile, term by term."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from monitor.records import Term


@dataclass(frozen=True, slots=True, kw_only=True)
class TermChange:
    """A term's share of a profile before and after; 0 where it had or has none."""

    text: str
    before: float
    after: float

    @property
    def gain(self) -> float:
        """By how much the share grew; below 0: by how much it shrank."""
        return self.after - self.before


def term_changes(before: Sequence[Term], after: Sequence[Term]) -> tuple[TermChange, ...]:
    """Return the terms whose shares differ, the most moved first."""
    shares = [{term.text: term.share for term in terms} for terms in (before, after)]
    changes = (
        TermChange(text=text, before=shares[0].get(text, 0.0), after=shares[1].get(text, 0.0))
        for text in shares[0].keys() | shares[1].keys()
    )
    moved = (change for change in changes if change.gain)
    return tuple(sorted(moved, key=lambda change: (-abs(change.gain), change.text)))
