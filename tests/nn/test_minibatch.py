import torch
from torch import Tensor

from antiphon.nn.minibatch import MinibatchDiscrimination, manhattan


def naive(layer: MinibatchDiscrimination, features: Tensor) -> Tensor:
    """The formula (Salimans et al. 2016), sample by sample."""
    num_samples, num_kernels = len(features), layer.T.shape[1]
    matrices = [torch.einsum("a,abc->bc", row, layer.T) for row in features]
    out = torch.full((num_samples, num_kernels), -1.0, dtype=features.dtype)
    for n in range(num_samples):
        for m in range(num_samples):
            out[n] = out[n] + torch.exp(-(matrices[n] - matrices[m]).abs().sum(dim=1))
    return out


def made(num_samples: int = 6) -> tuple[MinibatchDiscrimination, Tensor]:
    torch.manual_seed(0)
    layer = MinibatchDiscrimination(4, 3, 2).double()
    return layer, torch.randn(num_samples, 4, dtype=torch.float64)


def test_equals_the_formula_with_its_gradients() -> None:
    layer, features = made()
    features.requires_grad_()
    weights = torch.randn(6, 3, dtype=torch.float64)
    ours = layer(features)[:, 4:]
    theirs = naive(layer, features)
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)
    wanted = torch.autograd.grad((theirs * weights).sum(), [features, layer.T])
    found = torch.autograd.grad((ours * weights).sum(), [features, layer.T])
    torch.testing.assert_close(found, wanted, rtol=1e-10, atol=1e-12)


def test_keeps_the_features_in_front() -> None:
    layer, features = made()
    out = layer(features)
    assert out.shape == (6, 7)
    assert torch.equal(out[:, :4], features)


def test_first_and_second_derivatives() -> None:
    layer, features = made(4)
    features.requires_grad_()
    assert torch.autograd.gradcheck(layer.closeness, (features,))
    assert torch.autograd.gradgradcheck(layer.closeness, (features,))


def test_third_derivatives_of_the_distances_exist() -> None:
    points = made(3)[1][None].requires_grad_()
    value = (manhattan(points) ** 4).sum()
    for _ in range(3):
        (slope,) = torch.autograd.grad(value, points, create_graph=True)
        value = (slope**2).sum()
    broadcast = (points[:, :, None] - points[:, None]).abs().sum(3)
    wanted = (broadcast**4).sum()
    for _ in range(3):
        (slope,) = torch.autograd.grad(wanted, points, create_graph=True)
        wanted = (slope**2).sum()
    torch.testing.assert_close(value, wanted)


def test_permuting_the_batch_permutes_the_output() -> None:
    layer, features = made()
    order = torch.randperm(6)
    torch.testing.assert_close(layer(features)[order], layer(features[order]))


def test_equal_samples_are_as_close_as_can_be_and_a_lone_one_is_not_close_to_itself() -> None:
    layer, features = made()
    torch.testing.assert_close(layer(features[:1].repeat(5, 1))[:, 4:], torch.full((5, 3), 4.0, dtype=torch.float64))
    torch.testing.assert_close(layer(features[:1])[:, 4:], torch.zeros(1, 3, dtype=torch.float64))
    assert torch.all(layer(1e6 * features)[:, 4:].abs() < 1e-12)


def test_initial_range_is_the_published_one() -> None:
    torch.manual_seed(0)
    tensor = MinibatchDiscrimination(231, 10, 5).T.detach()
    assert tensor.shape == (231, 10, 5)
    assert 0.999 < float(tensor.abs().max()) * 231**0.5 < 1.000001
    assert abs(float(tensor.std()) - 231**-0.5 / 3**0.5) < 1e-3


def test_half_precision_comes_back_in_half_precision() -> None:
    layer, features = made()
    half = layer.bfloat16()(features.bfloat16())
    assert half.dtype == torch.bfloat16
    torch.testing.assert_close(half.double(), made()[0](features), rtol=0.1, atol=0.1)
