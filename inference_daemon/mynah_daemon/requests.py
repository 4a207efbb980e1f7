"""A request judged before it is queued, and the key that names its job."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from pathlib import PurePath
from typing import Final

from mynah_shared.errors import BadInputError, JobFailedError
from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.flame import FLAME
from mynah_shared.protocol.messages import ErrorCode, Limits, SynthesizeRequest

from .code_fingerprint import code_sha256
from .engine.model_store import ModelStore
from .engine.style_plan import STYLE_REGIONS
from .styles.library import NEUTRAL

REPRESENTATIONS: Final = ("arkit", FLAME)
_FPS_RANGE: Final = (1.0, 240.0)
_LARGEST_AMOUNT: Final = 2.0
_LARGEST_GUIDANCE: Final = 10.0
_MOST_STYLES: Final = 16
_LONGEST_FADE_S: Final = 10.0
_MOST_GESTURES: Final = 64
_MOST_KEYS: Final = 500
_LARGEST_KEY: Final = 2.0
_LONGEST_TEXT: Final = 20_000
_LONGEST_NAME, _LONGEST_SUFFIX = 120, 12


def check_request(
    request: SynthesizeRequest, store: ModelStore, limits: Limits
) -> SynthesizeRequest:
    """The request with its model's name filled in and a clean audio name; a transfer that names no
    model needs none.

    Raises `JobFailedError` with the sentence and code if something in it can't be used.
    """
    imitates = any(use.clip_sha256 or use.name.casefold() != NEUTRAL for use in request.styles)
    model = store.find(request.model or (store.imitator if imitates else ""))
    if model is None:
        raise _refuse(
            ErrorCode.unknown_model, "model", request.model, [info.name for info in store.models]
        )
    if request.is_transfer and request.model:
        _check_transfers(model.name, store)
    elif imitates and not request.is_transfer and not store.imitates(model.name):
        raise JobFailedError(
            f"The model '{model.name}' has a manner of its own only; for styles leave --model out "
            "or choose mynah.",
            code=ErrorCode.bad_value,
        )
    _check_styles(request, limits)
    if request.representation not in REPRESENTATIONS:
        raise JobFailedError(
            f"The representation '{request.representation}' is not available; use arkit or flame.",
            code=ErrorCode.bad_value,
        )
    _check_holds(request, limits)
    _check_numbers(request)
    _check_cut(request, limits)
    name = "" if request.is_transfer and not request.model else model.name
    return dataclasses.replace(request, model=name, audio_name=clean_name(request.audio_name))


def job_key(request: SynthesizeRequest, store: ModelStore, flame_map: str = "") -> str:
    """SHA-256 over all that influences the result: equal keys, equal curves.

    `request` has passed `check_request`. The audio's name is only for sentences and doesn't count.
    `flame_map` is the SHA-256 of the map on this computer, through which style clips may go too.
    """
    model = store.performer(request)
    content = dataclasses.asdict(dataclasses.replace(request, audio_name=""))
    content["code_sha256"] = code_sha256()
    content["flame_map"] = flame_map
    content["model_sha256"] = model.sha256 if model else ""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def clean_name(name: str) -> str:
    """The file's name alone, printable and short, as it may stand in a sentence; with its suffix,
    which may tell a format."""
    base = "".join(c for c in re.split(r"[/\\]", name)[-1] if c.isprintable())
    suffix = PurePath(base).suffix[:_LONGEST_SUFFIX]
    return base[: _LONGEST_NAME - len(suffix)].removesuffix(suffix) + suffix or "audio"


def _check_transfers(model: str, store: ModelStore) -> None:
    try:
        store.driven_by_clips(model)
    except BadInputError as error:
        raise JobFailedError(str(error), code=ErrorCode.bad_value) from error


def _check_styles(request: SynthesizeRequest, limits: Limits) -> None:
    if len(request.styles) > _MOST_STYLES:
        raise JobFailedError(
            f"The line has {len(request.styles)} styles; at most {_MOST_STYLES} are possible.",
            code=ErrorCode.bad_value,
        )
    for style in request.styles:
        if style.region and style.region not in STYLE_REGIONS:
            raise _refuse(ErrorCode.bad_value, "style region", style.region, list(STYLE_REGIONS))
        _check_range(f"weight of style '{style.name}'", style.weight, 0, _LARGEST_AMOUNT)
        _check_range(f"start of style '{style.name}' (s)", style.start_s, 0, limits.audio_s)
    if request.styles and not any(style.weight for style in request.styles):
        raise JobFailedError(
            "The weights of the styles add up to 0, so there is nothing to mix; give one of them "
            "a weight above 0.",
            code=ErrorCode.bad_value,
        )
    _check_range("style strength", request.style_strength, 0, _LARGEST_AMOUNT)
    _check_range("fade between styles (s)", request.style_fade_s, 0, _LONGEST_FADE_S)


def _check_holds(request: SynthesizeRequest, limits: Limits) -> None:
    if request.take_sha256 and not 0 <= request.redo_start_s < request.redo_end_s:
        raise JobFailedError(
            f"The range from {request.redo_start_s:g} s to {request.redo_end_s:g} s of the take is "
            "empty, so nothing can be made anew; the end must lie behind the start.",
            code=ErrorCode.bad_value,
        )
    if len(request.gestures) > _MOST_GESTURES or len(request.keys) > _MOST_KEYS:
        raise JobFailedError(
            f"The line has {len(request.gestures)} gestures and {len(request.keys)} keys; at most "
            f"{_MOST_GESTURES} and {_MOST_KEYS} are possible.",
            code=ErrorCode.bad_value,
        )
    for gesture in request.gestures:
        if gesture.region and gesture.region not in STYLE_REGIONS:
            raise _refuse(ErrorCode.bad_value, "gesture region", gesture.region, [*STYLE_REGIONS])
        if not 0 <= gesture.from_s < gesture.to_s:
            raise JobFailedError(
                f"The passage from {gesture.from_s:g} s to {gesture.to_s:g} s of '{gesture.name}' "
                "is empty; the end must lie behind the start.",
                code=ErrorCode.bad_value,
            )
        _check_range(f"moment of the gesture of '{gesture.name}'", gesture.at_s, 0, limits.audio_s)
    for key in request.keys:
        if key.channel not in ARKIT_CHANNELS:
            raise JobFailedError(
                f"There is no channel '{key.channel}' to set a key on; use a name like "
                "browInnerUp or headYaw.",
                code=ErrorCode.bad_value,
            )
        _check_range(f"key of {key.channel}", key.value, -_LARGEST_KEY, _LARGEST_KEY)
        _check_range(f"moment of a key of {key.channel}", key.time_s, 0, limits.audio_s)


def _check_numbers(request: SynthesizeRequest) -> None:
    if request.fps or not request.is_transfer:
        _check_range("rate (--fps)", request.fps, *_FPS_RANGE)
    _check_range("seed", request.seed, 0, 2**63 - 1)
    for part, amount in dataclasses.asdict(request.amounts).items():
        _check_range(f"amount of {part}", amount, 0, _LARGEST_AMOUNT)
    _check_range("audio guidance", request.audio_guidance, 0, _LARGEST_GUIDANCE)
    _check_range("style guidance", request.style_guidance, 0, _LARGEST_GUIDANCE)
    if len(request.text) > _LONGEST_TEXT:
        raise JobFailedError(
            f"The text has {len(request.text)} characters; at most {_LONGEST_TEXT} are possible: "
            "give only what is spoken in this line.",
            code=ErrorCode.bad_value,
        )


def _check_cut(request: SynthesizeRequest, limits: Limits) -> None:
    start_s, end_s = request.start_s, request.end_s
    if start_s < 0 or end_s < 0 or (end_s and end_s <= start_s):
        raise JobFailedError(
            f"The part from {start_s:g} s to {end_s:g} s is empty; the end must lie behind the "
            "start, and neither below 0.",
            code=ErrorCode.bad_value,
        )
    if end_s - start_s > limits.audio_s:
        raise JobFailedError(
            f"The part from {start_s:g} s to {end_s:g} s is longer than {limits.audio_s:g} s; "
            "choose a shorter one.",
            code=ErrorCode.bad_value,
        )


def _check_range(what: str, value: float, lowest: float, highest: float) -> None:
    if not lowest <= value <= highest:
        raise JobFailedError(
            f"The {what} is {value:g}; it must be between {lowest:g} and {highest:g}.",
            code=ErrorCode.bad_value,
        )


def _refuse(
    code: ErrorCode, kind: str, name: str, known: list[str] | tuple[str, ...]
) -> JobFailedError:
    return JobFailedError(f"There is no {kind} '{name}'; available: {', '.join(known)}.", code=code)
