"""The page as a supervisor uses it, in a real browser, from disk."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mynah_daemon.pictures.head_asset import load_head
from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES
from mynah_shared.scene.sheet import read_sheet
from tests.review.batches import MadeBatch, Spoken

Visit = Callable[..., Any]
Save = Callable[[Any, str], Path]
DEADLINE_S = 30.0
NASTY = "<script>alert(1)</script>"
WARNINGS = tuple(f"Style {k} is hard to tell from the others in this line." for k in range(9))
SHOWN = "#list .line b"


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory) -> MadeBatch:
    """Lines of all sorts; only read."""
    made = MadeBatch(
        tmp_path_factory.mktemp("batch"),
        [
            Spoken("line 2", "Anna", "Bring my blue umbrella."),
            Spoken("line 10", "Anna", 'She said "no", twice;\nand left', seconds=2.0, jaw=0.5),
            Spoken("unclear", "Ben", "Mumbling", jaw=0.4, confidence=0.3, warnings=WARNINGS),
            Spoken("failed", "Ben", failure="There is no style 'loud'."),
            Spoken("nasty", NASTY, f'"><img src=x onerror="alert(1)">{NASTY}', jaw=0.3),
            Spoken("unheard", "", "nobody", phones=(), jaw=0.2, cells={"seed": "41"}),
        ],
    )
    made.report()
    return made


@pytest.fixture
def page(batch: MadeBatch, visit: Visit) -> Any:
    page = visit(batch.out / "review/index.html")
    wait_loaded(page)
    return page


def picture(page: Any, selector: str = "#face") -> np.ndarray:
    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(page.locator(selector).screenshot())).convert("RGB"))


def is_other(one: np.ndarray, other: np.ndarray) -> bool:
    return np.abs(one.astype(int) - other).max() > 40


def shown(page: Any) -> list[str]:
    return page.locator(SHOWN).all_text_contents()


def chosen(page: Any) -> str:
    return page.locator("#list [aria-selected=true] b").inner_text()


def wait(page: Any, question: str) -> None:
    """Asks again and again; Playwright's own way to wait runs text as code, which pages forbid."""
    deadline = time.monotonic() + DEADLINE_S
    while not page.evaluate(question):
        assert time.monotonic() < deadline, f"never true: {question}"
        page.wait_for_timeout(30)


def wait_loaded(page: Any, what: str = "of") -> None:
    """Until the data of the chosen line are there."""
    page.locator("#time", has_text=what).wait_for()


def seek(page: Any, seconds: float) -> None:
    """Goes to a time and waits until the screen shows it."""
    page.evaluate(
        """async (time) => {
          mynahReview.player.seek(time);
          for (let k = 0; k < 3; k++) await new Promise(requestAnimationFrame);
        }""",
        seconds,
    )


def test_it_opens_from_disk_and_lists_all_lines(page: Any) -> None:
    assert page.url.startswith("file:")
    assert shown(page) == ["line 2", "line 10", "unclear", "failed", "nasty", "unheard"]
    assert page.locator("#count").inner_text() == "6 of 6 lines"
    assert page.locator("#title").inner_text() == "Anna/line 2"
    assert page.locator("#time").inner_text() == "0.00 s of 1.50 s"


