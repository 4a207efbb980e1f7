"""NPZ files from outside never take more memory than they say, and never more than a clip needs."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from mynah_daemon.archives import MOST_BYTES, open_archive
from mynah_daemon.clip_files import read_clip
from mynah_daemon.styles.style_file import read_style
from mynah_shared.errors import BadInputError


def with_values(path: Path, values: bytes) -> Path:
    """A clip's archive whose values are these bytes of an .npy file."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in {
            "channels": np.array(["jawOpen"]),
            "fps": np.float64(25),
            "meta": np.array(json.dumps({"name": "Bomb"})),
            "picture": np.zeros(0, np.uint8),
        }.items():
            file = io.BytesIO()
            np.save(file, array)
            archive.writestr(f"{name}.npy", file.getvalue())
        archive.writestr("values.npy", values)
    return path


def header(shape: tuple[int, ...]) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        file, {"descr": "<f4", "fortran_order": False, "shape": shape}
    )
    return file.getvalue()


def bomb(path: Path) -> Path:
    """300 kB that unpack to 320 MB."""
    n_rows = MOST_BYTES // 4 + (16 << 20)
    return with_values(path, header((n_rows, 1)) + bytes(4 * n_rows))


def boaster(path: Path) -> Path:
    """An array that says it is larger than any memory."""
    return with_values(path, header((10**12, 1)) + bytes(64))


@pytest.mark.parametrize("make", [bomb, boaster])
def test_what_would_unpack_too_large_is_refused_unread(tmp_path: Path, make) -> None:
    path = make(tmp_path / "x.npz")
    assert path.stat().st_size < 1 << 20
    with pytest.raises(BadInputError, match=r"'x.npz' would unpack to .* MB in 5 arrays"):
        read_clip(path)
    with pytest.raises(BadInputError, match=r"'x.npz' would unpack to"):
        read_style(path)


def test_what_ends_early_is_a_sentence(tmp_path: Path) -> None:
    path = with_values(tmp_path / "x.npz", header((1000, 1)) + bytes(64))
    with pytest.raises(BadInputError, match=r"'x.npz' is not a motion clip"):
        read_clip(path)


def test_thousands_of_arrays_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    np.savez(path, **{f"a{i}": np.zeros(1) for i in range(70)})
    with pytest.raises(BadInputError, match="in 70 arrays"), open_archive(path, "x.npz"):
        pass


def test_a_long_clip_is_still_read(tmp_path: Path) -> None:
    values = np.random.default_rng(0).random((36_000, 55), np.float32)  # ten minutes at 60
    path = tmp_path / "x.npz"
    names = [f"c{i}" for i in range(55)]
    np.savez_compressed(path, values=values, channels=names, fps=60.0, meta="{}")
    assert read_clip(path).n_frames == 36_000
