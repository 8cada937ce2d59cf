"""The language of a story: its own words where they are sure, else what it declares."""

from __future__ import annotations

import gzip
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.ingest.admit import admit
from monitor.ingest.language import MAX_CHARS, detect, hear
from monitor.records import NewStory, language_code
from tests.ingest import reference
from tests.ingest.builders import DAY, NOW, document, entry, feed

TEXTS = {
    "en": "The ministry said on Tuesday that the last soldiers had left the base near the border "
    "and that the handover would be finished before the end of the year.",
    "de": "Das Ministerium teilte am Dienstag mit, dass die letzten Soldaten den Stützpunkt an der "
    "Grenze verlassen haben und die Übergabe bis zum Jahresende abgeschlossen wird.",
    "fr": "Le ministère a annoncé mardi que les derniers soldats avaient quitté la base près de la "
    "frontière et que la remise des installations serait achevée avant la fin de l'année.",
    "es": "El ministerio anunció el martes que los últimos soldados habían abandonado la base "
    "cercana a la frontera y que la entrega terminará antes de que acabe el año.",
    "pt": "O ministério informou na terça-feira que os últimos soldados deixaram a base perto da "
    "fronteira e que a entrega das instalações será concluída até ao fim do ano.",
    "it": "Il ministero ha annunciato martedì che gli ultimi soldati hanno lasciato la base vicino "
    "al confine e che la consegna sarà completata entro la fine dell'anno.",
    "nl": "Het ministerie maakte dinsdag bekend dat de laatste soldaten de basis bij de grens "
    "hebben verlaten en dat de overdracht voor het einde van het jaar klaar zal zijn.",
    "sv": "Departementet meddelade på tisdagen att de sista soldaterna har lämnat basen nära "
    "gränsen och att överlämnandet ska vara avslutat före årets slut.",
    "pl": "Ministerstwo poinformowało we wtorek, że ostatni żołnierze opuścili bazę w pobliżu "
    "granicy, a przekazanie obiektu zakończy się przed końcem roku.",
    "tr": "Bakanlık salı günü yaptığı açıklamada son askerlerin sınır yakınındaki üsten "
    "ayrıldığını ve devir teslimin yıl sonuna kadar tamamlanacağını söyledi.",
    "ru": "Министерство сообщило во вторник, что последние солдаты покинули базу у границы "
    "и что передача объекта завершится до конца года.",
    "uk": "Міністерство повідомило у вівторок, що останні солдати залишили базу біля кордону "
    "і що передача об'єкта завершиться до кінця року.",
    "el": "Το υπουργείο ανακοίνωσε την Τρίτη ότι οι τελευταίοι στρατιώτες εγκατέλειψαν τη βάση "
    "κοντά στα σύνορα και ότι η παράδοση θα ολοκληρωθεί πριν από το τέλος του έτους.",
    "ar": "أعلنت الوزارة يوم الثلاثاء أن آخر الجنود غادروا القاعدة القريبة من الحدود وأن تسليم "
    "المنشأة سيكتمل قبل نهاية العام الجاري.",
    "fa": "وزارتخانه روز سه‌شنبه اعلام کرد که آخرین سربازان پایگاه نزدیک مرز را ترک کرده‌اند و "
    "تحویل آن تا پایان سال به انجام می‌رسد.",
    "he": "המשרד הודיע ביום שלישי כי החיילים האחרונים עזבו את הבסיס הסמוך לגבול וכי מסירת המתקן "
    "תושלם לפני סוף השנה.",
    "hi": "मंत्रालय ने मंगलवार को बताया कि आखिरी सैनिक सीमा के पास का अड्डा छोड़ चुके हैं और साल के अंत तक "
    "इसे सौंपने का काम पूरा हो जाएगा।",
    "ja": "防衛省は火曜日、国境近くの基地から最後の部隊が撤収し、施設の引き渡しは年末までに"
    "完了する見通しだと発表した。",
    "zh": "国防部星期二表示，最后一批士兵已经离开边境附近的基地，设施移交工作将在"
    "今年年底之前完成。",
    "ko": "국방부는 화요일 마지막 병력이 국경 근처 기지를 떠났으며 시설 인계는 "
    "연말 전에 마무리될 것이라고 밝혔다.",
}

HEADLINES = [
    "Troops leave Iraq",
    "El Niño hits La Paz again",
    "Angela Merkel trifft Emmanuel Macron in Berlin",
    "Champions League: Juventus 2, Barcelona 1",
    "Netflix, Disney, Amazon",
    "Último soldado deixa a base",
]

TABLE = "ACME CORP 4TH QTR NET. Shr 13 cts vs 70 cts. Net 1,093,452 vs 5,412,339. Revs 12.3 mln vs"

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


def story(title: str = "A title", text: str = "", *, declares: str | None = None) -> NewStory:
    parsed = replace(document(entry(title, text)), language=declares)
    return admit(parsed, feed(), NOW, DAY).stories[0]


def spoken(one: NewStory) -> str | None:
    (heard,) = hear([one], frozenset())
    return heard.language


