"""Endless plain prose without meaning, for feeds that weigh what real ones weigh."""

from __future__ import annotations

from itertools import accumulate
from random import Random

_COMMON_FIRST = (
    "the of to and a in that for was on is with as it by at from said be has an were are this not "
    "have which but his her they their after who had more would about been one two new also could "
    "when people year over out there first last into other its than up some will no only before "
    "council harbour minister budget river school market train village report winter engineer "
    "bridge farmer court museum vote island hospital weather price teacher factory road garden "
    "border union festival company energy water police driver mountain station research library "
    "mayor summer storm orchard ferry debate election film kitchen record forest coast tunnel plan "
    "voters offered quiet northern southern early late local public private small large several "
    "opened closed agreed refused planned repaired measured found built moved kept asked waited "
    "promised counted crossed carried answered changed finished started returned explained warned "
    "slowly again today nearly almost never often however because while during between against "
    "morning evening week month hundred thousand million percent metres workers members families "
    "neighbours visitors officials students scientists patients passengers owners builders judges"
)
_WORDS = _COMMON_FIRST.split()
_WEIGHTS = tuple(accumulate(1 / (rank + 4) for rank in range(len(_WORDS))))


def sentence(rng: Random, words: int) -> str:
    """Return one sentence of so many words, frequent ones more often than rare ones."""
    drawn = rng.choices(_WORDS, cum_weights=_WEIGHTS, k=words)
    return " ".join(drawn).capitalize() + "."


def paragraph(rng: Random, sentences: int) -> str:
    """Return so many sentences of 8 to 28 words."""
    return " ".join(sentence(rng, rng.randint(8, 28)) for _ in range(sentences))
