"""Manifests of other toolkits, read into clips and written from them: one file per format."""
