"""What a training on pieces shows: the nats of its held-out pieces, and a preview that goes on from one."""

from pathlib import Path

import numpy as np
import pytest
import torch

from antiphon.codecs.performance import PerformanceTokens
from antiphon.families.transformer.config import TransformerConfig
from antiphon.families.transformer.likelihood import token_nats
from antiphon.io.midi import read_midi
from antiphon.piece_observers import HeldOutNats, PiecePreview

SIZES = {"design": "modern", "num_layers": 1, "width": 16, "num_heads": 2, "feedforward": 16, "span": 8}


def objective() -> torch.nn.Module:
    torch.manual_seed(0)
    return TransformerConfig.parse({"network": SIZES, "segment": 8}).build().eval()


def test_held_out_nats_are_those_of_the_beginnings_of_the_first_pieces() -> None:
    chance = np.random.default_rng(0)
    pieces = [chance.integers(2, 310, length) for length in [2500, *range(30, 95)]]
    trained = objective()
    with torch.no_grad():
        logged = HeldOutNats(pieces, 7)(14, trained, [])  # type: ignore[arg-type]
    kept = [pieces[0][:2048], *pieces[1:64]]
    expected = np.concatenate(token_nats(trained.generator, kept, span=8)).mean()  # type: ignore[arg-type]
    assert logged == {"held_out/nats": pytest.approx(float(expected), rel=1e-5)}


def test_a_preview_goes_on_from_the_same_notes_by_the_same_chance(tmp_path: Path) -> None:
    piece = np.array([302, *[180, 51, 181] * 200])
    preview, trained = PiecePreview(tmp_path, PerformanceTokens(), piece, 5), objective()
    for iteration in (5, 10):
        torch.manual_seed(iteration)
        assert preview(iteration, trained, []) == {}  # type: ignore[arg-type]
    assert (tmp_path / "0000005.mid").read_bytes() == (tmp_path / "0000010.mid").read_bytes()
    assert (tmp_path / "0000005.png").exists()
    notes = read_midi(tmp_path / "0000005.mid").tracks[0].notes
    # 256 tokens of the piece say 85 of its notes; what follows is the model's own.
    assert set(notes["pitch"][:85].tolist()) == {60} and len(notes) > 85
