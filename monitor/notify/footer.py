"""The end of a digest: what found no room, what nearly matched, and what stood behind it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from shlex import quote

from monitor.notify.fold import families
from monitor.notify.lines import shorten
from monitor.notify.told import Clock
from monitor.notify.wording import count, listed, marked, safe_link, without_addresses
from monitor.notify.words import Words, title_words, topic_words
from monitor.records import Coverage, Digest, DigestKind, FeedNote, MatchedStory

_MAX_NAME = 80
_MAX_NAMED = 5
_MAX_FAILING = 10
_MAX_ERROR = 140
_MAX_CUT = 3
_MAX_TITLE = 140
_MAX_WARNING = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A remark: a sentence, the titles it speaks of, and what a command does about it.

    ``page``: one that does the same, to be told instead of the command; None: there is none.
    """

    text: str
    titles: tuple[Words, ...] = ()
    hint: str = ""
    command: str = ""
    page: Words | None = None


def notes(digest: Digest, *, terse: bool) -> tuple[Note, ...]:
    """What found no room, what nearly matched, what was read, and which feeds are ill.

    A message between the hours tells only the first. ``terse``: stories were told in fewer words.
    """
    found = [*_left_out(digest), *_shortened(terse)]
    if digest.kind is DigestKind.SCHEDULED:
        found += (*_nearest(digest.coverage), _read(digest.coverage), *_ill(digest.coverage))
    return tuple(found)


def failing_heading(coverage: Coverage) -> str:
    """``2 feeds are failing``; empty where none is."""
    number = len(coverage.failing)
    verb = "is" if number == 1 else "are"
    return f"{count(number, 'feed')} {verb} failing" if number else ""


def failing(coverage: Coverage, clock: Clock) -> tuple[Note, ...]:
    """The first failing feeds, each with its error."""
    named = coverage.failing[:_MAX_FAILING]
    lines = [Note(text=_failure(feed, clock)) for feed in named]
    unnamed = len(coverage.failing) - len(named)
    if unnamed:
        lines.append(
            Note(
                text=f"{count(unnamed, 'more feed')}.", hint="To see all:", command="monitor status"
            )
        )
    return tuple(lines)


def warnings(digest: Digest) -> tuple[str, ...]:
    """What the owner has to mend."""
    return tuple(shorten(each, _MAX_WARNING) for each in digest.warnings)


def _left_out(digest: Digest) -> Iterator[Note]:
    told = families(digest.cut)
    if told:
        best = "; the best of them" if len(told) > _MAX_CUT else ""
        matched = count(len(told), "more story", "more stories")
        yield Note(
            text=f"{matched} matched and found no room here{best}:",
            titles=tuple(title_words(best, _MAX_TITLE) for best, *_ in told[:_MAX_CUT]),
            hint="To see all:",
            command="monitor matches --cut",
            page=_page_of_the_rest(digest),
        )


def _page_of_the_rest(digest: Digest) -> Words | None:
    link = safe_link(digest.rest)
    return Words(text="See all that found no room", link=link) if link else None


def _shortened(terse: bool) -> Iterator[Note]:
    if terse:
        yield Note(
            text="Each story is told in fewer words than usual, to keep this small enough to be"
            " shown whole."
        )


def _nearest(coverage: Coverage) -> Iterator[Note]:
    if coverage.nearest is not None:
        near: MatchedStory = coverage.nearest
        match, topic = near.match, topic_words(near.topic).plain
        yield Note(
            text=f"The nearest miss, with a score of {match.score:.2f} where {topic} asks for"
            f" {match.threshold:.2f}:",
            titles=(title_words(near, _MAX_TITLE),),
            hint="To see why:",
            command=f"monitor explain {near.story.id} {quote(near.topic)}",
        )


def _read(coverage: Coverage) -> Note:
    stories = count(coverage.stories_read, "story", "stories")
    return Note(text=f"Read: {stories} from {count(coverage.feeds_read, 'feed')}.")


def _ill(coverage: Coverage) -> Iterator[Note]:
    if coverage.missed:
        reason = "since more came between two polls than the feed lists"
        yield Note(text=f"Stories were probably missed, {reason}: {_names(coverage.missed)}.")
    if coverage.held:
        waiting = count(sum(feed.count for feed in coverage.held), "old story", "old stories")
        text = f"Held back, as if published anew: {waiting} of {_names(coverage.held)}."
        yield Note(text=text, hint="To decide:", command="monitor feeds list --ill")
    if coverage.gone:
        yield Note(text=f"Ended for good, by their servers' word: {_names(coverage.gone)}.")
    if coverage.silent:
        yield Note(text=f"Silent for longer than usual: {_names(coverage.silent)}.")


def _names(feeds: Sequence[FeedNote]) -> str:
    return listed([_name(feed) for feed in feeds], _MAX_NAMED)


def _name(feed: FeedNote) -> str:
    return marked(shorten(without_addresses(feed.name), _MAX_NAME))


def _failure(feed: FeedNote, clock: Clock) -> str:
    begun = f", since {clock.tell(feed.since)}" if feed.since else ""
    error = shorten(without_addresses(feed.error or "no reason recorded"), _MAX_ERROR)
    return f"{_name(feed)}{begun}: {error}"
