"""From the recipe of a take to all that its cameras see: who, what, how and where."""

from dataclasses import replace

import numpy as np
from numpy.random import Generator

from viseme.errors import ConfigError
from viseme.studio.camera import Camera, rig
from viseme.studio.identity import Identity
from viseme.studio.motion.acting import act
from viseme.studio.motion.expression import EMOTIONS, emotion, extreme_expressions
from viseme.studio.motion.perform import Manner, perform
from viseme.studio.people import person
from viseme.studio.performance import FPS, Performance
from viseme.studio.pictures.scenes import sample_scene
from viseme.studio.presets import Preset
from viseme.studio.recipe import CorpusConfig, Recipe
from viseme.studio.rendering import Staging
from viseme.studio.sentences.source import LANGUAGES, sentence
from viseme.studio.utterance import SAMPLE_RATE_HZ, Utterance
from viseme.studio.voices import Voice, speak, voices
from viseme.studio.voices.laughter import laugh, speech_laugh

SECONDS_PER_EXPRESSION = 1.2
TURN, ZOOM = 0.3, 0.15
"""Largest yaw (radians) and change of size at difficulty 1."""


def stage(settings: CorpusConfig, take: Recipe) -> tuple[Staging, tuple[Camera, ...]]:
    """Speak, act and light a take; what happens in it, and the cameras that see it.

    Raises:
        ConfigError: no voice suits the person, or a package that it needs is missing.
        AssetError: the voice's data cannot be fetched.
    """
    preset = settings.preset
    rng = np.random.default_rng(take.seed)
    identity = person(take.person)
    manner = _manner(preset, rng)
    if take.kind == "act":
        performance = _expressions(manner, preset, take.seed, rng)
        utterance = _silence(len(performance))
    else:
        utterance = _utterance(settings, take, identity, rng)
        performance = perform(utterance, identity.articulation, manner, take.seed)
    scene = sample_scene(rng, preset.difficulty, len(performance) / FPS)
    staging = Staging(utterance, performance, identity, manner, scene)
    return staging, _cameras(settings, rng)


def _manner(preset: Preset, rng: Generator) -> Manner:
    return Manner(
        emotion=str(rng.choice(list(EMOTIONS))),
        strength=float(rng.uniform(*preset.emotion)),
        liveliness=float(rng.uniform(0.6, 1.2)),
        head_turn=(float(rng.uniform(-TURN, TURN) * preset.difficulty), 0.0),
        speech=float(rng.uniform(0.85, 1.15)),
    )


def _expressions(manner: Manner, preset: Preset, seed: int, rng: Generator) -> Performance:
    """An emotion and some stronger faces, one after the other."""
    num = max(1, round(float(rng.uniform(*preset.silent_s)) / SECONDS_PER_EXPRESSION))
    faces = [emotion(manner.emotion, manner.strength), *extreme_expressions(rng, num)][:num]
    return act(faces, SECONDS_PER_EXPRESSION, seed, manner.liveliness)


def _silence(num_frames: int) -> Utterance:
    audio = np.zeros(num_frames * SAMPLE_RATE_HZ // FPS, np.float32)
    return Utterance(text="", language="en", voice="", audio=audio)


def _utterance(
    settings: CorpusConfig, take: Recipe, identity: Identity, rng: Generator
) -> Utterance:
    voice = _voice(settings.preset, take, identity)
    if take.kind == "laugh":
        return laugh(take.seed, voice, float(rng.uniform(*settings.preset.silent_s)))
    text = sentence(take.source, take.split, take.number, settings.seed)
    utterance = speak(text, voice, rate=float(rng.uniform(0.9, 1.15)))
    return speech_laugh(utterance, take.seed) if take.kind == "speech_laugh" else utterance


def _voice(preset: Preset, take: Recipe, identity: Identity) -> Voice:
    """The voice of a person; every voice of a split is in no other."""
    language = LANGUAGES[take.source]
    suitable = [
        voice
        for voice in voices(language)
        if voice.engine in preset.engines
        and voice.sex == identity.sex
        and voice.split == take.split
    ]
    if not suitable:
        raise ConfigError(f"no {identity.sex} voice of {language!r} for split {take.split!r}")
    return suitable[take.voice % len(suitable)]


def _cameras(settings: CorpusConfig, rng: Generator) -> tuple[Camera, ...]:
    """The rig, or one camera that stands a little to the side and nearer or farther."""
    preset = settings.preset
    if preset.is_rig:
        views = rig(settings.size_px)
        return tuple(replace(camera, view_cm=preset.view_cm) for camera in views)
    yaw, zoom = rng.uniform(-1, 1, 2) * preset.difficulty
    view_cm = preset.view_cm * float(1 + ZOOM * zoom)
    return (Camera(size_px=settings.size_px, view_cm=view_cm, yaw=float(TURN * yaw)),)
