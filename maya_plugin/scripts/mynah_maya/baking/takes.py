"""The takes of a line on a character: one shows, the others are muted and kept with their edits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from maya import cmds

from ..character import Character, find_character, readable_rig
from ..context import undo_chunk
from ..library import BadInputError
from . import anim_layers
from .record import MARK, Take, all_takes, glance


@dataclass(frozen=True)
class LineTakes:
    """All takes of a line on one character, by seed; `shown` is the one that shows, if any does."""

    line: str
    takes: tuple[Take, ...]
    shown: Take | None

    def sentences(self) -> list[str]:
        """One for each take, for the script editor."""
        return [
            f"'{self.line}', take {i} of {len(self.takes)}: {take.layer}, seed {take.tag.seed}, "
            f"{take.tag.manner}{f', {take.tag.made}' if take.tag.made else ''}"
            f"{', shows' if take == self.shown else ''}"
            for i, take in enumerate(self.takes, 1)
        ]


def takes_of(line: str, nodes: Collection[str], *, on_layers: bool = True) -> list[Take]:
    """The takes of a line that move one of these nodes: those on layers, or those on none."""
    wanted = set(nodes)
    return [
        take
        for take in all_takes()
        if take.tag.line == line
        and bool(take.layer) is on_layers
        and not wanted.isdisjoint(take.nodes)
    ]


def lines_of(nodes: Collection[str] | None = None) -> list[LineTakes]:
    """The lines that move one of these nodes, with all their takes on layers, in the order in which
    they were first made; without nodes, all of the scene."""
    lines: list[list[Take]] = []
    wanted = None if nodes is None else set(nodes)
    for take in all_takes():
        if not take.layer or (wanted is not None and wanted.isdisjoint(take.nodes)):
            continue
        for line in lines:
            if line[0].tag.line == take.tag.line and not set(line[0].nodes).isdisjoint(take.nodes):
                line.append(take)
                break
        else:
            lines.append([take])
    return [_line(takes) for takes in lines]


def takes_on(character: Character) -> list[LineTakes]:
    """The lines of a character, with their takes. Raises `BadInputError` if it was deleted."""
    rig = readable_rig(character)
    nodes = [blend.node for blend in rig.blend_shapes]
    nodes += [*rig.bones.values(), *rig.properties.values()]
    return lines_of({name for node in nodes if (name := node.find()) is not None})


def takes_here(names: Sequence[str]) -> list[LineTakes]:
    """The lines of the character that is named, else selected, else of the scene. Raises
    `BadInputError` if there is nothing of this name."""
    if names or cmds.ls(selection=True, objectsOnly=True):
        try:
            return takes_on(find_character(names))
        except BadInputError:
            if names:
                raise
            return []  # a sound is selected, or what else is no character
    return lines_of()


def glance_here(names: Sequence[str]) -> object:
    """Something that stays equal as long as `takes_here` would tell the same: quick, however large
    the character's rig is."""
    showing = [
        (record, layer, amounts, bool(layer) and anim_layers.is_muted(layer))
        for record, layer, amounts in glance()
    ]
    return tuple(names), tuple(cmds.ls(selection=True)), showing


def find_take(line: LineTakes, text: str) -> Take:
    """The take of a line that is called so: by its layer's name or its seed, or as "next" or
    "previous" of the one that shows. Raises `BadInputError`."""
    steps = {"next": 1, "previous": -1}
    if text in steps:
        return next_to(line, steps[text])
    for take in line.takes:
        if text in (take.layer, str(take.tag.seed)):
            return take
    raise BadInputError(
        f"The line '{line.line}' has no take '{text}'; use next, previous, a seed or one of "
        f"{', '.join(take.layer for take in line.takes)}."
    )


def show(line: LineTakes, take: Take) -> None:
    """Let one take show, as edited as it was left, and mute the others. One step for Undo. Raises
    `BadInputError` with the remedy if a layer can't be muted."""
    with undo_chunk(f"Mynah: Show {take.layer}"):
        _mute_all_but(line.takes, take)


def delete(line: LineTakes, take: Take) -> Take | None:
    """Remove a take for good; if it showed, its neighbour does now, which is returned. One step for
    Undo. Raises `BadInputError` with the remedy if it can't be removed."""
    if cmds.referenceQuery(take.layer, isNodeReferenced=True):
        raise BadInputError(
            f"The take '{take.layer}' lies in a referenced file; delete it there, or mute it here."
        )
    place = line.takes.index(take)
    others = [*line.takes[place + 1 :], *reversed(line.takes[:place])]
    with undo_chunk(f"Mynah: Delete {take.layer}"):
        if others and line.shown == take:
            _mute_all_but(others, others[0])
        remove(take)
    return others[0] if others and line.shown == take else None


def remove(take: Take) -> None:
    """The layer with its keys, and the record."""
    anim_layers.delete_layer(take.layer)
    if cmds.objExists(take.record) and cmds.attributeQuery(MARK, node=take.record, exists=True):
        cmds.delete(take.record)


def next_to(line: LineTakes, step: int) -> Take:
    """The take `step` behind the one that shows, round and round; the first or last if none
    does."""
    if line.shown is None:
        return line.takes[0 if step > 0 else -1]
    return line.takes[(line.takes.index(line.shown) + step) % len(line.takes)]


def next_seed(takes: Sequence[Take], seed: int) -> int:
    """The first seed behind `seed` that no take has."""
    used = {take.tag.seed for take in takes}
    return next(n for n in range(seed + 1, seed + len(used) + 2) if n not in used)


def _line(takes: Sequence[Take]) -> LineTakes:
    ordered = sorted(takes, key=lambda take: (take.tag.seed, take.tag.made, take.layer))
    # where the artist has unmuted several, the last that was made lies on top
    showing = [take for take in takes if not anim_layers.is_muted(take.layer)]
    return LineTakes(takes[0].tag.line, tuple(ordered), showing[-1] if showing else None)


def _mute_all_but(takes: Sequence[Take], shown: Take) -> None:
    wrong = [take for take in takes if anim_layers.is_muted(take.layer) is (take == shown)]
    for take in wrong:
        if not cmds.getAttr(f"{take.layer}.mute", settable=True):
            raise BadInputError(
                f"The layer '{take.layer}' can't be {'un' if take == shown else ''}muted, as its "
                "attribute Mute is locked or driven; free it in the Attribute Editor."
            )
    for take in wrong:
        (anim_layers.unmute if take == shown else anim_layers.mute)(take.layer)
