"""The weights that ship with Mynah: their manifest, and proof that the files are the right ones."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mynah_shared.errors import BadInputError, EngineUnavailableError
from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.protocol.messages import ModelInfo, SynthesizeRequest

BUNDLED: Final = Path(__file__).resolve().parent.parent / "weights"
LOUDNESS: Final = "loudness"
_SCHEMA: Final = 2
ENCODER_INPUTS: Final = frozenset({"mel", "samples"})
"""What a speech encoder may hear: log-mel features, the sound itself; see `SpeechEncoder`."""


@dataclass(frozen=True)
class WeightFile:
    """One file beside the manifest, and the SHA-256 of its content in lower-case hex."""

    name: str
    sha256: str


@dataclass(frozen=True)
class EncoderEntry:
    """The speech encoder: what it hears (`inputs`) to phone logits [T, P] and the cepstrum, seeing
    `context_frames` (100/s) to each side."""

    file: WeightFile
    phones: tuple[str, ...]
    context_frames: int
    inputs: tuple[str, ...]


@dataclass(frozen=True)
class RegressionEntry:
    """A motion decoder that reads the encoder's outputs."""

    name: str
    file: WeightFile
    fps: float
    channels: tuple[str, ...]
    description: str
    context_frames: int

    @property
    def files(self) -> tuple[WeightFile, ...]:
        return (self.file,)

    @property
    def sha256(self) -> str:
        """Covers all that the model is made of beside the speech encoder."""
        return self.file.sha256


@dataclass(frozen=True)
class TransferEntry:
    """The graph through which a clip drives a model; see `ModelTransfer`. A frame depends on the
    `context_frames` to each side."""

    file: WeightFile
    context_frames: int


@dataclass(frozen=True)
class DiffusionEntry:
    """A denoiser and a style encoder; see `DiffusionModel`. Some can be driven by a clip too.

    It makes `window_frames` at once, knowing the `previous_frames` before them. `mean` and `scale`
    (a number per channel) normalise its motion; `neutral_style` is the code of no style.
    """

    name: str
    file: WeightFile
    style_file: WeightFile
    fps: float
    channels: tuple[str, ...]
    description: str
    window_frames: int
    previous_frames: int
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    neutral_style: tuple[float, ...]
    transfer: TransferEntry | None = None

    @property
    def files(self) -> tuple[WeightFile, ...]:
        own = (self.file, self.style_file)
        return (*own, self.transfer.file) if self.transfer else own

    @property
    def sha256(self) -> str:
        """Covers all that the model is made of beside the speech encoder."""
        numbers = json.dumps([self.mean, self.scale, self.neutral_style])
        return _joint_hash(*(file.sha256 for file in self.files), numbers)


ModelEntry = RegressionEntry | DiffusionEntry


@dataclass(frozen=True)
class ModelStore:
    """What the manifest in `folder` names. A store without weights serves the loudness model."""

    folder: Path
    default_model: str
    encoder: EncoderEntry | None
    entries: tuple[ModelEntry, ...]

    @property
    def models(self) -> tuple[ModelInfo, ...]:
        """All models by name, the one without weights last."""
        encoder_sha256 = self.encoder.file.sha256 if self.encoder else ""
        weighted = tuple(
            ModelInfo(
                entry.name,
                _joint_hash(encoder_sha256, entry.sha256),
                entry.fps,
                entry.channels,
                entry.description,
            )
            for entry in self.entries
        )
        return (*weighted, _LOUDNESS_INFO)

    @property
    def files(self) -> tuple[WeightFile, ...]:
        """All weight files of all models."""
        encoder = (self.encoder.file,) if self.encoder else ()
        return encoder + tuple(file for entry in self.entries for file in entry.files)

    def find(self, name: str) -> ModelInfo | None:
        """The model of this name; '' is the default."""
        wanted = name or self.default_model
        return next((model for model in self.models if model.name == wanted), None)

    def performer(self, request: SynthesizeRequest) -> ModelInfo | None:
        """The model that a request goes through: none for a transfer that names none."""
        return None if request.is_transfer and not request.model else self.find(request.model)

    def driven_by_clips(self, name: str) -> DiffusionEntry:
        """The entry of a model that can give a performance to another character. Raises
        `BadInputError` for another."""
        able = {e.name: e for e in self.entries if isinstance(e, DiffusionEntry) and e.transfer}
        if name in able:
            return able[name]
        choice = f" or choose {' or '.join(able)}" if able else ""
        raise BadInputError(
            f"The model '{name}' can't give a performance to another character; leave --model "
            f"out{choice}."
        )

    @property
    def imitator(self) -> str:
        """The model that imitates styles: the default one if it can, else the first that can; '' if
        there is none."""
        able = [entry.name for entry in self.entries if isinstance(entry, DiffusionEntry)]
        return self.default_model if self.default_model in able else next(iter(able), "")

    def imitates(self, name: str) -> bool:
        """Whether a model can imitate styles."""
        return any(isinstance(e, DiffusionEntry) and e.name == name for e in self.entries)

    def verified_path(self, file: WeightFile) -> Path:
        """The path of a weight file. Raises `EngineUnavailableError` if its content is another."""
        path = self.folder / file.name
        if not path.is_file():
            raise EngineUnavailableError(f"The weight file '{file.name}' is missing; {_REMEDY}.")
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        if found != file.sha256:
            raise EngineUnavailableError(
                f"The weight file '{file.name}' doesn't match its checksum ({found[:12]} instead "
                f"of {file.sha256[:12]}); {_REMEDY}."
            )
        return path


