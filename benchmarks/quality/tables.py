"""The figures as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def tracking_table(figures: Mapping[str, Any]) -> str:
    """Return one block per form: AP, least and actual cost by corpus and on average."""
    lines = []
    for form in ("full", "snippet"):
        lines += [f"tracking, {form:<14}{'AP':>8}{'min':>8}{'actual':>8}"]
        rows = {**figures[form]["by_corpus"], "mean of corpora": figures[form]}
        for name, row in rows.items():
            lines.append(
                f"  {name:<22}{row['ap']:8.3f}{row['min_cost']:8.3f}{row['actual_cost']:8.3f}"
            )
    return "\n".join(lines)


def calibration_table(figures: Mapping[str, Any]) -> str:
    """Return one line per form, background size and promise."""
    lines = [
        f"promised alerts a week of {figures['stories_per_week']} stories, "
        f"observed on {figures['later_stories']} later ones",
        f"{'':10}{'background':>11}{'promise':>9}{'median':>8}{'within 2':>10}"
        f"{'over 2':>8}{'under 1/2':>11}",
    ]
    for form in ("full", "snippet"):
        for row in figures[form]:
            lines.append(
                f"{form:10}{row['background']:11}{row['promise']:9}{row['median_ratio']:8.2f}"
                f"{row['within_2']:10.2f}{row['over_2']:8.2f}{row['under_half']:11.2f}"
            )
    least, actual = figures["min_cost"], figures["actual_cost"]
    lines.append(
        f"default promise, full text: actual {actual:.3f}, min {least:.3f}, "
        f"ratio {actual / least:.2f}"
        if least
        else "no topic to measure the default promise on"
    )
    return "\n".join(lines)


def feeds_table(figures: Mapping[str, Any]) -> str:
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
