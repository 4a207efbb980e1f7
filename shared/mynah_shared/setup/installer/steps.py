"""The steps of setting up and of removing the engine."""

from __future__ import annotations

import contextlib
import platform
import shutil
import zipfile
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

from . import environments, gpu
from .children import Children
from .environments import Environment, Layout, Stamp
from .folder_lock import locked
from .order import Order, SetUpError, Told
from .packages import PackageError, Pip, Plan, Say, Wheels, find_wheels, requirements
from .remedies import INCOMPLETE, of_output

Tell = Callable[[Told], None]

_PLAIN_MB, _VIDEOS_MB, _GPU_MB = 1000, 1000, 7000
"""Free disk for an environment, what captures videos and the GPU packages, while all is fetched."""
_PROBE = (
    "import onnxruntime, pathlib, mynah_daemon; onnxruntime.preload_dlls(); "
    "model = pathlib.Path(mynah_daemon.__file__).parent / 'weights' / 'regression.onnx'; "
    "wanted = ['CUDAExecutionProvider', 'CPUExecutionProvider']; "
    "print(onnxruntime.InferenceSession(str(model), providers=wanted).get_providers()[0])"
)


def carry_out(order: Order, children: Children, tell: Tell) -> str:
    """Does what is ordered and returns a sentence about it.

    Raises `SetUpError`, `CancelledError` or `OSError`; then all is as it was.
    """
    folder = Path(order.folder)
    with locked(folder, children.check):
        for path in environments.half_made(folder, order.family):
            _delete(path)
        if order.action == "remove":
            return _remove(order, folder, children, tell)
        return _set_up(order, folder, children, tell)


def _remove(order: Order, folder: Path, children: Children, tell: Tell) -> str:
    tell(Told(0.0, "Removing the engine"))
    _retire(environments.complete(folder, order.family), children)
    return "The engine was removed."


def _set_up(order: Order, folder: Path, children: Children, tell: Tell) -> str:
    tell(Told(0.0, "Preparing"))
    old = environments.complete(folder, order.family)
    unpacked = folder / "package"
    try:
        if repaired := _repaired(order, old, children, tell):
            return f"The engine is ready again ({repaired.stamp.device})."
        wheels = _wheels(order, unpacked)
        remark = ""
        for_gpu = order.device == "auto" and _driver_cuda(order, children) > 0
        if for_gpu and not _has_room(folder, _needed_mb(order, for_gpu=True)):
            for_gpu, remark = False, f"The disk has no room for the GPU package ({_GPU_MB} MB)."
        if for_gpu:
            made, remark = _make_for_gpu(order, wheels, folder, children, tell)
        else:
            made = None
        made = made or _make(order, wheels, folder, children, tell, remark)
    finally:
        _delete(unpacked)
    _retire([each for each in old if each.path != made.path], children)
    return f"The engine is ready ({made.stamp.device}). {made.stamp.remark}".strip()


def _repaired(
    order: Order, old: list[Environment], children: Children, tell: Tell
) -> Environment | None:
    """An environment of this version whose Python moved, as it does with Blender's folder, needs no
    package anew, only the way to the Python of now."""
    for each in old:
        is_wanted = (each.stamp.version, each.stamp.with_videos) == (
            order.version,
            order.with_videos,
        )
        if not is_wanted or not each.lost_its_python or each.stamp.program:
            continue
        tell(Told(0.3, "Repairing the environment"))
        venv = [order.python, "-I", "-m", "venv", "--without-pip", "--upgrade", each.path]
        if children.run(venv, may_be_killed=False)[0]:
            return None
        tell(Told(0.6, "Trying the engine"))
        with contextlib.suppress(SetUpError):  # then it is made anew
            _check(each.layout, children)
            return each
    return None


def _make_for_gpu(
    order: Order, wheels: Wheels, folder: Path, children: Children, tell: Tell
) -> tuple[Environment | None, str]:
    """An environment that computes on the GPU, or none and the reason."""
    try:
        return _make(order, wheels, folder, children, tell, "", for_gpu=True), ""
    except _NoGpuError as error:
        return None, str(error)


class _NoGpuError(SetUpError):
    """The GPU can't be used, but the processor may do."""


