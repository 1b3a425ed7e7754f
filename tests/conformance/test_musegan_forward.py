"""MuseGAN's networks against reference numbers of both released codes: every network, penalty and loss.

Reads `ANTIPHON_FIXTURES`/musegan/forward/fwd_KIND.npz, and the weights' shapes from its manifests. Sizes, widths and
kernels are read from the files; only strides, which no file holds, and what is given to which layer come from our rows.
"""

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from antiphon.families.musegan.at_once import AtOnceGenerator
from antiphon.families.musegan.bar_networks import BarEncoder, BarNetwork, TemporalNetwork
from antiphon.families.musegan.critics import ConvolutionalCritic, RowsCritic, TwoStageCritic
from antiphon.families.musegan.layers import Convolution, LatentConfig
from antiphon.families.musegan.players import BARS, AtOnce, BarLayers, Convolutional, Streams, TwoStages
from antiphon.families.musegan.streams import StreamsCritic
from antiphon.gan.losses import LOSSES, cross_entropy
from antiphon.gan.penalties import gradient_penalty, squared_gradient_norms
from antiphon.nn.binary import deterministic

FOLDER = Path(os.environ.get("ANTIPHON_FIXTURES", "")) / "musegan" / "forward"
if "ANTIPHON_FIXTURES" not in os.environ or not FOLDER.is_dir():
    pytest.skip("ANTIPHON_FIXTURES names no folder with musegan/forward/", allow_module_level=True)
FILES = sorted(FOLDER.glob("fwd_*.npz"))
Arrays = Mapping[str, NDArray[Any]]
Shapes = list[tuple[str, tuple[int, ...]]]
Named = Mapping[str, Tensor]

NUM_BEATS = 4


def manifest(kind: str) -> Shapes:
    """Names and shapes of the weights of a kind, in the order in which they were made."""
    version = kind.split("_", maxsplit=1)[0]
    kinds: dict[str, Any] = json.loads((FOLDER / f"fwd_manifest_{version}.json").read_text())
    return [(name, tuple(shape)) for name, shape in kinds[kind]]


def weights(shapes: Shapes) -> Iterator[NDArray[np.float32]]:
    """The weights of a list, by the rule that made the references."""
    for number, (name, shape) in enumerate(shapes):
        drawn = np.random.RandomState(1000 + number).randn(*shape).astype(np.float32)
        if re.search(r"(weights|kernel):", name):
            yield np.float32(0.05) * drawn
        else:
            yield np.float32(0.1) * drawn + np.float32("gamma" in name)


def fill(networks: Iterable[nn.Module], shapes: Shapes) -> None:
    """Put a list's weights into networks whose weights are in the same order."""
    parameters = [parameter for network in networks for parameter in network.parameters()]
    for parameter, (name, shape), values in zip(parameters, shapes, weights(shapes), strict=True):
        given = torch.from_numpy(values)
        if len(shape) == 2:
            given = given.T
        # Kernels of two axes, or of one that is not there, have the same memory as ours of three.
        assert given.numel() == parameter.numel(), (name, shape, tuple(parameter.shape))
        if len(shape) == 2:
            assert given.shape == parameter.shape, name
        elif len(shape) > 2:
            assert tuple(parameter.shape)[-2:] == shape[-2:], name
        with torch.no_grad():
            parameter.copy_(given.reshape(parameter.shape))


def kernels(shapes: Shapes, scope: str) -> list[tuple[int, ...]]:
    """Shapes of the kernels in a scope."""
    found = [shape for name, shape in shapes if name.startswith(scope) and re.search(r"(weights|kernel):", name)]
    assert found, scope
    return found


def assert_near(ours: Tensor, expected: NDArray[Any], what: str, tolerance: float = 1e-4) -> None:
    assert tuple(ours.shape) == expected.shape, f"{what}: {tuple(ours.shape)} is not {expected.shape}"
    difference = np.abs(ours.detach().numpy() - expected).max()
    assert difference <= tolerance, f"{what}: off by {difference:.3g}"


def tensor(values: NDArray[Any]) -> Tensor:
    return torch.from_numpy(np.array(values, np.float32))


def phrases(values: NDArray[Any], bars: int) -> Tensor:
    """(N, K, B, T, P) of (N, B T, P, K) or (N, B, T, P, K)."""
    array = tensor(values)
    array = array if array.ndim == 5 else array.unflatten(1, (bars, -1))
    return array.permute(0, 4, 1, 2, 3)


# --- the code of 2018 ---


