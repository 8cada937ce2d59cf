"""The digests of the pictures. Stories, sources and addresses are invented."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from monitor.notify.compose import compose
from monitor.records import (
    Answers,
    Coverage,
    Digest,
    DigestKind,
    FeedNote,
    FirstTold,
    Match,
    MatchedStory,
    MatchState,
    Story,
    Term,
    WhenEmpty,
)

SLOT = datetime(2025, 7, 28, 5, 0, tzinfo=UTC)
IRAQ = "Iraq: from combat to advice"
SHIPPING = "Red Sea shipping"
ARABIC = "الملاحة في البحر الأحمر وأثرها على التجارة العالمية " * 6
WEEKS = {IRAQ: (0, 2, 1, 4, 3, 5, 2, 9), SHIPPING: (6, 5, 7, 3, 2, 2, 0, 1), ARABIC: (1, 0, 3, 2)}


def samples() -> dict[str, Digest]:
    """Return one digest of every kind, by name."""
    hits = sample_hits()
    return {
        "morning": morning(),
        "one": _digest(hits[2:3]),
        "forty": _digest(many(), cap=40),
        "note": _digest([]),
        "urgent": replace(
            with_answers(_digest(hits[:1], kind=DigestKind.URGENT)), unsubscribe=link("stop")
        ),
        "update": with_answers(_digest(hits[2:3], kind=DigestKind.UPDATE, first=first_told())),
        "rtl": _digest([replace(each, topic=ARABIC) for each in [*hits[3:4], *odd_hits()]]),
    }


def morning() -> Digest:
    """A morning's digest: two topics, a copy, an update, Arabic, and one that found no room."""
    near = hit(
        7, SHIPPING, 0.24, ("Example Wire", "Canal fees fall for the first time in years"), "", {}
    )
    coverage = Coverage(
        stories_read=1482, feeds_read=112, failing=(failing_feed(),), nearest=near,
        silent=(FeedNote(name="Example Weekly"),),
    )  # fmt: skip
    return replace(
        with_answers(_digest(sample_hits(), cap=4, coverage=coverage)),
        unsubscribe=link("stop"),
        rest=link("rest"),
    )


def _digest(
    hits: list[MatchedStory],
    *,
    cap: int = 30,
    coverage: Coverage | None = None,
    kind: DigestKind = DigestKind.SCHEDULED,
    first: FirstTold | None = None,
) -> Digest:
    made = compose(
        hits,
        name="Morning news",
        recipient="reader@example.org",
        slot=SLOT,
        since=SLOT - timedelta(days=1),
        zone="Europe/Berlin",
        cap=cap,
        coverage=coverage or Coverage(stories_read=1482, feeds_read=112),
        kind=kind,
        topics=(IRAQ, SHIPPING),
        weeks=WEEKS if kind is DigestKind.SCHEDULED else {},
        when_empty=WhenEmpty.NOTE,
        first=first,
    )
    if made is None:
        raise RuntimeError("a digest that may be empty is always made")
    return made


def with_answers(digest: Digest) -> Digest:
    """Return ``digest`` with pages on which its stories can be judged."""
    sections = (
        replace(
            section,
            entries=tuple(
                replace(entry, answers=Answers(more=link("more"), less=link("less")))
                for entry in section.entries
            ),
        )
        for section in digest.sections
    )
    return replace(digest, sections=tuple(sections))


def link(page: str) -> str:
    """Return the address of a page of the service, signed as it would be."""
    return f"https://news.example.org/{page}/" + "Ab3dEf6hIj9k" * 12


def first_told() -> FirstTold:
    """The message that a later one answers."""
    return FirstTold(
        message_id="<1@example.org>",
        subject="Advisers arrive at the training ground (+3 more on 2 topics)",
        told_at=SLOT - timedelta(days=2),
    )


def many() -> list[MatchedStory]:
    """Ten times four stories, each its own."""
    four = [each for each in sample_hits() if each.story.id in (1, 3, 4, 5)]
    return [varied(each, number) for number in range(10) for each in four]


def varied(match: MatchedStory, number: int) -> MatchedStory:
    """Return ``match`` as if of another story; each ``number`` scores less than the one before."""
    story = replace(
        match.story,
        id=match.story.id + 10 * number,
        title=f"{match.story.title} ({number + 1})",
        content_key=b"%d %d" % (match.story.id, number),
        link_key=None,
    )
    score = match.match.score - number / 200
    return replace(match, story=story, match=replace(match.match, score=score, story_id=story.id))


