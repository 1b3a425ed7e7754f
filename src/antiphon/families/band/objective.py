"""The game of `band`: a likelihood start, then relativistic pairing with zero-centred penalties on both sides."""

import torch
import torch.nn.functional as F
from torch import Tensor

from antiphon.codecs.traits import ACTIVE, HEIGHT
from antiphon.families.band.config import BandConfig
from antiphon.families.band.critic import BandDiscriminator
from antiphon.families.band.networks import Band, BandGenerator, Told, standard
from antiphon.families.band.rolls import Lines, lines, moved, seen, worn
from antiphon.gan.objective import Batch
from antiphon.gan.paired import PairedObjective
from antiphon.nn.bits import unpack

# How often a part that is silent throughout its song is taught: it is told so, and has little to learn.
_SILENT = 0.15
# How often the game is about a part that is silent throughout, beside one that plays.
_RARELY = 1e-3
# How many parts are taught after a past that is not theirs.
_WORN = 0.5


class BandObjective(PairedObjective):
    """Batches: "real" and "onsets" uint8 (N, K, B, bytes) and "traits" (N, K, 5), rows of `antiphon.codecs.phrases`."""

    generator: BandGenerator
    discriminator: BandDiscriminator

    def __init__(self, config: BandConfig) -> None:
        super().__init__(config, BandGenerator(config), BandDiscriminator(config))
        self.config = config

    def restyle(self, rows: Batch) -> None:
        """Learn what the tracks of songs are like, so that a song can be told to be like one of them."""
        traits = rows["traits"].float()
        chosen = torch.linspace(0, len(traits) - 1, len(self.generator.style)).long()
        self.generator.style.copy_(traits[chosen])

    def likelihood(self, batch: Batch) -> dict[str, Tensor]:
        """Cross-entropy of what each part strikes and how long that lasts, in nats a step."""
        tracks, traits = self._rolls(batch)
        part = self._parts(traits)
        own, band, told = self._taught(tracks, traits, *part)
        past = worn(own, self._wear(len(part[0]))) if self.generator.training else own
        choices = self.generator.teacher(own, band, told, past)
        steps = len(part[0]) * tracks.onsets.shape[2]
        pitch = F.cross_entropy(choices.scores, choices.chosen, reduction="sum") / steps
        length = F.cross_entropy(choices.length_scores, choices.lengths, reduction="none")
        return {"pitch": pitch, "length": (length * choices.whole).sum() / steps}

    def played(self, batch: Batch) -> Batch:
        """Phrases from one place in all rows, and of each as many parts as there are tracks, to all others."""
        tracks, traits = self._rolls(batch)
        each = self.config.tracks
        plays = (traits[..., ACTIVE] > 0).float() + _RARELY
        track = torch.multinomial(plays, each, replacement=True).flatten()
        bars = tracks.onsets.shape[2] // self.config.steps
        begin = torch.randint(bars - self.config.phrase + 1, ()).to(track)
        rows = {**tracks._asdict(), "traits": traits}
        return {**{name: rows[name].repeat_interleave(each, 0) for name in rows}, "track": track, "begin": begin}

    def fakes(self, batch: Batch, temperature: float) -> Tensor:
        """What a part strikes and sounds in a phrase, (N, 2, S, P), beside the real others."""
        tracks = Lines(*(batch[name] for name in Lines._fields))
        row = torch.arange(len(batch["track"]), device=batch["track"].device)
        given = 1 - F.one_hot(batch["track"], self.config.tracks).float()
        taught = self._taught(tracks, batch["traits"], row, batch["track"], given)
        part: Tensor = self.generator(*taught, self._place(batch), temperature)
        return part

    def pairs(self, batch: Batch, fake: Tensor) -> tuple[Tensor, ...]:
        """Real phrases (N, 2 K, S, P), and the same with one part made."""
        begin, length = self._place(batch)
        some = slice(begin, begin + length)
        onsets, held = batch["onsets"][:, :, some], batch["held"][:, :, some]
        real = torch.cat([onsets, onsets + held], 1)
        mine = F.one_hot(batch["track"], self.config.tracks).to(real)[:, None, :, None, None]
        both = real.view(len(real), 2, -1, *real.shape[2:])
        return real, (both * (1 - mine) + mine * fake[:, :, None]).flatten(1, 2)

    @torch.no_grad()
    def sample(self, num: int, condition: Batch) -> Tensor:
        """What sounds, bool (num, K, B, T, P), in bands that write all their tracks, like those of "traits"."""
        traits = condition["traits"][:num].float()
        num_steps, pitches = self.config.bars * self.config.steps, self.config.pitches
        onsets = traits.new_zeros(num, self.config.tracks, num_steps, pitches)
        tracks = Lines(onsets, onsets.clone(), onsets.long(), onsets.bool())
        row, given = torch.arange(num, device=traits.device), traits.new_zeros(num, self.config.tracks)
        for track in range(self.config.tracks):
            part = self._taught(tracks, traits, row, torch.full_like(row, track), given)
            made = self.generator(*part, (0, num_steps), 1.0)
            tracks.onsets[:, track], tracks.held[:, track] = made[:, 0], made[:, 1] - made[:, 0]
            given[:, track] = 1
        sounds = (tracks.onsets + tracks.held) > 0
        return sounds.view(num, self.config.tracks, self.config.bars, self.config.steps, pitches)

    def judge(self, rows: Tensor) -> Tensor:
        """The discriminator's logits (N,) of what sounds, bool (N, K, B, T, P)."""
        tracks = lines(rows.flatten(2, 3), torch.zeros_like(rows.flatten(2, 3)))
        logits: Tensor = self.discriminator(torch.cat([tracks.onsets, tracks.onsets + tracks.held], 1))
        return logits

    def _place(self, batch: Batch) -> tuple[int, int]:
        """First step of a phrase, and its steps."""
        return int(batch["begin"]) * self.config.steps, self.config.phrase * self.config.steps

    def _rolls(self, batch: Batch) -> tuple[Lines, Tensor]:
        """Lines (N, K, S, P) and traits (N, K, 5), transposed alike."""
        size = (self.config.steps, self.config.pitches)
        real, onsets = (unpack(batch[name], size).bool().flatten(2, 3) for name in ("real", "onsets"))
        traits = batch["traits"].float()
        if self.config.transpose and self.generator.training:
            reach = self.config.transpose
            shift = torch.randint(-reach + 1, reach + 1, (len(real),), device=real.device)
            real, onsets = (moved(rolls, shift, self.config.drums) for rolls in (real, onsets))
            traits = traits.clone()
            pitched = [track for track in range(self.config.tracks) if track not in self.config.drums]
            traits[:, pitched, HEIGHT] += shift[:, None] / 12 * (traits[:, pitched, ACTIVE] > 0)
        return lines(real, onsets), traits

    def _parts(self, traits: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Row and track (M,) of the parts to be taught, and which tracks (M, K) each hears: those before it in an order
        drawn for its row."""
        rank = torch.rand(traits.shape[:2], device=traits.device).argsort(1).argsort(1)
        wanted = (traits[..., ACTIVE] > 0) | (torch.rand(rank.shape, device=rank.device) < _SILENT)
        row, track = torch.nonzero(wanted, as_tuple=True)
        return row, track, (rank[row] < rank[row, track][:, None]).float()

    def _wear(self, num: int) -> Tensor:
        """Shares (num,) of the notes that parts miss in their past."""
        share = torch.rand(2, num, device=self.generator.style.device)
        return self.config.wear * share[0] * (share[1] < _WORN)

    def _disguised(self, num: int) -> Tensor:
        """As which tracks (num, K) others are heard: at times as some other than they are, for whoever plays a melody
        may be kept."""
        device = self.generator.style.device
        itself = torch.arange(self.config.tracks, device=device).expand(num, -1)
        pitched = self.generator.hearing.pitched
        other = torch.multinomial(pitched, num * self.config.tracks, replacement=True).view(num, -1)
        changed = (torch.rand(num, 1, device=device) < self.config.disguise) & (pitched > 0)
        return torch.where(changed, other, itself)

    def _taught(
        self, tracks: Lines, traits: Tensor, row: Tensor, track: Tensor, given: Tensor
    ) -> tuple[Lines, Band, Told]:
        is_drums = torch.zeros(self.config.tracks, dtype=torch.bool, device=row.device)
        is_drums[list(self.config.drums)] = True
        own = Lines(*(plane[row, track] for plane in tracks))
        like = standard(traits[row, track])
        known, heard_as = torch.ones(len(row), device=row.device), None
        if self.generator.training:
            heard_as = self._disguised(len(row))
            like = like + self.config.doubt * torch.randn_like(like)
            known = (torch.rand(len(row), device=row.device) > self.config.doubt / 2).float()
        return (
            own,
            Band(seen(tracks.onsets, tracks.onsets + tracks.held, is_drums), row, given, heard_as),
            Told(track, like, known),
        )
