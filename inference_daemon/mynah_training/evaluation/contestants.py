"""Who is measured: the models of the bundles as the daemon serves them, and what they must beat."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from mynah_daemon.audio.features import motion_frame_count
from mynah_daemon.engine.diffusion import DiffusionModel
from mynah_daemon.engine.engine import LipSyncEngine
from mynah_daemon.engine.model_store import LOUDNESS, DiffusionEntry, ModelStore, open_store
from mynah_daemon.engine.overlap import plan_starts
from mynah_shared.errors import BadInputError
from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip
from mynah_shared.protocol.messages import Quality, SynthesizeRequest

from ..data.corpus import Recording
from ..data.pack import MOTION_FPS
from .lines import Line

FloatArray = NDArray[np.float32]

MEAN_POSE, UNCONDITIONED, ITSELF = "mean pose", "unconditioned diffusion", "the reference itself"
_JOINT: Final = "mynah"


class Contestant(Protocol):
    """A row of the table, in one of its seeds."""

    name: str
    served: bool
    """Whether it is a model of the engine: only then its speed says something."""

    def perform(self, line: Line, style: FloatArray | None = None) -> FloatArray:
        """Motion [T, 55] of a line, in the style of a performance [S, 55] at 25/s."""
        ...

    def encode_style(self, motion: FloatArray) -> FloatArray | None:
        """Style code [K] of a performance [S, 55] at 25/s; none without a style encoder."""
        ...

    def joins(self, line: Line) -> list[int]:
        """Frames of a line between which two windows meet."""
        ...

    def reopened(self) -> Contestant:
        """The same with nothing kept in memory."""
        ...


@dataclass(frozen=True)
class MeanPose:
    """The average face of the training clips, which never moves."""

    pose: FloatArray
    name: str = MEAN_POSE
    served: bool = False

    def perform(self, line: Line, style: FloatArray | None = None) -> FloatArray:
        del style
        return np.tile(self.pose, (line.n_frames, 1))

    def encode_style(self, motion: FloatArray) -> None:
        del motion

    def joins(self, line: Line) -> list[int]:
        del line
        return []

    def reopened(self) -> MeanPose:
        return self


def mean_pose(recordings: list[Recording]) -> MeanPose:
    """Each channel averaged over the training clips that know it."""
    filmed = [r for r in recordings if r.motion is not None and r.split == "train"]
    total, count = np.zeros(len(ARKIT_CHANNELS)), np.zeros(len(ARKIT_CHANNELS))
    for recording in filmed:
        assert recording.motion is not None
        total += recording.motion.values.sum(axis=0) * recording.valid
        count += recording.motion.n_frames * recording.valid
    return MeanPose((total / count.clip(1)).astype(np.float32))


@dataclass(frozen=True)
class Itself(MeanPose):
    """The filmed or re-styled performance that the others are compared with: what can be
    reached."""

    name: str = ITSELF

    def perform(self, line: Line, style: FloatArray | None = None) -> FloatArray:
        return super().perform(line, style) if line.motion is None else line.motion


class Served:
    """A model of a bundle through the daemon's engine, with the default request at some quality or,
    if `unconditioned`, without guidance by voice and style: its null branch."""

    served = True

    def __init__(
        self,
        store: ModelStore,
        model: str,
        name: str,
        *,
        unconditioned: bool = False,
        quality: Quality = Quality.normal,
    ) -> None:
        self.name, self._store, self._model = name, store, model
        self._unconditioned, self._quality = unconditioned, quality
        self._engine = LipSyncEngine(store)

    def perform(self, line: Line, style: FloatArray | None = None) -> FloatArray:
        request = SynthesizeRequest(
            line.name,
            line.name,
            line.fps,
            model=self._model,
            seed=line.seed,
            quality=self._quality,
        )
        if self._unconditioned:
            request = replace(request, audio_guidance=0.0, style_guidance=0.0)
        shown = () if style is None else (_clip(style),)
        clip = self._engine.synthesize(request, line.samples, lambda *_: None, shown)
        values = clip.select(ARKIT_CHANNELS).values
        # Stored audio is padded to whole frames: a frame more or less.
        return values[np.arange(line.n_frames).clip(0, len(values) - 1)]

    def encode_style(self, motion: FloatArray) -> FloatArray | None:
        return None if self._unconditioned else self._style_code(motion)

    def _style_code(self, motion: FloatArray) -> FloatArray | None:
        model = self._engine.model(self._model)
        return model.encode_style(_clip(motion)) if isinstance(model, DiffusionModel) else None

    def joins(self, line: Line) -> list[int]:
        entry = next((e for e in self._store.entries if e.name == self._model), None)
        if not isinstance(entry, DiffusionEntry):
            return []
        n_frames = motion_frame_count(len(line.samples))
        starts = plan_starts(n_frames, entry.window_frames, entry.previous_frames)[1:]
        edges = [edge for s in starts for edge in (s, s + entry.previous_frames)]
        return [round(edge * line.fps / entry.fps) for edge in edges]

    def reopened(self) -> Served:
        return Served(
            self._store,
            self._model,
            self.name,
            unconditioned=self._unconditioned,
            quality=self._quality,
        )


def _clip(motion: FloatArray) -> MotionClip:
    return MotionClip(MOTION_FPS, ARKIT_CHANNELS, motion)


def served(bundles: list[tuple[str, Path]]) -> Iterator[Contestant]:
    """The loudness jaw, then every model of (label, folder) bundles; the label follows the name of
    its models. A model that several bundles share comes once.

    Raises `BadInputError` for a folder without a bundle.
    """
    stores = []
    for label, folder in bundles:
        if not (folder / "manifest.json").is_file():
            raise BadInputError(
                f"{folder} has no manifest.json; give folders written by mynah export."
            )
        stores.append((label, open_store(folder)))
    yield Served(stores[0][1], LOUDNESS, "loudness jaw")
    met = set[tuple[str, str]]()
    for kind in ("regression", "diffusion"):
        for label, store in stores:
            for entry in store.entries:
                info = store.find(entry.name)
                assert info is not None
                is_diffusion = isinstance(entry, DiffusionEntry)
                if is_diffusion != (kind == "diffusion") or (info.name, info.sha256) in met:
                    continue
                met.add((info.name, info.sha256))
                if entry.name == _JOINT and not label:
                    yield Served(store, entry.name, UNCONDITIONED, unconditioned=True)
                yield Served(store, entry.name, f"{entry.name}, {label}" if label else entry.name)
