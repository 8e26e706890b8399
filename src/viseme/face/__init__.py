"""Faces: find, follow, align and crop the mouth."""