def bar_layers(shapes: Shapes) -> tuple[BarLayers, int, int, int]:
    """The sizes of a bar network, and its latents, tracks and channels of the encoder."""
    first, *middle, last = kernels(shapes, "BG/")
    encoded = kernels(shapes, "BE/")[0][3] if shapes[0][0].startswith("BE/") else 0
    cut = first[2] // (middle[0][3] - encoded)
    grown = [shape[0] for shape in middle if shape[1] == 1]
    pitches = [shape[1] for shape in middle if shape[1] > 1]
    widths = (first[2], *(shape[2] for shape in middle))
    layers = BarLayers(widths=widths, steps=(cut, *grown), pitches=(*pitches, last[1]))
    return layers, first[3], last[2], encoded


def encoder(shapes: Shapes) -> BarEncoder:
    found = kernels(shapes, "BE/")
    steps = [shape[0] for shape in found if shape[1] == 1]
    pitches = [shape[1] for shape in found if shape[1] > 1]
    mirrored = BarLayers(
        widths=(2,) * (len(steps) + len(pitches)), steps=(2, *reversed(steps)), pitches=tuple(reversed(pitches))
    )
    return BarEncoder(mirrored, found[0][3], "batch")


def bar_critic_config(shapes: Shapes) -> Convolutional:
    """The bar critic's table, its strides by position."""
    found = kernels(shapes, "BD/")
    rows = zip(found[:-2], BARS.layers, strict=True)
    layers = tuple(_row(row, (1, *shape[:2]), shape[3]) for shape, row in rows)
    return Convolutional(layers=layers, hidden=found[-1][0], hears="bars")


def _row(row: Convolution, kernel: tuple[int, ...], filters: int) -> Convolution:
    """A row with another kernel; its stride is the kernel where it was."""
    bars, steps, pitches = kernel
    return Convolution(filters=filters, kernel=(bars, steps, pitches), stride=row.stride)


def two_stages(shapes: Shapes) -> TwoStages:
    first, second, hidden, _ = kernels(shapes, "PD/")
    bars = second[0] + 1
    bar = bar_critic_config(shapes) if shapes[0][0].startswith("BD/") else None
    if bar is None:
        last = BARS.layers[-1].model_copy(update={"filters": first[2] * bars})
        bar = BARS.model_copy(update={"layers": (*BARS.layers[:-1], last)})
    return TwoStages(bar=bar, widths=(first[3], second[3]), hidden=hidden[1])


def v1_phrase_gen(arrays: Arrays, shapes: Shapes) -> Named:
    first, second = kernels(shapes, "PG/")
    network = TemporalNetwork(first[3], first[2], second[0] + 1, "batch")
    fill([network], shapes)
    return {"out_z_seq": network(tensor(arrays["in_z"])).transpose(1, 2)}


def v1_bar_gen(arrays: Arrays, shapes: Shapes) -> Named:
    layers, length, tracks, _ = bar_layers(shapes)
    network = BarNetwork(layers, length, tracks, 0, "batch")
    fill([network], shapes)
    return {"out_bar": network(tensor(arrays["in_z"])).squeeze(1).tanh()}


def v1_bar_enc(arrays: Arrays, shapes: Shapes) -> Named:
    network = encoder(shapes)
    fill([network], shapes)
    stages = network(tensor(arrays["in_y"])[:, None])
    return {f"out_h{index}": stage.squeeze(1) for index, stage in enumerate(stages)}


def v1_bar_gen_cond(arrays: Arrays, shapes: Shapes) -> Named:
    layers, length, tracks, encoded = bar_layers(shapes)
    reader, network = encoder(shapes), BarNetwork(layers, length, tracks, encoded, "batch")
    fill([reader, network], shapes)
    stages = reader(tensor(arrays["in_y"])[:, None])
    return {"out_bar": network(tensor(arrays["in_z"]), stages).squeeze(1).tanh()}


def bar_critic(values: NDArray[Any], shapes: Shapes) -> ConvolutionalCritic:
    _, steps, pitches, tracks = values.shape
    critic = ConvolutionalCritic(bar_critic_config(shapes), tracks, (1, steps, pitches))
    fill([critic], shapes)
    return critic


def v1_bar_disc(arrays: Arrays, shapes: Shapes) -> Named:
    critic = bar_critic(arrays["in_x"], shapes)
    heard = phrases(arrays["in_x"], 1)
    return {"out_h5": critic.features(heard).squeeze(3), "out_score": critic(heard)[:, None]}


def v1_phrase_disc(arrays: Arrays, shapes: Shapes) -> Named:
    critic = RowsCritic(two_stages(shapes), arrays["in_h"].shape[1])
    fill([critic], shapes)
    return {"out_score": critic(tensor(arrays["in_h"]))[:, None]}


