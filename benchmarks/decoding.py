"""The joint search against the original repository's, on the 250 M layout, and reading a clip.

    AUTO_AVSR_REPO=path/to/auto_avsr python -m benchmarks decoding

Both search the same features with the same weights, in turns; the ratio is that of the medians.
The original is imported from a checkout that the user names and is no part of this project. Weights
are drawn at random; CTC is peaked as a trained one is, and texts get a longest length, as a decoder
of random weights does not end them. Without the variable only the own figures are taken.
"""

import argparse
import logging
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from benchmarks._record import original_repository, write_record
from benchmarks._turns import in_turns
from viseme.nn.precision import Precision, lighten
from viseme.provenance import provenance
from viseme.recognition.beam_search import SearchOptions, beam_search
from viseme.recognition.heads import RecognitionHeads
from viseme.systems.auto_avsr import AutoAVSR, ModelConfig

VOCAB_SIZE, FPS, TOKENS_PER_S = 5049, 25, 4  # about the units that an English speaker says
Search = Callable[[Tensor, SearchOptions], list[tuple[list[int], float]]]


def network(seed: int) -> AutoAVSR:
    """The network of preset `paper` with random weights; its decoder is sure, as a trained one."""
    torch.manual_seed(seed)
    made = AutoAVSR(ModelConfig(), VOCAB_SIZE).eval()
    with torch.no_grad():
        made.heads.text_decoder.head.weight.mul_(4)
    return made


def features(heads: RecognitionHeads, num_frames: int, seed: int) -> Tensor:
    """Encoder output (T, D) whose CTC is blank on most frames and sure of a token on the others."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(num_frames, heads.ctc_head.in_features, generator=generator)
    tokens = torch.randint(1, VOCAB_SIZE - 1, (num_frames,), generator=generator)
    tokens[torch.arange(num_frames) % (FPS // TOKENS_PER_S) > 0] = heads.blank_id
    rows = heads.ctc_head.weight[tokens]
    return 0.5 * noise + 15 * rows / rows.norm(dim=1, keepdim=True)


def ours(heads: RecognitionHeads) -> Search:
    """Texts with scores, best first, by this project."""

    def search(encoder_out: Tensor, options: SearchOptions) -> list[tuple[list[int], float]]:
        lengths = torch.tensor([len(encoder_out)])
        (found,) = beam_search(heads, encoder_out[None], lengths, options=options)
        return [(text.tokens, text.score) for text in found]

    return search


def theirs(heads: RecognitionHeads, repository: Path) -> Search:
    """The same by the original code, with the same weights."""
    sys.path.insert(0, str(repository))
    from espnet.nets.batch_beam_search import BatchBeamSearch
    from espnet.nets.pytorch_backend.ctc import CTC
    from espnet.nets.pytorch_backend.decoder.transformer_decoder import TransformerDecoder
    from espnet.nets.scorers.ctc import CTCPrefixScorer
    from espnet.nets.scorers.length_bonus import LengthBonus

    config = ModelConfig()
    decoder = TransformerDecoder(
        odim=VOCAB_SIZE,
        attention_dim=config.dim,
        attention_heads=config.num_heads,
        linear_units=config.hidden_dim,
        num_blocks=config.decoder_layers,
    ).eval()
    decoder.load_state_dict(original_names(heads.text_decoder.state_dict()))
    ctc = CTC(VOCAB_SIZE, config.dim, 0.1).eval()
    ctc.ctc_lo.load_state_dict(heads.ctc_head.state_dict())

    def search(encoder_out: Tensor, options: SearchOptions) -> list[tuple[list[int], float]]:
        weight = options.ctc_weight
        searcher = BatchBeamSearch(
            beam_size=options.beam_size,
            vocab_size=VOCAB_SIZE,
            weights={
                "decoder": 1 - weight,
                "ctc": weight,
                "length_bonus": options.length_bonus,
            },
            scorers={
                "decoder": decoder,
                "ctc": CTCPrefixScorer(ctc, heads.eos_id),
                "length_bonus": LengthBonus(VOCAB_SIZE),
            },
            sos=heads.sos_id,
            eos=heads.eos_id,
            pre_beam_score_key=None if weight == 1 else "decoder",
        )
        found = searcher(encoder_out, maxlenratio=-float(options.max_tokens or 0))
        texts = [hypothesis.asdict() for hypothesis in found]
        return [([t for t in h["yseq"] if t != heads.eos_id], h["score"]) for h in texts]

    return search


def original_names(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Our decoder's weights under the names of the original."""
    pairs = (
        ("embedding.", "embed.0."),
        ("layers.", "decoders."),
        (".self_attention.", ".self_attn."),
        (".memory_attention.", ".src_attn."),
        (".query.", ".linear_q."),
        (".key.", ".linear_k."),
        (".value.", ".linear_v."),
        (".out.", ".linear_out."),
        (".feed_forward.expand.", ".feed_forward.w_1."),
        (".feed_forward.contract.", ".feed_forward.w_2."),
        (".norm_self.", ".norm1."),
        (".norm_memory.", ".norm2."),
        (".norm_feed_forward.", ".norm3."),
    )
    renamed = {}
    for name, weight in weights.items():
        for own, original in pairs:
            name = name.replace(own, original)
        top = {"norm.": "after_norm.", "head.": "output_layer."}
        for own, original in top.items():
            name = original + name.removeprefix(own) if name.startswith(own) else name
        renamed[name] = weight
    return renamed


