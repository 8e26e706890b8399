"""Model folders: how they are written, checked and found; the bundled ones lie beside this file."""

from viseme.models.folder import ModelFolder, bundled, open_model, rewrite_model, write_model

__all__ = ["ModelFolder", "bundled", "open_model", "rewrite_model", "write_model"]