def v1_temporal_disc(arrays: Arrays, shapes: Shapes) -> Named:
    config = two_stages(shapes)
    bars = kernels(shapes, "PD/")[1][0] + 1
    heard = phrases(arrays["in_x"], bars)
    critic = TwoStageCritic(config, heard.shape[1], tuple(heard.shape[2:]))  # type: ignore[arg-type]
    fill([critic], shapes)
    return {"out_score": critic(heard)[:, None]}


def slopes(critic: nn.Module, points: Tensor) -> Tensor:
    points = points.requires_grad_()
    return (squared_gradient_norms(critic(points), points) + 1e-8).sqrt()


def v1_gp(arrays: Arrays, shapes: Shapes) -> Named:
    critic = bar_critic(arrays["in_real"], shapes)
    real, fake = (phrases(arrays[name], 1) for name in ("in_real", "in_fake"))
    # Written from real towards fake there, from fake towards real here.
    shares = 1 - tensor(arrays["in_alpha"])
    between = shares[:, :, None, None, None]
    penalty = 10 * gradient_penalty(critic, real, fake, alpha=shares, epsilon=1e-8)
    loss, logits = LOSSES["wasserstein"], (critic(real), critic(fake))
    return {
        "out_slopes": slopes(critic, between * real + (1 - between) * fake),
        "out_gp10": penalty,
        "out_d_loss": torch.stack([*loss.discriminator(*logits).values(), penalty]).sum(),
        "out_g_loss": torch.stack(tuple(loss.generator(*logits).values())).sum(),
    }


# --- the later code ---


def rows(shapes: Shapes, scope: str, table: tuple[Convolution, ...], tracks: int = 1, out: int = 4) -> Any:
    """A table with the kernels and filters of a scope; strides that are not kernels from ours."""
    found = kernels(shapes, scope)[::tracks]
    return tuple(_row(row, shape[:3], shape[out]) for shape, row in zip(found, table, strict=True))


def streams(values: NDArray[Any], shapes: Shapes) -> StreamsCritic:
    tracks, default = values.shape[4], Streams()
    scopes = ("pitch_time_private", "time_pitch_private")
    config = Streams(
        branches=tuple(
            rows(shapes, f"Discriminator/{scope}/", branch, tracks)
            for scope, branch in zip(scopes, default.branches, strict=True)
        ),
        merged=kernels(shapes, "Discriminator/merged_private/")[0][4],
        shared=rows(shapes, "Discriminator/shared/", default.shared),
        chroma=rows(shapes, "Discriminator/chroma/", default.chroma),
        onsets=rows(shapes, "Discriminator/on_off_set/", default.onsets),
        joined=rows(shapes, "Discriminator/merged/", (default.joined,))[0],
        beats=NUM_BEATS,
    )
    bars, steps, pitches = values.shape[1:4]
    critic = StreamsCritic(config, tracks, (bars, steps, pitches))
    fill([critic], shapes)
    return critic


def later_generator(shapes: Shapes, tracks: int, given: int | None = None) -> AtOnceGenerator:
    default = AtOnce()
    written = tuple(track for track in range(tracks) if track != given)
    num = len(written)
    length = kernels(shapes, "Generator/shared/")[0][4]
    changes: dict[str, Any] = {
        "shared": rows(shapes, "Generator/shared/", default.shared, 1, 3),
        "branches": tuple(
            rows(shapes, f"Generator/{scope}_private/", branch, num, 3)
            for scope, branch in zip(("pitch_time", "time_pitch"), default.branches, strict=True)
        ),
    }
    if given is not None:
        changes["encoder_shared"] = rows(shapes, "Generator/encoder_shared/", default.encoder_shared)
        changes["encoder_branches"] = tuple(
            rows(shapes, f"Generator/encoder_{scope}/", branch)
            for scope, branch in zip(("pitch_time", "time_pitch"), default.encoder_branches, strict=True)
        )
        length -= changes["encoder_shared"][-1].filters
    config = AtOnce(latents=LatentConfig(shared_fixed=length), **changes)
    generator = AtOnceGenerator(config, written, given is not None)
    fill([generator], shapes)
    return generator


def latents(arrays: Arrays) -> Named:
    return {"shared_fixed": tensor(arrays["in_z"])[:, None, None]}


def cells(made: Tensor) -> Tensor:
    """Channels last again."""
    return made.permute(0, 2, 3, 4, 1)


def v3_gen_default(arrays: Arrays, shapes: Shapes) -> Named:
    generator = later_generator(shapes, arrays["out_train"].shape[4])
    fresh = cells(generator.eval()(latents(arrays)).tanh())
    return {"out_eval_fresh_stats": fresh, "out_train": cells(generator.train()(latents(arrays)).tanh())}


def v3_disc_default(arrays: Arrays, shapes: Shapes) -> Named:
    critic = streams(arrays["in_x"], shapes)
    return {"out_score": critic(phrases(arrays["in_x"], 1))[:, None]}


