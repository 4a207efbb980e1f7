"""Speech with exact phone times from the espeak-ng library (Debian: libespeak-ng1).

The library reports each phoneme's start in its event list; see espeak-ng's speak_lib.h.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from .phones import ipa_to_phones

Segment = tuple[str, float, float]

_SYNCHRONOUS = 2  # AUDIO_OUTPUT_SYNCHRONOUS
_IPA_PHONEME_EVENTS = 1 | 2
_EVENT_END, _EVENT_PHONEME = 0, 7
_UTF8 = 1
_RATE, _PITCH = 1, 3
VARIANTS: Final = tuple(
    "f1 f2 f3 f4 f5 m1 m2 m3 m4 m5 m6 m7 m8 klatt klatt2 klatt4 linda steph belinda victor"
    " adam antonio michael john caleb grandma boris".split()
)
VOICES: Final = {
    "en": ("gmw/en", "gmw/en-US", "gmw/en-GB-scotland"), "zh": ("sit/cmn",), "de": ("gmw/de",),
    "fr": ("roa/fr",), "es": ("roa/es", "roa/es-419"), "ja": ("jpx/ja",), "hi": ("inc/hi",),
    "ar": ("sem/ar",), "it": ("roa/it",), "ru": ("zle/ru",), "pt": ("roa/pt", "roa/pt-BR"),
    "pl": ("zlw/pl",), "tr": ("trk/tr",), "sv": ("gmq/sv",), "nl": ("gmw/nl",), "ko": ("ko",),
    "vi": ("aav/vi",),
}  # fmt: skip


class _Id(ctypes.Union):
    _fields_ = [("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8)]


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int), ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int), ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int), ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p), ("id", _Id),
    ]  # fmt: skip


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


@dataclass
class EspeakVoice:
    """One espeak-ng engine; the library allows one per process."""

    rate: int = 0
    _samples: list[NDArray[np.int16]] = field(default_factory=list)
    _events: list[tuple[int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._library: Any = ctypes.CDLL("libespeak-ng.so.1")
        self.rate = self._library.espeak_Initialize(_SYNCHRONOUS, 0, None, _IPA_PHONEME_EVENTS)
        self._callback = _Callback(self._receive)  # kept alive: the library holds a bare pointer
        self._library.espeak_SetSynthCallback(self._callback)

    def speak(
        self, text: str, voice: str, *, pitch: int, words_per_minute: int
    ) -> tuple[NDArray[np.float32], list[Segment]]:
        """Samples at `rate` in -1..1 and phone segments (inventory phones, seconds).

        `voice` is a voice file with an optional variant ("gmw/de+f3"), `pitch` 0 to 100.
        Raises `ValueError` for a voice that espeak-ng does not have.
        """
        self._samples, self._events = [], []
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise ValueError(f"espeak-ng has no voice '{voice}'; `espeak-ng --voices` lists them.")
        self._library.espeak_SetParameter(_PITCH, pitch, 0)
        self._library.espeak_SetParameter(_RATE, words_per_minute, 0)
        data = text.encode()
        self._library.espeak_Synth(data, len(data) + 1, 0, 0, 0, _UTF8, None, None)
        self._library.espeak_Synchronize()
        samples = np.concatenate([np.zeros(0, np.int16), *self._samples]).astype(np.float32) / 32768
        return samples.astype(np.float32), self._segments(len(samples) / self.rate)

    def _receive(self, wave: Any, count: int, events: Any) -> int:
        if wave and count > 0:
            self._samples.append(np.ctypeslib.as_array(wave, (count,)).copy())
        i = 0
        while events[i].type != _EVENT_END:
            if events[i].type == _EVENT_PHONEME:
                symbol = events[i].id.string.decode("utf-8", "ignore")
                self._events.append((events[i].sample, symbol))
            i += 1
        return 0

    def _segments(self, duration_s: float) -> list[Segment]:
        starts = [sample / self.rate for sample, _ in self._events] + [duration_s]
        segments: list[Segment] = [("sil", 0.0, starts[0])]
        for (_, symbol), start, end in zip(self._events, starts, starts[1:], strict=False):
            if symbol.startswith("("):  # a language switch, not a sound
                continue
            phones = ipa_to_phones(symbol) or ["sil" if not symbol.strip("ˈˌː") else ""]
            step = (end - start) / len(phones)
            for i, phone in enumerate(phones):
                name = phone or (segments[-1][0] if symbol == "ʔ" else "sil")
                segments.append((name, start + i * step, start + (i + 1) * step))
        return [s for s in segments if s[2] > s[1]]
