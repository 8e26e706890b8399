"""From sound times to a moving face.

Phones become visemes (`visemes`) with shapes and dominances (`shapes`), blended over time
(`coarticulation`); feelings (`expression`), signs of life (`idle`) and laughter (`laughing`) join
them in `perform`. Faces without sound are in `acting`. Frame i shows the instant (i + 1/2) / 25 s.
"""
