import math

import torch
from torch import nn

from antiphon.nn.grid import GridConv, GridDeconv
from antiphon.nn.init import dcgan_init, truncated_init
from antiphon.nn.minibatch import MinibatchDiscrimination


def test_weights_are_xavier_uniform_and_biases_stay() -> None:
    layers: list[nn.Linear | nn.Conv2d | nn.ConvTranspose2d] = [
        nn.Linear(300, 200),
        nn.Conv2d(24, 77, (1, 3)),
        nn.ConvTranspose2d(160, 128, (1, 2)),
    ]
    biases = [str(layer.bias) for layer in layers]
    dcgan_init(nn.Sequential(*layers), torch.Generator().manual_seed(0))
    for layer, (fan_in, fan_out) in zip(layers, [(300, 200), (24 * 3, 77 * 3), (160 * 2, 128 * 2)], strict=True):
        bound = math.sqrt(6 / (fan_in + fan_out))
        assert 0.99 < float(layer.weight.detach().abs().max()) / bound < 1.000001
        assert abs(float(layer.weight.detach().std()) - bound / math.sqrt(3)) < 0.02 * bound
    assert [str(layer.bias) for layer in layers] == biases


def test_batch_norm_scales_have_a_deviation_of_a_fifth() -> None:
    norm = nn.BatchNorm1d(10000)
    dcgan_init(norm, torch.Generator().manual_seed(0))
    assert abs(float(norm.weight.detach().mean()) - 1) < 0.01
    assert abs(float(norm.weight.detach().std()) - 0.2) < 0.01
    assert torch.equal(norm.bias, torch.zeros(10000))


def test_other_parameters_stay_and_the_same_seed_gives_the_same_weights() -> None:
    linear, closeness = nn.Linear(4, 8), MinibatchDiscrimination(8, 2, 2)
    network = nn.Sequential(linear, nn.BatchNorm1d(8), closeness)
    before = closeness.T.clone()
    dcgan_init(network, torch.Generator().manual_seed(3))
    first = linear.weight.clone()
    dcgan_init(network, torch.Generator().manual_seed(3))
    assert torch.equal(first, linear.weight)
    assert torch.equal(before, closeness.T)


def test_batch_norm_without_scales_is_left_alone() -> None:
    norm = nn.BatchNorm2d(4, affine=False)
    before = {name: value.clone() for name, value in norm.state_dict().items()}
    dcgan_init(norm)
    assert all(torch.equal(value, before[name]) for name, value in norm.state_dict().items())


def test_truncated_weights_are_cut_at_two_deviations_and_biases_are_nil() -> None:
    layers = [GridConv(20, 50, (1, 2, 3)), GridDeconv(20, 50, (1, 2, 3)), nn.Linear(300, 20)]
    truncated_init(nn.Sequential(*layers), 0.05, torch.Generator().manual_seed(0))
    for layer in layers:
        assert isinstance(layer.weight, torch.Tensor) and isinstance(layer.bias, torch.Tensor)
        assert 0.09 < float(layer.weight.detach().abs().max()) <= 0.1
        # A normal distribution cut at two deviations has 0.88 of its deviation left.
        assert abs(float(layer.weight.detach().std()) - 0.88 * 0.05) < 0.001
        assert not layer.bias.any()
