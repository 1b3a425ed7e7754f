"""The critics of tokens: sizes as published, what is frozen stays, masks hide, slopes are differentiated twice."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from antiphon.errors import InputError
from antiphon.families.transformer.bert import BertDiscriminator, MaskedModel
from antiphon.families.transformer.config import TransformerConfig
from antiphon.families.transformer.critic import Critic
from antiphon.families.transformer.critic_designs import SMALL, BertCritic, BertSizes, CnnCritic, CriticDesign
from antiphon.families.transformer.published_bert import from_published
from antiphon.gan.penalties import gradient_penalty
from antiphon.presets.table import get_preset

TOY = BertCritic(num_layers=2, width=16, num_heads=2, inner=24, positions=24, dropout=0.0)
TOY_CNN = CnnCritic(num_views=4, channels=5, hidden_dim=6, dropout=0.0)
VOCABULARY = 30
EMBEDDINGS = "embeddings"


def tokens(num: int = 3, length: int = 12) -> Tensor:
    return torch.randint(2, VOCABULARY, (num, length))


def critics() -> list[CriticDesign]:
    return [TOY, TOY_CNN]


def on_meta(design: CriticDesign) -> Critic:
    with torch.device("meta"):
        return design.build(310)


@pytest.mark.parametrize(
    ("freeze", "moving"),
    [
        ((), 36_666_626),
        ((EMBEDDINGS,), 36_031_490),
        ((EMBEDDINGS, "0"), 28_943_618),
        ((EMBEDDINGS, "0", "1", "2"), 14_767_874),
        ((EMBEDDINGS, "0", "1", "2", "3"), 7_680_002),
        ((EMBEDDINGS, "0", "1", "2", "3", "4"), 592_130),
    ],
)
def test_as_many_weights_move_as_in_table_3(freeze: tuple[str, ...], moving: int) -> None:
    critic = on_meta(BertCritic(freeze=freeze))
    assert sum(weight.numel() for weight in critic.parameters()) == 36_666_626
    assert sum(weight.numel() for weight in critic.parameters() if weight.requires_grad) == moving


def test_the_convolutional_critic_has_its_published_size() -> None:
    assert sum(weight.numel() for weight in on_meta(CnnCritic()).parameters()) == 1_586_641


@pytest.mark.parametrize("name", ["transformer-gan-wgan-gp", "transformer-gan-cnn"])
def test_published_rows_pass_once_at_full_size(name: str) -> None:
    family = get_preset(name).family
    assert isinstance(family, TransformerConfig) and family.critic is not None and family.game is not None
    objective = family.build().eval()
    assert sum(weight.numel() for weight in objective.generator.parameters()) == 13_677_310
    with torch.no_grad():
        logits, _ = objective.generator(torch.randint(2, 310, (1, 16)), objective.generator.begin(1, 16))
        verdict = objective.discriminator(logits.softmax(2))
    assert logits.shape == (1, 16, 310) and verdict.isfinite().all()


def test_the_masked_model_has_the_body_of_the_critic() -> None:
    with torch.device("meta"):
        model = MaskedModel(BertSizes(), 310)
    assert sum(weight.numel() for weight in model.parameters()) == 36_666_626 - 1_538 + 1_536 + 311
    assert model.encoder.state_dict().keys() == on_meta(BertCritic()).encoder.state_dict().keys()  # type: ignore[union-attr]


def test_the_small_critic_is_small() -> None:
    assert sum(weight.numel() for weight in on_meta(SMALL).parameters()) < 600_000


@pytest.mark.parametrize("design", critics(), ids=lambda design: str(design.design))
def test_ids_and_their_one_hots_are_judged_alike_and_both_carry_gradients(design: CriticDesign) -> None:
    critic, ids = design.build(VOCABULARY).eval(), tokens()
    rows = one_hot(ids, VOCABULARY).float().requires_grad_()
    logits = critic(rows)
    torch.testing.assert_close(logits, critic(ids))
    assert len(logits) == len(ids)
    (slope,) = torch.autograd.grad(logits.sum(), rows)
    assert slope.abs().sum(2).gt(0).any(1).all()


@pytest.mark.parametrize("design", critics(), ids=lambda design: str(design.design))
def test_the_penalty_is_differentiated_twice_as_central_differences_say(design: CriticDesign) -> None:
    critic = design.build(VOCABULARY).double()
    for weight in critic.parameters():
        weight.data += 0.3 * torch.randn_like(weight)
    real, fake = (one_hot(tokens(), VOCABULARY).double() for _ in range(2))
    alpha = torch.rand(3, dtype=torch.float64)

    def penalty() -> Tensor:
        return gradient_penalty(critic.judge, real, fake, alpha=alpha, embed=critic.embed)

    inside = "encoder.layers.1.heard.weight" if isinstance(critic, BertDiscriminator) else "hidden.weight"
    weight = critic.get_parameter(inside)
    penalty().backward()
    assert weight.grad is not None
    place, step = int(weight.grad.abs().argmax()), 1e-5
    ends = []
    for move in (step, -step):
        weight.data.view(-1)[place] += move
        ends.append(float(penalty().detach()))
        weight.data.view(-1)[place] -= move
    assert float(weight.grad.view(-1)[place]) == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-4)


def test_the_convolutional_critic_is_relgans_by_hand() -> None:
    critic = TOY_CNN.build(VOCABULARY).double().eval()
    (row,) = one_hot(tokens(1, 8), VOCABULARY).double()
    wanted = []
    for view in (row @ critic.views.weight.T).T:
        heard = []
        for filters in critic.filters:
            assert isinstance(filters, torch.nn.Conv1d) and filters.bias is not None
            kernels, bias = filters.weight[:, 0], filters.bias
            width = kernels.shape[1]
            answers = torch.stack([kernels @ view[at : at + width] + bias for at in range(8 - width + 1)])
            heard.append(answers.clamp_min(0).amax(0))
        x = torch.cat(heard)
        h = critic.highway(x)
        x = torch.sigmoid(h) * h.clamp_min(0) + (1 - torch.sigmoid(h)) * x
        wanted.append(critic.out(critic.hidden(x))[0])
    torch.testing.assert_close(critic(row[None])[0], torch.stack(wanted))


def test_what_is_masked_away_is_not_heard() -> None:
    model, ids = MaskedModel(TOY, VOCABULARY).eval(), tokens(2)
    heard = torch.ones_like(ids, dtype=torch.bool)
    heard[1, 7:] = False
    other = torch.where(heard, ids, 1)
    torch.testing.assert_close(model(ids, heard)[heard], model(other, heard)[heard])
    torch.testing.assert_close(model(ids, heard)[1, :7], model(ids[1:, :7])[0])
    assert not torch.allclose(model(ids)[1, :7], model(other)[1, :7])


def test_only_asked_places_are_told() -> None:
    model, ids = MaskedModel(TOY, VOCABULARY).eval(), tokens()
    places = torch.rand(ids.shape) < 0.3
    told = model(ids, places=places)
    torch.testing.assert_close(told, model(ids)[places])
    assert told.shape[1] == VOCABULARY + 1


def test_more_tokens_than_positions_are_refused() -> None:
    with pytest.raises(ValueError, match="24 positions"):
        TOY.build(VOCABULARY)(tokens(1, 25))


def test_a_normed_head_bounds_what_the_verdict_reads() -> None:
    plain, normed = (TOY.model_copy(update={"head": head}).build(VOCABULARY) for head in ("pooled", "normed"))
    assert "head_norm.weight" in dict(normed.named_parameters()) and "head_norm.weight" not in plain.state_dict()
    heard: list[Tensor] = []
    normed.classifier.register_forward_pre_hook(lambda _, inputs: heard.append(inputs[0]))
    normed.get_parameter("pooler.bias").data += torch.linspace(-20, 20, 16)
    normed(tokens(5))
    torch.testing.assert_close(heard[0].std(1, correction=0), torch.ones(5), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    ("assignment", "words"),
    [
        ('freeze=["embeddings","7"]', "'7'.*embeddings, 0, 1"),
        ('freeze=["0","0"]', "twice"),
        ("num_heads=3", "3 heads"),
    ],
)
def test_wrong_settings_are_told_what_to_do(assignment: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        TOY.override([assignment])


def published(critic: BertDiscriminator) -> dict[str, Tensor]:
    """Our weights under the published names."""
    state = {}
    inside = {"out": "attention.output.dense", "attended_norm": "attention.output.LayerNorm",
              "inner": "intermediate.dense", "outer": "output.dense", "norm": "output.LayerNorm"}  # fmt: skip
    outside = {"words": "word_embeddings", "positions": "position_embeddings", "kinds": "token_type_embeddings",
               "norm": "LayerNorm"}  # fmt: skip
    for name, values in critic.state_dict().items():
        parts = name.split(".")
        if parts[:2] == ["encoder", "layers"] and parts[3] == "heard":
            for part, one in zip(("query", "key", "value"), values.chunk(3), strict=True):
                state[f"bert.encoder.layer.{parts[2]}.attention.self.{part}.{parts[4]}"] = one
        elif parts[:2] == ["encoder", "layers"]:
            state[f"bert.encoder.layer.{parts[2]}.{inside[parts[3]]}.{parts[4]}"] = values
        elif parts[0] == "encoder":
            state[f"bert.embeddings.{outside[parts[1]]}.{parts[2]}"] = values
        else:
            state[f"bert.pooler.dense.{parts[1]}" if parts[0] == "pooler" else name] = values
    return state


def test_published_names_come_back() -> None:
    critic = TOY.build(VOCABULARY)
    stored = published(critic)
    back = from_published({**stored, "bert.embeddings.position_ids": torch.arange(24)})
    assert back.keys() == critic.state_dict().keys()
    assert all(torch.equal(back[name], values) for name, values in critic.state_dict().items())


@pytest.mark.parametrize(("key", "words"), [("lm_head.bias", "lm_head.bias"), (None, "missing")])
def test_a_foreign_or_broken_checkpoint_is_told(key: str | None, words: str) -> None:
    stored = published(TOY.build(VOCABULARY))
    if key is None:
        del stored["bert.encoder.layer.1.attention.self.key.weight"]
    else:
        stored[key] = torch.zeros(1)
    with pytest.raises(InputError, match=words):
        from_published(stored)


def test_first_weights_are_the_published_ones() -> None:
    critic = BertCritic(num_layers=1, width=256, num_heads=2, inner=512).build(310)
    for name in ("encoder.words.weight", "pooler.weight", "encoder.layers.0.inner.weight"):
        weight = critic.get_parameter(name)
        assert float(weight.detach().std()) == pytest.approx(0.02, rel=0.05)
    cnn = CnnCritic().build(310)
    spread = torch.cat([weight.detach().flatten() for weight in cnn.parameters()])
    assert float(spread.abs().max()) <= 0.05 and float(spread.std()) == pytest.approx(0.1 / math.sqrt(12), rel=0.02)
