"""Measures of motion, with their formulas; numpy only."""
