"""What capture fetches on first use, from a server on this machine."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from mynah_daemon.capture.downloads import Download, download_folder, fetch
from mynah_daemon.capture.head_model import load_head
from mynah_daemon.capture.ict_facekit import fetch_head, parts
from mynah_daemon.flame.arkit_head import read_arkit_head
from mynah_shared.errors import EngineUnavailableError
from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES

CONTENT = b"a model" * 1000


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:
        """Requests of a test are no news."""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder and its address."""
    folder = tmp_path / "served"
    folder.mkdir()
    handler = partial(QuietHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def wanted(url: str, content: bytes = CONTENT) -> Download:
    checksum = hashlib.sha256(content).hexdigest()
    return Download("model.task", url, checksum, len(content), "--landmarker")


def no_report(stage: str, fraction: float) -> None:
    assert stage == "download"
    assert 0 <= fraction <= 1


def test_a_file_is_fetched_once(served: tuple[Path, str]) -> None:
    folder, address = served
    (folder / "model.task").write_bytes(CONTENT)
    path = fetch(wanted(address + "model.task"), no_report)
    assert path.read_bytes() == CONTENT
    (folder / "model.task").unlink()
    assert fetch(wanted(address + "model.task"), no_report) == path
    path.write_bytes(b"spoilt")  # the next capture would fetch it again
    with pytest.raises(EngineUnavailableError, match="File not found"):
        fetch(wanted(address + "model.task"), no_report)


def test_another_file_is_not_kept(served: tuple[Path, str]) -> None:
    folder, address = served
    (folder / "model.task").write_bytes(CONTENT[:-1] + b"!")
    with pytest.raises(EngineUnavailableError, match=r"sends another file.*--landmarker PATH"):
        fetch(wanted(address + "model.task"), no_report)
    (folder / "model.task").write_bytes(CONTENT * 3)
    with pytest.raises(EngineUnavailableError, match="far longer than expected"):
        fetch(wanted(address + "model.task"), no_report)
    assert list(download_folder().iterdir()) == []


def test_offline_the_sentence_names_the_option() -> None:
    with pytest.raises(
        EngineUnavailableError, match=r"Can't fetch http://127\.0\.0\.1:9/x .*--landmarker PATH"
    ):
        fetch(wanted("http://127.0.0.1:9/x"), no_report)


def test_the_head_is_put_together_from_its_meshes(
    served: tuple[Path, str], shared_data: Path
) -> None:
    folder, address = served
    with np.load(shared_data / "data" / "ict_facekit" / "ict_arkit52.npz") as data:
        neutral = data["neutral"].astype(np.float64)
        names = data["arkit_names"].tolist()
        meshes = {"generic_neutral_mesh": np.zeros_like(neutral)}
        for name in ARKIT_BLENDSHAPES:
            files = parts(name)
            for file in files:
                meshes[file] = data["deltas"][names.index(name)].astype(np.float64) / len(files)
        faces = [[f"{i + 1}/{i + 1}" for i in face if i >= 0] for face in data["faces"].tolist()]
        corners = "\n".join(f"f {' '.join(face)}" for face in faces)
        for i, identity in enumerate(data["identities"]):
            meshes[f"identity{i:03d}"] = identity.astype(np.float64)
    for file, movement in meshes.items():
        rows = (neutral + movement).tolist()
        lines = "\n".join(f"v {x:g} {y:g} {z:g}" for x, y, z in rows)
        (folder / f"{file}.obj").write_text(f"# a mesh\n{lines}\n{corners}\n")
    path = fetch_head(no_report, address)
    assert path.stat().st_size < 6e6
    ours, theirs = load_head(path), load_head(shared_data / "data" / "ict_facekit")
    np.testing.assert_allclose(ours.neutral, theirs.neutral, atol=1e-3)
    np.testing.assert_allclose(ours.deltas, theirs.deltas, atol=0.02)
    np.testing.assert_allclose(ours.identities, theirs.identities, atol=0.02)
    meshes_ours, meshes_theirs = map(read_arkit_head, (path, shared_data / "data" / "ict_facekit"))
    np.testing.assert_array_equal(meshes_ours.triangles, meshes_theirs.triangles)
    np.testing.assert_array_equal(meshes_ours.lips, meshes_theirs.lips)
    np.testing.assert_allclose(meshes_ours.deltas, meshes_theirs.deltas, atol=0.02)

    path.unlink()
    (folder / "eyeLookDown_L.obj").write_bytes((folder / "eyeBlink_L.obj").read_bytes())
    with pytest.raises(EngineUnavailableError, match=r"are not the head that Mynah knows.*--head"):
        fetch_head(no_report, address)
    half = (folder / "eyeBlink_L.obj").read_bytes()
    (folder / "eyeBlink_L.obj").write_bytes(half[: len(half) // 2])
    with pytest.raises(EngineUnavailableError, match="are not the head that Mynah knows"):
        fetch_head(no_report, address)
    assert not path.exists()


def test_every_shape_of_arkit_has_its_meshes() -> None:
    assert parts("jawOpen") == ("jawOpen",)
    assert parts("jawLeft") == ("jawLeft",)
    assert parts("mouthSmileLeft") == ("mouthSmile_L",)
    assert parts("browInnerUp") == ("browInnerUp_L", "browInnerUp_R")
    assert len([file for name in ARKIT_BLENDSHAPES for file in parts(name)]) == 53