@pytest.mark.parametrize("language", TEXTS)
def test_two_lines_of_plain_prose_tell_their_language(language: str) -> None:
    assert detect(TEXTS[language]) == language


@pytest.mark.parametrize(
    ("text", "declares", "language"),
    [
        (TEXTS["pt"], "en", "pt"),
        (TEXTS["de"], None, "de"),
        (TEXTS["de"], "de", "de"),
        (HEADLINES[5], "en", "en"),
        (HEADLINES[5], None, None),
        (TABLE, "en", "en"),
        (f"{TEXTS['de'][:80]} {TEXTS['fr'][:80]}", "en", "en"),
    ],
    ids=[
        "sure words beat a wrong declaration",
        "sure words speak for a silent feed",
        "sure words and declaration agree",
        "a headline keeps what it declares",
        "a headline of a silent feed keeps its silence",
        "a table keeps what it declares",
        "two languages keep what is declared",
    ],
)
def test_words_that_are_sure_come_before_a_declaration(
    text: str, declares: str | None, language: str | None
) -> None:
    assert spoken(story("", text, declares=declares)) == language


def test_title_and_text_are_listened_to_as_one() -> None:
    half = len(TEXTS["it"]) // 2
    title, text = TEXTS["it"][:half], TEXTS["it"][half:]
    assert (spoken(story(title)), spoken(story(title, text))) == (None, "it")


def test_a_story_that_is_known_is_not_listened_to_again() -> None:
    one, other = story("", TEXTS["sv"], declares="en"), story("", TEXTS["nl"], declares="en")
    found = hear([one, other], frozenset(one.keys))
    assert [each.language for each in found] == ["en", "nl"]


@pytest.mark.parametrize("headline", HEADLINES)
def test_a_headline_is_too_short_to_be_sure(headline: str) -> None:
    assert detect(headline) is None


@pytest.mark.parametrize("language", ["ja", "zh"])
def test_a_headline_of_characters_that_are_words_is_long_enough(language: str) -> None:
    assert detect(TEXTS[language][:38]) == language


def test_another_language_in_the_second_half_leaves_a_doubt() -> None:
    english, french = TEXTS["en"], TEXTS["fr"]
    assert detect(f"{english} {french[: len(english)]}") is None


def test_the_name_of_a_foreign_place_leaves_none() -> None:
    text = TEXTS["en"].replace("the border", "Llanfairpwllgwyngyll and Zhōngguó (中国)")
    assert detect(text) == "en"


@pytest.mark.parametrize(
    "text",
    ["", " ", "\n" * 600, "7 " * 300, "!?" * 300, "https://news.example/a/b?c=d " * 20, "\0" * 300],
    ids=["nothing", "blank", "lines", "digits", "marks", "addresses", "NUL"],
)
def test_what_is_no_text_has_no_language(text: str) -> None:
    assert detect(text) is None


def test_russian_in_latin_letters_is_no_russian() -> None:
    """No stemmer and no prior of Russian could read it."""
    text = (
        "Ministerstvo soobshchilo vo vtornik, chto poslednie soldaty pokinuli bazu u granitsy "
        "i chto peredacha obyekta zavershitsya do kontsa goda."
    )
    assert detect(text) is None


def test_hebrew_has_the_code_of_today() -> None:
    assert detect(TEXTS["he"]) == "he"


def test_no_more_than_the_beginning_is_read() -> None:
    beginning = (TEXTS["en"] * 4)[:MAX_CHARS]
    assert detect(beginning + TEXTS["ru"] * 1000) == "en"


@given(
    st.text(st.characters(), max_size=700) | st.sampled_from(list(TEXTS.values())).map(str.upper)
)
def test_any_text_has_a_well_formed_code_or_none(text: str) -> None:
    found = detect(text)
    assert found is None or language_code(found) == found


SPOKEN = st.lists(
    st.sampled_from([*TEXTS.values(), *HEADLINES, TABLE]) | st.text(max_size=40), max_size=4
).map(" ".join)


@given(SPOKEN, st.none() | st.sampled_from([*TEXTS, "iw", "nb", "xx"]))
def test_one_half_that_says_what_is_declared_decides_as_all_three_parts_would(
    text: str, declares: str | None
) -> None:
    one = story("A title", text, declares=declares)
    assert spoken(one) == (reference.detect(f"A title\n{one.text}") or declares)
    assert detect(text) == reference.detect(text)


def test_threads_may_listen_at_the_same_time() -> None:
    texts = list(TEXTS.values()) * 20
    with ThreadPoolExecutor(max_workers=4) as threads:
        assert list(threads.map(detect, texts)) == list(TEXTS) * 20


def test_english_news_are_hardly_ever_taken_for_another_language() -> None:
    """What matters most: a story in a wrong language is lost. Measured in docs/quality.md."""
    path = DATA / "allsides_roundups" / "dev.jsonl.gz"
    if not path.is_file():
        pytest.skip(f"no labelled news in {DATA}")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        found = [detect(f"{each['title']}\n{each['text']}") for each in map(json.loads, lines)]
    wrong = [language for language in found if language not in (None, "en")]
    assert found.count("en") > 0.8 * len(found)
    assert len(wrong) <= len(found) / 2000
