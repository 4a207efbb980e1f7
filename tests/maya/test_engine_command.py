"""`mynahEngine` under mayapy: real installer, real environments, real pip; only the engine is
tiny."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mynah_shared._version import __version__
from mynah_shared.client.connection_file import state_dir
from mynah_shared.client.key_text import text_to_key
from mynah_shared.client.remote import (
    RemoteDaemon,
    chosen_remote,
    own_key_text,
    write_remote_file,
)
from mynah_shared.setup.installer import environments
from mynah_shared.setup.installer.order import SetUpError
from mynah_shared.testing.fake_daemon import FakeDaemon
from tests.maya.engines import ONLY_FILES, computer, left, only_environment, pip_wheel, write_mayapy
from tests.maya.faces import PLUGIN
from tests.shared.tiny_engine import write_wheel

__all__ = ["computer", "pip_wheel"]
pytestmark = pytest.mark.timeout(120)


@pytest.fixture(autouse=True)
def plugin(mayapy: Any, computer: Path) -> Iterator[None]:
    from maya import cmds

    cmds.loadPlugin(str(PLUGIN))
    yield
    cmds.unloadPlugin("mynah_plugin")


def engine(**flags: Any) -> list[str]:
    from maya import cmds

    return cmds.mynahEngine(**flags)


def tried() -> str:
    """What becomes of a connection: each engine here is one that ends at once."""
    from mynah_maya.setup.chosen import chosen_connection
    from mynah_shared.errors import MynahError

    with pytest.raises(MynahError) as caught:
        chosen_connection()
    return str(caught.value)


def test_one_command_sets_the_engine_up_and_another_removes_it(computer: Path) -> None:
    before = sorted(str(path) for path in computer.rglob("*"))
    assert engine()[0] == "The engine is not set up yet."
    told = engine(setUp=True)
    made = only_environment()
    assert told[0] == f"Engine {__version__} is ready, on the {made.stamp.device}."
    assert "captures no videos" in told[1]
    assert told[2] == "The engine does not run at the moment; the next line starts it."
    assert left() == ONLY_FILES | {made.path.name}
    assert sorted(str(path) for path in computer.rglob("*")) == before
    assert tried().startswith("The engine ended at its start")
    assert (state_dir() / "daemon.log").read_text() == f"daemon of {made.path}\n"
    assert engine(remove=True)[0] == "The engine is not set up yet."
    assert left() == ONLY_FILES


def test_an_engine_of_another_version_is_updated(computer: Path) -> None:
    engine(setUp=True)
    old = only_environment()
    stamp = environments.Stamp("0.0.1", "3", "CPU", False, "", "2020", 1)
    environments.write_stamp(old.path, stamp)
    (told, *_more) = engine()
    assert told == f"The engine is version 0.0.1, and version {__version__} is needed."
    assert engine(setUp=True)[0].startswith(f"Engine {__version__} is ready")
    assert not old.path.exists()


def test_settings_are_kept_and_used(computer: Path) -> None:
    with pytest.raises(RuntimeError, match="'mediapipe'"):
        engine(setUp=True, videos=1, device="cpu")
    write_wheel(computer, "mediapipe")
    assert "captures performers in videos" in engine(setUp=True)[1], "the choice was forgotten"
    with pytest.raises(RuntimeError, match=r"can't compute on 'tpu'; say auto or cpu\."):
        engine(device="tpu")
    with pytest.raises(RuntimeError, match=r"'holiday\.zip' must be a whole path"):
        engine(package="holiday.zip")
    with pytest.raises(RuntimeError, match=r"holiday\.zip' is no engine package: choose"):
        engine(setUp=True, package=str(computer / "holiday.zip"))
    assert only_environment().stamp.with_videos, "what worked before is gone"


def test_an_own_engine_comes_first_and_goes_again(
    computer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine(setUp=True)
    made = only_environment()
    monkeypatch.setenv("MYNAH_ENGINE", "/studio/python")
    assert "The engine of the variable MYNAH_ENGINE is '/studio/python', which is" in engine()[0]
    assert "/studio/python" in tried()
    told = engine(ownEngine=str(made.path))[0]
    assert told == f"Your own engine: {made.python}."
    assert tried().startswith("The engine ended at its start")
    engine(ownEngine="")
    assert "/studio/python" in tried()
    (state_dir() / "maya.json").write_text('{"engine": 7}')
    assert "maya.json holds no settings of Mynah" in engine()[0]


def test_what_excludes_each_other_is_refused(computer: Path) -> None:
    with pytest.raises(RuntimeError, match="-setUp and -remove exclude each other"):
        engine(setUp=True, remove=True)
    from maya import cmds

    with pytest.raises(RuntimeError, match="takes flags only; leave 'face' out"):
        cmds.mynahEngine("face")


def test_a_computer_without_a_fitting_python_is_a_sentence(
    computer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mynah_maya.setup import job, places
    from mynah_shared.setup import pythons

    monkeypatch.setattr(pythons, "candidates", lambda own: filter(None, [own]))
    monkeypatch.setenv("MAYA_LOCATION", str(computer / "no-maya"))
    monkeypatch.setattr(job.set_up, "_find_python", places.python_for_engine)
    with pytest.raises(RuntimeError, match=r"none was found.*install Python 3\.13"):
        engine(setUp=True)
    with pytest.raises(SetUpError):
        places.python_for_engine()


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Maya 2024's own is too old for the engine")
def test_mayas_own_python_serves_without_an_environment_of_its_own(
    computer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The packages lie in a folder, which Maya's Python is told of; nothing goes into Maya."""
    from mynah_maya.setup import job, places
    from mynah_shared.setup import pythons

    monkeypatch.setattr(pythons, "candidates", lambda own: filter(None, [own]))
    monkeypatch.setattr(job.set_up, "_find_python", places.python_for_engine)
    mayapy = write_mayapy(tmp_path / "maya2026")
    monkeypatch.setenv("MAYA_LOCATION", str(mayapy.parents[1]))
    assert engine(setUp=True)[0].startswith(f"Engine {__version__} is ready")
    made = only_environment()
    assert made.python == mayapy
    assert not (made.path / "pyvenv.cfg").exists()
    assert (made.path / "packages" / "onnxruntime" / "__init__.py").is_file()
    assert sorted(path.name for path in mayapy.parent.iterdir()) == ["mayapy"]
    code = "import os, mynah_daemon; print(mynah_daemon.__file__)"
    found = subprocess.check_output(made.layout.running(code), text=True, timeout=60)
    assert Path(found.strip()).is_relative_to(made.path)
    assert "ended at its start" in tried()
    assert (state_dir() / "daemon.log").read_text().startswith("daemon of ")
    mayapy.unlink()
    assert engine()[0].startswith("The engine is broken. The Python that it was set up with")


