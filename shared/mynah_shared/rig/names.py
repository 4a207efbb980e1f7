"""How names of rigs are written: namespaces, prefixes, separators, cases and sides."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Final

SEPARATORS: Final = re.compile(r"[ _.\-]+")
_SIDE_AT_END: Final = re.compile(r"(?:left|right|[ _.\-]+[lr]|(?<=[a-z])[LR])$")
_NAMESPACE: Final = re.compile(r"[:|.]")
_COLON: Final = re.compile(r"[:|]")
_KNOWN_PREFIXES: Final = ("!ex-",)
"""What programs put before the names of shapes: MPFB's expressions."""
_LEAST_SHARED: Final = 5
_SHARED: Final = 0.6
"""A prefix belongs to the rig, not to the names, if so many and such a share of them have it."""

_WORDS: Final = {"Left": "Right", "left": "right", "LEFT": "RIGHT", "L": "R", "l": "r"}
_OPPOSITES: Final = _WORDS | {right: left for left, right in _WORDS.items()}
# A letter is a side between separators, or a capital after a word or its U or D ("ChinRaiseUL").
_SIDE_WORD: Final = re.compile(
    r"Left|Right|left|right|LEFT|RIGHT"
    r"|(?:(?<=[ _.\-])|(?<![A-Za-z])|(?<=[a-z])|(?<=[a-z][UD]))[LR](?![A-Za-z])"
    r"|(?:(?<=[ _.\-])|^)[lr](?![A-Za-z])"
)


def fold(name: str) -> str:
    """The name in lower case without separators."""
    return SEPARATORS.sub("", name).lower()


def split_side(name: str) -> tuple[str, str]:
    """The name without the side at its end, and that side: "l", "r" or ""."""
    side = _SIDE_AT_END.search(name) or _SIDE_AT_END.search(name.lower())
    if not side:
        return name, ""
    return name[: side.start()], SEPARATORS.sub("", side.group()).lower()[0]


def shared_prefix(names: Sequence[str]) -> str:
    """What most of the names begin with, up to a separator; often empty."""
    counts: Counter[str] = Counter()
    for name in names:
        ends = [match.end() for match in re.finditer(r"[ _.\-:|]+", name)]
        counts.update(name[:end] for end in ends if end < len(name))
    usual = [
        prefix
        for prefix, count in counts.items()
        if count >= _LEAST_SHARED and count >= _SHARED * len(names)
    ]
    return max(usual, key=len, default="")


def without_prefixes(name: str, prefix: str = "", after_dots: bool = True) -> Iterator[str]:
    """The name, then the name without what may stand before it: the rig's own `prefix`, a
    namespace, a figure's name; a mesh's, which ends with a dot, where `after_dots` says so (in
    bones' names dots stand before sides and numbers)."""
    yield name
    seen = {name}
    found: list[str] = []
    if prefix and name.startswith(prefix):
        # the last words of what all names share may be the vocabulary's ("Fcl_MTH_A")
        ends = [match.end() for match in re.finditer(r"[ _.\-:|]+", prefix)]
        found += [name[end:] for end in ends]
    found += [name[len(known) :] for known in _KNOWN_PREFIXES if name.startswith(known)]
    ends = [match.end() for match in (_NAMESPACE if after_dots else _COLON).finditer(name)]
    found += [name[end:] for end in ends]
    found += [name.split("__", 1)[1]] if "__" in name else []
    for short in found:
        if short and short not in seen and not (len(short) == 1 and short in "lrLR"):
            seen.add(short)
            yield short


def other_side(name: str, names: Collection[str]) -> tuple[str, bool] | None:
    """Which of `names` is the same on the other side of the face, and whether `name` is the left
    one; None if there is no such."""
    words = list(_SIDE_WORD.finditer(name))
    # all sides of the name first: a left eye that looks to the left mirrors one that looks right
    for chosen in (words, *([word] for word in words)):
        candidate = name
        for word in reversed(chosen):
            candidate = candidate[: word.start()] + _OPPOSITES[word[0]] + candidate[word.end() :]
        if candidate != name and candidate in names:
            return candidate, chosen[0][0] in _WORDS
    return None


def is_one_slip_away(a: str, b: str) -> bool:
    """Whether `a` is `b` with one letter wrong, missing, doubled or swapped with the next, but not
    its first one."""
    if a == b or abs(len(a) - len(b)) > 1 or a[:1] != b[:1]:
        return False
    i = 0
    while i < min(len(a), len(b)) and a[i] == b[i]:
        i += 1
    if len(a) == len(b):
        swapped = a[i : i + 2] == b[i : i + 2][::-1] and a[i + 2 :] == b[i + 2 :]
        return swapped or a[i + 1 :] == b[i + 1 :]
    longer, shorter = (a, b) if len(a) > len(b) else (b, a)
    return longer[i + 1 :] == shorter[i:]
