"""The archive: digests as they were made, whatever the outbox has forgotten."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import func, select, update

from monitor.errors import StoreError
from monitor.records import (
    Archived,
    ArchivedLine,
    Digest,
    DigestKind,
    FirstTold,
    MatchedStory,
    Message,
    OutboxState,
    Rendered,
    Template,
)
from monitor.store import archive, matches, outbox, subscriptions
from monitor.store.database import Database
from monitor.store.tables import archives, templates
from tests.store.builders import (
    DAY,
    LEASE,
    MINUTE,
    NOW,
    SECOND,
    VERSION,
    add_hit,
    add_topics,
    candidates,
    digest_of,
    key,
    made,
    message,
    put,
    subscribe,
    subscription,
)

HTML = Template(name="digest.html", source="<p>\u00fcber \U0001f600</p>\r\n")
TEXT = Template(name="digest.txt", source="{{ digest.name }}")


def the_first(db: Database) -> Archived:
    found = archive.get(db, 1)
    assert found is not None
    return found


def put_digest(
    db: Database,
    name: str = "one",
    *,
    digest: Digest | None = None,
    used: tuple[Template, ...] = (),
    mail: Message | None = None,
    days: int = 0,
) -> None:
    """Serve the recipient that waits longest, on a day after the first."""
    now = NOW + days * DAY
    rendered = Rendered(message=mail or message(name), digest=digest or digest_of(), templates=used)
    assert put(db, subscriptions.due(db, None)[0], now, now + DAY, (rendered,), now)


def count_templates(db: Database) -> int:
    with db.read() as connection:
        return connection.scalar(select(func.count()).select_from(templates)) or 0


# ---------------------------------------------------------------- keeping


def test_a_digest_comes_back_with_all_that_it_was_made_of(db: Database) -> None:
    stories = candidates(db, "a", "b")
    digest = digest_of(*stories, topics=("iraq",), warnings=("Mend it.",))
    mail = message(content_type="text/html", subject="Two stories")
    subscribe(db)

    put_digest(db, digest=digest, mail=mail, used=(TEXT, HTML))

    line = ArchivedLine(
        run=1,
        digest="daily",
        recipient="a@example.org",
        kind=DigestKind.SCHEDULED,
        slot=NOW,
        created_at=NOW,
        subject="Two stories",
        state=OutboxState.READY,
    )
    assert the_first(db) == Archived(
        line=line,
        digest=digest,
        sender=mail.sender,
        content_type="text/html",
        message_id=mail.message_id,
        sha256=sha256(mail.raw).digest(),
        version=VERSION,
        templates=(HTML, TEXT),
        raw=mail.raw,
    )


def test_what_is_not_there_is_none(db: Database) -> None:
    assert archive.get(db, 1) is None


def test_each_template_is_kept_once_and_as_it_was_when_it_was_used(db: Database) -> None:
    subscribe(db)
    changed = replace(HTML, source="<p>changed</p>")

    for day, used in enumerate([(HTML, TEXT), (HTML, TEXT), (changed, TEXT)]):
        put_digest(db, str(day), used=used, days=day)

    assert count_templates(db) == 3
    last = archive.get(db, 3)
    assert the_first(db).templates == (HTML, TEXT)
    assert last is not None
    assert last.templates == (changed, TEXT)


def test_templates_that_say_the_same_are_one(db: Database) -> None:
    subscribe(db)
    same = replace(TEXT, name="other.txt")

    put_digest(db, used=(TEXT, same))

    assert count_templates(db) == 1
    assert the_first(db).templates == (TEXT, same)


def test_a_digest_that_was_damaged_is_an_error_and_still_listed(db: Database) -> None:
    subscribe(db)
    put_digest(db)
    with db.write() as connection:
        connection.execute(update(archives).values(snapshot=b"nonsense"))

    with pytest.raises(StoreError, match="damaged"):
        archive.get(db, 1)
    assert len(archive.listing(db, limit=9)) == 1


# ---------------------------------------------------------------- listing


def test_digests_are_listed_newest_first_by_name_and_recipient(db: Database) -> None:
    readers = [
        subscription(next_at=NOW),
        subscription(next_at=NOW + SECOND, recipient="b@example.org"),
        subscription("weekly", next_at=NOW + MINUTE),
    ]
    subscriptions.sync(db, readers, NOW - DAY)
    for name in ("one", "two", "three"):
        put_digest(db, name)

    def listed(**chosen: str) -> list[int]:
        return [line.run for line in archive.listing(db, limit=9, **chosen)]

    assert listed() == [3, 2, 1]
    assert listed(digest="daily") == [2, 1]
    assert listed(recipient="a@example.org") == [3, 1]
    assert listed(digest="daily", recipient="a@example.org") == [1]
    assert [line.run for line in archive.listing(db, limit=1)] == [3]


def test_a_line_tells_what_became_of_the_message(db: Database) -> None:
    subscribe(db)
    put_digest(db)
    (item,) = outbox.claim(db, NOW, owner="a", lease=LEASE, limit=1)
    outbox.sent(db, item, NOW)

    assert archive.listing(db, limit=1)[0].state == OutboxState.SENT


# ---------------------------------------------------------------- forgetting


def test_a_digest_outlives_its_message(db: Database) -> None:
    subscribe(db)
    put_digest(db, used=(HTML,))
    before = the_first(db)
    (item,) = outbox.claim(db, NOW, owner="a", lease=LEASE, limit=1)
    outbox.sent(db, item, NOW)

    assert outbox.prune(db, NOW + SECOND) == 1

    line = replace(before.line, state=None)
    assert archive.listing(db, limit=9) == (line,)
    assert the_first(db) == replace(before, line=line, raw=None)


def test_a_message_outlives_its_digest(db: Database) -> None:
    subscribe(db)
    put_digest(db)

    assert archive.prune(db, NOW + SECOND) == 1

    assert archive.listing(db, limit=9) == ()
    assert len(outbox.claim(db, NOW, owner="a", lease=LEASE, limit=1)) == 1


def test_old_digests_are_forgotten_but_not_that_they_were_made(db: Database) -> None:
    reader = subscribe(db)
    put_digest(db, "one")
    put_digest(db, "two", days=1)

    assert archive.prune(db, NOW) == 0
    assert archive.prune(db, NOW + SECOND) == 1

    assert [line.run for line in archive.listing(db, limit=9)] == [2]
    again = replace(reader, next_at=NOW + 2 * DAY)
    assert not put(db, again, NOW, NOW + DAY, made(message("three"), digest_of()), NOW)


def test_a_digest_is_as_old_as_its_making_however_late_that_was(db: Database) -> None:
    reader = subscribe(db)
    put(db, reader, NOW - 9 * DAY, NOW + DAY, made(message(), digest_of()), NOW)

    assert archive.prune(db, NOW - DAY) == 0


def test_the_sender_is_kept_as_it_was_given(db: Database) -> None:
    given = "News desk <monitor@example.org>"
    (rendered,) = made(message(), digest_of())
    assert put(db, subscribe(db), NOW, NOW + DAY, (replace(rendered, sender=given),), NOW)

    assert the_first(db).sender == given


def test_a_template_stays_as_long_as_a_digest_needs_it(db: Database) -> None:
    subscribe(db)
    put_digest(db, "one", used=(HTML, TEXT))
    put_digest(db, "two", used=(TEXT,), days=1)

    archive.prune(db, NOW + SECOND)
    assert count_templates(db) == 1

    archive.prune(db, NOW + DAY + SECOND)
    assert count_templates(db) == 0


# ---------------------------------------------------------------- told first


def tell(db: Database, name: str, *, cut: bool = False, days: int = 0, **changes: Any) -> None:
    """Find the story ``name`` and tell it, or leave it out."""
    (topic,) = add_topics(db, "iraq")
    number = add_hit(db, name, topic, **changes)
    (story,) = (each for each in matches.listing(db) if each.story.id == number)
    digest = digest_of(cut=(story,)) if cut else digest_of(story)
    put_digest(db, name, digest=digest, mail=message(name, subject=f"News of {name}"), days=days)


def later_at(db: Database, link: str) -> MatchedStory:
    """Another story at an address."""
    (topic,) = add_topics(db, "iraq")
    number = add_hit(db, f"later {link}", topic, link_key=key(f"link {link}"))
    return next(each for each in matches.listing(db) if each.story.id == number)


def test_an_address_knows_the_message_that_told_of_it_first(db: Database) -> None:
    reader = subscribe(db)
    tell(db, "x")
    more = later_at(db, "x")
    put_digest(db, "two", digest=digest_of(kind=DigestKind.UPDATE, first=None), days=1)

    first = FirstTold(message_id="<x@example.org>", subject="News of x", told_at=NOW)
    assert archive.first_told(db, reader, [more]) == {more.story.id: first}


@pytest.mark.parametrize("forgotten", ["message", "digest", "both"])
def test_one_of_message_and_digest_is_enough_to_know_it(db: Database, forgotten: str) -> None:
    reader = subscribe(db)
    tell(db, "x")
    if forgotten != "digest":
        (item,) = outbox.claim(db, NOW, owner="a", lease=LEASE, limit=1)
        outbox.sent(db, item, NOW)
        outbox.prune(db, NOW + SECOND)
    if forgotten != "message":
        archive.prune(db, NOW + SECOND)

    assert len(archive.first_told(db, reader, [later_at(db, "x")])) == (forgotten != "both")


@pytest.mark.parametrize("forgotten", ["message", "digest"])
def test_it_is_known_by_id_and_subject_whichever_is_kept(db: Database, forgotten: str) -> None:
    reader = subscribe(db)
    tell(db, "x")
    more = later_at(db, "x")
    if forgotten == "message":
        (item,) = outbox.claim(db, NOW, owner="a", lease=LEASE, limit=1)
        outbox.sent(db, item, NOW)
        outbox.prune(db, NOW + SECOND)
    else:
        archive.prune(db, NOW + SECOND)

    first = FirstTold(message_id="<x@example.org>", subject="News of x", told_at=NOW)
    assert archive.first_told(db, reader, [more]) == {more.story.id: first}


def test_what_was_cut_told_to_others_or_at_no_address_has_no_first_message(db: Database) -> None:
    subscriptions.sync(db, [subscription(), subscription(recipient="b@example.org")], NOW)
    reader = subscriptions.due(db, None)[1]
    tell(db, "told to the other")
    subscriptions.sync(db, [reader], NOW)
    tell(db, "cut", cut=True)
    nowhere = replace(later_at(db, "y"), story=replace(later_at(db, "z").story, link_key=None))

    found = [later_at(db, "told to the other"), later_at(db, "cut"), later_at(db, "new"), nowhere]
    assert archive.first_told(db, reader, found) == {}


def test_of_several_messages_about_an_address_the_first_counts(db: Database) -> None:
    reader = subscribe(db)
    tell(db, "x")
    tell(db, "again", link_key=key("link again"), days=1)
    with_both = later_at(db, "x")
    first = FirstTold(message_id="<x@example.org>", subject="News of x", told_at=NOW)
    update_of = digest_of(with_both, kind=DigestKind.UPDATE, first=first)
    put_digest(db, "update", digest=update_of, days=2)

    later = replace(with_both, story=replace(with_both.story, id=99))
    assert archive.first_told(db, reader, [later]) == {99: first}
    assert archive.first_told(db, reader, []) == {}
