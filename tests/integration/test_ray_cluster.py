"""`mynah batch --engine ray --address`: a real cluster of two nodes, one of which dies."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mynah_shared._version import __version__
from tests.integration.conftest import run_mynah, wait_for, write_speech
from tests.integration.ray_cluster import RayCluster
from tests.integration.test_batch import results

pytest.importorskip("ray", reason="ray is not installed: a cluster can't be tried")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(400),
    pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc"),
]

N_LINES = 60
"""A quick machine takes some seconds for them, in which something can happen."""
ENDLESS = 2000


@pytest.fixture(scope="module")
def node_environment(repository: Path, slow_weights: Path) -> dict[str, str]:
    """What a node needs: the package and its models."""
    folders = [str(repository / "shared"), str(repository / "inference_daemon")]
    return {"PYTHONPATH": os.pathsep.join(folders), "MYNAH_WEIGHTS": str(slow_weights)}


@pytest.fixture(scope="module")
def cluster(node_environment: dict[str, str]) -> Iterator[RayCluster]:
    """The head alone; tests add nodes."""
    made = RayCluster(node_environment)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def no_node_left(cluster: RayCluster) -> Iterator[None]:
    """A test that fails leaves no node that takes the next one's work."""
    yield
    cluster.kill_nodes()


@pytest.fixture(autouse=True)
def member(cluster: RayCluster, slow_weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands of this test may join the cluster, and have the nodes' models."""
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    monkeypatch.setenv("RAY_AUTH_TOKEN", cluster.token)
    monkeypatch.setenv("MYNAH_WEIGHTS", str(slow_weights))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Lines of 8 s, a file that is no sound, and a line with a style."""
    (tmp_path / "vo").mkdir()
    write_speech(tmp_path / "vo/0.wav", 8.0)
    (tmp_path / "vo/broken.wav").write_bytes(b"no sound at all")
    write_sheet(tmp_path, N_LINES)
    return tmp_path


def write_sheet(folder: Path, n_lines: int) -> None:
    rows = ["bad,vo/broken.wav,1,", "styled,vo/0.wav,1,angry@0.7"]
    rows += [f"{i},vo/0.wav,{i}," for i in range(n_lines - len(rows))]
    text = "\n".join(["line,audio,seed,style", *rows])
    (folder / "sheet.csv").write_text(text + "\n", "utf-8")


def command(folder: Path, *more: str) -> list[str]:
    return ["batch", str(folder / "sheet.csv"), "-o", str(folder / "out"), *more]


def on(cluster: RayCluster) -> list[str]:
    return ["--engine", "ray", "--address", cluster.address, "--workers", "2"]


def under_way(arguments: list[str]) -> subprocess.Popen[str]:
    # a shell that starts a job in the background has it ignore Ctrl-C
    code = (
        "import signal, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from mynah_daemon.cli import main\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    pipe = subprocess.PIPE
    whole = [sys.executable, "-c", code, *arguments]
    return subprocess.Popen(whole, stdout=pipe, stderr=pipe, text=True)


def test_a_cluster_gives_what_the_local_engine_gives_and_outlives_the_batch(
    cluster: RayCluster, folder: Path, node_environment: dict[str, str]
) -> None:
    node = cluster.add(node_environment)
    with under_way(command(folder, *on(cluster))) as process:
        wait_for(lambda: cluster.workers(cluster.head), "a worker on the head", 60)
        wait_for(lambda: cluster.workers(node), "a worker on the node", 60)
        wait_for(lambda: len(results(folder)) >= 2, "results", 120)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 4, errors
    assert "Cancelled; go on by --resume." in errors
    n_made = len(results(folder))
    wait_for(lambda: not cluster.workers(node) + cluster.workers(cluster.head), "their end", 60)
    assert not list(cluster.folder.glob("mynah-*"))

    done = run_mynah(*command(folder, *on(cluster), "--resume"), timeout_s=240)
    assert done.returncode == 2, done.stderr
    counted = f"{N_LINES - 1 - n_made} made, {n_made} there already, 1 failed"
    assert f"{N_LINES} of {N_LINES} lines: {counted}" in done.stdout
    assert "bad: " in done.stderr
    by_ray = results(folder)
    (folder / "out").rename(folder / "by ray")
    assert run_mynah(*command(folder)).returncode == 2
    assert results(folder) == by_ray
    cluster.kill(node, signal.SIGTERM)


@pytest.mark.parametrize("lack", ["package", "models", "version"])
def test_a_node_that_differs_is_told_in_a_sentence(
    cluster: RayCluster,
    folder: Path,
    node_environment: dict[str, str],
    repository: Path,
    tiny_weights: Path,
    lack: str,
) -> None:
    if lack == "package":
        # an environment may have it installed, so that leaving it off the path is not enough
        (folder / "bare/mynah_daemon").mkdir(parents=True)
        missing = "raise ModuleNotFoundError(\"No module named 'mynah_daemon'\")\n"
        (folder / "bare/mynah_daemon/__init__.py").write_text(missing)
        other = {"PYTHONPATH": str(folder / "bare")}
        sentence = "can't start (ModuleNotFoundError: No module named 'mynah_daemon', on "
    elif lack == "models":
        other = {"MYNAH_WEIGHTS": str(tiny_weights)}
        sentence = f"has other models, this one Mynah {__version__}"
    else:
        shutil.copytree(repository / "shared/mynah_shared", folder / "old/mynah_shared")
        (folder / "old/mynah_shared/_version.py").write_text('__version__ = "0.0.1"\n')
        path = f"{folder / 'old'}{os.pathsep}{node_environment['PYTHONPATH']}"
        other = {"PYTHONPATH": path}
        sentence = f"has Mynah 0.0.1, this one Mynah {__version__}"
    write_sheet(folder, ENDLESS)  # or the head has made all before the node has started
    node = cluster.add({**node_environment, **other})
    try:
        done = run_mynah(*command(folder, *on(cluster)), timeout_s=240)
    finally:
        cluster.kill(node, signal.SIGTERM)
    assert done.returncode == 3, done.stderr
    assert sentence in done.stderr
    assert "the same" in done.stderr
    assert "on all" in done.stderr


def test_a_node_that_dies_costs_time_only(
    cluster: RayCluster, folder: Path, node_environment: dict[str, str]
) -> None:
    node = cluster.add(node_environment)
    with under_way(command(folder, *on(cluster))) as process:
        wait_for(lambda: cluster.workers(node), "a worker on the node", 60)
        wait_for(lambda: len(results(folder)) >= 2, "results", 120)
        assert process.poll() is None
        cluster.kill(node)
        told, errors = process.communicate(timeout=240)
    assert process.returncode == 2, errors
    assert f"{N_LINES} of {N_LINES} lines: {N_LINES - 1} made, 1 failed" in told
    assert errors.count("bad: ") == 2, errors  # as it failed, and in the end
