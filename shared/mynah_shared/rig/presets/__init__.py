"""Vocabularies of rigs as data: one JSON file each, with the page that lists its names."""