def test_the_head_is_drawn_and_its_mouth_moves_with_the_curves(page: Any) -> None:
    seek(page, 0.0)
    closed = picture(page)
    assert len(np.unique(closed.reshape(-1, 3), axis=0)) > 500  # shades of a face
    seek(page, 0.25)
    opened = picture(page)
    height, width = closed.shape[:2]
    moved = np.abs(opened.astype(int) - closed).max(axis=2) > 24
    lower = moved[height // 2 : height * 9 // 10, width // 4 : width * 3 // 4]
    assert lower.mean() > 0.02
    assert moved[: height // 4].mean() < lower.mean() / 4


def test_the_head_stands_where_the_engine_says(page: Any) -> None:
    seek(page, 0.25)
    seen = np.array(page.evaluate("Array.from(mynahReview.face.positions())")).reshape(-1, 3)
    weight = page.evaluate(
        "mynahReview.load(mynahReview.list.chosen().id).then((line) => {"
        "const jaw = mynahReview.head.channels.indexOf('jawOpen');"
        "const at = (frame) => line.values[frame * line.width + jaw];"
        "return (at(7) + at(8)) / 2; })"
    )
    head = load_head()
    expected = head.positions + weight * head.moves[ARKIT_BLENDSHAPES.index("jawOpen")]
    assert np.abs(seen - expected).max() < 1e-5


def test_playing_moves_sound_head_and_playhead(page: Any) -> None:
    still, tracks = picture(page), picture(page, "#tracks")
    page.locator("label", has_text="Loop").click()
    page.keyboard.press(" ")  # after a click, keys belong to the page again
    deadline = time.monotonic() + DEADLINE_S
    while not (is_other(picture(page), still) and is_other(picture(page, "#tracks"), tracks)):
        assert time.monotonic() < deadline, "nothing moves"
    page.locator("#play", has_text="Pause").wait_for()
    page.keyboard.press(" ")
    assert not page.evaluate("mynahReview.player.isPlaying()")
    page.locator("#play", has_text="Play").wait_for()
    page.locator("#loop").uncheck()
    page.evaluate("mynahReview.player.seek(1.4)")
    page.locator("#play").click()
    wait(page, "!mynahReview.player.isPlaying()")  # at the end it stops by itself
    wait_loaded(page, "1.50 s of 1.50 s")


def test_every_moment_can_be_played_up_to_the_end(page: Any) -> None:
    for begin_s in (1.2, 1.4, 1.48):
        page.evaluate(f"mynahReview.player.seek({begin_s})")
        page.keyboard.press(" ")
        wait(page, "mynahReview.player.time() > 1.49 && !mynahReview.player.isPlaying()")


def test_a_click_into_the_tracks_goes_there(page: Any) -> None:
    box = page.locator("#tracks").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 20)
    assert page.evaluate("mynahReview.player.time()") == pytest.approx(0.75, abs=0.01)
    for key, frame in (("ArrowRight", 24), ("Shift+ArrowRight", 34), ("ArrowLeft", 33)):
        page.keyboard.press(key)
        assert page.evaluate("mynahReview.player.time()") == pytest.approx(frame / 30, abs=0.02)


FILTERS = [
    ("#character", "=Ben", ["unclear", "failed"]),
    ("#character", "=", ["unheard"]),
    ("#flag", "any", ["unclear", "failed"]),
    ("#flag", "none", ["line 2", "line 10", "nasty", "unheard"]),
    ("#flag", "unsure", ["unclear"]),
    ("#search", "blue  ANNA", ["line 2"]),
    ("#search", "script", ["nasty"]),
    ("#search", "nowhere", []),
    ("#decision", "approved", ["line 2"]),
    ("#decision", "rejected", []),
]
ORDERS = {
    "Most flags first": ["unclear", "failed"],
    "Name": ["failed", "line 2", "line 10"],
    "Character": ["unheard", "nasty", "line 2", "line 10"],
    "Longest first": ["line 10"],
    "Decision": ["line 10", "unclear"],
    "As in the sheet": ["line 2", "line 10"],
}


def test_filters_and_orders(page: Any) -> None:
    page.keyboard.press("a")
    for field, value, left in FILTERS:
        if field == "#search":
            page.locator(field).fill(value)
        else:
            page.locator(field).select_option(value)
        assert (value, shown(page)) == (value, left)
        assert page.locator("#count").inner_text() == f"{len(left)} of 6 lines"
        page.locator(field).fill("") if field == "#search" else page.locator(field).select_option(
            ""
        )
    for order, first in ORDERS.items():
        page.locator("#order").select_option(order)
        assert (order, shown(page)[: len(first)]) == (order, first)


def test_keys_go_through_lines_and_decide(page: Any) -> None:
    page.keyboard.press("ArrowDown")
    assert chosen(page) == "line 10"
    page.keyboard.press("a")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("r")
    page.keyboard.type("Too a lazy jaw")  # letters are text here, not keys
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowDown")
    assert page.locator("#comment").input_value() == "Too a lazy jaw"
    assert page.locator("#reject").get_attribute("aria-pressed") == "true"
    assert page.locator("#progress").inner_text() == "1 approved, 1 rejected, 4 to decide"
    page.keyboard.press("r")  # taken back
    assert page.locator("#progress").inner_text() == "1 approved, 0 rejected, 5 to decide"


def test_decisions_outlive_the_page(page: Any) -> None:
    page.locator("#reject").click()
    page.locator("#comment").fill("Again")
    page.reload()
    wait_loaded(page)
    assert page.locator("#progress").inner_text() == "0 approved, 1 rejected, 5 to decide"
    assert page.locator("#comment").input_value() == "Again"
    assert page.locator("#reject").get_attribute("aria-pressed") == "true"


def test_rejected_lines_become_a_sheet_for_a_new_batch(
    page: Any, batch: MadeBatch, save: Save
) -> None:
    comments = {"line 10": 'More "p";\nless, please', "nasty": "=1+1", "unheard": ""}
    for name, comment in comments.items():
        page.locator(SHOWN, has_text=name).click()
        page.locator("#reject").click()
        page.locator("#comment").fill(comment)
    page.locator("#export").click()
    assert page.locator("#export-count").inner_text() == "3 lines are rejected."
    assert f'-o "{batch.out}" --resume --report' in page.locator("#command").inner_text()
    path = save(page, "#save")
    assert path.name == "rejected.csv"
    sheet = read_sheet(path)
    assert sheet.ignored_columns == ("comment",)
    before = {line.name: line for line in read_sheet(batch.sheet).lines}
    assert [line.name for line in sheet.lines] == list(comments)
    for line in sheet.lines:
        was = before[line.name]
        assert (line.character, line.text, line.audio) == (was.character, was.text, was.audio)
        assert line.seed == was.seed + 1  # another take
    again = {item.output for item in batch.items(path)}
    assert again < {item.output for item in batch.items()}


def test_without_another_take_the_seeds_stay(page: Any, save: Save) -> None:
    page.locator(SHOWN, has_text="unheard").click()
    page.keyboard.press("r")
    page.locator("#export").click()
    page.locator("#other-take").uncheck()
    assert [line.seed for line in read_sheet(save(page, "#save")).lines] == [41]


def test_with_nothing_rejected_there_is_nothing_to_save(page: Any) -> None:
    page.locator("#export").click()
    assert page.locator("#save").is_disabled()
    page.keyboard.press("Escape")
    page.locator("#help").click()
    assert "Nobody speaks for 2 s or longer." in page.locator("#rules").inner_text()


def test_names_and_texts_are_never_markup(page: Any, visit: Visit) -> None:
    page.locator(SHOWN, has_text="nasty").click()
    assert page.locator("#title").inner_text() == f"{NASTY}/nasty"
    assert NASTY in page.locator("#text").inner_text()
    assert NASTY in page.locator("#character").text_content()
    assert page.locator("main img, main script").count() == 0
    assert visit.troubles == []  # type: ignore[attr-defined]


def test_what_markup_slips_in_is_not_run(page: Any, visit: Visit) -> None:
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=alert(1)>')")
    wait(page, "document.querySelector('body > img').complete")
    troubles: list[str] = visit.troubles  # type: ignore[attr-defined]
    assert troubles, "the page's policy said nothing"
    words = ("Content Security Policy", "settings blocked an event handler", "failed: file:")
    assert all(any(word in said for word in words) for said in troubles)
    troubles.clear()


def test_a_failed_and_an_unheard_line_say_so(page: Any) -> None:
    page.locator(SHOWN, has_text="failed").click()
    assert "There is no style 'loud'." in page.locator("#flags").inner_text()
    assert page.locator("#time").inner_text() == ""
    page.keyboard.press(" ")
    page.locator(SHOWN, has_text="unheard").click()
    wait_loaded(page)
    assert "No phones are known" in page.locator("#note").inner_text()


def test_a_line_made_anew_asks_for_a_new_decision(tmp_path: Path, visit: Visit) -> None:
    made = MadeBatch(tmp_path, [Spoken("one"), Spoken("two", jaw=0.4)])
    page = visit(made.report())
    for name in ("one", "two"):
        page.locator(SHOWN, has_text=name).click()
        page.locator("#reject").click()
    page.locator("#comment").fill("A wider jaw")
    made.make(made.items()[1], jaw=0.8)
    made.report()
    page.reload()
    wait_loaded(page)
    assert page.locator("#progress").inner_text() == "0 approved, 1 rejected, 1 to decide"
    assert chosen(page) == "two"  # the address of the page remembers
    assert page.locator("#decided").inner_text() == "Made anew since you rejected it."
    assert page.locator("#comment").input_value() == "A wider jaw"
    page.locator("#decision").select_option("changed")
    assert shown(page) == ["two"]


def test_data_that_were_not_copied_are_told(tmp_path: Path, visit: Visit) -> None:
    made = MadeBatch(tmp_path, [Spoken("one"), Spoken("two", jaw=0.4)])
    path = made.report()
    for data in (path.parent / "lines").iterdir():
        data.unlink()
    page = visit(path)
    page.locator("#note", has_text="Copy the whole folder").wait_for()
    troubles: list[str] = visit.troubles  # type: ignore[attr-defined]
    assert all("failed" in said.lower() for said in troubles)  # Firefox says nothing
    troubles.clear()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080)])
