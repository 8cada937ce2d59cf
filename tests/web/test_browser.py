"""The pages in a real browser: its rules for forms, styles and referrers, and its eyes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import ADVISORY
from tests.web.browser import CHROMIUM, Browser, browser
from tests.web.site import Site

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")

NARROW = "document.documentElement.scrollWidth <= window.innerWidth"
CONTRAST = """(() => {
  const light = c => { const [r, g, b] = c.match(/[0-9.]+/g).map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const ground = e => { for (; e; e = e.parentElement) {
    const c = getComputedStyle(e).backgroundColor; if (!c.endsWith(', 0)')) return c; } };
  const all = document.querySelectorAll('h1,h2,h3,p,a,button,span,li,dt,dd,summary');
  return Math.min(...[...all].map(e => {
    const [a, b] = [light(getComputedStyle(e).color), light(ground(e))].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05); })); })()"""
"""The least contrast of any text on the page with what is behind it (WCAG 2.2, 1.4.3)."""


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("profile")) as made:
        yield made


@pytest.fixture
def tab(chromium: Browser) -> Browser:
    chromium.problems.clear()
    chromium.call("Emulation.clearDeviceMetricsOverride")
    return chromium


def test_a_verdict_is_given_and_taken_back_by_clicks(site: Site, tab: Browser) -> None:
    tab.visit(f"http://{site.host}{site.less()}")
    assert tab.say("document.querySelector('h2 a').textContent") == ADVISORY[0]
    tab.click("button.first")
    assert [each.wanted for each in site.topic().verdicts] == [False]
    assert "has learned from it" in tab.say("document.body.innerText")
    tab.click("button[name=undo]")
    assert site.topic().verdicts == ()
    assert tab.say("document.querySelector('h1').textContent") == "Taken back"
    assert tab.problems == []


def test_a_digest_is_left_and_taken_up_again_by_clicks(site: Site, tab: Browser) -> None:
    tab.visit(f"http://{site.host}{site.farewell()}")
    tab.click("button[name=stop]")
    assert site.reader().stopped_by == "mail"
    tab.click("button[name=again]")
    assert site.reader().stopped_at is None
    assert tab.problems == []


def test_behind_a_path_the_forms_come_back_to_it(site: Site, tab: Browser) -> None:
    tab.visit(f"http://{site.host}/monitor{site.more()}")
    tab.click("button.first")
    assert len(site.topic().verdicts) == 1
    assert tab.say("location.pathname").startswith("/monitor/v/")


def test_from_the_page_of_the_rest_one_comes_to_a_story_and_answers(
    site: Site, tab: Browser
) -> None:
    tab.visit(f"http://{site.host}/monitor{site.rest()}")
    title = tab.say("document.querySelector('h3').textContent")
    tab.click(".answers a:last-child")
    assert tab.say("location.pathname").startswith("/monitor/v/")
    assert tab.say("document.querySelector('h2').textContent") == title
    tab.click("button.first")
    assert [each.wanted for each in site.topic().verdicts] == [False]
    assert tab.problems == []


@pytest.mark.parametrize("page", ["more", "farewell"])
def test_a_form_on_a_page_of_somebody_else_does_nothing(
    site: Site, tab: Browser, page: str, tmp_path: Path
) -> None:
    address = f"http://{site.host}{getattr(site, page)()}"
    before = site.dump()
    foreign = tmp_path / "foreign.html"
    foreign.write_text(
        f"<form method=post action='{address}'><input name=answer value=more>"
        "<input name=stop value=1><input name=List-Unsubscribe value=One-Click><button>x</button>"
    )
    tab.visit(foreign.as_uri())
    tab.click("button")
    assert "Only the page itself may send this form." in tab.say("document.body.innerText")
    assert site.dump() == before


def test_the_policy_of_the_page_stops_what_it_does_not_name(still: Site, tab: Browser) -> None:
    tab.visit(f"http://{still.host}{still.more()}")
    tab.say("document.body.insertAdjacentHTML('beforeend', '<i style=\"color:red\">x</i>')")
    assert tab.say("getComputedStyle(document.querySelector('i')).color") != "rgb(255, 0, 0)"
    assert tab.say("getComputedStyle(document.querySelector('main')).maxWidth") == "608px"


def test_no_address_of_a_page_is_told_to_where_its_links_lead(still: Site, tab: Browser) -> None:
    tab.visit(f"http://{still.host}{still.more()}")
    tab.say("document.querySelector('h2 a').href = '/robots.txt'")
    tab.click("h2 a")
    assert tab.say("document.referrer") == ""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 1200])
@pytest.mark.parametrize("page", ["more", "farewell", "rest", "none"])
def test_a_page_fits_the_screen_and_can_be_read(
    still: Site, tab: Browser, page: str, width: int, scheme: str
) -> None:
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    tab.call("Emulation.setEmulatedMedia", features=features)
    tab.call(
        "Emulation.setDeviceMetricsOverride",
        width=width, height=800, deviceScaleFactor=1, mobile=width < 500,
    )  # fmt: skip
    path = "/v/none" if page == "none" else getattr(still, page)()
    tab.visit(f"http://{still.host}{path}")
    assert tab.say(NARROW)
    assert tab.say(CONTRAST) >= 4.5
    to_press = "document.querySelectorAll('button, .answers a')"
    heights = f"Math.min(99, ...[...{to_press}].map(e => e.offsetHeight))"
    assert tab.say(heights) >= 44
    assert tab.say("document.documentElement.lang") == "en"
    assert (
        tab.say("document.querySelectorAll('main').length + document.querySelectorAll('h1').length")
        == 2
    )
