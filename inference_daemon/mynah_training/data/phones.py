"""The phone inventory: ARPABET without stress, with "sil" first, and IPA mapped onto it by what the
mouth does.

A language's sound goes to the entry that looks the same from outside: lip closure, lip contact with
the teeth,
rounding, spreading and jaw height matter; voicing, nasality and what the back of the tongue does do
not.
"""

from __future__ import annotations

import unicodedata
from typing import Final

import numpy as np
from numpy.typing import NDArray

PHONES: Final[tuple[str, ...]] = tuple(
    "sil AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW"
    " V W Y Z ZH".split()
)
PHONE_INDEX: Final[dict[str, int]] = {phone: i for i, phone in enumerate(PHONES)}
UNKNOWN: Final = -1
"""Label of a frame whose phone is not known: it carries no phone loss."""

BILABIALS: Final = frozenset({"B", "M", "P"})
OPEN_VOWELS: Final = frozenset({"AA", "AE", "AW", "AY"})
ROUNDED: Final = frozenset({"UW", "OW", "W", "UH", "OY", "AO"})
VOWELS: Final = frozenset("AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW".split())

_ALIASES: Final = {
    **dict.fromkeys("sil pau sp spn ssil q h# brth nsn +spn+ +nsn+".split(), "sil"),
    "ax": "AH", "axr": "ER", "ix": "IH", "ux": "UW", "dx": "D",
    "el": "L", "em": "M", "en": "N", "nx": "N", "hv": "HH",
}  # fmt: skip

# Base symbols by the phone that looks like them; diacritics, length and tone are dropped before.
_IPA_OF_PHONE: Final = {
    "P": "p", "B": "bɓ", "M": "m", "F": "fɸ", "V": "vʋβⱱ", "TH": "θ", "DH": "ð",
    "T": "tʈ", "D": "dɖɗrɾɽ", "N": "nɳɲ", "NG": "ŋ", "S": "s", "Z": "z", "SH": "ʂʃɕ", "ZH": "ʐʒʑ",
    "HH": "hɦçħʕʁʀ", "K": "kqcxχ", "G": "ɡgɢɣɰ", "JH": "ɟ",
    "L": "lɫɭɬɺ", "R": "ɹɻ", "Y": "jʎʝ", "W": "wɥʍ",
    "IY": "i", "IH": "ɪɯɨᵻ", "EY": "e", "EH": "ɛ", "AE": "æ", "AA": "aɑɶ", "AH": "ɐəʌɘɤ",
    "ER": "ɜɝɚɞ", "AO": "ɒɔ", "OW": "o", "UH": "ʊʏøœɵ", "UW": "uyʉ",
}  # fmt: skip
_IPA: Final = {symbol: phone for phone, symbols in _IPA_OF_PHONE.items() for symbol in symbols}
_AFFRICATES: Final = {
    **dict.fromkeys(("tʃ", "tɕ", "ʈʂ", "tʂ"), "CH"),
    **dict.fromkeys(("dʒ", "dʑ", "ɖʐ", "dʐ"), "JH"),
    "ts": "S", "dz": "Z", "pf": "F",
}  # fmt: skip


def phone_index(name: str) -> int:
    """Index of an ARPABET name (stress digits and case ignored), or `UNKNOWN`."""
    bare = name.strip().rstrip("012")
    bare = _ALIASES.get(bare.lower(), bare.upper())
    return PHONE_INDEX.get(bare, UNKNOWN)


def ipa_to_phones(symbol: str) -> list[str]:
    """The inventory phones that look like an IPA symbol, in order ("aɪ" gives AY's parts); [] for
    marks and stress."""
    # Accented letters count as their base, but ç is a symbol of its own.
    letters = (c if c in _IPA else unicodedata.normalize("NFD", c)[:1] for c in symbol)
    bare = "".join(c for c in letters if c in _IPA)
    if bare in _AFFRICATES:
        return [_AFFRICATES[bare]]
    return [_IPA[c] for c in bare]


def frame_labels(
    segments: list[tuple[str, float, float]], n_frames: int, rate: float
) -> NDArray[np.int8]:
    """Phone index [n_frames] at `rate` frames per second from (phone, start_s, end_s) segments.

    Frame j shows the phone at j / rate seconds. Time not covered by a segment, and unknown names,
    are `UNKNOWN`.
    """
    labels = np.full(n_frames, UNKNOWN, np.int8)
    for phone, start_s, end_s in segments:
        first, last = (int(np.ceil(t * rate - 1e-6)) for t in (start_s, end_s))
        labels[max(first, 0) : max(last, 0)] = phone_index(phone)
    return labels
