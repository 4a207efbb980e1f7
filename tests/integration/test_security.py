"""Who must not get in doesn't, and nothing that could run foreign code is in the sources."""

from __future__ import annotations

import ast
import contextlib
import os
import random
import socket
import stat
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq

from mynah_daemon.config import DaemonConfig
from mynah_shared.client.client import Client
from mynah_shared.errors import BadInputError
from mynah_shared.protocol import codec
from mynah_shared.protocol.messages import JobState, Ping
from tests.integration.conftest import RunningDaemon, wait_for, wait_for_state, write_speech
from tests.integration.test_service import request

FRAMES = codec.encode(Ping(), message_id=bytes(16), session_id=bytes(16))


@contextlib.contextmanager
def dealer(
    endpoint: str, server_key: str = "", keys: tuple[str, str] = ("", "")
) -> Iterator[zmq.Socket[bytes]]:
    """A bare client with these keys, plain if there are none."""
    with zmq.Context() as context, context.socket(zmq.DEALER) as sock:
        sock.setsockopt(zmq.LINGER, 0)
        if server_key:
            sock.curve_serverkey = server_key.encode()
            sock.curve_publickey, sock.curve_secretkey = (key.encode() for key in keys)
        sock.connect(endpoint)
        yield sock


def answers(endpoint: str, server_key: str = "", keys: tuple[str, str] = ("", "")) -> bool:
    with dealer(endpoint, server_key, keys) as sock:
        for _ in range(3):
            sock.send_multipart(FRAMES)
        return bool(sock.poll(700))


@pytest.mark.parametrize("socket_name", ["endpoint", "control_endpoint"])
def test_only_the_client_key_of_the_file_gets_an_answer(
    daemon: RunningDaemon, socket_name: str
) -> None:
    info = daemon.info
    endpoint = getattr(info, socket_name)
    public, secret = (key.decode() for key in zmq.curve_keypair())
    assert answers(
        endpoint, info.server_public_key, (info.client_public_key, info.client_secret_key)
    )
    assert not answers(endpoint)
    assert not answers(endpoint, info.server_public_key, (public, secret))
    assert not answers(endpoint, info.server_public_key, (info.client_public_key, secret))
    assert not answers(endpoint, public, (info.client_public_key, info.client_secret_key))


def test_files_are_for_the_user_only_and_hold_no_server_secret(
    daemon: RunningDaemon, client: Client, tmp_path: Path, mynah_home: Path
) -> None:
    client.upload(write_speech(tmp_path / "a.wav"))
    assert stat.S_IMODE(mynah_home.stat().st_mode) == 0o700
    for folder in ("blobs", "logs"):
        assert stat.S_IMODE((mynah_home / folder).stat().st_mode) == 0o700
    files = [path for path in mynah_home.rglob("*") if path.is_file()]
    assert len(files) >= 3
    for path in [mynah_home / "daemon.json", *mynah_home.glob("blobs/*")]:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    log = (mynah_home / "logs" / "daemon.jsonl").read_text()
    for key in (daemon.info.client_secret_key, daemon.info.client_public_key):
        assert key not in log


def test_keys_are_new_at_every_start(daemon: RunningDaemon) -> None:
    daemon.close()
    second = RunningDaemon()
    assert second.info.server_public_key != daemon.info.server_public_key
    assert second.info.client_secret_key != daemon.info.client_secret_key
    second.close()


def junk(rng: random.Random) -> bytes:
    return rng.choice(
        [
            rng.randbytes(rng.randrange(1, 4000)),
            b"\xff\0\0\0\0\0\0\0\1\x7f\3\1CURVE" + bytes(48),
            b"\xff\0\0\0\0\0\0\0\1\x7f\3\0NULL" + bytes(44) + rng.randbytes(99),
            b"\2" + struct.pack(">Q", 1 << 62),
            b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        ]
    )


def test_junk_on_the_ports_changes_nothing(daemon: RunningDaemon, client: Client) -> None:
    rng = random.Random(3)
    for endpoint in (daemon.info.endpoint, daemon.info.control_endpoint):
        port = int(endpoint.rsplit(":", 1)[1])
        for _ in range(150):
            with socket.create_connection(("127.0.0.1", port)) as connection:
                connection.sendall(junk(rng))
    assert client.ping().running == 0
    assert daemon.process.poll() is None


def test_frames_that_are_no_message_are_dropped(daemon: RunningDaemon, tmp_path: Path) -> None:
    rng = random.Random(4)
    info = daemon.info
    keys = info.client_public_key, info.client_secret_key
    for endpoint in (info.endpoint, info.control_endpoint):
        with dealer(endpoint, info.server_public_key, keys) as sock:
            for _ in range(300):
                frames = list(FRAMES)
                spot = rng.randrange(len(frames[1]))
                tail = frames[1][spot + rng.randrange(4) :]
                frames[1] = frames[1][:spot] + rng.randbytes(3) + tail
                sock.send_multipart(frames + [rng.randbytes(9)] * rng.randrange(3))
                while sock.poll(0):
                    sock.recv_multipart()
    with daemon.client() as client:
        sha256 = client.upload(write_speech(tmp_path / "a.wav"))
        (job,) = client.submit([request(sha256)]).jobs
        wait_for_state(client, job.job_id, (JobState.finished,))


