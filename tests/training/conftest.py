"""A tiny pack, a tiny corpus and a tiny head, for tests of training."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mynah_shared.errors import EngineUnavailableError
from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES
from mynah_training.data.corpus import Recording, read_corpus, read_poses
from mynah_training.data.pack import Pack, _Writer
from tests.training.tiny_corpus import write_corpus

if TYPE_CHECKING:
    from mynah_training.curation.transcripts import Speller
    from mynah_training.evaluation.restyled import Restyled

SOURCES = ("grid_s1", "grid_multi", "facegood", "synthetic_grid", "synthetic")


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    """Ten seconds of noise bursts whose loudness moves the jaw, from every kind of source."""
    rng = np.random.default_rng(0)
    writer = _Writer()
    for i, source in enumerate(SOURCES):
        motion = np.zeros((51, 55), np.float32)
        motion[:, 17] = np.repeat(rng.random(17), 3)
        loudness = np.interp(np.arange(32000) / 640, np.arange(51), motion[:, 17])
        samples = (rng.standard_normal(32000) * loudness * 0.2).astype(np.float32)
        writer.add(
            samples, (("AA", 0.0, 1.0), ("sil", 1.0, 2.0)),
            None if source == "synthetic" else motion,
            utterance_id=f"{source}_bgiq4p", source=source, speaker=f"flite{i}", language="en",
            split="train", trusted=True, valid="" if source == "synthetic" else "1" * 55,
        )  # fmt: skip
    writer.write(tmp_path / "pack")
    return Pack(tmp_path / "pack")


@pytest.fixture(scope="module")
def speller() -> Speller:
    """Who spells texts out, where espeak-ng is installed."""
    from mynah_training.curation.transcripts import Speller

    try:
        return Speller("en-us")
    except EngineUnavailableError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus of seconds."""
    return write_corpus(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="module")
def recordings(corpus: Path) -> list[Recording]:
    """Its recordings."""
    return list(read_corpus(corpus))


@pytest.fixture(scope="module")
def restyled(corpus: Path, recordings: list[Recording]) -> Restyled:
    """Its sentences performed by held-out performers."""
    # Here, since tests without torch read this file too.
    from mynah_training.evaluation.restyled import restyled_trials

    return restyled_trials(recordings, read_poses(corpus).astype(np.float32), 2)


@pytest.fixture
def head_file(tmp_path: Path) -> Path:
    """A head file of the prepared layout with a jaw that parts the inner lips."""
    deltas = np.zeros((52, 68, 3), np.float32)
    deltas[17, 64:, 1] = -3.0
    path = tmp_path / "ict_arkit52.npz"
    np.savez(
        path, neutral=np.zeros((68, 3), np.float32), deltas=deltas,
        arkit_names=np.array(ARKIT_BLENDSHAPES), landmarks68=np.arange(68),
    )  # fmt: skip
    return path
