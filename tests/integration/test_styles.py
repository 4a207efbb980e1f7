"""Styles through a real daemon: clips from files, the library, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mynah_daemon.clip_files import clip_writer, read_clip, write_clip
from mynah_daemon.styles.library import SHIPPED
from mynah_daemon.styles.style_file import read_style
from mynah_shared.client.client import Client
from mynah_shared.errors import JobFailedError
from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip
from mynah_shared.protocol.messages import (
    AddStyle,
    FetchStylePicture,
    JobState,
    ListStyles,
    RemoveStyle,
    StyleList,
    StylePicture,
    StyleUse,
    SynthesizeReply,
    SynthesizeRequest,
)
from tests.integration.conftest import run_mynah, wait_for_state, write_speech

ENDED = (JobState.finished, JobState.failed, JobState.cancelled)
BROWS = ARKIT_CHANNELS.index("browInnerUp")
JAW = ARKIT_CHANNELS.index("jawOpen")


def take(seconds: float = 4.0, level: float = 0.5, seed: int = 0) -> MotionClip:
    rng = np.random.default_rng(seed)
    values = level + 0.1 * rng.random((round(seconds * 30), len(ARKIT_CHANNELS)))
    return MotionClip(30.0, ARKIT_CHANNELS, values)


def take_of(level: float) -> MotionClip:
    return MotionClip(30.0, ARKIT_CHANNELS, np.full((120, len(ARKIT_CHANNELS)), level))


@pytest.fixture
def line(tmp_path: Path, client: Client) -> SynthesizeRequest:
    sha256 = client.upload(write_speech(tmp_path / "line.wav"))
    return SynthesizeRequest(sha256, "line.wav", 25.0)


def upload(client: Client, clip: MotionClip, suffix: str = ".csv") -> str:
    return client.upload(clip_writer(Path(f"take{suffix}"))(clip, "{}"), f"take{suffix}")


def perform(client: Client, line: SynthesizeRequest, *styles: StyleUse) -> SynthesizeReply:
    (job,) = client.submit([replace(line, styles=styles)]).jobs
    if job.state is not JobState.finished:
        last = wait_for_state(client, job.job_id, ENDED)[-1]
        assert last.state is JobState.finished, last.message
    return client.fetch(job.job_id)


def failure(client: Client, line: SynthesizeRequest, *styles: StyleUse) -> tuple[str, str]:
    (job,) = client.submit([replace(line, styles=styles)]).jobs
    last = wait_for_state(client, job.job_id, ENDED)[-1]
    assert last.state is JobState.failed
    return last.code, last.message


@pytest.mark.parametrize("suffix", [".csv", ".npz", ".json"])
def test_a_file_is_imitated(client: Client, line: SynthesizeRequest, suffix: str) -> None:
    neutral = perform(client, replace(line, model="diffusion"), StyleUse("neutral"))
    sha256 = upload(client, take(), suffix)
    styled = perform(client, line, StyleUse(f"take{suffix}", clip_sha256=sha256))
    assert json.loads(styled.meta)["model"] == "diffusion"  # the one that imitates
    assert json.loads(styled.meta)["styles"][0]["clip_sha256"] == sha256
    assert np.abs(styled.clip.values - neutral.clip.values).max() > 1e-3
    again = perform(client, line, StyleUse(f"take{suffix}", clip_sha256=sha256))
    assert again.job_id == styled.job_id


def test_what_a_style_lacks_is_told(client: Client, line: SynthesizeRequest) -> None:
    still_head = MotionClip(30.0, ARKIT_CHANNELS[:52], take().values[:, :52])
    use = StyleUse("take.npz", clip_sha256=upload(client, still_head, ".npz"))
    warnings = json.loads(perform(client, line, use).meta)["warnings"]
    assert any(w.startswith("'take.npz': The head never moves") for w in warnings), warnings
    assert json.loads(perform(client, line, StyleUse("neutral")).meta)["warnings"] == []


def test_a_region_leaves_the_others_as_they_are(client: Client, line: SynthesizeRequest) -> None:
    neutral = perform(client, replace(line, model="diffusion"), StyleUse("neutral"))
    brows = perform(client, line, StyleUse("a.csv", 1.0, "brows", upload(client, take())))
    change = np.abs(brows.clip.values - neutral.clip.values).max(axis=0)
    assert change[BROWS] > 1e-3
    assert change[BROWS] > 5 * change[JAW]


def test_styles_follow_each_other(client: Client, line: SynthesizeRequest) -> None:
    first = StyleUse("a.csv", clip_sha256=upload(client, take(level=0.1)))
    second = StyleUse("b.csv", clip_sha256=upload(client, take(level=0.9)), start_s=1.0)
    alone = [perform(client, line, use).clip.values for use in (first, replace(second, start_s=0))]
    both = perform(client, replace(line, style_fade_s=0.4), first, second).clip.values
    assert np.abs(both[:10] - alone[0][:10]).max() < 0.05
    assert np.abs(both[-10:] - alone[1][-10:]).max() < 0.05
    assert np.abs(alone[1] - alone[0]).max() > 0.05


@pytest.mark.parametrize(
    ("clip", "sentence"),
    [
        (take(2 / 30), "lasts 0.1 s (2 frames); a style clip needs at least 3 s"),
        (take(700), "lasts 700 s; a style clip may have 600 s"),
        (MotionClip(30, ARKIT_CHANNELS, np.zeros((120, 55))), "never moves"),
    ],
)
def test_a_clip_that_shows_no_style_fails_with_a_sentence(
    client: Client, line: SynthesizeRequest, clip: MotionClip, sentence: str
) -> None:
    use = StyleUse("take.npz", clip_sha256=upload(client, clip, ".npz"))
    code, message = failure(client, line, use)
    assert code == "bad_value"
    assert message.startswith("'take.npz'")
    assert sentence in message


def test_files_that_are_no_clips_fail_with_a_sentence(
    client: Client, line: SynthesizeRequest
) -> None:
    for name in ("take.csv", "take.npz", "take.json", "take.mynahstyle", "take.mp4"):
        sha256 = client.upload(b"no clip at all", name)
        code, message = failure(client, line, StyleUse(name, clip_sha256=sha256))
        assert code == "bad_value"
        assert name in message


def test_a_style_must_begin_within_the_line(client: Client, line: SynthesizeRequest) -> None:
    use = StyleUse("neutral", start_s=9.0)
    code, message = failure(client, line, StyleUse("neutral"), use)
    assert code == "bad_value"
    assert "begins at 9 s, but the line lasts 2.00 s" in message


def test_the_library_from_adding_to_removing(client: Client, line: SynthesizeRequest) -> None:
    before = client.request(ListStyles(), StyleList).styles
    sha256 = upload(client, take())
    add = AddStyle("My take", sha256, "take.csv", ("my tag",), "Loud.", "take 3", "ours")
    listed = client.request(add, StyleList).styles
    (mine,) = (entry for entry in listed if entry not in before)
    assert (mine.name, mine.tags, mine.shipped) == ("My take", ("my tag",), False)
    assert mine.duration_s == pytest.approx(4.0)
    by_name, by_tag = (perform(client, line, StyleUse(name)) for name in ("my take", "MY TAG"))
    assert by_name.job_id == by_tag.job_id
    picture = client.request(FetchStylePicture("My take"), StylePicture)
    assert picture.name == "My take"
    assert picture.png.startswith(b"\x89PNG")
    with pytest.raises(JobFailedError, match="There is a style 'My take' already"):
        client.request(add, StyleList)
    assert client.request(RemoveStyle("My take"), StyleList).styles == before
    with pytest.raises(JobFailedError, match="There is no style 'My take'"):
        client.request(RemoveStyle("My take"), StyleList)
    with pytest.raises(JobFailedError, match="'neutral' belongs to Mynah"):
        client.request(RemoveStyle("neutral"), StyleList)


def test_a_changed_style_is_another_job(client: Client, line: SynthesizeRequest) -> None:
    jobs = []
    for level in (0.2, 0.8):
        add = AddStyle("mine", upload(client, take(level=level)), "take.csv", replace=True)
        client.request(add, StyleList)
        jobs.append(perform(client, line, StyleUse("mine")).job_id)
    assert jobs[0] != jobs[1]


@pytest.mark.parametrize("name", ["", "a/b", "../a", "a@1", "a:lips", "neutral", "x" * 61, "\n"])
def test_a_name_that_makes_no_file_is_refused(client: Client, name: str) -> None:
    before = client.request(ListStyles(), StyleList)
    with pytest.raises(JobFailedError) as refusal:
        client.request(AddStyle(name, upload(client, take()), "take.csv"), StyleList)
    assert refusal.value.code == "bad_value"
    assert client.request(ListStyles(), StyleList) == before


def test_the_command_line_imitates_a_file(tmp_path: Path) -> None:
    audio, out = write_speech(tmp_path / "line.wav"), tmp_path / "out.npz"
    write_clip(take(), tmp_path / "take.csv")
    write_clip(take(level=0.9), tmp_path / "other.npz")
    style = ["--style", f"{tmp_path / 'take.csv'}@0.5", "--style", "neutral@0.5:head"]
    later = ["--style-at", "1.0", tmp_path / "other.npz", "--style-fade", "0.2"]
    done = run_mynah("generate", audio, "-o", out, *style, *later)
    assert done.returncode == 0, done.stderr
    meta = json.loads(str(np.load(out)["meta"]))
    assert [use["name"] for use in meta["styles"]] == ["take.csv", "neutral", "other.npz"]
    assert [use["start_s"] for use in meta["styles"]] == [0, 0, 1.0]
    missing = run_mynah("generate", audio, "-o", tmp_path / "b.csv", "--style", "no/take.csv")
    assert missing.returncode == 2
    assert "The style clip 'no/take.csv' does not exist" in missing.stderr
    assert not (tmp_path / "b.csv").exists()


def test_a_range_of_a_take_is_made_anew_on_the_command_line(tmp_path: Path) -> None:
    audio, take = write_speech(tmp_path / "line.wav"), tmp_path / "take.npz"
    assert run_mynah("generate", audio, "-o", take, "--model", "diffusion").returncode == 0
    again = ["--model", "diffusion", "--seed", "5", "--take", take, "--redo", "0.5", "1.5"]
    nod = tmp_path / "nod.csv"
    write_clip(take_of(0.3), nod)
    gesture = ["--gesture", f"{nod}:head", "0", "0.5", "0.1", "--key", "browInnerUp", "1", "0.75"]
    done = run_mynah("generate", audio, "-o", tmp_path / "new.npz", *again, *gesture)
    assert done.returncode == 0, done.stderr
    old, new = (np.load(tmp_path / name)["values"] for name in ("take.npz", "new.npz"))
    face = slice(0, 52)
    assert (new[45:, face] == old[45:, face]).all()
    assert np.abs(new[20:40, face] - old[20:40, face]).max() > 1e-3
    assert new[30, BROWS] == np.float32(0.75)
    np.testing.assert_allclose(new[10, 52:], 0.3, atol=1e-5)


def test_a_style_of_the_library_lends_a_gesture(tmp_path: Path) -> None:
    audio, out = write_speech(tmp_path / "line.wav"), tmp_path / "new.npz"
    gesture = ("--gesture", "surprised:brows", "1", "1.6", "0.4", "--fps", "25")
    done = run_mynah("generate", audio, "-o", out, *gesture)
    assert done.returncode == 0, done.stderr
    shown = read_style(SHIPPED / "surprised.mynahstyle").clip
    assert shown.fps == 25
    made = read_clip(out).column("browInnerUp")
    np.testing.assert_allclose(made[15:21], shown.column("browInnerUp")[30:36], atol=1e-4)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--redo", "1", "2"), "--take and --redo go together"),
        (("--take", "{take}", "--redo", "2", "1"), "range from 2 s to 1 s of the take is empty"),
        (("--gesture", "{take}:ears", "0", "1", "0"), "no gesture region 'ears'"),
        (("--gesture", "{take}", "1", "1", "0"), "passage from 1 s to 1 s of 'take.npz' is empty"),
        (("--gesture", "{take}", "0", "9", "0"), "lies behind the end of 'take.npz'"),
        (("--gesture", "{take}", "x", "9", "0"), "argument --gesture: 'x' is not a number"),
        (("--gesture", "neutral", "0", "1", "0"), "The neutral style shows no gesture"),
        (("--gesture", "nobody", "0", "1", "0"), "There is no style and no tag 'nobody'"),
        (("--gesture", "warm", "0", "99", "0"), "lies behind the end of 'warm.mynahstyle'"),
        (("--key", "nose", "1", "0.5"), "no channel 'nose'"),
        (("--key", "jawOpen", "1", "9"), "key of jawOpen is 9"),
    ],
)
def test_holds_that_make_no_sense_are_refused(
    tmp_path: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    audio, clip = write_speech(tmp_path / "line.wav"), tmp_path / "take.npz"
    write_clip(take_of(0.3), clip)
    words = [word.format(take=clip) for word in arguments]
    done = run_mynah("generate", audio, "-o", tmp_path / "out.npz", *words)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert not (tmp_path / "out.npz").exists()


def test_a_performance_is_given_to_another_character(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    actor, character = tmp_path / "actor.csv", tmp_path / "character.npz"
    swing = np.sin(np.arange(120) / 5)[:, None] * np.ones(len(ARKIT_CHANNELS))
    write_clip(MotionClip(30.0, ARKIT_CHANNELS, 0.3 + 0.1 * swing), actor)
    write_clip(
        MotionClip(25.0, ARKIT_CHANNELS, 0.6 + 0.02 * rng.standard_normal((100, 55))), character
    )
    out = tmp_path / "out.npz"
    done = run_mynah("transfer", actor, "-o", out, "--style", f"{character}:brows", "--fps", "24")
    assert done.returncode == 0, done.stderr
    content = np.load(out)
    assert content["values"].shape == (96, len(ARKIT_CHANNELS))
    assert json.loads(str(content["meta"]))["is_transfer"] is True
    brow, cheek = (
        content["values"][:, ARKIT_CHANNELS.index(c)] for c in ("browInnerUp", "mouthPucker")
    )
    assert brow.mean() == pytest.approx(0.6, abs=0.02)
    assert cheek.mean() == pytest.approx(0.3, abs=0.02)


def test_a_performance_goes_through_a_models_motion_codes(tmp_path: Path) -> None:
    actor, character, out = (tmp_path / f"{name}.npz" for name in ("actor", "character", "out"))
    write_clip(take_of(0.3), actor)
    write_clip(take(level=0.6), character)
    done = run_mynah("transfer", actor, "-o", out, "--style", character, "--model", "diffusion")
    assert done.returncode == 0, done.stderr
    content = np.load(out)
    assert json.loads(str(content["meta"]))["model"] == "diffusion"
    assert content["values"].mean() == pytest.approx(0.65, abs=0.02)


@pytest.mark.parametrize(
    ("clip", "more", "sentence"),
    [
        ("take.npz", ("--model", "regression"), "can't give a performance to another character"),
        ("line.wav", (), "'line.wav' is not a motion clip; use a .csv, .npz or .json file, or"),
        ("gone.csv", (), "gone.csv' does not exist"),
        ("take.npz", ("--start", "9"), "lasts 4.00 s, so nothing is left behind 9 s"),
        ("take.npz", ("--style", "no such"), "There is no style and no tag 'no such'"),
    ],
)
def test_a_transfer_that_makes_no_sense_is_refused(
    tmp_path: Path, clip: str, more: tuple[str, ...], sentence: str
) -> None:
    write_speech(tmp_path / "line.wav")
    write_clip(take(), tmp_path / "take.npz")
    done = run_mynah("transfer", tmp_path / clip, "-o", tmp_path / "out.csv", *more)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert not (tmp_path / "out.csv").exists()
