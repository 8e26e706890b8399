"""Texts and word times for clips that have none, by other recognisers or our own models."""
