"""Heads: what turns a person and their motion into pictures."""