def test_both_sockets_listen_on_loopback_only(daemon: RunningDaemon) -> None:
    assert daemon.info.endpoint.startswith("tcp://127.0.0.1:")
    assert daemon.info.control_endpoint.startswith("tcp://127.0.0.1:")
    for host in ("0.0.0.0", "192.168.1.7", "example.com", "::", "*", ""):
        with pytest.raises(BadInputError, match="serves this computer only"):
            DaemonConfig(Path("x"), host=host)
    process = subprocess.run(
        [sys.executable, "-m", "mynah_daemon", "daemon", "--host", "0.0.0.0"],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert process.returncode == 2
    assert "can't listen on '0.0.0.0'" in process.stderr


def test_the_daemon_process_never_loads_a_model_runtime(
    daemon: RunningDaemon, client: Client, tmp_path: Path
) -> None:
    sha256 = client.upload(write_speech(tmp_path / "a.wav"))
    (job,) = client.submit([request(sha256)]).jobs
    wait_for_state(client, job.job_id, (JobState.finished,))
    client.fetch(job.job_id)
    program = (
        "import sys, mynah_daemon.daemon, mynah_daemon.cli\n"
        "print([m for m in sys.modules if m.split('.')[0] in ('onnxruntime', 'torch', 'av')])"
    )
    output = subprocess.check_output([sys.executable, "-c", program], text=True)
    assert output.strip() == "[]"
    if sys.platform == "linux":
        worker = wait_for(lambda: client.status().worker_pid, "the worker")
        assert "onnxruntime" in Path(f"/proc/{worker}/maps").read_text(), "the test sees nothing"
        mapped = Path(f"/proc/{daemon.process.pid}/maps").read_text()
        for name in ("onnxruntime", "libtorch", "libavcodec", "/scipy/"):
            assert name not in mapped


# --- sources ------------------------------------------------------------------------------------

FORBIDDEN_MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve", "joblib"}
READS_PICKLES_INERTLY = {"inference_daemon/mynah_daemon/flame/read_model.py": ["pickle"]}
"""It reads the FLAME file that its user names on the command line, never what a client sends, and
builds nothing but numbers: test_flame_model.py has files that ask for more."""
FORBIDDEN_CALLS = {"eval", "exec", "recv_pyobj", "send_pyobj", "system", "popen"}


def _is_harmless(call: ast.Call) -> bool:
    """`model.eval()`, or a MEL sentence that stands in the source."""
    in_maya = ast.unparse(call.func) == "mel.eval"
    return not call.args or (in_maya and all(isinstance(arg, ast.Constant) for arg in call.args))


def offences(source: str) -> list[str]:
    """What in the source could run code that came from outside."""
    found: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        else:
            names = []
        found += [name for name in names if name.split(".")[0] in FORBIDDEN_MODULES]
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in FORBIDDEN_CALLS and not (name == "eval" and _is_harmless(node)):
                found.append(name)
            for keyword in node.keywords:
                is_true = isinstance(keyword.value, ast.Constant) and keyword.value.value is True
                if keyword.arg in ("shell", "allow_pickle") and is_true:
                    found.append(f"{keyword.arg}=True")
                if keyword.arg == "weights_only" and not is_true:
                    found.append("weights_only=False")
    return found


def test_the_search_finds_what_it_looks_for() -> None:
    bad = "import pickle\nfrom marshal import loads\neval('1')\nsocket.recv_pyobj()\n"
    bad += "run('x', shell=True)\ntorch.load(f, weights_only=False)\n"
    bad += "np.load(f, allow_pickle=True)\nmel.eval(x)\nmel.eval(f'$t={x}')"
    assert len(offences(bad)) == 9
    assert offences("model.eval()\nnp.load(f, allow_pickle=False)\nmel.eval('$t=$x')") == []


def test_no_source_can_run_what_a_client_sends(repository: Path) -> None:
    files = [
        path
        for folder in ("inference_daemon", "shared", "blender_addon", "maya_plugin")
        for path in (repository / folder).rglob("*.py")
        if not {"vendor", "build", ".venv"} & set(path.parts)
    ]
    assert len(files) > 30
    found = {
        path.relative_to(repository).as_posix(): bad
        for path in files
        if (bad := offences(path.read_text("utf-8")))
    }
    assert found == READS_PICKLES_INERTLY


def test_the_answer_to_a_defect_names_no_path(daemon: RunningDaemon, client: Client) -> None:
    """A blob folder that vanishes under the daemon: an error, no path, and the daemon lives."""
    home = Path(os.environ["MYNAH_HOME"])
    (home / "blobs").rename(home / "gone")
    with pytest.raises(Exception, match=r"[Aa]udio|[Ff]ile|daemon") as refusal:
        client.upload(b"some bytes")
    assert str(home) not in str(refusal.value)
    time.sleep(0.1)
    assert client.ping().queued == 0
