"""Text: tokenizers, the one normaliser of every score, transcripts and their subtitle files."""
