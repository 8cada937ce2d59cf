"""The figures as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Figures = Mapping[str, Any]


FORMS = ("full", "snippet")


def tracking_table(figures: Figures) -> str:
    """Return one block per form: the program by corpus and on average, then simple methods."""
    return "\n\n".join(_tracking(form, figures[form]) for form in FORMS)


def _tracking(form: str, figures: Figures) -> str:
    lines = [_head(f"tracking, {form}", "AP", "min", "actual", "ratio")]
    for name, row in {**figures["by_corpus"], "mean of corpora": figures}.items():
        lines.append(_costs(name, row))
    if figures["simple"]:
        lines.append(_head("simple, mean of corpora", "AP", "min", "at 0.1", "q 0.995"))
    for name, row in figures["simple"].items():
        values = (row[key] for key in ("ap", "min_cost", "fixed_cost", "quantile_cost"))
        lines.append(_line(f"simple: {name}", *values))
    return "\n".join(lines)


def coldstart_table(figures: Figures) -> str:
    """Return one line per form and size of the background."""
    lines = []
    for form in FORMS:
        lines.append(_head(f"background stories, {form}", "AP", "min", "actual", "ratio"))
        lines += [_costs(f"{row['background']:,}", row) for row in figures[form]]
    return "\n".join(lines)


def verdicts_table(figures: Figures) -> str:
    """Return for each form: more seeds, then the figures after each number of answers."""
    lines = [f"{figures['runs']} topics followed"]
    for form in FORMS:
        lines.append(_head(f"seeds, {form}", "AP", "min", "actual", "ratio"))
        lines += [_costs(str(row["seeds"]), row) for row in figures[form]["seeds"]]
        for asked, rows in figures[form]["asked"].items():
            lines += _answers(f"asked {form}, {asked}", rows)
    return "\n".join(lines)


def _answers(title: str, rows: Sequence[Figures]) -> Iterator[str]:
    yield _head(title, "given", "yes")
    for row in rows:
        yield _line(f"after {row['asked']}", row["answers"], row["wanted"])
    for kind, judged in (("later", "the later stories"), ("all", "all but the seed")):
        yield _head(f"  judged on {judged}", "AP", "min", "actual", "ratio")
        for row in rows:
            yield _costs(f"  after {row['asked']}", row[kind])


def calibration_table(figures: Figures) -> str:
    """Return one line per form, background size and promise."""
    lines = [
        f"promised alerts a week of {figures['stories_per_week']} stories, "
        f"observed on {figures['later_stories']} later ones",
        f"{'':10}{'background':>11}{'promise':>9}{'median':>8}{'within 2':>10}"
        f"{'over 2':>8}{'under 1/2':>11}{'in range':>10}",
    ]
    for form in FORMS:
        for row in figures[form]["promises"]:
            lines.append(
                f"{form:10}{row['background']:11}{row['promise']:9}{row['median_ratio']:8.2f}"
                f"{row['within_2']:10.2f}{row['over_2']:8.2f}{row['under_half']:11.2f}"
                f"{row['in_range']:10.2f}"
            )
    lines.append(_head("default promise, full text", "AP", "min", "actual", "ratio"))
    lines.append(_costs("mean of corpora", figures["default"]))
    return "\n".join(lines)


def _costs(name: str, row: Figures) -> str:
    least, actual = row["min_cost"], row["actual_cost"]
    line = _line(name, row["ap"], least, actual)
    return line + (f"{actual / least:>9.2f}" if least else f"{'-':>9}")


def _head(title: str, *columns: str) -> str:
    return f"{title:<38}" + "".join(f"{column:>9}" for column in columns)


def _line(name: str, *values: float) -> str:
    return f"  {name:<36}" + "".join(f"{value:>9.3f}" for value in values)


def feeds_table(figures: Figures) -> str:
    """Return the counts, then a line per difference."""
    lines = [
        f"{figures['files']} files, all read or refused; refused: {figures['refused']}",
        *(
            f"items equal to {source}: {figures[f'equal_{source}']} of {figures[f'with_{source}']}"
            for source in ("expected_items", "feedparser_items")
        ),
        "differences:",
    ]
    for row in figures["differences"]:
        lines.append(
            f"  {row['file']} ({row['kind']}): {row['items']} items, expected "
            f"{row['expected_items']}, feedparser {row['feedparser_items']}"
            + (f"; {row['reason']}" if row["refused"] else "")
        )
    return "\n".join(lines)
