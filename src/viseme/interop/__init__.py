"""Checkpoints that other code wrote: read safely, told apart, renamed into this project's names."""
