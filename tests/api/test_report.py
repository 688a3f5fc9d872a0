"""The page of an evaluation in a browser, and its plots."""

import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from browser import HOSTILE, Tab
from builders import make_answer, make_citation

from api.report import page as page_module
from api.report.content import Report
from api.report.page import NO_PLOTS, render_page
from api.report.plots import draw_plots
from assistant.answer import Answer
from assistant.evaluation import Outcome, compute_metrics
from assistant.evaluation.comparison import compare
from assistant.evaluation.excerpts import Excerpt
from assistant.evaluation.records import Result
from assistant.losses import Loss
from corpus.gold import GoldQuestion

PLACE = Excerpt("a.md", (("The ", ""), ("quote", "[1]"), (" is here.", "")))
PHONE = {"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": True}


def outcome(
    name: str,
    question: str = "Why?",
    *,
    answerable: bool = True,
    refused: bool = False,
    right: bool = True,
    cited: bool = True,
    kind: str = "plain",
    answer: str = "So.",
) -> Outcome:
    gold = GoldQuestion(
        name, question, ("Because.",), "a.md", ((4, 9),), answerable=answerable, kind=kind
    )
    given: Answer = make_answer(question=question)
    if not refused:
        given = make_answer((answer, (1,)), citations=(make_citation(quote="quote"),))
    return Outcome(
        gold,
        replace(given, confidence=0.3 if refused else 0.9),
        right=right and not refused if answerable else None,
        cited=cited and not refused if answerable else None,
        first_cited=None,
        f1=None,
        verbatim=True,
        unproved=0,
        retrieval={},
        loss=None if right else Loss.NOT_CHOSEN,
        gold_texts=("quote",) if answerable else (),
        cited_in=() if refused else (PLACE,),
        gold_in=(PLACE,) if answerable else (),
    )


OUTCOMES = [
    outcome("q1", "When are beans sown?"),
    outcome("q2", "Who waters the roses?", right=False, answer="The gardener."),
    outcome("q3", "Where is the pump?", refused=True, right=False, kind="fact"),
    outcome("q4", "Who sells bees?", answerable=False, kind="near_miss"),
    outcome("q5", "Who is king?", answerable=False, refused=True, kind="near_miss"),
    outcome("q6", "How old is the oak?", cited=False),
]


def shown(tab: Tab) -> list[str]:
    """The questions in the list."""
    script = "[...document.querySelectorAll('.question h3')].map((node) => node.textContent)"
    titles: list[str] = tab.run(script)
    return titles


def write(folder: Path, outcomes: Sequence[Outcome], **more: object) -> str:
    """Writes the page, and returns its address."""
    report = Report("gold.jsonl", outcomes, compute_metrics(outcomes), **more)  # type: ignore[arg-type]
    path = folder / "report.html"
    path.write_text(render_page(report)[0], encoding="utf-8")
    return path.as_uri()


@pytest.mark.parametrize(
    ("label", "questions"),
    [
        ("All 6", [each.gold.question for each in OUTCOMES]),
        ("Wrong 1", ["Who waters the roses?"]),
        ("Wrongly refused 1", ["Where is the pump?"]),
        ("Answered though absent 1", ["Who sells bees?"]),
        ("Badly cited 1", ["How old is the oak?"]),
    ],
)
def test_a_filter_shows_its_questions(
    tab: Tab, tmp_path: Path, label: str, questions: list[str]
) -> None:
    tab.open(write(tmp_path, OUTCOMES))
    tab.click(label, "button")
    assert shown(tab) == questions
    assert tab.text("#shown") == f"{len(questions)} of 6 questions"
    pressed = tab.run("document.querySelector('[aria-pressed=true]').textContent")
    assert pressed.split() == label.split()


def test_search_and_kind_narrow_the_list(tab: Tab, tmp_path: Path) -> None:
    tab.open(write(tmp_path, OUTCOMES))
    tab.run("document.querySelector('#search').focus()")
    tab.type("GARDENER roses", enter=False)
    assert shown(tab) == ["Who waters the roses?"]
    tab.run("search.value = ''; kind.value = 'near_miss'; kind.dispatchEvent(new Event('change'))")
    assert shown(tab) == ["Who sells bees?", "Who is king?"]


def test_a_question_opens_with_answer_citation_and_gold(tab: Tab, tmp_path: Path) -> None:
    tab.open(write(tmp_path, OUTCOMES))
    tab.run("document.querySelector('.question summary').focus()")
    tab.press("Enter", 13, text="\r")
    tab.sees("Because.", ".question .body")
    assert tab.count(".question .body") == 1
    assert tab.text(".question mark") == "quote"
    assert tab.text(".question .excerpt") == "The quote[1] is here."
    assert "on the gold passage" in tab.text(".question .body")


def test_a_long_list_is_shown_in_steps(tab: Tab, tmp_path: Path) -> None:
    tab.open(write(tmp_path, [outcome(str(n), f"Question {n}?") for n in range(120)]))
    assert tab.count(".question") == 50
    tab.click("Show more")
    tab.click("Show more")
    assert tab.count(".question") == 120
    assert tab.text("#more") == ""