def odd_hits() -> list[MatchedStory]:
    """Titles that would like to bend what is around them."""
    flag, firefighter = "\U0001f1ea\U0001f1ec", "\U0001f469\u200d\U0001f692"
    odd = f"Port \u202ereversed\u202c\r\nagain {firefighter}{flag} بلا سفن 2025 (3)"
    long = "القوات الأمريكية تنهي مهمتها القتالية في العراق " * 8
    return [
        hit(
            21,
            SHIPPING,
            0.41,
            ("وكالة (المثال) 24", odd),
            "السفن تعود.",
            {"السفن": 0.1, "port": 0.1},
        ),
        hit(22, SHIPPING, 0.31, ("Example Wire", long), long, {"القوات": 0.2}, language="ar"),
        hit(
            23,
            SHIPPING,
            0.30,
            ("例文通信", "港湾労働者が月曜日に仕事に戻る" * 4),
            "港" * 200,
            {"港湾": 0.2},
            language="ja",
        ),
    ]


def sample_hits() -> list[MatchedStory]:
    """The invented stories with their matches."""
    handover = "Washington formally ends its combat mission in Iraq; advisers will stay"
    return [
        hit(
            1,
            IRAQ,
            0.58,
            ("Example Wire", handover),
            "The United States and Iraq said on Sunday that American troops no longer have a combat"
            " role in the country. The soldiers who stay will train, advise and share intelligence"
            " with Iraqi forces, while Baghdad takes over the command of all operations.",
            {"combat mission": 0.16, "troops": 0.09, "advise": 0.08, "Iraqi forces": 0.07},
            same_text=b"handover",
            link_key=b"handover",
        ),
        hit(
            2,
            IRAQ,
            0.57,
            ("Harbour Times", handover),
            "The United States and Iraq said on Sunday that American troops no longer fight.",
            {"combat mission": 0.16, "troops": 0.09},
            same_text=b"handover",
        ),
        later_version(),
        hit(
            3,
            IRAQ,
            0.44,
            (
                "The Example Post",
                "What the advisers will do: a visit to the training ground outside Erbil",
            ),
            "Some forty instructors work with two Iraqi brigades here. Their orders are to teach"
            " planning, logistics and reconnaissance, and to stay off patrols.",
            {"advisers": 0.12, "Iraqi brigades": 0.09, "instructors": 0.06, "training": 0.05},
        ),
        hit(
            4,
            IRAQ,
            0.33,
            (
                "وكالة المثال",
                "القوات الأمريكية تنهي مهمتها القتالية في العراق وتبقى للتدريب والمشورة",
            ),
            "أعلنت بغداد وواشنطن انتهاء الدور القتالي للقوات الأمريكية، على أن يبقى المستشارون"
            " لتدريب القوات العراقية وتقديم المشورة لها.",
            {"القوات": 0.11, "القتالية": 0.08, "للتدريب": 0.05},
            language="ar",
        ),
        hit(
            5,
            SHIPPING,
            0.39,
            (
                "Example Maritime",
                "Two carriers send ships back through the strait after a quiet month",
            ),
            "After thirty days without an attack, two large lines will let container ships take"
            " the short way again. Insurers have lowered the war-risk premium by a third.",
            {"container ships": 0.13, "strait": 0.08, "attack": 0.06, "insurers": 0.05},
        ),
        hit(
            6,
            SHIPPING,
            0.29,
            ("Example Wire", "Port workers end their strike"),
            "The docks open again on Monday.",
            {"port": 0.11},
        ),
    ]


def later_version() -> MatchedStory:
    """What the wire put at the same address an hour later."""
    later = hit(
        8,
        IRAQ,
        0.51,
        ("Example Wire", "Baghdad names the bases that it takes over by September"),
        "The list was published on Sunday night.",
        {"Baghdad": 0.12},
    )
    story = replace(
        later.story, feed_id=1, link_key=b"handover", published_at=SLOT - timedelta(hours=1)
    )
    return replace(later, story=story)


def hit(
    number: int,
    topic: str,
    score: float,
    headline: tuple[str, str],
    text: str,
    shares: dict[str, float],
    *,
    language: str = "en",
    same_text: bytes = b"",
    link_key: bytes | None = None,
) -> MatchedStory:
    """One invented story and its match; ``headline`` is (source, title)."""
    source, title = headline
    seen = SLOT - timedelta(hours=2 * number, minutes=7 * number)
    story = Story(
        id=number,
        feed_id=number,
        feed_url="https://wire.example/feed",
        feed_tags=(),
        source=source,
        url=f"https://wire.example/{number}",
        title=title,
        text=text,
        language=language,
        published_at=seen,
        seen_at=seen,
        link_key=link_key,
        content_key=same_text or b"%d" % number,
    )
    match = Match(
        story_id=number,
        topic_id=1 if topic == IRAQ else 2,
        score=score,
        threshold=0.27,
        state=MatchState.HIT,
        veto=None,
        terms=tuple(Term(text=text, share=share) for text, share in shares.items()),
        rest=score - sum(shares.values()),
        background_version=1,
        topic_version="1",
        matched_at=seen,
    )
    return MatchedStory(match=match, story=story, topic=topic)


def failing_feed() -> FeedNote:
    """A feed whose server has been down for three days."""
    return FeedNote(
        name="Example Gazette",
        since=SLOT - timedelta(days=3, hours=2),
        error="the server answered 503 Service Unavailable",
    )
