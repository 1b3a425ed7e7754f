"""What MuseGAN's latents and its given track do: whose they are, when they act, and for how many bars."""

import pytest
import torch
from tests.families.musegan_toys import cells, phrases, toy

from antiphon.families.musegan.latents import redrawn
from antiphon.families.musegan.layers import LatentConfig
from antiphon.families.musegan.players import BarByBar, BarLayers
from antiphon.families.musegan.variants import VARIANTS

SCRATCH = ["musegan-jamming", "musegan-hybrid", "musegan-hybrid-as-published"]
CONDITIONAL = [name for name, row in VARIANTS.items() if row.family.condition is not None]


@pytest.mark.parametrize("name", [*SCRATCH, "musegan-hybrid-conditional"])
@pytest.mark.parametrize("track", [0, 4])
def test_private_latents_change_only_their_track(name: str, track: int) -> None:
    game = toy(name)
    latents, fresh = game.draw(2), game.draw(2)
    given = None if game.config.condition is None else torch.ones(2, 4, 96, 84)
    before, after = game.activations(latents, given), game.activations(redrawn(latents, fresh, track), given)
    changed = [number for number in range(5) if not torch.equal(before[:, number], after[:, number])]
    assert changed == [track]


@pytest.mark.parametrize("part", ["shared_flowing", "shared_fixed"])
def test_shared_latents_change_every_track(part: str) -> None:
    game = toy("musegan-hybrid")
    latents = game.draw(2)
    changed = game.activations({**latents, part: game.draw(2)[part]})
    assert all(not torch.equal(*pair) for pair in zip(changed[0], game.activations(latents)[0], strict=True))


def test_without_flowing_latents_all_bars_are_one() -> None:
    latents = LatentConfig(shared_fixed=32, private_fixed=32)
    game = toy("musegan-hybrid", generator=BarByBar(latents=latents))
    made = game.activations(game.draw(2))
    assert torch.equal(made[:, :, 0], made[:, :, 3])
    flowing = toy("musegan-hybrid")
    made = flowing.activations(flowing.draw(2))
    assert not torch.equal(made[:, :, 0], made[:, :, 3])


def test_temporal_networks_are_one_for_all_or_one_each() -> None:
    own, one, none = (
        sum(weight.numel() for key, weight in toy(name).generator.named_parameters() if key.startswith("temporal."))
        for name in ("musegan-hybrid", "musegan-hybrid-as-published", "musegan-hybrid-conditional")
    )
    assert (own, none) == (6 * one, 0)


@pytest.mark.parametrize("condition", [None, 2])
def test_each_tracks_temporal_network_is_its_own(condition: int | None) -> None:
    game = toy("musegan-hybrid", condition=condition)
    given = None if condition is None else torch.ones(2, 4, 96, 84)
    latents = game.draw(2)
    before = game.activations(latents, given)
    temporal = game.generator.get_submodule("temporal")
    networks = list(temporal.get_submodule("private_flowing").children())
    assert len(networks) == len(game.config.written)
    for network, track in zip(networks, game.config.written, strict=True):
        with torch.no_grad():
            network.get_parameter("second.bias").add_(1.0)
        after = game.activations(latents, given)
        assert [number for number in range(5) if not torch.equal(before[:, number], after[:, number])] == [track]
        before = after
    with torch.no_grad():
        temporal.get_parameter("shared_flowing.0.second.bias").add_(1.0)
    after = game.activations(latents, given)
    assert all(not torch.equal(before[:, track], after[:, track]) for track in game.config.written)


def test_redrawing_a_track_changes_both_its_parts_and_no_other() -> None:
    game = toy("musegan-hybrid")
    latents, fresh = game.draw(2), game.draw(2)
    changed = redrawn(latents, fresh, 3)
    for name, values in changed.items():
        if "shared" in name:
            assert values is latents[name]
            continue
        assert torch.equal(values[:, 3], fresh[name][:, 3]) and not torch.equal(values[:, 3], latents[name][:, 3])
        others = [track for track in range(5) if track != 3]
        assert torch.equal(values[:, others], latents[name][:, others])
    assert {name for name in changed if "private" in name} == {"private_flowing", "private_fixed"}


def test_latents_are_concatenated_or_summed() -> None:
    both = LatentConfig(shared_flowing=32, private_flowing=32, shared_fixed=32, private_fixed=32)
    assert both.width == 128
    summed = both.model_copy(update={"joined": "summed"})
    assert summed.width == 32
    game = toy("musegan-hybrid", generator=BarByBar(latents=summed))
    latents = game.draw(2)
    # Where they are summed, shared and private ones may change places.
    shared, private = latents["shared_fixed"], latents["private_fixed"]
    swapped = {**latents, "shared_fixed": private[:, :1], "private_fixed": torch.cat([shared, private[:, 1:]], 1)}
    before, after = game.activations(latents)[:, 0], game.activations(swapped)[:, 0]
    torch.testing.assert_close(after, before)
    assert not torch.equal(game.activations(game.draw(2))[:, 0], before)
    with pytest.raises(ValueError, match="equally long"):
        LatentConfig(shared_fixed=3, private_fixed=4, joined="summed")
    with pytest.raises(ValueError, match="give one of them a length"):
        LatentConfig()