def test_changes_since_the_earlier_run_can_be_filtered(tab: Tab, tmp_path: Path) -> None:
    before = [replace(each, right=True) if each.gold.id == "q2" else each for each in OUTCOMES]
    comparison = compare(*([Result.of(each) for each in run] for run in (before, OUTCOMES)))
    tab.open(write(tmp_path, OUTCOMES, comparison=comparison, earlier="last week"))
    tab.sees("Compared with last week")
    tab.sees("0 became better and 1 worse")
    tab.click("Changed 1", "button")
    assert shown(tab) == ["Who waters the roses?"]
    tab.sees("worse: it was right", ".question")


def test_markup_of_questions_and_documents_is_text(tab: Tab, tmp_path: Path) -> None:
    attack = f"</script><script>document.title='hacked'</script><!--<script>{HOSTILE}"
    hostile = replace(
        outcome(attack, attack, kind=attack, answer=attack),
        cited_in=(Excerpt(attack, ((attack, ""), (attack, attack))),),
    )
    comparison = compare([], [Result.of(hostile)])
    tab.open(write(tmp_path, [hostile], comparison=comparison, earlier=attack))
    tab.run("document.querySelector('.question summary').click()")
    tab.sees(attack, ".question .body")
    assert tab.run("document.title") == "Evaluation of gold.jsonl"
    assert tab.count("img") == 2  # the plots
    assert shown(tab) == [attack]


def test_the_page_asks_for_nothing_and_forbids_foreign_scripts(tab: Tab, tmp_path: Path) -> None:
    address = write(tmp_path, OUTCOMES)
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert not re.search(r"""(?:src|href|srcset)=["'](?!data:)""", text)
    tab.open(address)
    tab.call("Log.disable")  # the policy logs what it forbids
    tab.run("document.body.insertAdjacentHTML('beforeend', '<div onclick=\"document.title=1\">')")
    tab.run("document.body.lastElementChild.click()")
    assert tab.run("document.title") == "Evaluation of gold.jsonl"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_a_phone_in_both_schemes(tab: Tab, tmp_path: Path, scheme: str) -> None:
    long = outcome("q" * 200, "Why " + "so" * 300 + "?", answer="and" * 300)
    comparison = compare(*([Result.of(each) for each in OUTCOMES] for _ in range(2)))
    tab.call("Emulation.setDeviceMetricsOverride", **PHONE)
    media = [{"name": "prefers-color-scheme", "value": scheme}]
    tab.call("Emulation.setEmulatedMedia", features=media)
    tab.open(write(tmp_path, [*OUTCOMES, long], comparison=comparison, earlier="e" * 200))
    tab.run("document.querySelectorAll('details').forEach((node) => { node.open = true })")
    tab.until("document.querySelectorAll('.body').length === 7")
    assert tab.run("document.documentElement.scrollWidth") == 360
    # The plot of the scheme is shown, drawn to its size.
    source = "document.querySelector('picture source').srcset"
    image = "document.querySelector('picture img')"
    assert tab.run(f"{image}.naturalWidth") > 100
    assert tab.run(f"{image}.currentSrc === {source}") is (scheme == "dark")
    assert contrast(tab, ".question .facts") >= 4.5
    assert contrast(tab, ".badge") >= 4.5


def contrast(tab: Tab, selector: str) -> float:
    """The contrast of the element's text to what is behind it, by WCAG 2.2."""
    colours = tab.run(
        f"""(() => {{
          const node = document.querySelector({selector!r});
          let ground = node;
          while (getComputedStyle(ground).backgroundColor === "rgba(0, 0, 0, 0)") ground = ground.parentElement;
          return [getComputedStyle(node).color, getComputedStyle(ground).backgroundColor];
        }})()"""
    )
    light, dark = sorted((luminance(each) for each in colours), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    shares = [int(each) / 255 for each in re.findall(r"\d+", colour)[:3]]
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_more_questions_than_a_page_can_show_are_cut_and_the_wrong_ones_stay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(page_module, "MAX_QUESTIONS", 4)
    page, notes = render_page(Report("gold.jsonl", OUTCOMES, compute_metrics(OUTCOMES)))
    assert notes == ["the report shows 4 questions, those that are not good first"]
    assert "Who is king?" not in page
    assert all(name in page for name in ("Who waters the roses?", "pump", "bees"))


def test_without_matplotlib_the_page_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "api.report.plots", None)
    page, notes = render_page(Report("gold.jsonl", OUTCOMES, compute_metrics(OUTCOMES)))
    assert notes == [NO_PLOTS]
    assert "pip install" in page
    assert "<picture>" not in page


def test_plots_are_the_same_bytes_each_time_and_say_what_they_show() -> None:
    plots = draw_plots(OUTCOMES)
    assert plots == draw_plots(OUTCOMES)
    risk, reliability = plots
    assert "Now 67% are answered, 50% of these wrongly" in risk.alt
    assert "expected calibration error" in reliability.alt
    for plot in plots:
        assert plot.light != plot.dark
        assert "<dc:date>" not in plot.light


def test_plots_of_one_question_are_drawn() -> None:
    assert len(draw_plots(OUTCOMES[4:5])) == 2
