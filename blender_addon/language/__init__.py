"""The add-on in the language that Blender is set to: one file of words for each language."""
