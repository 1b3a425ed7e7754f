"""What a run begins with: weights of other models, and what its own will say of them and of their music."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from antiphon.codecs.codec import Rows
from antiphon.data.corpus import Corpus
from antiphon.errors import InputError
from antiphon.families.transformer.critic_designs import BertSizes
from antiphon.families.transformer.masked_config import MaskedConfig
from antiphon.licences import model_licence
from antiphon.resolved import RunConfig

if TYPE_CHECKING:
    from torch import Tensor

    from antiphon.gan.objective import Objective
    from antiphon.model_files import ModelFile

_BUILDING = 7_001


def origin_of(model: str | Path | None) -> "ModelFile | None":
    """The model of that name or file, if one is given.

    Raises
    ------
    InputError
        If there is none, or it is damaged.
    """
    if model is None:
        return None
    from antiphon.model_files import read

    return read(model)


def begun(config: RunConfig, origin: "ModelFile | None", rows: Rows) -> "tuple[Objective, ModelFile | None]":
    """The players as training begins, and the model from which they took some of their weights.

    Parameters
    ----------
    config
        How to build them.
    origin
        The model that they begin as, of the same family; None: first weights are drawn.
    rows
        What they are trained on.

    Raises
    ------
    InputError
        If a model does not fit.
    """
    import torch

    from antiphon.training.checkpoint import start_from
    from antiphon.training.seeds import seed_torch

    if origin is not None and origin.config.family.kind != config.family.kind:
        raise InputError(
            f"{origin.name}: a model of the family {origin.config.family.kind!r}, but preset {config.preset} trains "
            f"{config.family.kind!r}; give a model of that family"
        )
    seed_torch(config.train.seed, _BUILDING)
    objective: Objective = config.family.build()
    lender = origin_of(objective.borrows)
    if lender is not None:
        start_from(objective, objective.borrowed(_lent(config, lender)))
    heard = {name: torch.from_numpy(np.array(values)) for name, values in rows.items()}
    if origin is not None:
        start_from(objective, objective.completed(origin.state))
    else:
        objective.calibrate(heard)
    objective.restyle(heard)
    return objective, lender


def _lent(config: RunConfig, lender: "ModelFile") -> "Mapping[str, Tensor]":
    """The weights of a masked model whose sizes are the critic's."""
    own, theirs = getattr(config.family, "critic", None), lender.config.family
    if not isinstance(theirs, MaskedConfig):
        raise InputError(f"family.critic.origin: {lender.name} is no masked model; train and publish span-bert, say")
    for name in BertSizes.model_fields:
        if name != "dropout" and getattr(own, name) != getattr(theirs.sizes, name):
            raise InputError(
                f"family.critic.{name} = {getattr(own, name)}: {lender.name}, on which this critic is to be built, has "
                f"{getattr(theirs.sizes, name)}; set it so, or give another family.critic.origin"
            )
    return lender.state


def card_of(
    config: RunConfig, corpus: Corpus, origin: "ModelFile | None", lender: "ModelFile | None"
) -> dict[str, Any]:
    """What the model file will say of how the weights came to be."""
    manifest = corpus.manifest
    began_as, borrowed = (None if model is None else _began_as(model) for model in (origin, lender))
    licence = model_licence(manifest.licence, *(str(of["licence"]) for of in (began_as, borrowed) if of is not None))
    card = {
        **config.model_dump(mode="json", include={"preset", "family", "codec"}),
        "corpus": {
            "name": corpus.name,
            "fingerprint": corpus.fingerprint,
            "licence": manifest.licence,
            "attribution": manifest.attribution,
        },
        "licence": licence,
    }
    more = {"began_as": began_as, "borrowed": borrowed}
    return card | {name: told for name, told in more.items() if told is not None}


def _began_as(origin: "ModelFile") -> dict[str, Any]:
    from antiphon.training.checkpoint import digest

    return {key: origin.card.get(key) for key in ("preset", "corpus", "licence")} | {"sha256": digest(origin.state)}
