"""Preset `paper` is the published recipe (v1.0.0 of the authors' code), number by number."""

from dataclasses import replace
from math import inf

import pytest
import torch

from viseme.data.augment import AugmentConfig
from viseme.systems.auto_avsr import PRESETS, AutoAVSR, ModelConfig
from viseme.train.optim import OptimConfig, adamw, set_rate

PAPER = PRESETS["paper"]
STEPS_PER_EPOCH = 680


def test_the_paper_network() -> None:
    assert PAPER.model == ModelConfig(
        modality="video",
        crop_size=88,
        frontend_widths=(64, 128, 256, 512),
        frontend_blocks=2,
        dim=768,
        num_heads=12,
        hidden_dim=3072,
        encoder_layers=12,
        kernel_size=31,
        decoder_layers=6,
        fusion_dim=8192,
        dropout=0.1,
        mask_padding=True,
    )


def test_the_paper_recipe() -> None:
    training, loop = PAPER.training, PAPER.loop
    assert (training.tokenizer, training.vocab_size) == ("sentencepiece", 5000)
    assert (training.ctc_weight, training.label_smoothing) == (0.1, 0.1)
    assert (training.max_frames, training.average_last) == (1800, 10)
    assert (training.word_weight, training.modality_dropout) == (0.0, 0.0)
    assert (loop.epochs, loop.seed, loop.precision) == (75, 42, "32-true")
    assert loop.keep_weights >= training.average_last


def test_the_paper_optimiser() -> None:
    assert PAPER.optim == OptimConfig(
        peak_lr=1e-3,
        betas=(0.9, 0.98),
        weight_decay=0.03,
        decay_vectors=True,
        clip_norm=5.0,
        warmup_share=5 / 75,
    )
    total = 75 * STEPS_PER_EPOCH
    optimizer = adamw(torch.nn.Linear(2, 2), PAPER.optim)
    rates = [
        set_rate(optimizer, PAPER.optim, step, total)
        for step in (0, 5 * STEPS_PER_EPOCH - 1, 40 * STEPS_PER_EPOCH, total)
    ]
    assert rates == pytest.approx([1e-3 / (5 * STEPS_PER_EPOCH), 1e-3, 0.5e-3, 0.0], abs=1e-9)
    (group,) = optimizer.param_groups
    assert (group["betas"], group["weight_decay"]) == ((0.9, 0.98), 0.03)


def test_the_paper_augmentation() -> None:
    """RandomCrop 88 of 96, adaptive time masks, babble; no mirror, no speed, no contrast."""
    assert PAPER.augment == AugmentConfig(
        crop_jitter_px=4,
        flip=False,
        mask_window_frames=10,
        mask_stride_frames=25,
        speed=0.0,
        contrast=0.0,
        brightness=0.0,
        trim=False,
        audio_mask_window_samples=6400,
        audio_mask_stride_samples=16_000,
        noises=("babble",),
        noise_snr_db=(-5.0, 0.0, 5.0, 10.0, 15.0, 20.0, inf),
    )


def test_base_52m_has_the_size_of_the_models_of_2022() -> None:
    with torch.device("meta"):
        network = AutoAVSR(replace(PRESETS["base-52m"].model, modality="video"), 41)
    total = sum(parameter.numel() for parameter in network.parameters())
    assert total / 1e6 == pytest.approx(52.49, abs=0.006)
