"""An in-memory Maya, written by hand from Autodesk's documentation: real semantics or an exception.

Put the folder above this package on sys.path and `from maya import cmds` works without Maya. Nodes,
attributes, connections, keys, animation layers, references and undo behave as documented; what Maya
would refuse is refused with an error of the same type and a similar text; what is missing here
raises `NotInTheFake`. Nothing is ever accepted in silence.

What no public source settles is marked [unverified] where it is decided; there the plug-in must not
depend on either answer, and its self-test tries it in a real Maya. Not here at all, and refused:
matrices and constraints, breakdowns, characters and clips, MEL.

How the parts build on each other: `_journal` (undo) <- `_scene` (nodes and names) <- `_plugs`
(values and connections) <- `_curves`, `_evaluate`, `_layers`, `_files` <- `cmds`, `api`.
"""
