"""The shipped tables of word frequencies: what they may weigh, cost and say."""

from __future__ import annotations

import gzip
from functools import cache
from importlib.resources import files
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from monitor.matching.background import Background
from monitor.matching.features import columns_of
from monitor.matching.text import Analyzer
from monitor.matching.vectors import Vectorizer
from monitor.records import Seed

DATA = files("monitor.matching") / "data"
ROOT = Path(__file__).resolve().parents[2]

SENTENCES = {
    "ar": ("قال الوزير إن الجنود غادروا القاعدة", "في من الجنود"),
    "ca": ("El ministre ha dit que els soldats han deixat la base", "que els soldats"),
    "cs": ("Ministr řekl, že vojáci opustili základnu", "že na vojáci"),
    "da": ("Ministeren sagde, at soldaterne har forladt basen", "at har soldaterne"),
    "de": ("Der Minister sagte, dass die Soldaten den Stützpunkt verlassen", "der die Soldaten"),
    "el": ("Ο υπουργός είπε ότι οι στρατιώτες έφυγαν από τη βάση", "από τη στρατιώτες"),
    "en": ("The minister said that the troops had left the base", "year said troops"),
    "es": ("El ministro dijo que los soldados dejaron la base", "que los soldados"),
    "fa": ("وزیر گفت که سربازان پایگاه را ترک کردند", "که را سربازان"),
    "fi": ("Ministeri sanoi, että sotilaat ovat lähteneet tukikohdasta", "ja on sotilaat"),
    "fr": ("Le ministre a dit que les soldats ont quitté la base", "les que soldats"),
    "hi": ("मंत्री ने कहा कि सैनिक अड्डा छोड़ चुके हैं", "ने कि सैनिक"),
    "hu": ("A miniszter azt mondta, hogy a katonák elhagyták a bázist", "hogy azt katonák"),
    "id": ("Menteri mengatakan bahwa tentara sudah meninggalkan pangkalan", "yang dan tentara"),
    "it": ("Il ministro ha detto che i soldati hanno lasciato la base", "che la soldati"),
    "nl": ("De minister zei dat de soldaten de basis hebben verlaten", "de dat soldaten"),
    "no": ("Ministeren sa at soldatene har forlatt basen", "at har soldatene"),
    "pl": ("Minister powiedział, że żołnierze opuścili bazę", "że na żołnierze"),
    "pt": ("O ministro disse que os soldados deixaram a base", "que os soldados"),
    "ro": ("Ministrul a spus că soldații au părăsit baza", "că au soldații"),
    "ru": ("Министр сказал, что солдаты покинули базу", "что на солдаты"),
    "sv": ("Ministern sade att soldaterna har lämnat basen", "att har soldaterna"),
    "tr": ("Bakan askerlerin üsten ayrıldığını söyledi", "ve bir askerlerin"),
    "uk": ("Міністр сказав, що солдати залишили базу", "що на солдати"),
}
"""A sentence of news, and two words of every day before one that tells something."""


@cache
def stems(language: str) -> list[str]:
    table = gzip.decompress((DATA / f"prior-{language}.tsv.gz").read_bytes()).decode()
    return [line.partition("\t")[0] for line in table.splitlines()]


def test_every_table_is_tried_below() -> None:
    names = {path.name for path in DATA.iterdir() if path.name.startswith("prior-")}
    assert names == {f"prior-{language}.tsv.gz" for language in SENTENCES}


def test_all_data_together_are_small() -> None:
    assert sum(len(path.read_bytes()) for path in DATA.iterdir()) < 2_500_000


@pytest.mark.parametrize("language", SENTENCES)
def test_stems_are_sorted_and_told_once(language: str) -> None:
    assert sorted(set(stems(language))) == stems(language)


@pytest.mark.parametrize("language", SENTENCES)
def test_stems_are_those_of_the_product(language: str) -> None:
    found = Analyzer(language).terms("", SENTENCES[language][0])
    assert len(set(found) & set(stems(language))) >= 0.7 * len(set(found))


def test_stems_are_those_of_english_news() -> None:
    words = ["troops", "advisory", "U.S.", "Iraqi", "militias", "2014"]
    assert {Analyzer("en").terms("", word)[0] for word in words} <= set(stems("en"))


@pytest.mark.parametrize("language", SENTENCES)
def test_words_of_every_day_weigh_little_without_a_list_of_stop_words(language: str) -> None:
    *common, telling = Analyzer(language).terms("", SENTENCES[language][1])
    weights = Background.prior().idf(language)[columns_of([*common, telling])]
    assert max(weights[:-1]) < weights[-1] / 3


@pytest.mark.parametrize("language", sorted(set(SENTENCES) - {"en"}))
def test_texts_that_share_only_such_words_hardly_resemble_each_other(language: str) -> None:
    """Without a prior they do: such words are half of every sentence."""
    *common, _ = SENTENCES[language][1].split()
    text = SENTENCES[language][0]
    other = " ".join([*common, "qwert", "zuiop", "asdfg"])
    vectorizer = Vectorizer(Background.prior())
    rows = vectorizer.seed_rows(
        (Seed(text=f"{text} {' '.join(common)}"), Seed(text=other)), language
    )
    assert (rows[0] @ rows[1].T).sum() < 0.05


def test_its_licence_names_origin_and_terms() -> None:
    licence = (DATA / "LICENSE-prior.txt").read_text("utf-8")
    assert "wordfreq 3.1.1" in licence
    assert "creativecommons.org/licenses/by-sa/4.0" in licence
    assert [f"({language})" for language in SENTENCES if f"({language})" not in licence] == []


def test_the_tables_are_in_the_wheel() -> None:
    builder = WheelBuilder(str(ROOT))
    packed = {each.distribution_path for each in builder.recurse_included_files()}
    shipped = {f"monitor/matching/data/{path.name}" for path in DATA.iterdir()}
    assert shipped <= packed
