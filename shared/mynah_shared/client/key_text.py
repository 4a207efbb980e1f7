"""Public keys as people pass them on: `mynah-` and 55 letters and digits that survive mails and
shells, the last of which tell whether a letter was lost. CURVE itself writes keys in Z85, which is
full of quotes and brackets.
"""

from __future__ import annotations

import base64
import hashlib

from ..errors import BadInputError

PREFIX = "mynah-"
Z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
KEY_BYTES, KEY_CHARACTERS, CHECK_BYTES = 32, 40, 2


def key_to_text(key: str) -> str:
    """The text for a public key of 40 characters of Z85. Raises `BadInputError` if it is none."""
    raw = z85_bytes(key)
    letters = base64.b32encode(raw + _check(raw)).decode().rstrip("=").lower()
    return PREFIX + letters


def text_to_key(text: str) -> str:
    """The key that a text means, spaces and line breaks in it forgiven.

    Raises `BadInputError` if it is no such text or was damaged.
    """
    compact = "".join(text.split()).lower()
    letters = compact.removeprefix(PREFIX).upper()
    try:
        raw = base64.b32decode(letters + "=" * (-len(letters) % 8))
    except ValueError:
        raw = b""
    body, check = raw[:KEY_BYTES], raw[KEY_BYTES:]
    if not compact.startswith(PREFIX) or len(body) != KEY_BYTES or check != _check(body):
        raise BadInputError(
            f"'{text.strip()}' is no complete Mynah key: one begins with {PREFIX} and has "
            "61 characters; copy it again where `mynah connect` or Mynah's settings show it."
        )
    return _z85_text(body)


def z85_bytes(key: str) -> bytes:
    """The 32 bytes of a key. Raises `BadInputError` if it is no key in Z85."""
    if len(key) != KEY_CHARACTERS or set(key) - set(Z85):
        raise BadInputError(f"A key has {KEY_CHARACTERS} characters of Z85; '{key}' is none.")
    words: list[bytes] = []
    for i in range(0, KEY_CHARACTERS, 5):
        value = 0
        for character in key[i : i + 5]:
            value = value * 85 + Z85.index(character)
        if value >= 1 << 32:
            raise BadInputError(f"A key has {KEY_CHARACTERS} characters of Z85; '{key}' is none.")
        words.append(value.to_bytes(4, "big"))
    return b"".join(words)


def _z85_text(raw: bytes) -> str:
    characters: list[str] = []
    for i in range(0, len(raw), 4):
        value = int.from_bytes(raw[i : i + 4], "big")
        characters += [Z85[value // 85**power % 85] for power in (4, 3, 2, 1, 0)]
    return "".join(characters)


def _check(raw: bytes) -> bytes:
    return hashlib.sha256(raw).digest()[:CHECK_BYTES]