@pytest.fixture
def remote(mynah_home: Path, tmp_path: Path) -> Iterator[tuple[FakeDaemon, Path]]:
    """A daemon of which this user has nothing but a connection file."""
    mine = text_to_key(own_key_text())
    with FakeDaemon(client_key=mine) as daemon:
        path = tmp_path / "mynah-render01.json"
        ports = [int(daemon.info.endpoint.rpartition(":")[2])]
        ports += [int(daemon.info.control_endpoint.rpartition(":")[2])]
        write_remote_file(path, RemoteDaemon("localhost", *ports, daemon.info.server_public_key))
        yield daemon, path


def test_a_daemon_elsewhere_is_chosen_and_left(remote: tuple[FakeDaemon, Path]) -> None:
    daemon, path = remote
    assert engine(myKey=True) == [own_key_text()]
    told = engine(connect=str(path))
    assert told[0].startswith("Lines are made on localhost:")
    assert told[1].startswith("The engine runs on localhost: version ")
    assert "models: 1, styles: 1" in told[1]
    daemon.close()
    assert "Nothing listens at localhost:" in engine()[1]
    assert engine(disconnect=True)[0] == "The engine is not set up yet."
    assert chosen_remote() is None
    with pytest.raises(RuntimeError, match="can't be read"):
        engine(connect=str(path.with_name("none.json")))
    assert chosen_remote() is None
