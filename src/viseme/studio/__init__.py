"""The studio: rendered people who do not exist, speaking synthetic speech, with full ground truth.

A clip is made in one direction: sentence -> voice (`Utterance`: sound, words, phones) -> motion
(`Performance`: face units and head pose per frame) -> head (`Identity`) seen by a `Camera` in a
`Scene` -> pixels and landmarks. Every step is a pure function of its inputs and a seed.
"""
