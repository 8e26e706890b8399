"""Layers that two tasks or more use unchanged; torch only."""
