"""Make the pictures of digest and backtest: ``python -m docs.pictures.make`` in the checkout.

Needs Chromium on the path, and fonts for the scripts in it. Stories and sources are invented.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from monitor.config import load
from monitor.demo import run_demo
from monitor.notify.compose import compose
from monitor.notify.render import render_html, render_text
from monitor.records import (
    Coverage,
    Digest,
    FeedNote,
    Match,
    MatchedStory,
    MatchState,
    Story,
    Term,
)
from monitor.service.app import open_for_trial
from monitor.service.backtest import backtest
from monitor.service.page import render_page

SLOT = datetime(2025, 7, 28, 5, 0, tzinfo=UTC)
IRAQ = "Iraq: from combat to advice"
SHIPPING = "Red Sea shipping"
CHROMIUM = (
    "chromium",
    "--headless",
    "--no-sandbox",
    "--no-first-run",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-lcd-text",
    "--hide-scrollbars",
)


def main(folder: Path) -> None:
    """Write the pictures; the same digest as text goes to standard output."""
    digest = sample_digest()
    sys.stdout.write(render_text(digest))
    with tempfile.TemporaryDirectory() as scratch:
        page = Path(scratch) / "digest.html"
        page.write_text(render_html(digest), encoding="utf-8")
        take(page, folder / "digest-desktop.png", width=760, height=1365)
        take(page, folder / "digest-dark.png", "--force-dark-mode", width=760, height=1365)
        take(page, folder / "digest-phone.png", width=390, height=1600)
        run_demo(Path(scratch) / "demo", SLOT, lambda _: None)
        tried = Path(scratch) / "backtest.html"
        tried.write_text(sample_backtest(Path(scratch) / "demo" / "monitor.yaml"), encoding="utf-8")
        take(tried, folder / "backtest.png", width=940, height=1260)
        (mail,) = Path(scratch).glob("demo/outbox/*.html")
        take(mail, folder / "demo.png", width=760, height=1000)


def sample_backtest(config: Path) -> str:
    """The page of a backtest on the stories that the demo has stored."""
    with open_for_trial(load(config), owner="pictures", rng=Random(0)) as app:  # noqa: S311
        topic = next(iter(app.settings.topic_names()))
        return render_page(backtest(app, topic, SLOT, since=timedelta(days=30), limit=20))


def take(page: Path, picture: Path, *flags: str, width: int, height: int) -> None:
    """Photograph ``page`` in a window of ``width`` x ``height`` pixels."""
    scheme = "0" if flags else "1"
    size = f"--window-size={width},{height}"
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(  # noqa: S603 - the program is fixed
            [
                *CHROMIUM,
                *flags,
                size,
                f"--blink-settings=preferredColorScheme={scheme}",
                f"--user-data-dir={profile}",
                f"--screenshot={picture}",
                page.as_uri(),
            ],
            check=True,
            stderr=subprocess.DEVNULL,
        )


def sample_digest() -> Digest:
    """A morning's digest: two topics, a copy, a story in Arabic, one left out by the cap."""
    made = compose(
        sample_hits(),
        name="Morning news",
        recipient="reader@example.org",
        slot=SLOT,
        since=SLOT - timedelta(days=1),
        zone="Europe/Berlin",
        cap=4,
        coverage=Coverage(stories_read=1482, feeds_read=112, failing=(failing_feed(),)),
    )
    if made is None:
        raise RuntimeError("the sample has stories, so it has a digest")
    return made


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
        link_key=None,
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


if __name__ == "__main__":
    main(Path(__file__).parent)
