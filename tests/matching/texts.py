"""Texts that are hard to read: many scripts, signs of all kinds, words without end."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from monitor.records import Story
from tests.matching.builders import STEADY, story

SOME = settings(
    STEADY,
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


COLLIDING = {"troop": "q571827z", "soldier": "q191024z", "iraq": "q359729z"}
"""Stems, and made-up words that fall into their columns."""

ENGLISH = ["Troops", "troop", "Iraq", "Iraqi", "soldiers", "parliament", "vote", "harbour", "of"]
HARD = [
    *("U.S.", "US", "us", "u.s", "W.H.O.", "2,500", "2500", "don't", "IRAQ'S", "a.troop"),
    *(
        "troop.troops",
        "\ufb01nance",
        "\uff21\uff22",
        "Straße",
        "STRASSE",
        "İstanbul",
        "\u0131stanbul",
    ),
    *(
        "東京都",
        "東京",
        "韓国人",
        "กรุงเทพ",
        "القدس",
        "ירושלים",
        "e\u0301te\u0301",
        "été",
        "😀",
        "troops😀",
    ),
    *("troops\ufe0f", "Iraq\u200btroops", "Iraq—troops", "Iraq\uff0c東京", "Iraq\u0301"),
    *("\u017foldiers", "²", "Ⅳ", "\ud800", "<troops>", "=\u0338", "\ufefftroops"),
]
HUGE = ["x" * 70, "é" * 70, "ab" * 50_000, "東京" * 2_000]
WORDS = st.sampled_from([*ENGLISH, *ENGLISH, *COLLIDING, *HARD])
GAPS = st.sampled_from([" ", " ", " ", ", ", "-", "\u00a0", "", "\n", ".", "'", "\u2019"])
PIECES = st.tuples(WORDS, GAPS).map("".join)
TEXTS = st.lists(PIECES | st.text(max_size=4), max_size=14).map("".join)
LANGUAGES = st.sampled_from(["en", "en", "de", "zh", "ar", "tr", "th", "xx"])


def mixed_news(number: int) -> list[Story]:
    words = [*ENGLISH, *HARD, *COLLIDING.values()]
    drawn = np.random.default_rng(number)
    languages = ["en", "de", "zh", "tr"]
    return [
        story(" ".join(drawn.choice(words, 60)), story_id=n, language=languages[n % 4])
        for n in range(150)
    ]
