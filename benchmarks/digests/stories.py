"""The stories of a day: made-up prose like English, or titles of 300 characters in Arabic."""

from __future__ import annotations

from functools import cache
from random import Random

from benchmarks.scoring.corpus import STORY_WORDS, Text, Writer

ARABIC_TITLE = 300
"""Characters. A mail shows 200 of them, which take up to 400 bytes."""

_WORDS = (
    "الميناء المدينة السفينة الشتاء الجزيرة العمال الرصيف الحكومة الإصلاح البحر القديم الجديد "
    "الأول بعد قبل منذ في من إلى على عن مع بين خلال يوم شهر عام سنوات أعمال مشروع خطة تقرير"
)
_ARABIC_WORDS = _WORDS.split()


@cache
def prose(count: int) -> tuple[Text, ...]:
    """Return so many stories of 3 KB, the same ones every time."""
    return Writer(1).texts(count, STORY_WORDS)


def arabic(count: int) -> tuple[Text, ...]:
    """Return so many stories in Arabic with long titles, the same ones every time."""
    rng = Random(1)
    return tuple(Text(_line(rng, 120)[:ARABIC_TITLE], _line(rng, 400)) for _ in range(count))


def language_of(text: Text) -> str:
    """Return which of the two languages it is."""
    return "ar" if text.title > "\u0600" else "en"


def _line(rng: Random, words: int) -> str:
    return " ".join(rng.choices(_ARABIC_WORDS, k=words))