_REMEDY: Final = (
    "install Mynah again, with Git LFS or copying tools leaving binary files as they are"
)
_LOUDNESS_INFO: Final = ModelInfo(
    LOUDNESS, "", 50.0, ARKIT_CHANNELS, "The jaw follows the loudness; needs no weights."
)


def open_store(folder: Path = BUNDLED) -> ModelStore:
    """Reads the manifest; the weight files themselves are checked when they are loaded.

    Raises `EngineUnavailableError` if there is a manifest that can't be understood.
    """
    path = folder / "manifest.json"
    if not path.is_file():
        return ModelStore(folder, LOUDNESS, None, ())
    try:
        return _parse(folder, json.loads(path.read_text("utf-8")))
    except (KeyError, TypeError, ValueError) as err:
        raise EngineUnavailableError(
            f"The weights' manifest can't be understood ({err}); install Mynah again."
        ) from err


def _parse(folder: Path, content: dict[str, Any]) -> ModelStore:
    if content["schema"] != _SCHEMA:
        raise ValueError(f"schema {content['schema']} instead of {_SCHEMA}")
    store = ModelStore(
        folder,
        str(content["default_model"]),
        _encoder(content["encoder"]),
        tuple(_entry(model) for model in content["models"]),
    )
    if store.find("") is None:
        raise ValueError(f"no model '{store.default_model}'")
    return store


def _encoder(encoder: dict[str, Any]) -> EncoderEntry:
    inputs = tuple(str(name) for name in encoder.get("inputs", ["mel"]))
    if unknown := sorted(set(inputs) - ENCODER_INPUTS):
        raise ValueError(f"a speech encoder that hears '{unknown[0]}'")
    return EncoderEntry(
        _file(encoder),
        tuple(str(phone) for phone in encoder["phones"]),
        int(encoder["context_frames"]),
        inputs,
    )


def _entry(model: dict[str, Any]) -> ModelEntry:
    name, fps = str(model["name"]), float(model["fps"])
    channels = tuple(str(channel) for channel in model["channels"])
    description = str(model["description"])
    if model["kind"] == "regression":
        context_frames = int(model["context_frames"])
        return RegressionEntry(name, _file(model), fps, channels, description, context_frames)
    if model["kind"] != "diffusion":
        raise ValueError(f"'{name}' is a model of the unknown kind '{model['kind']}'")
    entry = DiffusionEntry(
        name,
        _file(model),
        _file(model, "style_"),
        fps,
        channels,
        description,
        int(model["window_frames"]),
        int(model["previous_frames"]),
        _numbers(model["mean"]),
        _numbers(model["scale"]),
        _numbers(model["neutral_style"]),
        _transfer(model),
    )
    if not len(entry.mean) == len(entry.scale) == len(channels):
        raise ValueError(f"mean and scale of '{name}' need {len(channels)} numbers each")
    if not 0 < 2 * entry.previous_frames <= entry.window_frames:
        # a frame is made by two windows at most
        raise ValueError(f"'{name}' has windows of less than twice their previous frames")
    return entry


def _transfer(model: dict[str, Any]) -> TransferEntry | None:
    if "transfer_file" not in model:
        return None
    context_frames = int(model["transfer_context_frames"])
    if context_frames < 0:
        raise ValueError(f"'{model['name']}' is driven with a context of {context_frames} frames")
    return TransferEntry(_file(model, "transfer_"), context_frames)


def _numbers(values: list[Any]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


def _file(item: dict[str, Any], prefix: str = "") -> WeightFile:
    name = str(item[f"{prefix}file"])
    if Path(name).name != name:
        raise ValueError(f"'{name}' is not a file name")
    return WeightFile(name, str(item[f"{prefix}sha256"]))


def _joint_hash(*hashes: str) -> str:
    return hashlib.sha256("".join(hashes).encode()).hexdigest()
