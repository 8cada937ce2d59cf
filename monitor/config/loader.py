"""From three kinds of files to `Settings`, or to all their problems at once.

Every function here adds what it finds wrong to ``problems`` and goes on with the rest.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from monitor.config.checks import check_digests, check_feeds, check_names, check_topic
from monitor.config.document import Document, read_document
from monitor.config.feeds import FeedSettings, FeedsFile
from monitor.config.files import Unreadable
from monitor.config.models import MonitorFile, TopicFile
from monitor.config.seeds import read_seed
from monitor.config.settings import Settings, TopicSettings
from monitor.config.words import in_words
from monitor.errors import ConfigError
from monitor.records import Seed

Model = TypeVar("Model", bound=BaseModel)


def load(path: Path) -> Settings:
    """Read ``monitor.yaml`` and the files it names.

    Raises ``ConfigError`` with every problem of every file: where, what, what to do.
    """
    source = read_document(path)  # unreadable, it names no other file: its problems stand alone
    problems: list[str] = []
    main = _validated(MonitorFile, source, problems)
    floor = main.polling.floor if main else None
    feeds = _load_feeds(_named_path("feeds", source, main), floor, problems)
    documents = _read_folder(_named_path("topics", source, main), problems)
    topics = [_load_topic(each, feeds, problems) for each in documents]
    names = [(name, each) for each in documents if (name := _name_of(each))]
    problems += check_names(names)
    if main is not None:
        problems += check_digests(main, [name for name, _ in names], source)
    if main is None or problems:
        raise ConfigError(tuple(problems))
    return Settings(
        path=path.absolute(), main=main, feeds=feeds, topics=tuple(filter(None, topics))
    )


def _validated(model: type[Model], source: Document, problems: list[str]) -> Model | None:
    try:
        return model.model_validate(source.data, context={"folder": source.path.parent.absolute()})
    except ValidationError as error:
        problems += in_words(error, model, source)
        return None


def _read(path: Path, problems: list[str]) -> Document | None:
    try:
        return read_document(path)
    except ConfigError as error:
        problems += error.problems
        return None


def _named_path(key: str, source: Document, main: MonitorFile | None) -> Path:
    """Where the feeds or topics are, also where something else in ``monitor.yaml`` is wrong.

    Below the folder of ``monitor.yaml`` the path begins as the owner typed that one.
    """
    folder = source.path.parent
    if main is None:
        written = source.data.get(key) if isinstance(source.data, dict) else None
        default = Path(MonitorFile.model_fields[key].default)
        if isinstance(written, str) and written.isprintable():
            return folder / written
        return folder / default
    path: Path = getattr(main, key)
    inside = path.is_relative_to(folder.absolute())
    return folder / path.relative_to(folder.absolute()) if inside else path


def _load_feeds(
    path: Path, floor: timedelta | None, problems: list[str]
) -> tuple[FeedSettings, ...]:
    source = _read(path, problems)
    found = source and _validated(FeedsFile, source, problems)
    if not source or not found:
        return ()
    problems += check_feeds(found.feeds, floor, source)
    return found.feeds


def _read_folder(folder: Path, problems: list[str]) -> list[Document]:
    try:
        paths = sorted(
            path
            for path in folder.iterdir()
            if path.suffix in {".yaml", ".yml"} and not path.name.startswith(".")
        )
    except OSError as error:
        problems.append(f"{folder}: is no folder of topics ({error.strerror}); create it")
        return []
    if not paths:
        problems.append(f"{folder}: holds no topic; write one as NAME.yaml")
    return [source for path in paths if (source := _read(path, problems))]


def _load_topic(
    source: Document, feeds: tuple[FeedSettings, ...], problems: list[str]
) -> TopicSettings | None:
    topic = _validated(TopicFile, source, problems)
    if topic is None:
        return None
    if feeds:  # else their file is wrong as a whole: its own problem, not that of every topic
        problems += check_topic(topic, feeds, source)
    return TopicSettings(
        source=source,
        file=topic,
        seeds=_load_seeds("seeds", topic, source, problems),
        not_seeds=_load_seeds("not", topic, source, problems),
    )


def _load_seeds(
    key: str, topic: TopicFile, source: Document, problems: list[str]
) -> tuple[Seed | str, ...]:
    seeds: list[Seed | str] = []
    for n, reference in enumerate(topic.seeds if key == "seeds" else topic.not_seeds):
        try:
            seeds.append(read_seed(reference, source.path.parent))
        except Unreadable as error:
            kind = "text" if reference.file is None else "file"
            name = f"{reference.file} " if reference.file else ""
            problems.append(source.problem((key, n, kind), f"{name}{error}"))
    return tuple(seeds)


def _name_of(source: Document) -> str | None:
    """Return a topic's name, also where something else in its file is wrong."""
    name = source.data.get("name") if isinstance(source.data, dict) else None
    return name.strip() if isinstance(name, str) else None
