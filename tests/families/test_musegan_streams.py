"""MuseGAN's later code in closed form: chroma, onsets and offsets, and which branch of the encoder meets which."""

import pytest
import torch
from tests.families.musegan_toys import toy
from torch import Tensor, nn

from antiphon.families.musegan.at_once import AtOnceGenerator
from antiphon.families.musegan.streams import changes, chroma


def sounding(*places: tuple[int, int, int, int]) -> Tensor:
    """Two phrases (N, B, T, P, K) of two bars in twelve steps, two octaves and two tracks, in the second of which
    sounds what is named by bar, step, pitch and track."""
    cells = torch.zeros(2, 2, 12, 24, 2)
    for place in places:
        cells[(1, *place)] = 1
    return cells


def test_changes_are_what_begins_less_what_ends_and_no_bar_hears_the_one_before() -> None:
    held = [(0, step, 5, 0) for step in range(3, 12)] + [(1, step, 5, 0) for step in range(2)]
    found = changes(sounding(*held, (0, 4, 9, 0), (0, 4, 9, 1)))
    assert found.shape == (2, 2, 12, 1, 2) and not found[0].any()
    first, second = found[1, :, :, 0, 0]
    assert first.tolist() == [0, 0, 0, 1, 1, -1, *[0] * 6]
    assert second.tolist() == [1, 0, -1, *[0] * 9]
    assert found[1, 0, :, 0, 1].tolist() == [0, 0, 0, 0, 1, -1, *[0] * 6]


def test_chroma_counts_steps_by_beat_and_pitch_class() -> None:
    found = chroma(sounding((0, 0, 2, 0), (0, 1, 14, 0), (0, 3, 2, 0), (1, 11, 23, 1)), 4)
    assert found.shape == (2, 2, 4, 12, 2) and not found[0].any()
    there = {tuple(place): found[1][tuple(place)].item() for place in found[1].nonzero().tolist()}
    assert there == {(0, 0, 2, 0): 2.0, (0, 1, 2, 0): 1.0, (1, 3, 11, 1): 1.0}


@pytest.mark.parametrize("stream", ["branches", "chroma", "onsets"])
def test_every_stream_is_heard(stream: str) -> None:
    game = toy("musegan-v3")
    critic, heard = game.discriminator.each[0], torch.rand(2, 5, 4, 48, 84)
    before = critic(heard)
    with torch.no_grad():
        for weight in critic.get_submodule(stream).parameters():
            weight.add_(0.1)
    assert not torch.allclose(critic(heard), before)


def test_the_encoders_branches_meet_as_published() -> None:
    game = toy("musegan-v3-accompaniment", scale=0.1)
    generator = game.generator
    assert isinstance(generator, AtOnceGenerator) and generator.encoder is not None
    seen: dict[str, tuple[Tensor, Tensor]] = {}

    def watch(name: str, layer: nn.Module) -> None:
        layer.register_forward_hook(lambda _, heard, made: seen.update({name: (heard[0], made)}))

    for branch, name in zip(generator.encoder.branches, ("pitch first", "time first"), strict=True):
        for index, layer in enumerate(branch.children()):
            watch(f"{name} {index}", layer)
    watch("shared", generator.encoder.shared[0])
    for branch, name in zip(generator.branches, ("grown by pitch", "grown by time"), strict=True):
        for index, layers in enumerate(branch.children()):
            watch(f"{name} {index}", layers.get_submodule("0"))
    game.activations(game.draw(2), torch.randn(2, 4, 48, 84).sign())
    # Time before pitch stands before pitch before time.
    ends = torch.cat([seen["time first 1"][1], seen["pitch first 1"][1]], 4)
    assert torch.equal(seen["shared"][0], ends)
    assert not torch.equal(seen["time first 1"][1], seen["pitch first 1"][1])
    assert seen["pitch first 0"][1].shape[2:4] == (48, 7) and seen["time first 0"][1].shape[2:4] == (16, 84)
    for grown, met in (("pitch", "time"), ("time", "pitch")):
        for index in (0, 1):
            encoded = seen[f"{met} first {1 - index}"][1]
            heard = seen[f"grown by {grown} {index}"][0]
            assert torch.equal(heard[..., -encoded.shape[4] :], encoded), (grown, index)