def test_latents_have_their_deviation_and_their_limit() -> None:
    torch.manual_seed(0)
    game = toy("musegan-jamming-as-published", scale=1.0)
    assert game.draw(50)["private_flowing"].std().item() == pytest.approx(0.1, rel=0.02)
    later = toy("musegan-v3", scale=1.0)
    drawn = later.draw(200)["shared_fixed"]
    assert 1.9 < drawn.abs().max() <= 2
    assert later.draw(200, limit=0.5)["shared_fixed"].abs().max() <= 0.5


@pytest.mark.parametrize("name", CONDITIONAL)
def test_the_given_track_is_kept_and_the_others_follow_it(name: str) -> None:
    game = toy(name)
    place = game.config.condition
    assert place is not None
    first, other = (phrases(game, 2, seed)["real"] for seed in (1, 2))
    latents = game.draw(2)
    made = [game.sample_from(latents, game._given({"real": rows})) for rows in (first, other)]
    for ours, rows in zip(made, (first, other), strict=True):
        assert torch.equal(ours[:, place], cells(game, {"real": rows})[:, place])
    told = [game.activations(latents, game._given({"real": rows})) for rows in (first, other)]
    for track in set(range(5)) - {place}:
        assert not torch.equal(told[0][:, track], told[1][:, track]), track
    # What the other tracks of the phrase play is not told.
    mixed = other.clone()
    mixed[:, place] = first[:, place]
    assert torch.equal(game.activations(latents, game._given({"real": mixed})), told[0])


@pytest.mark.parametrize("track", [0, 2, 4])
def test_any_track_can_be_given(track: int) -> None:
    for name in ("musegan-hybrid-conditional", "musegan-composer-conditional", "musegan-v3-accompaniment"):
        game = toy(name, condition=track)
        batch = phrases(game, 2)
        assert torch.equal(game.sample(2, batch)[:, track], cells(game, batch)[:, track])


@pytest.mark.parametrize("bars", [1, 7])
@pytest.mark.parametrize("name", ["musegan-hybrid-conditional", "musegan-hybrid-conditional-as-published"])
def test_a_given_track_of_any_length(name: str, bars: int) -> None:
    game = toy(name)
    given = torch.ones(2, bars, 96, 84)
    made = game.sample_from(game.draw(2, bars), given)
    assert made.shape == (2, 5, bars, 96, 84)
    # Each bar is written to the given bar of the same number alone.
    latents, changed = game.draw(2, bars), given.clone()
    changed[:, 0] = -1
    before, after = game.activations(latents, given), game.activations(latents, changed)
    differing = [bar for bar in range(bars) if not torch.equal(before[:, :, bar], after[:, :, bar])]
    assert differing == [0]


def test_one_encoder_or_one_for_each_track() -> None:
    counts = {}
    for encoders in ("one", "one a track"):
        writer = VARIANTS["musegan-hybrid-conditional"].family.generator.model_copy(update={"encoders": encoders})
        game = toy("musegan-hybrid-conditional", generator=writer)
        counts[encoders] = len(list(game.generator.get_submodule("encoders").children()))
        assert game.sample(1, phrases(game, 1)).shape == (1, 5, 4, 96, 84)
    assert counts == {"one": 1, "one a track": 4}


def test_the_tracks_of_the_hybrid_may_have_different_networks() -> None:
    wide = BarLayers()
    narrow = BarLayers(widths=(512, 256, 256, 128, 128, 64), steps=(2, 2, 2, 3, 4))
    writer = VARIANTS["musegan-hybrid"].family.generator
    game = toy("musegan-hybrid", generator=writer.model_copy(update={"networks": (wide, narrow, wide, wide, narrow)}))
    networks = game.generator.get_submodule("networks")
    sizes = [sum(weight.numel() for weight in network.parameters()) for network in networks.children()]
    assert sizes[0] == sizes[2] == sizes[3] != sizes[1] == sizes[4]
    assert game.sample(2, {}).shape == (2, 5, 4, 96, 84)


def test_quartets_on_sixteenths() -> None:
    layers = BarLayers(widths=(256, 128, 128, 64, 32), steps=(2, 2, 2, 2))
    writer = BarByBar(latents=LatentConfig(shared_flowing=32, private_fixed=32), networks=(layers,))
    judge = {
        "layers": [
            {"filters": 64, "kernel": (2, 1, 1), "stride": (1, 1, 1)},
            {"filters": 64, "kernel": (1, 1, 12)},
            {"filters": 64, "kernel": (1, 4, 7)},
        ]
    }
    game = toy("musegan-hybrid", tracks=4, steps=16, generator=writer, discriminator={"kind": "convolutional", **judge})
    made = game.sample(3, {})
    assert made.shape == (3, 4, 4, 16, 84)
    assert game.judge(made).shape == (3,)


def test_batch_norm_of_the_released_code_goes_by_the_batch_bar_by_bar() -> None:
    game = toy("musegan-hybrid-as-published", scale=0.05).eval()
    assert not any("running" in name for name in game.state_dict())
    latents = game.draw(4)
    alone = game.activations({name: part[:2] for name, part in latents.items()})
    assert not torch.allclose(alone, game.activations(latents)[:2])
    paper = toy("musegan-hybrid", scale=0.05).eval()
    latents = paper.draw(4)
    alone = paper.activations({name: part[:2] for name, part in latents.items()})
    torch.testing.assert_close(alone, paper.activations(latents)[:2])