def v3_gen_accompaniment(arrays: Arrays, shapes: Shapes) -> Named:
    given = tensor(arrays["in_c"])
    expected = arrays["out_train"]
    num = len(kernels(shapes, "Generator/merged_private/"))
    # The given track may be in the output, at its index, or left out of it.
    same = [track for track in range(expected.shape[4]) if np.array_equal(expected[..., track], arrays["in_c"][..., 0])]
    place = same[0] if expected.shape[4] > num else num
    generator = later_generator(shapes, num + 1, place)
    made = cells(generator(latents(arrays), given[..., 0]).tanh())
    if expected.shape[4] > num:
        made = torch.cat([made[..., :place], given, made[..., place:]], 4)
    return {"out_train": made}


def v3_gen_dbn(arrays: Arrays, shapes: Shapes, slope: float) -> Named:
    generator = later_generator(shapes, arrays["out_fake_x"].shape[4])
    activations = cells(generator(latents(arrays)))
    return {
        "out_preactivated": 2 * torch.sigmoid(slope * activations) - 1,
        "out_fake_x": 2 * deterministic(activations, slope) - 1,
    }


def v3_gp_losses(arrays: Arrays, shapes: Shapes) -> Named:
    critic = streams(arrays["in_real"], shapes)
    real, fake = (phrases(arrays[name], 1) for name in ("in_real", "in_fake"))
    shares = tensor(arrays["in_eps"])
    logits = critic(real), critic(fake)
    ours = {"wasserstein": "wasserstein", "hinge": "hinge", "classic": "saturating", "nonsaturating": "non-saturating"}
    made = {
        "out_slopes": slopes(critic, shares * real + (1 - shares) * fake),
        "out_gp": gradient_penalty(critic, real, fake, alpha=shares, epsilon=1e-8),
    }
    for name, loss in ours.items():
        made[f"out_d_{name}"] = torch.stack(tuple(LOSSES[loss].discriminator(*logits).values())).sum()
        made[f"out_g_{name}"] = torch.stack(tuple(LOSSES[loss].generator(*logits).values())).sum()
    # There the generator pays minus the whole of the other's loss; its gradient is in the half on fakes.
    made["out_g_classic"] = made["out_g_classic"] - cross_entropy(logits[0], 1)
    return made


KINDS: Mapping[str, Callable[[Arrays, Shapes], Named]] = {
    kind.__name__: kind
    for kind in (
        v1_phrase_gen,
        v1_bar_gen,
        v1_bar_enc,
        v1_bar_gen_cond,
        v1_bar_disc,
        v1_phrase_disc,
        v1_temporal_disc,
        v1_gp,
        v3_gen_default,
        v3_disc_default,
        v3_gen_accompaniment,
        v3_gp_losses,
    )
}
TOLERANCES = {"v3_gen_accompaniment": 1e-3}


def measured(kind: str, arrays: Arrays) -> Named:
    if sloped := re.fullmatch(r"v3_gen_dbn_slope(.+)", kind):
        name = kind if any(kind == known for known in _known("v3")) else next(iter(_sloped()))
        return v3_gen_dbn(arrays, manifest(name), float(sloped[1]))
    return KINDS[kind](arrays, manifest(kind))


def _known(version: str) -> list[str]:
    return list(json.loads((FOLDER / f"fwd_manifest_{version}.json").read_text()))


def _sloped() -> list[str]:
    """Kinds of another slope have the same weights."""
    return [kind for kind in _known("v3") if kind.startswith("v3_gen_dbn")]


# A class can be left out of the collection: a folder without files gives no test, where an empty list of parameters
# would give a skipped one.
class TestMuseganForward:
    __test__ = bool(FILES)

    @pytest.mark.parametrize("path", FILES, ids=[f"musegan_forward-{path.stem}" for path in FILES])
    def test_networks_give_the_reference_numbers(self, path: Path) -> None:
        kind = path.stem.removeprefix("fwd_")
        with np.load(path) as file:
            arrays = {name: file[name] for name in file.files}
        ours = measured(kind, arrays)
        assert set(ours) == {name for name in arrays if name.startswith("out_")}
        for name, values in ours.items():
            if name == "out_fake_x":
                assert_same_bits(values, arrays)
            else:
                assert_near(values, arrays[name], name, TOLERANCES.get(kind, 1e-4))


def assert_same_bits(ours: Tensor, arrays: Arrays) -> None:
    """Equal, but where the activation is nearer to 0 than rounding."""
    differing = ours.detach().numpy() != arrays["out_fake_x"]
    assert not (differing & (np.abs(arrays["out_preactivated"]) > 1e-4)).any()
