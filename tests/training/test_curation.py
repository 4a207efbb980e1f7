"""Curation of videos in its parts: names, stretches, filters, clips' files, the report, and the
table in the documentation."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from mynah_daemon.capture.head_model import reference_face
from mynah_daemon.capture.observation import observe
from mynah_daemon.capture.track import FaceTrack
from mynah_shared.errors import BadInputError
from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip
from mynah_training.curation import filters, lag, segments
from mynah_training.curation.clip_writing import cut_phones, cut_sound, is_written, write_files
from mynah_training.curation.filters import Measures, foreign_mouth, reasons_against
from mynah_training.curation.outcomes import (
    ClipOutcome,
    VideoOutcome,
    read_outcomes,
    write_outcomes,
)
from mynah_training.curation.report import REPORT, write_report
from mynah_training.curation.segments import find_stretches
from mynah_training.curation.videos import SourceVideo, find_videos, read_transcripts
from mynah_training.curation.watching import _measure
from mynah_training.data.layouts.folder import read_folder

# --- videos ---------------------------------------------------------------------------------------


def put(root: Path, *places: str) -> None:
    for place in places:
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).write_bytes(place.encode())


def test_the_first_folder_is_the_speaker_and_a_video_at_the_top_its_own(tmp_path: Path) -> None:
    put(tmp_path, "anna/monday/take1.mp4", "ben/a.mov", "solo.webm", "anna/x.MKV", "notes.pdf")
    put(tmp_path, "anna/._take1.mp4", "zoe.mp4", "anna.avi")

    found = [(v.place, v.speaker, v.name) for v in find_videos(tmp_path)]

    assert found == [
        ("anna.avi", "anna", "anna"),
        ("anna/monday/take1.mp4", "anna", "monday-take1"),
        ("anna/x.MKV", "anna", "x"),
        ("ben/a.mov", "ben", "a"),
        ("solo.webm", "solo", "solo"),
        ("zoe.mp4", "zoe", "zoe"),
    ]


def test_videos_of_one_name_get_names_of_their_own(tmp_path: Path) -> None:
    put(tmp_path, "anna/take.mp4", "anna/take.mov", "ben/take.mov")
    assert [v.name for v in find_videos(tmp_path)] == ["take-mov", "take-mp4", "take"]


@pytest.mark.parametrize(
    ("name", "clip"),
    [("take", "anna/take_002"), ("hello_happy", "anna/hello_002_happy"), ("a_b", "anna/a_b_002")],
)
def test_a_mood_stays_the_last_word_of_a_clips_name(name: str, clip: str) -> None:
    assert SourceVideo(Path("x"), "x", "anna", name).clip_name(2) == clip


def test_a_folder_without_videos_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"holds no videos; put videos of people who speak"):
        find_videos(tmp_path)
    with pytest.raises(BadInputError, match="is not a folder; give the folder of the videos"):
        find_videos(tmp_path / "gone")


def test_texts_lie_beside_videos_or_in_the_table(tmp_path: Path) -> None:
    put(tmp_path, "anna/a.mp4", "anna/b.mp4", "anna/c.mp4", "anna/d.mp4")
    (tmp_path / "anna/a.txt").write_text("Hello there.", "utf-8-sig")
    (tmp_path / "anna/b.txt").write_bytes(b"\xff\xfe\xfa broken")
    table = "video,text\nanna/a.mp4,Something else\nanna/b.mp4,Not this\nanna/c.mp4,Good bye\n"
    (tmp_path / "transcripts.csv").write_text(table + "anna/d.mp4,\n")

    found = read_transcripts(tmp_path, find_videos(tmp_path))

    assert found.texts == {"anna/a.mp4": "Hello there.", "anna/c.mp4": "Good bye"}
    assert list(found.problems) == ["anna/b.mp4"]
    assert "'b.txt' can't be read; save it as plain text" in found.problems["anna/b.mp4"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"file,words\na.mp4,hello\n", "with the columns video and text"),
        (b"\xff\xfe\x00", "with the columns video and text"),
        (b"video,text\nb.mp4,hello\n", "has a text for 'b.mp4', but there is no such video"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused(
    tmp_path: Path, content: bytes, sentence: str
) -> None:
    put(tmp_path, "a.mp4")
    (tmp_path / "transcripts.csv").write_bytes(content)
    with pytest.raises(BadInputError, match=sentence):
        read_transcripts(tmp_path, find_videos(tmp_path))


# --- stretches ------------------------------------------------------------------------------------


def silence(length_s: float, *spoken: tuple[float, float]) -> np.ndarray:
    """Probability of silence at 50/s, with speech in the given parts."""
    track = np.full(round(length_s * 50), 0.95, np.float32)
    for start_s, end_s in spoken:
        track[round(start_s * 50) : round(end_s * 50)] = 0.05
    return track


def test_speech_is_cut_out_with_its_margins() -> None:
    found, n_short = find_stretches(silence(40, (5, 10), (11, 14), (20, 28)), 40)
    assert found == [pytest.approx((4.5, 14.5)), pytest.approx((19.5, 28.5))]
    assert n_short == 0


def test_long_speech_is_cut_at_its_longest_pauses() -> None:
    track = silence(60, (1, 12), (12.3, 24), (25.2, 40), (40.4, 58))
    found, _ = find_stretches(track, 60)
    assert found[0][0] == pytest.approx(0.5)
    assert found[-1][1] == pytest.approx(58.5)
    assert [end for _, end in found[:-1]] == [start for start, _ in found[1:]]
    assert all(3 <= end - start <= 20 for start, end in found)
    cuts = [end for _, end in found[:-1]]
    assert any(24 <= cut <= 25.2 for cut in cuts)
    assert any(12 <= cut <= 12.3 for cut in cuts)
    assert any(40 <= cut <= 40.4 for cut in cuts)


def test_speech_without_any_pause_is_cut_all_the_same() -> None:
    found, _ = find_stretches(silence(3600, (0, 3600)), 3600)
    assert all(2.99 <= end - start <= 20 for start, end in found)
    assert sum(end - start for start, end in found) == pytest.approx(3600)


def test_a_short_word_takes_in_the_silence_around() -> None:
    found, n_short = find_stretches(silence(20, (0.2, 0.9), (9.0, 9.5), (18.8, 19.5)), 20)
    assert n_short == 0
    assert found[0] == pytest.approx((0, 3))
    assert found[1] == pytest.approx((7.75, 10.75))
    assert found[2] == pytest.approx((17, 20))


def test_without_room_for_the_least_length_speech_is_counted_only() -> None:
    assert find_stretches(silence(2.5, (0.5, 2)), 2.5) == ([], 1)
    assert find_stretches(silence(10), 10) == ([], 0)
    close, n_short = find_stretches(silence(7, (0.4, 2.4), (4.6, 6.7)), 7)
    assert len(close) + n_short == 2
    assert all(end - start >= 2.95 for start, end in close)


def test_a_video_of_three_seconds_less_a_frame_is_a_clip() -> None:
    assert len(find_stretches(silence(2.96, (0.5, 2.2)), 2.96)[0]) == 1


def test_a_click_is_no_speech() -> None:
    assert find_stretches(silence(30, (5, 5.06), (12, 16)), 30)[0] == [pytest.approx((11.5, 16.5))]


# --- filters --------------------------------------------------------------------------------------

GOOD = Measures(
    unseen_s=0.08,
    turned_deg=np.full(100, 20.0),
    moved=np.full(99, 0.02),
    grown=np.full(99, 0.02),
    swung_deg=np.full(99, 3.0),
    crowded=0.0,
    mouth_pixels=40.0,
    resting_gap_mm=0.5,
    opening_mm=9.0,
    speech=0.7,
)


def some(value: float, count: int, others: float, n: int = 99) -> np.ndarray:
    return np.array([value] * count + [others] * (n - count))


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"speech": 0.29}, "speech is heard in 29% of it, less than 30%"),
        ({"unseen_s": 0.24}, "no face is seen for 0.2 s"),
        ({"crowded": 0.11}, "several large faces are in 11% of the frames"),
        ({"moved": some(0.3, 1, 0.02)}, "the face jumps once: a cut, or it was lost"),
        ({"grown": some(0.26, 2, 0.02)}, "the face jumps 2 times: a cut, or it was lost"),
        ({"swung_deg": some(26.0, 3, 2.0)}, "the face jumps 3 times: a cut, or it was lost"),
        (
            {"turned_deg": some(46.0, 6, 10.0, 100)},
            "the head is turned by more than 45° in 6% of the frames",
        ),
        ({"mouth_pixels": 24.0}, "the mouth is 24 pixels wide, less than 25"),
        ({"resting_gap_mm": 3.6}, "the lips never come nearer than 4 mm"),
        ({"opening_mm": 1.4}, "the lips part by 1.4 mm only, less than 2 mm: the mouth is masked"),
    ],
)
def test_each_filter_says_what_is_wrong(changed: dict[str, object], reason: str) -> None:
    found = reasons_against(replace(GOOD, **changed), 0.9)
    assert len(found) == 1
    assert found[0].startswith(reason)


@pytest.mark.parametrize(
    "changed",
    [
        {"speech": 0.31},
        {"unseen_s": 0.2},
        {"crowded": 0.1},
        {"moved": some(0.24, 9, 0.02)},
        {"turned_deg": some(80.0, 5, 10.0, 100)},
        {"turned_deg": some(44.0, 100, 10.0, 100)},
        {"mouth_pixels": 26.0},
        {"resting_gap_mm": 2.9},
        {"opening_mm": 2.1},
    ],
)
def test_a_clip_within_the_limits_passes(changed: dict[str, object]) -> None:
    assert reasons_against(replace(GOOD, **changed), 0.41) == ()


def test_all_reasons_are_told() -> None:
    assert len(reasons_against(replace(GOOD, speech=0.1, crowded=1.0), 0.1)) == 3
    assert "agree by 0.10 with the speech" in foreign_mouth(0.1)


# --- measuring ------------------------------------------------------------------------------------


def face(yaw_deg: float = 0.0, pitch_deg: float = 0.0, opening_mm: float = 0.0) -> np.ndarray:
    """Landmarks [478, 3] of the reference face, turned in front of the camera, 2 pixels a mm."""
    skin = reference_face()
    points = np.concatenate([skin, np.repeat(skin[[33, 263]], 5, axis=0)])
    points[14] = points[13] - [0, opening_mm, 0]  # whose lips are apart as it is
    turned = Rotation.from_euler("yx", [yaw_deg, pitch_deg], degrees=True).apply(points)
    return turned * 2 + 300


def measures_of(faces: list[np.ndarray], sizes: list[list[float]] | None = None) -> Measures:
    times_s = np.arange(len(faces)) / 25
    track = FaceTrack(times_s, np.array(faces), (), 0, float(times_s[-1]))
    seen = observe(track.at(times_s), reference_face(), 25.0)
    return _measure(track, times_s, seen, sizes or [[100.0]] * len(faces), 0.7)


def talking(n: int, **turn: float) -> list[np.ndarray]:
    return [face(**turn, opening_mm=5 * abs(np.sin(i / 3))) for i in range(n)]


@pytest.mark.parametrize(
    ("turn", "angle"),
    [({}, 0), ({"yaw_deg": 50.0}, 50), ({"yaw_deg": -35.0}, 35), ({"pitch_deg": 48.0}, 48)],
)
def test_how_far_a_head_is_turned_is_measured_against_the_camera(
    turn: dict[str, float], angle: float
) -> None:
    found = measures_of(talking(50, **turn))
    assert found.turned_deg == pytest.approx(np.full(50, angle), abs=3)
    assert bool(reasons_against(found, 0.9)) is (angle > 45)
    assert found.opening_mm == pytest.approx(5, abs=1)


def test_a_cut_and_a_leap_are_jumps_but_a_quick_nod_is_none() -> None:
    shots = talking(25) + [points + [90, 0, 0] for points in talking(25)]
    assert "jumps once" in reasons_against(measures_of(shots), 0.9)[0]
    larger = talking(25) + [points * 1.4 for points in talking(25)]
    assert "jumps once" in reasons_against(measures_of(larger), 0.9)[0]
    swung = talking(25) + talking(25, yaw_deg=30.0)
    assert "jumps once" in reasons_against(measures_of(swung), 0.9)[0]
    nod = [face(pitch_deg=15 * np.sin(i * 0.8), opening_mm=5 * (i % 2)) for i in range(50)]
    assert reasons_against(measures_of(nod), 0.9) == ()


def test_a_second_face_counts_by_its_size() -> None:
    crowd = measures_of(talking(40), [[100.0, 39.0]] * 30 + [[100.0, 60.0, 50.0]] * 10)
    assert crowd.crowded == 0.25


def test_time_without_a_face_counts_at_the_ends_too() -> None:
    times_s = np.arange(50) / 25
    kept = np.r_[8:30, 33:50]
    track = FaceTrack(times_s[kept], np.array(talking(50))[kept], (0.0,), 0, 1.96)
    seen = observe(track.at(times_s), reference_face(), 25.0)
    found = _measure(track, times_s, seen, [[100.0]] * len(kept), 0.7)
    assert found.unseen_s == pytest.approx(8 / 25)


# --- files ----------------------------------------------------------------------------------------


def test_sound_beyond_the_ends_is_silent() -> None:
    samples = np.arange(1, 16001, dtype=np.float32)
    early = cut_sound(samples, -0.25, 1.0)
    assert early.shape == (16000,)
    assert not early[:4000].any()
    assert early[4000] == 1
    late = cut_sound(samples, 0.75, 1.0)
    assert late.shape == (16000,)
    assert late[3999] == 16000
    assert not late[4000:].any()


def test_phones_are_cut_with_their_clip() -> None:
    phones = [("sil", 0.0, 1.0), ("B", 1.0, 1.2), ("AA", 1.2, 2.0), ("sil", 2.0, 9.0)]
    cut = cut_phones(phones, 1.1, 2.0)
    assert [phone for phone, _, _ in cut] == ["B", "AA", "sil"]
    assert [end for *_, end in cut] == pytest.approx([0.1, 0.9, 2.0])


def test_a_clip_is_read_back_by_the_layout_with_its_phones(tmp_path: Path) -> None:
    motion = MotionClip(30.0, ARKIT_CHANNELS, np.full((60, 55), 0.25, np.float32))
    samples = np.linspace(-0.5, 0.5, 32000, dtype=np.float32)
    write_files(tmp_path, "anna/x_001", samples, motion, [("B", 0.0, 2.0)], '{"lag_s": 1}')

    (read,) = read_folder(tmp_path)

    assert (read.recording_id, read.speaker) == ("anna/x_001", "anna")
    np.testing.assert_allclose(read.read_audio(), samples, atol=1e-4)
    assert read.motion is not None
    np.testing.assert_array_equal(read.motion.values, motion.values)
    assert read.phones == (("B", 0.0, 2.0),)
    assert read.trusted
    assert is_written(tmp_path, "anna/x_001", '{"lag_s": 1}')
    assert not is_written(tmp_path, "anna/x_001", '{"lag_s": 2}')
    assert not is_written(tmp_path, "anna/y_001", '{"lag_s": 1}')


# --- the report -----------------------------------------------------------------------------------

OUTCOMES = [
    VideoOutcome(
        "anna & co/a<b>.mp4",
        "anna & co",
        (
            ClipOutcome("anna & co/a<b>_001", 0.5, 9.5, "_curation/a b/001.jpg", (), True),
            ClipOutcome("anna & co/a<b>_002", 9.5, 15.5, "", ("the mouth is 18 pixels wide",)),
        ),
        notes=("A transcript is odd.",),
        lag_s=-0.0234,
        lag_about="± 8 ms, from 20 closures in this video",
    ),
    VideoOutcome("ben/x.mov", "ben", problem="'ben/x.mov' has no sound track."),
]


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.pictures: list[str] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.pictures.append(dict(attrs)["src"] or "")

    def handle_data(self, data: str) -> None:
        self.words += data


def test_the_report_tells_everything_and_trusts_no_name(tmp_path: Path) -> None:
    write_report(tmp_path, OUTCOMES, {"anna & co/a<b>_001"})
    text = (tmp_path / REPORT).read_text("utf-8")
    page = Page(text)

    assert page.pictures == ["_curation/a%20b/001.jpg"]
    assert "a<b>" in page.words
    for told in (
        "2 videos, 2 clips: 1 kept (0:09 min), 1 left out. Of those kept, 1 for dev",
        "picture 23 ms early (± 8 ms, from 20 closures in this video); corrected",
        "kept for dev, with phones",
        "left out: the mouth is 18 pixels wide",
        "the mouth is … pixels wide",
        "A transcript is odd.",
        "left out: 'ben/x.mov' has no sound track.",
    ):
        assert told in page.words, told
    assert "http" not in text


def test_outcomes_are_read_back(tmp_path: Path) -> None:
    write_outcomes(tmp_path, OUTCOMES)
    assert read_outcomes(tmp_path) == OUTCOMES
    (tmp_path / "dataset.json").write_text('{"made_by": "somebody"}')
    with pytest.raises(BadInputError, match="is damaged, or not Mynah's"):
        read_outcomes(tmp_path)


# --- the documentation ----------------------------------------------------------------------------


def test_the_table_of_limits_has_the_limits_of_the_code(repository: Path) -> None:
    text = (repository / "docs" / "DATASETS.md").read_text("utf-8")
    rows = dict(
        line.strip("| ").split(" | ", 1) for line in text.splitlines() if line.startswith("| ")
    )
    stated = {
        "too little speech": [f"{filters.LEAST_SPEECH:.0%}".replace("%", " %")],
        "no face": [f"{filters.LONGEST_UNSEEN_S:g} s"],
        "several faces": [
            f"{filters.AS_LARGE:.0%}".replace("%", " %"),
            f"{filters.MOST_CROWDED:.0%}".replace("%", " %"),
        ],
        "jumps": [f"{filters.JUMP_SHARE:.0%}".replace("%", " %"), f"{filters.JUMP_DEG:g}°"],
        "head turned away": [
            f"{filters.FAR_TURN_DEG:g}°",
            f"{filters.MOST_TURNED:.0%}".replace("%", " %"),
        ],
        "small mouth": [f"{filters.SMALLEST_MOUTH_PIXELS:g} pixels"],
        "lips never meet": [f"{filters.OPEN_MM:g} mm"],
        "still mouth": [f"{filters.LEAST_OPENING_MM:g} mm"],
        "another mouth": [f"{filters.LEAST_AGREEMENT:g}"],
        "out of step": [
            f"{lag.LARGEST_LAG_S * 1000:g} ms",
            f"{lag.LEAST_CLOSURES} b, m and p",
            f"{lag.LARGEST_UNCERTAINTY_S * 1000:g} ms",
        ],
    }
    for reason, limits in stated.items():
        for limit in limits:
            assert limit in rows[reason], f"{reason}: {limit}"
    assert f"{segments.LONGEST_S:g} s is cut" in text
    assert f"{segments.SHORTEST_S:g} s takes in" in text
    assert f"{segments.LONG_PAUSE_S:g} s and more" in text
    assert f"{segments.MARGIN_S:g} s around speech" in text
    assert f"fewer than {lag.LEAST_CLOSURES} such sounds" in text
