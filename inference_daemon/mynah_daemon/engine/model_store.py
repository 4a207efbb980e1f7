"""The weights that ship with Mynah: their manifest, and proof that the files are the right ones."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mynah_shared.errors import EngineUnavailableError
from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.protocol.messages import ModelInfo

BUNDLED: Final = Path(__file__).resolve().parent.parent / "weights"
LOUDNESS: Final = "loudness"
_SCHEMA: Final = 1


@dataclass(frozen=True)
class EncoderEntry:
    """The speech encoder: mel features to phone logits [T, P], and a narrow side channel."""

    file: str
    sha256: str
    phones: tuple[str, ...]
    context_frames: int


@dataclass(frozen=True)
class DecoderEntry:
    """One motion decoder that reads the encoder's outputs."""

    name: str
    file: str
    sha256: str
    fps: float
    channels: tuple[str, ...]
    context_frames: int
    description: str


@dataclass(frozen=True)
class ModelStore:
    """What the manifest in `folder` names. A store without weights serves the loudness model."""

    folder: Path
    default_model: str
    encoder: EncoderEntry | None
    decoders: tuple[DecoderEntry, ...]

    @property
    def models(self) -> tuple[ModelInfo, ...]:
        """All models by name, the one without weights last."""
        weighted = tuple(
            ModelInfo(
                entry.name,
                _joint_hash(self.encoder.sha256, entry.sha256) if self.encoder else entry.sha256,
                entry.fps,
                entry.channels,
                entry.description,
            )
            for entry in self.decoders
        )
        return (*weighted, _LOUDNESS_INFO)

    def find(self, name: str) -> ModelInfo | None:
        """The model of this name; '' is the default."""
        wanted = name or self.default_model
        return next((model for model in self.models if model.name == wanted), None)

    def verified_path(self, file: str, sha256: str) -> Path:
        """The path of a weight file. Raises `EngineUnavailableError` if its content is another."""
        path = self.folder / file
        if not path.is_file():
            raise EngineUnavailableError(f"The weight file '{file}' is missing; {_REMEDY}.")
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        if found != sha256:
            raise EngineUnavailableError(
                f"The weight file '{file}' doesn't match its checksum ({found[:12]} instead of "
                f"{sha256[:12]}); {_REMEDY}."
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
    encoder = content["encoder"]
    decoders = tuple(
        DecoderEntry(
            name=str(model["name"]),
            file=_file_name(model["file"]),
            sha256=str(model["sha256"]),
            fps=float(model["fps"]),
            channels=tuple(str(name) for name in model["channels"]),
            context_frames=int(model["context_frames"]),
            description=str(model["description"]),
        )
        for model in content["models"]
    )
    store = ModelStore(
        folder,
        str(content["default_model"]),
        EncoderEntry(
            _file_name(encoder["file"]),
            str(encoder["sha256"]),
            tuple(str(phone) for phone in encoder["phones"]),
            int(encoder["context_frames"]),
        ),
        decoders,
    )
    if store.find("") is None:
        raise ValueError(f"no model '{store.default_model}'")
    return store


def _file_name(value: object) -> str:
    name = str(value)
    if Path(name).name != name:
        raise ValueError(f"'{name}' is not a file name")
    return name


def _joint_hash(*hashes: str) -> str:
    return hashlib.sha256("".join(hashes).encode()).hexdigest()
