"""Film strips of styles as icons that panels can draw, cut into their pictures."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from pathlib import Path

import bpy
import bpy.utils.previews
import numpy as np

_ASPECT = 0.8
"""Width by height of each picture in the engine's strips, which show upright faces."""

_shown: bpy.utils.previews.ImagePreviewCollection | None = None
_names: dict[str, tuple[str, ...]] = {}


def remember(name: str, png: bytes) -> None:
    """Make icons of a style's strip, one for each of its pictures."""
    if not png:
        _names.pop(name, None)
        return
    digest = hashlib.sha256(png).hexdigest()[:16]
    shown = _collection()
    names = [key for key in shown if key.startswith(digest)]
    if not names:
        for i, picture in enumerate(_pictures(png)):
            names.append(f"{digest}-{i}")
            icon = shown.new(names[-1])
            height, width, _channels = picture.shape
            icon.image_size = (width, height)
            icon.image_pixels_float.foreach_set(np.ascontiguousarray(picture).ravel())
    _names[name] = tuple(sorted(names))


def icons_of(name: str) -> tuple[int, ...]:
    """The icons of a style's pictures, none if it has none."""
    if _shown is None:
        return ()
    return tuple(_shown[picture].icon_id for picture in _names.get(name, ()))


def forget() -> None:
    """Free the icons."""
    global _shown
    if _shown is not None:
        bpy.utils.previews.remove(_shown)
    _shown = None
    _names.clear()


def _pictures(png: bytes) -> list[np.ndarray]:
    """The pictures [height, width, 4] of a strip, rows from below; none if it can't be read."""
    folder = Path(tempfile.mkdtemp(dir=bpy.app.tempdir))
    file = folder / "strip.png"
    file.write_bytes(png)
    image = bpy.data.images.load(str(file))
    try:
        width, height = image.size
        if not (width and height):
            return []
        pixels = np.empty(width * height * 4, np.float32)
        image.pixels.foreach_get(pixels)
    finally:
        bpy.data.images.remove(image)
        shutil.rmtree(folder, ignore_errors=True)
    n_pictures = max(1, round(width / height / _ASPECT))
    return np.array_split(pixels.reshape(height, width, 4), n_pictures, axis=1)


def _collection() -> bpy.utils.previews.ImagePreviewCollection:
    global _shown
    if _shown is None:
        _shown = bpy.utils.previews.new()
    return _shown