def _make(
    order: Order,
    wheels: Wheels,
    folder: Path,
    children: Children,
    tell: Tell,
    remark: str,
    *,
    for_gpu: bool = False,
) -> Environment:
    """A new, complete environment. Nothing is left of it if that fails."""
    needed = _needed_mb(order, for_gpu=for_gpu)
    if not _has_room(folder, needed):
        raise SetUpError(
            f"The disk of {folder} is nearly full: the engine needs {needed} MB while it is set up."
            " Free some space and try again."
        )
    path = environments.new_path(folder, order.family, order.version)
    layout = environments.layout_for(order.python, path)
    try:
        tell(Told(0.01, "Making the environment"))
        _lay_out(layout, order, children)
        pip = Pip(layout, wheels, children, without_index=_without_index(order))
        say = _part(tell, 0.03, 0.2)
        plan = _plan(order, pip, wheels, say, children, for_gpu=for_gpu)
        pip.install(plan, _part(tell, 0.2, 0.9))
        tell(Told(0.9, "Trying the engine"))
        if for_gpu and not _runs_on_gpu(layout, children):
            raise _NoGpuError("The GPU package does not run on this computer.")
        _check(layout, children)
        stamp = Stamp(
            version=order.version,
            python=platform.python_version(),
            device="GPU" if for_gpu else "CPU",
            with_videos=order.with_videos,
            remark=remark,
            made=datetime.now(timezone.utc).isoformat(timespec="milliseconds"),
            megabytes=round(_size(path) / 1e6),
            program=layout.program,
        )
        children.check()
        environments.write_stamp(path, stamp)
    except BaseException:  # a cancel or Ctrl-C, too: half an engine must not be left
        tell(Told(0.95, "Cleaning up"))
        _delete(path)
        raise
    return Environment(path, stamp)


def _lay_out(layout: Layout, order: Order, children: Children) -> None:
    """An environment without packages. Raises `SetUpError`."""
    if layout.program:
        layout.write_start()
        return
    status, said = children.run(
        [order.python, "-I", "-m", "venv", "--without-pip", layout.path], may_be_killed=False
    )
    if status:
        raise SetUpError(of_output(said, layout.path.parent))


def _plan(
    order: Order, pip: Pip, wheels: Wheels, say: Say, children: Children, *, for_gpu: bool
) -> Plan:
    needs = requirements(wheels.ours, for_gpu=for_gpu, with_videos=order.with_videos)
    try:
        plan = pip.plan(needs, say)
    except PackageError as error:
        if for_gpu:  # perhaps only its packages are not to be had: then the processor's will do
            raise _NoGpuError("The GPU package is not at hand.") from error
        raise
    if for_gpu and plan.cuda > (has := _driver_cuda(order, children)):
        raise _NoGpuError(
            f"The GPU package needs a driver for CUDA {plan.cuda}, and this one is for {has}."
        )
    return plan


def _runs_on_gpu(layout: Layout, children: Children) -> bool:
    status, said = children.run(layout.running(_PROBE))
    return status == 0 and said.strip().endswith("CUDAExecutionProvider")


def _check(layout: Layout, children: Children) -> None:
    """The engine's own doctor, with a state folder and a daemon that nobody else meets."""
    home = layout.path / "check"
    status, said = children.run(
        [*layout.engine, "doctor"], may_be_killed=False, MYNAH_HOME=str(home)
    )
    if status:
        failed = [line[4:].strip() for line in said.splitlines() if line.startswith("fail")]
        reason = failed[0] if failed else (said.strip().splitlines() or ["it says nothing"])[-1]
        raise SetUpError(
            f"The engine is installed but does not work here ({reason}); the log has the details."
        )
    shutil.rmtree(home, ignore_errors=True)


def _wheels(order: Order, unpacked: Path) -> Wheels:
    """Those of the engine package come first, if one was chosen."""
    bundled = Path(order.packages)
    if not order.archive:
        return find_wheels(bundled)
    _delete(unpacked)
    try:
        with zipfile.ZipFile(order.archive) as archive:
            for info in archive.infolist():
                if info.filename.endswith(".whl"):
                    info.filename = Path(info.filename).name  # all into one folder, never above it
                    archive.extract(info, unpacked)
    except (FileNotFoundError, zipfile.BadZipFile) as error:
        raise SetUpError(
            f"'{order.archive}' is no engine package: choose the zip mynah_engine-….zip, or empty "
            "the field to use the package index."
        ) from error
    return find_wheels(unpacked, bundled)


def _retire(old: list[Environment], children: Children) -> None:
    """Ends the daemons of old environments and deletes those. What is in use stays for next time:
    without its stamp it counts no more."""
    for each in old:
        if each.python.is_file():
            children.run([*each.layout.engine, "stop"], may_be_killed=False)
        environments.remove_stamp(each.path)
        _delete(each.path)


def _driver_cuda(order: Order, children: Children) -> int:
    """Asked in another process: a broken driver may take the one that asks with it."""
    _status, said = children.run([order.python, gpu.__file__])
    last = (said.split() or ["0"])[-1]
    return int(last) if last.isdigit() else 0


def _without_index(order: Order) -> str:
    """What to say if something is missing and no index may be asked; empty if one may be."""
    if order.archive:
        return INCOMPLETE
    return order.offline


def _needed_mb(order: Order, *, for_gpu: bool) -> int:
    return _PLAIN_MB + order.with_videos * _VIDEOS_MB + for_gpu * _GPU_MB


def _has_room(folder: Path, megabytes: int) -> bool:
    return shutil.disk_usage(folder).free >= megabytes * 1e6


def _part(tell: Tell, first: float, last: float) -> Say:
    """A step's progress as a part of the whole."""

    def say(fraction: float, text: str) -> None:
        tell(Told(first + (last - first) * fraction, text))

    return say


def _size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*"))


def _delete(path: Path) -> None:
    shutil.rmtree(path, ignore_errors=True)