def test_it_fits_the_screen_in_both_schemes(
    batch: MadeBatch, visit: Visit, scheme: str, size: tuple[int, int]
) -> None:
    width, height = size
    page = visit(
        batch.out / "review/index.html",
        "#Ben%2Funclear.csv",
        viewport={"width": width, "height": height},
        color_scheme=scheme,
    )
    wait_loaded(page)
    if not page.evaluate(f"matchMedia('(prefers-color-scheme: {scheme})').matches"):
        pytest.skip(f"this Playwright can't make Firefox {scheme}")
    assert chosen(page) == "unclear"  # with more flags than there is room for
    for selector in ("#face", "#tracks", "#approve", "#comment", "#play", "#export", "#list"):
        box = page.locator(selector).bounding_box()
        assert box["x"] >= 0
        assert box["y"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["y"] + box["height"] <= height, selector
    comment, player = (
        page.locator("#comment").bounding_box(),
        page.locator(".player").bounding_box(),
    )
    assert comment["y"] + comment["height"] <= player["y"]
    brightness = picture(page, ".top").mean()
    assert brightness > 200 if scheme == "light" else brightness < 90


def test_two_hundred_lines_load_only_what_is_looked_at(tmp_path: Path, visit: Visit) -> None:
    lines = [
        Spoken(f"line {k}", f"Character {k % 7}", f"Text {k}", 0.5, 0.2 + k / 400, [(0, 0.5, "AA")])
        for k in range(200)
    ]
    page = visit(MadeBatch(tmp_path, lines).report())
    wait_loaded(page)
    asked = "performance.getEntriesByType('resource').filter((r) => /lines[/]/.test(r.name)).length"
    assert page.locator(".line").count() == 200
    assert page.evaluate(asked) <= 2
    for _ in range(30):
        page.keyboard.press("ArrowDown")
    assert chosen(page) == "line 30"
    wait_loaded(page, "of 0.50")
    page.locator("#character").select_option("=Character 3")
    assert page.locator("#count").inner_text() == "29 of 200 lines"
