"""Clips, manifests and batches: from corpora on disk to tensors."""
