"""Layers: whether a line's own is seen, and what lies over it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from maya import cmds

from .. import plugs
from ..baking.anim_curves import KeyEdit, apply
from ..baking.anim_layers import fade_keys
from ..baking.tracks import Span
from ..reference import Reference
from .finding import Finding, Fix, Severity, list_names
from .patient import Layer, Play, members_of, other_layers

_LEAST_WEIGHT = 0.01


def check_shown(plays: Sequence[Play]) -> Iterator[Finding]:
    """Lines of which no take shows: muted, by itself or with a layer above it in the tree."""
    for line in _lines(plays):
        newest = line[-1]
        if not any(play.is_chosen for play in line):
            yield Finding(
                f"'{newest.tag.line}' does not show, as all of its takes are muted: "
                f"{list_names([play.layer.name for play in line])}.",
                fix=Fix("Unmute the Last One", _unmute(newest.layer.node)),
            )
    for parent, lines in _parents(plays, lambda layer: layer.is_muted).items():
        yield Finding(
            f"The layer '{parent.name}' is muted, and with it {lines}.",
            fix=Fix("Unmute", _unmute(parent.node)),
        )


def check_solo(plays: Sequence[Play]) -> Iterator[Finding]:
    """A layer that is soloed silences all others."""
    solo = [layer for layer in other_layers(plays) if layer.is_solo]
    solo += [play.layer for play in plays if play.layer.is_solo]
    if not solo:
        return
    silent = [p.tag.line for p in plays if p.is_chosen and not p.layer.is_solo]
    if silent:
        nodes = [layer.node for layer in solo]
        yield Finding(
            f"The layer {list_names([layer.name for layer in solo])} is soloed, so "
            f"{list_names(list(dict.fromkeys(silent)))} does not show.",
            fix=Fix("End Solo", _end_solo(nodes)),
        )


def check_weight(plays: Sequence[Play]) -> Iterator[Finding]:
    """Layers whose weight never leaves 0."""
    for play in plays:
        if play.is_chosen and play.layer.weight < _LEAST_WEIGHT:
            yield Finding(
                f"'{play.tag.line}' does not show: the weight of its layer '{play.layer.name}' is "
                "0 all the time.",
                fix=Fix("Key the Weight", _weigh(play)),
            )
    for parent, lines in _parents(plays, lambda layer: layer.weight < _LEAST_WEIGHT).items():
        yield Finding(
            f"The weight of the layer '{parent.name}' is 0, and with it {lines} does not show.",
            fix=Fix("Set It to 1", _full_weight(parent.node), asks=True),
        )


def check_locked(plays: Sequence[Play]) -> Iterator[Finding]:
    """Locked layers show, but nobody can work on them."""
    for play in plays:
        if play.layer.is_locked:
            yield Finding(
                f"The layer '{play.layer.name}' of '{play.tag.line}' is locked: it shows, but its "
                "keys can't be edited.",
                Severity.hint,
                fix=Fix("Unlock", _unlock(play.layer.node), asks=True),
            )


def check_covered(plays: Sequence[Play]) -> Iterator[Finding]:
    """Override layers of the artist that lie over a line and hold the same attributes."""
    heard = [
        layer
        for layer in other_layers(plays)
        if layer.is_override and not layer.is_muted and layer.weight >= _LEAST_WEIGHT
    ]
    for play in plays:
        own = members_of(play.layer.name) if play.is_chosen else set()
        for layer in heard:
            hidden = [plug for plug in own & members_of(layer.name) if _is_over(layer, play, plug)]
            if hidden:
                yield Finding(
                    f"Your override layer '{layer.name}' lies over '{play.tag.line}' and hides "
                    f"{len(hidden)} of its attributes.",
                    remedy=f"In the Layer Editor, drag '{play.layer.name}' over it, or take these "
                    "attributes off it.",
                )


def check_overlaps(plays: Sequence[Play]) -> Iterator[Finding]:
    """Two lines of one character at once: the upper one hides the other."""
    chosen = [play for play in plays if play.is_chosen]
    for i, one in enumerate(chosen):
        for other in chosen[i + 1 :]:
            is_same = one.tag.line == other.tag.line
            if is_same or set(one.nodes).isdisjoint(other.nodes):
                continue
            first, last = max(one.frames[0], other.frames[0]), min(one.frames[1], other.frames[1])
            if first < last:
                yield Finding(
                    f"'{one.tag.line}' and '{other.tag.line}' overlap from frame {first:g} to "
                    f"{last:g}: only the upper layer shows.",
                    Severity.hint,
                    "Move one of them, or mute its layer.",
                )


def check_curves(plays: Sequence[Play]) -> Iterator[Finding]:
    """Layers that lost their keys, and those whose character is gone."""
    for play in plays:
        if not play.nodes:
            yield Finding(
                f"The character of '{play.tag.line}' is gone; its layer '{play.layer.name}' moves "
                "nothing.",
                Severity.hint,
                fix=Fix("Delete the Layer", _delete(play.layer.node), asks=True),
            )
        elif not play.curves:
            yield Finding(
                f"The layer '{play.layer.name}' of '{play.tag.line}' has lost its keys.",
                remedy="Generate the line again.",
            )


def _lines(plays: Sequence[Play]) -> list[list[Play]]:
    """The takes of each line of each character."""
    lines: list[list[Play]] = []
    for play in plays:
        for line in lines:
            if line[0].tag.line == play.tag.line and not set(line[0].nodes).isdisjoint(play.nodes):
                line.append(play)
                break
        else:
            lines.append([play])
    return lines


def _parents(plays: Sequence[Play], is_bad: Callable[[Layer], bool]) -> dict[Layer, str]:
    """Bad layers above lines that else would show, with these lines' names."""
    found: dict[Layer, list[str]] = {}
    for play in plays:
        for layer in play.above if play.is_chosen else ():
            if is_bad(layer):
                found.setdefault(layer, []).append(play.tag.line)
    return {layer: list_names(lines) for layer, lines in found.items()}


