"""Recognisers: models that read speech from lips, voice or both.

learning   texts        tokenizer and words of the training clips
           batches      padded clips for the loop, by epoch
           finish       from the weights of a training to a model folder
           calibration  how sure a model is, and when words begin and end
use        folder       what a recogniser's model folder keeps
           windows      a long recording in pieces
           modes        which streams of a piece are read
           streams      from mouth ROIs and waveforms to tensors
           recordings   from files to transcripts
           shallow_fusion  a language model beside the text decoder
measure    conditions   clean, or a noise at a level
           clips        prepared clips, read
           scores       error rates, calibration, word times
"""
