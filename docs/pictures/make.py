"""Make the pictures of digest and backtest: ``python -m docs.pictures.make`` in the checkout.

With a folder, digests of every kind go there as pages and pictures instead. Needs Chromium on the
path, and fonts for the scripts in it.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from datetime import timedelta
from html import escape
from pathlib import Path
from random import Random

from docs.pictures.samples import SLOT, samples
from monitor.config import load
from monitor.demo import run_demo
from monitor.notify.render import render_html, render_text
from monitor.service.app import open_for_trial
from monitor.service.backtest import backtest
from monitor.service.page import render_page

DESKTOP = 760
PHONE = 390
_ASKING = """<!DOCTYPE html><title></title><iframe width="{width}" height="10" style="border:0"
scrolling="no" onload="document.title = this.contentDocument.body.scrollHeight"
srcdoc="{framed}"></iframe>"""
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
    """Write the pictures; the digest of the first ones as text goes to standard output."""
    sys.stdout.write(render_text(samples()["morning"]))
    with tempfile.TemporaryDirectory() as scratch:
        page = written(Path(scratch), "morning")
        take(page, folder / "digest-desktop.png", width=DESKTOP)
        take(page, folder / "digest-dark.png", width=DESKTOP, dark=True)
        take(page, folder / "digest-phone.png", width=PHONE)
        take(written(Path(scratch), "urgent"), folder / "digest-urgent.png", width=PHONE, dark=True)
        run_demo(Path(scratch) / "demo", SLOT, lambda _: None)
        tried = Path(scratch) / "backtest.html"
        tried.write_text(sample_backtest(Path(scratch) / "demo" / "monitor.yaml"), encoding="utf-8")
        take(tried, folder / "backtest.png", width=940, most=1260)
        (mail,) = Path(scratch).glob("demo/outbox/*.html")
        take(mail, folder / "demo.png", width=DESKTOP, most=1000)


def every_sample(folder: Path) -> None:
    """Write each sample as it looks on a desk and a phone, by day and night: to be looked at."""
    for name in samples():
        page = written(folder, name)
        for width in (DESKTOP, PHONE):
            for dark in (False, True):
                take(page, folder / f"{name}-{width}{'-dark' * dark}.png", width=width, dark=dark)


def written(folder: Path, name: str) -> Path:
    """Write a sample as a page into ``folder``."""
    page = folder / f"{name}.html"
    page.write_text(render_html(samples()[name]), encoding="utf-8")
    return page


def sample_backtest(config: Path) -> str:
    """The page of a backtest on the stories that the demo has stored."""
    with open_for_trial(load(config), owner="pictures", rng=Random(0)) as app:  # noqa: S311
        topic = next(iter(app.settings.topic_names()))
        return render_page(backtest(app, topic, SLOT, since=timedelta(days=30), limit=20))


def take(page: Path, picture: Path, *, width: int, dark: bool = False, most: int = 20_000) -> None:
    """Photograph all of ``page``, and no more, or its first ``most`` rows of pixels."""
    size = f"--window-size={width},{min(most, height_of(page, width))}"
    chromium(
        size,
        f"--blink-settings=preferredColorScheme={int(not dark)}",
        f"--screenshot={picture}",
        page.as_uri(),
    )


def height_of(page: Path, width: int) -> int:
    """Return how many pixels high ``page`` is in a window of ``width`` pixels.

    It is asked inside a frame: no window of the browser is as narrow as a phone's.
    """
    asking = page.with_suffix(".asking.html")
    framed = escape(page.read_text("utf-8"))
    asking.write_text(_ASKING.format(width=width, framed=framed), encoding="utf-8")
    told = chromium("--window-size=900,900", "--dump-dom", asking.as_uri())
    asking.unlink()
    return int(told.partition("<title>")[2].partition("</title>")[0])


def chromium(*arguments: str) -> str:
    """Run the browser with a profile of its own; return what it prints."""
    with tempfile.TemporaryDirectory() as profile:
        done = subprocess.run(  # noqa: S603 - the program is fixed
            [*CHROMIUM, f"--user-data-dir={profile}", *arguments],
            check=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
    return done.stdout


if __name__ == "__main__":
    if len(sys.argv) > 1:
        every_sample(Path(sys.argv[1]))
    else:
        main(Path(__file__).parent)
