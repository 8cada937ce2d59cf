"""Learning: background versions and thresholds move together, visibly, and only when due."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from monitor.records import ThresholdKind
from monitor.service.learn import learn
from monitor.store import topics
from tests.builders import ADVISORY, MORNING, rss, write_config
from tests.servers import FeedServer
from tests.service.walking import opened, walk

HOUR = timedelta(hours=1)
WORDS = (
    *("harbour", "orchard", "senate", "violin", "glacier", "budget"),
    *("tunnel", "comet", "bakery", "strike", "ferry", "museum"),
)


def small_news(count: int) -> list[tuple[str, str]]:
    """So many distinct short stories."""
    return [
        (
            f"{WORDS[n % 12]} {WORDS[(n * 5 + n // 12) % 12]} report {n}",
            " ".join(WORDS[(n * k + k) % 12] for k in range(2, 14)) + f" in district {n}.",
        )
        for n in range(count)
    ]


def configured(folder: Path, feeds: FeedServer, count: int) -> Path:
    feeds.pages["wire.rss"] = rss(small_news(count), at=MORNING - HOUR)
    return write_config(folder, feeds=[feeds.url("wire.rss")], host=feeds.host)


def test_too_few_stories_make_no_background_and_no_threshold(
    tmp_path: Path, feeds: FeedServer
) -> None:
    config = configured(tmp_path, feeds, 29)
    assert walk(config, MORNING)["learn"] == {}
    with opened(config, MORNING) as app:
        assert topics.latest_background(app.database) is None


def test_thirty_stories_make_a_first_background_and_calibrate_every_topic(
    tmp_path: Path, feeds: FeedServer
) -> None:
    config = configured(tmp_path, feeds, 40)
    assert walk(config, MORNING)["learn"] == {"stories": 40, "thresholds": 1}
    with opened(config, MORNING) as app:
        (threshold,) = topics.thresholds(app.database, 1).values()
    assert threshold.kind is ThresholdKind.CALIBRATED
    assert threshold.sample == 40


def test_a_version_stands_until_the_stream_has_doubled_or_a_day_has_passed(
    tmp_path: Path, feeds: FeedServer
) -> None:
    config = configured(tmp_path, feeds, 60)
    walk(config, MORNING)
    feeds.pages["wire.rss"] = rss(small_news(100), at=MORNING)
    assert walk(config, MORNING + HOUR)["learn"] == {}
    assert walk(config, MORNING + 25 * HOUR)["learn"] == {"stories": 40, "thresholds": 1}


def test_a_match_names_the_background_version_that_decided_it(
    tmp_path: Path, feeds: FeedServer
) -> None:
    feeds.pages["wire.rss"] = rss([*small_news(40), ADVISORY], at=MORNING)
    config = write_config(tmp_path, feeds=[feeds.url("wire.rss")], host=feeds.host)
    walk(config, MORNING)
    from monitor.store import matches

    with opened(config, MORNING) as app:
        (found,) = matches.listing(app.database, topic=None, states=("hit",), since=None, limit=9)
    assert found.match.background_version == 1


def test_a_topic_without_a_usable_seed_is_not_calibrated_again_at_every_tick(
    tmp_path: Path, feeds: FeedServer
) -> None:
    config = configured(tmp_path, feeds, 40)
    (tmp_path / "topics" / "void.yaml").write_text(
        "name: void\nseeds:\n  - text: it is what it is\n"
    )
    assert walk(config, MORNING)["learn"] == {"stories": 40, "thresholds": 2}
    assert walk(config, MORNING + HOUR)["learn"] == {}


def test_a_new_topic_has_the_default_threshold_while_there_is_no_story_to_calibrate_it(
    tmp_path: Path, feeds: FeedServer
) -> None:
    config = configured(tmp_path, feeds, 40)
    walk(config, MORNING)
    later = MORNING + timedelta(days=200)
    feeds.pages.clear()
    walk(config, later)
    (tmp_path / "topics" / "new.yaml").write_text("name: new\nseeds:\n  - text: Violin museum\n")
    with opened(config, later) as app:
        learn(app, later)
        kinds = [each.kind for each in topics.thresholds(app.database, 1).values()]
    assert kinds == [ThresholdKind.CALIBRATED, ThresholdKind.DEFAULT]


def test_a_topic_that_watches_some_feeds_is_calibrated_on_their_share_of_the_stream(
    tmp_path: Path, feeds: FeedServer
) -> None:
    feeds.pages["few.rss"] = rss(small_news(40), at=MORNING - HOUR)
    feeds.pages["many.rss"] = rss(small_news(120)[40:], at=MORNING - HOUR, first_id=100)
    config = write_config(
        tmp_path, feeds=[feeds.url("few.rss"), feeds.url("many.rss")], host=feeds.host
    )
    topic = tmp_path / "topics" / "advisory.yaml"
    topic.write_text(f"{topic.read_text()}feeds: ['{feeds.url('few.rss')}']\n")
    walk(config, MORNING)
    with opened(config, MORNING) as app:
        (threshold,) = topics.thresholds(app.database, 1).values()
    assert threshold.sample == 40