def _is_over(layer: Layer, play: Play, plug: str) -> bool:
    order = plugs.layers_over(plug)
    return order.index(layer.name) < order.index(play.layer.name)


def _unmute(node: Reference) -> Callable[[], object]:
    def deed() -> None:
        name = node.find()
        if name is not None:
            cmds.animLayer(name, edit=True, mute=False)

    return deed


def _end_solo(nodes: Sequence[Reference]) -> Callable[[], object]:
    def deed() -> None:
        for name in [node.find() for node in nodes]:
            if name is not None:
                cmds.animLayer(name, edit=True, solo=False)

    return deed


def _unlock(node: Reference) -> Callable[[], object]:
    def deed() -> None:
        name = node.find()
        if name is not None:
            cmds.animLayer(name, edit=True, lock=False)

    return deed


def _weigh(play: Play) -> Callable[[], object]:
    """The weight's keys as a bake makes them."""
    node, span = play.layer.node, Span(play.frames[0], play.frames[1] - play.frames[0], 2)

    def deed() -> None:
        name = node.find()
        if name is None:
            return
        cmds.cutKey(name, attribute="weight", clear=True)
        fade = fade_keys(name, span)
        apply(KeyEdit([fade], [fade.plug], in_range=True))

    return deed


def _full_weight(node: Reference) -> Callable[[], object]:
    def deed() -> None:
        name = node.find()
        if name is None:
            return
        if cmds.keyframe(f"{name}.weight", query=True, keyframeCount=True):
            cmds.cutKey(name, attribute="weight", clear=True)
        cmds.animLayer(name, edit=True, weight=1.0)

    return deed


def _delete(node: Reference) -> Callable[[], object]:
    def deed() -> None:
        name = node.find()
        if name is not None:
            cmds.delete(name)

    return deed
