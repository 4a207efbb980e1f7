"""What build.py packs, looked at from outside. Needs the environments that build.py made."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tools import environments, packages

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (environments.VENVS / "engine" / "mynah-stamp.json").is_file(),
        reason="no .venv/engine: run `python build.py setup`",
    ),
]

INSTALL = """
import sys, bpy
bpy.ops.wm.read_factory_settings()
bpy.ops.extensions.package_install_files(
    filepath=sys.argv[1], repo="user_default", enable_on_install=True
)
assert "bl_ext.user_default.mynah" in bpy.context.preferences.addons, "not enabled"
assert bpy.ops.mynah.generate.get_rna_type().name
print("zmq from", __import__("zmq").__file__)
print("INSTALLED")
"""


def _names(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


def _imports(path: Path, *modules: str) -> list[str]:
    """The files in a package that import one of `modules`."""
    statement = re.compile(rf"(?m)^\s*(?:import|from) (?:{'|'.join(modules)})\b")
    with zipfile.ZipFile(path) as archive:
        sources = [name for name in archive.namelist() if name.endswith(".py")]
        return [name for name in sources if statement.search(archive.read(name).decode())]


def test_wheels_serve_without_torch_or_bpy(tmp_path: Path) -> None:
    shared, daemon = sorted(packages.wheels(tmp_path), key=lambda path: "daemon" in path.name)
    assert shared.name.endswith("-py3-none-any.whl")
    assert "mynah_shared/py.typed" in _names(shared)
    assert _imports(shared, "torch", "bpy", "onnxruntime", "scipy") == []
    served = [name for name in _names(daemon) if name.startswith("mynah_daemon/")]
    assert any(name.endswith("manifest.json") for name in served), "the weights are missing"
    assert not {"tests", "test"} & {part for name in _names(daemon) for part in Path(name).parts}
    with_torch = _imports(daemon, "torch", "bpy")
    assert [name for name in with_torch if name.startswith("mynah_daemon/")] == []


def test_the_extension_is_reproducible_and_installs_into_blender(tmp_path: Path) -> None:
    try:
        python = environments.blender()
    except environments.BuildError as error:
        pytest.skip(str(error))
    first = packages.blender(into=tmp_path / "a")
    second = packages.blender(into=tmp_path / "b")
    assert first.read_bytes() == second.read_bytes()
    names = _names(first)
    assert "vendor/mynah_shared/protocol/codec.py" in names
    brought = {name.split("-")[0] for name in names if name.startswith("engine/")}
    assert brought == {"engine/mynah_daemon", "engine/mynah_shared", "engine/pip"}
    assert len([name for name in names if name.startswith("wheels/pyzmq-")]) == 6
    # Blender refuses a Python that no wheel names as soon as one wheel names another
    assert {"cp311", "cp313"} <= {name.split("-")[2] for name in names if "msgpack-" in name}
    env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [python, "-c", INSTALL, str(first)],
        env={**env, "BLENDER_USER_RESOURCES": str(tmp_path / "user")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert "INSTALLED" in done.stdout, done.stdout + done.stderr


def test_the_maya_module_imports_with_plain_python(tmp_path: Path) -> None:
    packed = packages.maya(into=tmp_path / "dist")
    assert {path.name.split("-", 3)[3] for path in packed} == {
        f"{p}.zip" for p in packages.PLATFORMS
    }
    for path in packed:
        names = _names(path)
        assert "mynah.mod" in names
        assert "mynah/plug-ins/mynah_plugin.py" in names
        assert "mynah/vendor/mynah_shared/setup/installer/start.py" in names
        brought = {name.split("-")[0] for name in names if name.startswith("mynah/engine/")}
        assert {name.rpartition("/")[2] for name in brought} == {
            "mynah_daemon",
            "mynah_shared",
            "pip",
        }
        tag = path.stem.split("-", 3)[3]
        for abi in ("cp310", "cp311"):
            assert f"mynah/vendor/{abi}-{tag}/zmq/__init__.py" in names
            assert f"mynah/vendor/numpy-{abi}-{tag}/numpy/__init__.py" in names
        with zipfile.ZipFile(path) as archive:
            archive.extractall(tmp_path)
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import mynah_shared, msgpack;"
        "assert mynah_shared.__file__.startswith(sys.argv[1]), mynah_shared.__file__;"
        "import msgpack.fallback; assert msgpack.Packer is msgpack.fallback.Packer"
    )
    vendor = str(tmp_path / "mynah" / "vendor")
    subprocess.run([sys.executable, "-c", code, vendor], check=True, timeout=60, cwd=tmp_path)