@torch.inference_mode()
def searches(
    heads: RecognitionHeads,
    repository: Path | None,
    seconds: Sequence[float],
    beams: Sequence[int],
    repeats: int,
) -> list[dict[str, Any]]:
    """Times of both searches by length of the clip, beam and CTC weight, and whether they agree."""
    settings = [(beam, 0.1) for beam in beams] + [(beam, 1.0) for beam in beams if beam == 10]
    original = theirs(heads, repository) if repository else None
    lighten(heads, "float32")
    mine, rows = ours(heads), []
    for clip_s in seconds:
        encoder_out = features(heads, round(clip_s * FPS), seed=round(clip_s * 10))
        for beam, weight in settings:
            options = SearchOptions(beam, weight, max_tokens=round(clip_s * TOKENS_PER_S))
            works = [lambda f=f, x=encoder_out, o=options: f(x, o) for f in (mine, original) if f]
            works[0]()
            times, answers = in_turns(works, repeats)
            row = {"clip_s": clip_s, "options": asdict(options), "seconds": times[0]}
            if original:
                (tokens, score), (their_tokens, their_score) = (found[0] for found in answers)
                row |= {"original_seconds": times[1], "ratio": times[1] / times[0]}
                row |= {"same_text": tokens == their_tokens}
                row |= {"score_difference": abs(score - their_score)}
            rows.append(row)
            logging.info("%s", row)
    return rows


@torch.inference_mode()
def readings(seconds: float, repeats: int) -> dict[str, Any]:
    """Real-time factor of encoder and search, beam 10, by precision."""
    num_frames = round(seconds * FPS)
    lips = torch.randn(1, num_frames, 1, 88, 88, generator=torch.Generator().manual_seed(0))
    lengths = torch.tensor([num_frames])
    options = SearchOptions(beam_size=10, max_tokens=round(seconds * TOKENS_PER_S))
    figures: dict[str, Any] = {"clip_s": seconds}
    precisions: tuple[Precision, ...] = ("float32", "bfloat16")
    for precision in precisions:
        model = network(seed=0)
        lighten(model, precision)
        encoder_out = model.encode(lips, None, lengths)
        works = (
            lambda m=model: m.encode(lips, None, lengths),
            lambda m=model, x=encoder_out: beam_search(m.heads, x, lengths, options=options),
        )
        (encode_s, search_s), _ = in_turns(works, repeats)
        figures[precision] = {
            "encode_rtf": encode_s / seconds,
            "search_rtf": search_s / seconds,
            "rtf": (encode_s + search_s) / seconds,
        }
    return figures


def main() -> None:
    """Parse, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", nargs="+", type=float, default=[2.5, 5, 10])
    parser.add_argument("--beams", nargs="+", type=int, default=[1, 5, 10, 40])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("results/decoding.json"))
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    repository = original_repository()
    record = provenance(["python", "-m", "benchmarks", "decoding", *sys.argv[1:]])
    record["threads"], record["seed"] = arguments.threads, 0
    record["original"] = None if repository is None else repository.name
    record["search"] = searches(
        network(seed=0).heads, repository, arguments.seconds, arguments.beams, arguments.repeats
    )
    record["reading"] = readings(5.0, arguments.repeats)
    write_record(record, arguments.out)


if __name__ == "__main__":
    main()
