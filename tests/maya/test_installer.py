"""The installer that is dragged into Maya, on folders of the tests."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.maya.faces import PLUGIN

SOURCE = PLUGIN.parents[1]


def mod_file(version: str) -> str:
    """What `python build.py maya` writes."""
    pytest.importorskip("tomllib", reason="build.py needs Python 3.11: no .mod file to install")
    from tools import packages

    return packages.mod_file(version)


@pytest.fixture
def packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What an unpacked zip looks like, without the packages that it lends."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    return unpack(tmp_path / "my tools", "1.0")


def unpack(folder: Path, version: str) -> Path:
    shutil.copytree(
        SOURCE, folder / "mynah", ignore=shutil.ignore_patterns("vendor", "__pycache__")
    )
    (folder / "mynah.mod").write_text(mod_file(version), encoding="utf-8")
    return folder / "mynah"


def installer(module: Path) -> Any:
    found = importlib.util.spec_from_file_location("mynah_install", module / "install.py")
    assert found is not None
    assert found.loader is not None
    made = importlib.util.module_from_spec(found)
    found.loader.exec_module(made)
    return made


def test_dropping_it_installs_and_loads(maya: Any, packed: Path) -> None:
    from maya import cmds, mel, utils

    drop = installer(packed)
    drop.onMayaDroppedPythonFile(None)
    written = drop.modules_folder() / "mynah.mod"
    text = written.read_text(encoding="utf-8")
    assert text.count(f" Mynah 1.0 {packed.as_posix()}\n") == mod_file("1.0").count("./mynah")
    assert "./mynah" not in text
    assert text.count("\n\n") == mod_file("1.0").count("\n\n")
    assert cmds.pluginInfo("mynah_plugin", query=True, loaded=True)
    utils.processIdleEvents()
    assert cmds.shelfLayout(f"{mel.eval('$t=$gShelfTopLevel')}|Mynah", exists=True)
    assert "Mynah is installed by" in maya.said[-1][1]
    assert drop.install().endswith("is loaded already.")


def test_another_version_takes_its_place(maya: Any, packed: Path, tmp_path: Path) -> None:
    installer(packed).install()
    drop = installer(unpack(tmp_path / "newer", "2.0"))
    assert "Start Maya anew" in drop.install()
    text = (drop.modules_folder() / "mynah.mod").read_text(encoding="utf-8")
    assert "Mynah 2.0" in text
    assert "Mynah 1.0" not in text
    assert packed.as_posix() not in text


def test_a_folder_that_cannot_be_written(maya: Any, packed: Path) -> None:
    from maya import cmds

    drop = installer(packed)
    folder = drop.modules_folder()
    folder.parent.mkdir(parents=True)
    folder.write_text("a file, where the folder should be")
    drop.onMayaDroppedPythonFile(None)
    assert "can't be written" in maya.said[-1][1]
    assert "MAYA_MODULE_PATH" in maya.said[-1][1]
    assert not cmds.pluginInfo("mynah_plugin", query=True, loaded=True)


def test_a_checkout_is_not_installed(maya: Any, packed: Path) -> None:
    (packed.parent / "mynah.mod").unlink()
    drop = installer(packed)
    with pytest.raises(drop.InstallError, match="unpack all of Mynah's zip"):
        drop.install()
    assert not drop.modules_folder().exists()


def test_a_zip_unpacked_where_maya_looks_stays_as_it_is(maya: Any, tmp_path: Path) -> None:
    from maya import cmds

    folder = Path(cmds.internalVar(userAppDir=True)) / "2025" / "modules"
    drop = installer(unpack(folder, "1.0"))
    drop.install()
    assert (folder / "mynah.mod").read_text(encoding="utf-8") == mod_file("1.0")


def test_a_plug_in_that_does_not_load_is_told(maya: Any, packed: Path) -> None:
    (packed / "plug-ins" / "mynah_plugin.py").write_text("raise ImportError('no numpy')")
    drop = installer(packed)
    drop.onMayaDroppedPythonFile(None)
    assert "no numpy" in maya.said[-1][1]
