"""The styles that ship with Mynah: each is made anew and compared with what it promises."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from mynah_daemon.engine.engine import LipSyncEngine
from mynah_daemon.engine.model_store import open_store
from mynah_daemon.styles.library import SHIPPED
from mynah_daemon.styles.quality import judge_clip
from mynah_daemon.styles.style_file import Style, check_name, read_style
from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES, ARKIT_CHANNELS
from mynah_shared.scene.style_words import LIBRARY_SUFFIX
from mynah_training.starter_manners import MANNERS

torch = pytest.importorskip("torch", reason="torch is not installed: training can't be tested")

from PIL import Image  # noqa: E402

from mynah_training.data import flite  # noqa: E402
from mynah_training.data.phones import BILABIALS  # noqa: E402
from mynah_training.starter_styles import (  # noqa: E402
    LICENCE,
    PROVENANCE,
    make_style,
    overview,
    performer_of,
)  # fmt: skip

BY_NAME = {manner.name: manner for manner in MANNERS}


@pytest.fixture(scope="module")
def shipped() -> dict[str, Style]:
    return {path.stem: read_style(path) for path in SHIPPED.glob(f"*{LIBRARY_SUFFIX}")}


def mean(style: Style, name: str) -> float:
    sides = [c for c in ARKIT_CHANNELS if c in {name, f"{name}Left", f"{name}Right"}]
    return float(style.clip.select(sides).values.mean())


def test_every_manner_ships_under_its_name(shipped: dict[str, Style]) -> None:
    assert set(shipped) == set(BY_NAME)
    for name, style in shipped.items():
        manner = BY_NAME[check_name(name)]
        info = style.info
        assert (info.name, info.tags, info.description) == (name, manner.tags, manner.description)
        assert (info.provenance, info.licence) == (PROVENANCE, LICENCE)
        for tag in info.tags:
            check_name(tag, "be a tag")


def test_clips_are_as_models_want_them(shipped: dict[str, Style]) -> None:
    for style in shipped.values():
        clip = style.clip
        assert (clip.fps, clip.channels) == (25.0, ARKIT_CHANNELS)
        assert 9 < clip.duration_s < 13.5
        shapes = clip.values[:, : len(ARKIT_BLENDSHAPES)]
        assert shapes.min() >= 0
        assert shapes.max() <= 1
        assert not judge_clip(clip).warnings


@pytest.mark.skipif(shutil.which("flite") is None, reason="flite is not installed")
@pytest.mark.parametrize("name", ["angry", "whisper"])
def test_what_ships_can_be_made_again(name: str, shipped: dict[str, Style]) -> None:
    """Another processor rounds the model's sums otherwise, so not to the last bit."""
    manner = BY_NAME[name]
    _, _, segments = flite.speak(
        manner.text, manner.voice, stretch=manner.stretch, pitch_hz=manner.pitch_hz
    )
    made = make_style(manner, LipSyncEngine(open_store()))
    difference = np.abs(made.clip.values - shipped[name].clip.values)
    assert np.percentile(difference, 99) < 0.01
    opening = made.clip.column("jawOpen") - made.clip.column("mouthClose")
    closed = [
        opening[int(25 * start) : int(25 * end) + 2].min() < 0.05
        for phone, start, end in segments
        if phone.upper() in BILABIALS
    ]
    assert len(closed) >= 15
    assert np.mean(closed) > 0.85


def test_the_set_is_clearly_different(shipped: dict[str, Style]) -> None:
    """In means and deviations of all channels, in units of their spread over the set."""
    shown = np.array(
        [
            np.concatenate([style.clip.values.mean(0), style.clip.values.std(0)])
            for style in shipped.values()
        ]
    )
    shown = shown / shown.std(axis=0).clip(1e-3)
    apart = np.linalg.norm(shown[:, None] - shown, axis=-1)
    assert apart[~np.eye(len(shown), dtype=bool)].min() > 4.0


def test_each_shows_what_its_name_says(shipped: dict[str, Style]) -> None:
    def most(channel: str) -> str:
        return max(shipped, key=lambda name: mean(shipped[name], channel))

    assert most("mouthSmile") == "happy"
    assert most("browDown") == "angry"
    assert most("eyeWide") == "surprised"
    assert most("mouthFrown") == "sad"
    assert most("eyeBlink") == "tired"
    quality = {name: judge_clip(style.clip) for name, style in shipped.items()}
    assert max(quality, key=lambda name: quality[name].blinks_per_s) == "nervous"
    assert min(quality, key=lambda name: quality[name].head_deg) == "radio voice"
    jaws = {name: float(np.std(style.clip.column("jawOpen"))) for name, style in shipped.items()}
    assert jaws["angry"] > 2 * jaws["mumbling"]
    assert jaws["excited"] > 2 * jaws["whisper"]


def test_manners_name_shapes_that_exist() -> None:
    for manner in MANNERS:
        performer = performer_of(manner)
        assert performer.rest.shape == performer.gain.shape == performer.setting.shape == (55,)
        assert performer.rest.max() <= 0.9  # as far as performers go in training
        assert performer.gain.min() >= 0.35
        assert performer.gain.max() <= 3.2
    with pytest.raises(ValueError, match="not in tuple"):
        performer_of(next(iter(MANNERS)).__class__("warm", (), "", "", rest={"mouthGrin": 0.5}))


def test_the_overview_shows_them_all(shipped: dict[str, Style], repository: Path) -> None:
    picture = overview(list(shipped.values()))
    with Image.open(repository / "docs" / "images" / "styles.png") as documented:
        assert documented.size == picture.size
    assert (repository / "docs" / "images" / "styles.png").stat().st_size < 400_000
