"""What the studio's people say: sentences by source, split and index, the same on every machine.

`source.sentence` is the one entrance. A source is a grammar in `grammars/` (its format: `grammar`)
over word lists in `words/`; all of it was written for viseme, so nothing is fetched and nothing has
another licence.
"""
