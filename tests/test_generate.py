"""Generation: seeds, lengths, chords, first bars, and what a model cannot honour."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.made import TOY, model, song

import antiphon
from antiphon.codecs.chords import triad_code
from antiphon.codecs.melody import REST
from antiphon.errors import InputError
from antiphon.gan.steady import Inputs
from antiphon.generate import Model, load
from antiphon.io.midi import midi_bytes, read_midi, write_midi
from antiphon.music.theory import parse_chord
from antiphon.plans import Plan
from antiphon.writers.bars import BarWriter, MidinetWriter

PRESETS = sorted(TOY)


@pytest.fixture(scope="module")
def loaded(models: dict[str, Path]) -> dict[str, Model]:
    return {preset: load(path) for preset, path in models.items()}


@pytest.mark.parametrize("preset", PRESETS)
def test_the_same_seed_gives_the_same_bytes(preset: str, loaded: dict[str, Model], models: dict[str, Path]) -> None:
    first, again = (loaded[preset].generate(3, seed=7)[0] for _ in range(2))
    assert midi_bytes(first) == midi_bytes(again)
    assert midi_bytes(first) == midi_bytes(load(models[preset]).generate(3, seed=7)[0])
    assert midi_bytes(first) != midi_bytes(loaded[preset].generate(3, seed=8)[0])


@pytest.mark.parametrize("preset", PRESETS)
def test_a_song_does_not_depend_on_its_company(preset: str, loaded: dict[str, Model]) -> None:
    many = loaded[preset].generate(2, seed=5, num=40)
    assert len(many) == 40
    for index, score in enumerate(many):
        assert midi_bytes(score) == midi_bytes(loaded[preset].generate(2, seed=5 + index)[0])


@pytest.mark.parametrize("preset", ["bar", "midinet-v2"])
def test_songs_beyond_one_batch(preset: str, loaded: dict[str, Model], monkeypatch: pytest.MonkeyPatch) -> None:
    whole = [midi_bytes(score) for score in loaded[preset].generate(1, num=50)]
    monkeypatch.setattr("antiphon.generate._AT_ONCE", 35)
    assert [midi_bytes(score) for score in loaded[preset].generate(1, num=50)] == whole


@pytest.mark.parametrize("preset", PRESETS)
def test_quick_writing_is_exact_writing(preset: str, loaded: dict[str, Model], monkeypatch: pytest.MonkeyPatch) -> None:
    quick = [score.tracks[0].notes.tobytes() for score in loaded[preset].generate(3, num=200)]
    # Then every song is decided in float64.
    monkeypatch.setattr("antiphon.gan.steady.FEW", 1_000)
    assert [score.tracks[0].notes.tobytes() for score in loaded[preset].generate(3, num=200)] == quick


@pytest.mark.parametrize("preset", PRESETS)
def test_the_margin_is_small_beside_a_lead_and_above_rounding(preset: str, loaded: dict[str, Model]) -> None:
    writer = loaded[preset].writer
    assert isinstance(writer, MidinetWriter | BarWriter)
    steady = writer._decide
    exact, quick = (decide(writer._probes())[1] for decide in (steady._exact, steady._quick))
    assert exact.dtype == torch.float64
    # That is, made in float32, whatever its leads are kept in.
    assert (exact - quick).abs().median() > 1e-9
    assert 0 < steady.margin < float(exact.median()) / 10
    assert (exact - quick).abs().quantile(0.9) < steady.margin / 30


def test_a_large_call_is_as_quick_as_float32(loaded: dict[str, Model], monkeypatch: pytest.MonkeyPatch) -> None:
    again: list[int] = []
    writer = loaded["midinet-v2"].writer
    assert isinstance(writer, MidinetWriter)
    assert writer._decide.margin > 0
    exact = writer._decide._exact

    def spy(inputs: Inputs) -> tuple[torch.Tensor, torch.Tensor]:
        again.append(len(inputs["latent"]))
        return exact(inputs)

    monkeypatch.setattr(writer._decide, "_exact", spy)
    loaded["midinet-v2"].generate(4, num=256)
    assert sum(again) < 0.1 * 4 * 256


def test_threads_and_torchs_own_seed_do_not_matter(loaded: dict[str, Model]) -> None:
    threads = torch.get_num_threads()
    torch.manual_seed(1)
    before = [midi_bytes(score) for score in loaded["bar"].generate(4, num=8)]
    torch.manual_seed(2)
    torch.set_num_threads(2 if threads == 1 else 1)
    try:
        assert [midi_bytes(score) for score in loaded["bar"].generate(4, num=8)] == before
    finally:
        torch.set_num_threads(threads)


@pytest.mark.parametrize("bars", [1, 2, 13])
def test_chains_of_any_length(bars: int, loaded: dict[str, Model]) -> None:
    for preset in PRESETS:
        score = loaded[preset].generate(bars)[0]
        bar_ticks = 4 * score.ticks_per_beat
        assert (bars - 1) * bar_ticks < score.end <= bars * bar_ticks
        assert len(score.chords) in {0, bars}


def test_a_longer_song_begins_like_a_shorter_one(loaded: dict[str, Model]) -> None:
    short, long = (loaded["midinet-v2"].generate(bars, seed=3)[0] for bars in (2, 5))
    begun = long.tracks[0].notes["start"] < 2 * 4 * short.ticks_per_beat
    np.testing.assert_array_equal(long.tracks[0].notes["start"][begun], short.tracks[0].notes["start"])
    np.testing.assert_array_equal(long.tracks[0].notes["pitch"][begun], short.tracks[0].notes["pitch"])


def test_each_bar_follows_the_one_before(loaded: dict[str, Model], monkeypatch: pytest.MonkeyPatch) -> None:
    heard, written = [], []
    write = MidinetWriter.write

    def spy(self: object, chances: object, previous: np.ndarray, *rest: object) -> np.ndarray:
        heard.append(previous.copy())
        bars: np.ndarray = write(self, chances, previous, *rest)  # type: ignore[arg-type]
        written.append(bars)
        return bars

    monkeypatch.setattr(MidinetWriter, "write", spy)
    loaded["midinet-v2"].generate(4)
    for before, after in zip(written, heard[1:], strict=False):
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("preset", ["bar", "midinet-v3"])
def test_chords_are_kept_and_accompanied(preset: str, loaded: dict[str, Model]) -> None:
    score = loaded[preset].generate(5, chords="C G Am7")[0]
    bar = 4 * score.ticks_per_beat
    assert score.chords == ((0, "C"), (bar, "G"), (2 * bar, "Am7"), (3 * bar, "C"), (4 * bar, "G"))
    accompaniment = score.tracks[1].notes
    third_bar = accompaniment[(accompaniment["start"] >= 2 * bar) & (accompaniment["start"] < 3 * bar)]
    assert set(third_bar["pitch"] % 12) == {9, 0, 4, 7}


def test_chords_change_what_is_written(loaded: dict[str, Model]) -> None:
    pitches = [loaded["bar"].generate(8, chords=chords)[0].tracks[0].notes["pitch"] for chords in ("C", "F#m")]
    assert pitches[0].tolist() != pitches[1].tolist()


def test_a_bar_without_chord(loaded: dict[str, Model]) -> None:
    score = loaded["bar"].generate(2, chords="N C")[0]
    assert [symbol for _, symbol in score.chords] == ["C"]
    assert score.tracks[1].notes["start"].min() == 4 * score.ticks_per_beat


def test_progressions_are_drawn_in_the_key(loaded: dict[str, Model]) -> None:
    common = loaded["bar"].generate(4, num=6, key="D minor", progression="common")
    assert {score.chords[0][1] for score in common} == {"Dm"}
    scores = loaded["bar"].generate(4, num=6, key="D minor")
    assert {score.chords[-1][1] for score in scores} <= {"Dm", "D"}
    assert {(int(row["sharps"]), bool(row["minor"])) for score in scores for row in score.key_signatures} == {
        (-1, True)
    }
    assert len({score.chords for score in scores}) > 1
    keys = {tuple(score.key_signatures.tolist()) for score in loaded["bar"].generate(1, num=12)}
    assert len(keys) > 3


@pytest.mark.parametrize(
    ("symbol", "code"),
    [("C", 0), ("Am", 21), ("F#m7", 18), ("Bb7", 10), ("Bdim", 23), ("Gaug", 7), ("Gsus4", 24), ("G5", 24), ("N", 24)],
)
def test_nearest_triads(symbol: str, code: int) -> None:
    assert triad_code(parse_chord(symbol)) == code


def test_tempo_and_patterns(loaded: dict[str, Model]) -> None:
    slow, fast = (loaded["bar"].generate(2, tempo=tempo)[0] for tempo in (60, 120))
    assert slow.duration_seconds == pytest.approx(2 * fast.duration_seconds)
    assert len(loaded["bar"].generate(2, accompaniment=None)[0].tracks) == 1
    strokes = [len(loaded["bar"].generate(4, accompaniment=name, chords="C")[0].tracks[1].notes) for name in ("1", "5")]
    assert strokes == [12, 36]


def test_the_paper_bar_takes_two_seconds(loaded: dict[str, Model]) -> None:
    assert loaded["midinet-v1"].generate(3)[0].duration_seconds == pytest.approx(6.0)


def test_texts_say_where_a_song_comes_from(loaded: dict[str, Model]) -> None:
    texts = [text for _, text in loaded["bar"].generate(1, seed=4, num=2)[1].texts]
    assert texts == [f"generator: antiphon {antiphon.__version__}", "model: bar (bar)", "seed: 5", "licence: MIT"]


def test_temperature(loaded: dict[str, Model]) -> None:
    greedy = [loaded["bar"].generate(1, seed=seed, temperature=0, chords="C")[0] for seed in range(3)]
    assert len({score.tracks[0].notes.tobytes() for score in greedy}) == 1
    wild = [loaded["bar"].generate(1, seed=seed, temperature=2, chords="C")[0] for seed in range(3)]
    assert len({score.tracks[0].notes.tobytes() for score in wild}) == 3


@pytest.mark.parametrize("preset", ["bar", "midinet-v2", "midinet-v3"])
def test_first_bar_from_a_file(preset: str, loaded: dict[str, Model], tmp_path: Path) -> None:
    first = song(1)
    write_midi(first, tmp_path / "first.mid")
    codec = loaded[preset].config.codec
    heard = loaded[preset]._openings(tmp_path / "first.mid", read_midi(tmp_path / "first.mid"))[0]
    if preset == "bar":
        np.testing.assert_array_equal(heard, codec.encode(first)["real"][-1])
    else:
        last = first.tracks[0].notes
        np.testing.assert_array_equal(heard[-2:], [last["pitch"][-1]] * 2)
    from_file, from_score = (
        loaded[preset].generate(2, seed=1, first=source)[0] for source in (tmp_path / "first.mid", first)
    )
    assert midi_bytes(from_file) == midi_bytes(from_score)
    if preset != "bar":
        # An untrained `bar` hardly hears; the paper's networks do.
        assert midi_bytes(from_file) != midi_bytes(loaded[preset].generate(2, seed=1)[0])


def test_a_short_first_file_will_do(loaded: dict[str, Model]) -> None:
    short = song(1, bars=1)
    assert loaded["midinet-v2"].generate(1, first=short)[0].num_notes > 0


def test_first_without_a_bar(loaded: dict[str, Model]) -> None:
    silent = replace(song(1), tracks=())
    for preset in ("bar", "midinet-v2"):
        with pytest.raises(InputError, match="no bar that this model can follow"):
            loaded[preset].generate(1, first=silent)


def openings(model: Model, monkeypatch: pytest.MonkeyPatch, **options: object) -> list[list[int]]:
    """What the first bars of eight songs follow."""
    plans: list[Plan] = []
    compose = Model._compose

    def spy(self: Model, given: list[Plan], *rest: Any) -> Any:
        plans.extend(given)
        return compose(self, given, *rest)

    monkeypatch.setattr(Model, "_compose", spy)
    model.generate(1, num=8, **options)  # type: ignore[arg-type]
    return [plan.opening.tolist() for plan in plans]


def test_held_out_bars_open_a_song(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = torch.arange(60, 64, dtype=torch.uint8)[:, None].repeat(1, 16)
    carrying = load(model(tmp_path / "m.safetensors", "midinet-v2", **{"held_out.real": held}))
    drawn = openings(carrying, monkeypatch)
    assert all(opening in held.tolist() for opening in drawn)
    assert len({tuple(opening) for opening in drawn}) > 1
    assert openings(carrying, monkeypatch, first=song(1))[0] not in held.tolist()


def test_without_held_out_bars_one_held_note_opens(loaded: dict[str, Model], monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = openings(loaded["midinet-v2"], monkeypatch)
    assert all(len(set(opening)) == 1 and 60 <= opening[0] <= 83 for opening in drawn)
    assert len({tuple(opening) for opening in drawn}) > 3
    with pytest.raises(InputError, match="carries no held-out bars"):
        loaded["midinet-v2"].generate(1, first="held-out")


def test_bar_opens_from_silence_unless_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = {"held_out.real": torch.full((3, 16), 1, dtype=torch.uint8)}
    carrying = load(model(tmp_path / "m.safetensors", "bar", **held))
    assert openings(carrying, monkeypatch) == [[REST] * 16] * 8
    assert openings(carrying, monkeypatch, first="held-out") == [[1] * 16] * 8


@pytest.mark.parametrize(
    ("preset", "options", "words"),
    [
        ("midinet-v1", {"first": "x.mid"}, "does not hear the bar before; bar, midinet-v2"),
        ("midinet-v2", {"chords": "C G"}, "hears no chords; bar, lstm and midinet-v3"),
        ("midinet-v2", {"key": "A minor"}, "key: the model"),
        ("midinet-v2", {"accompaniment": "3"}, "accompaniment: the model"),
        ("midinet-v3", {"temperature": 0.5}, "bar and lstm models do"),
        ("bar", {"chords": "C H"}, "'H'"),
        ("bar", {"chords": " "}, "no chord symbol"),
        ("bar", {"key": "Z minor"}, "'Z minor'"),
        ("bar", {"accompaniment": "waltz"}, "'waltz'"),
        ("bar", {"bars": 0}, "bars = 0"),
        ("bar", {"num": 0}, "num = 0"),
        ("bar", {"seed": -1}, "seed = -1"),
        ("bar", {"tempo": 0}, "tempo = 0"),
        ("bar", {"tempo": float("nan")}, "tempo = nan"),
        ("bar", {"temperature": -1}, "temperature = -1"),
        ("bar", {"first": "absent.mid"}, "absent.mid"),
    ],
)
def test_what_cannot_be_honoured(preset: str, options: dict[str, object], words: str, loaded: dict[str, Model]) -> None:
    with pytest.raises(InputError, match=words):
        loaded[preset].generate(**options)  # type: ignore[arg-type]


def test_models_that_are_none(models: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = models["bar"].read_bytes()
    (tmp_path / "cut.safetensors").write_bytes(whole[:2000])
    torch.save({"state_dict": {}}, tmp_path / "pickle.safetensors")
    for name, words in [
        ("bra", "no"),
        ("absent.safetensors", "cannot be read"),
        (str(tmp_path / "cut.safetensors"), "truncated"),
        (str(tmp_path / "pickle.safetensors"), "pickle"),
        (str(tmp_path), "a folder"),
    ]:
        with pytest.raises(InputError, match=words):
            load(name)
    monkeypatch.setattr("antiphon.model_files._reaches_hub", lambda: False)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    with pytest.raises(InputError, match=r"somebody/something.*no network"):
        load("somebody/something")


def test_a_card_that_does_not_fit_its_weights(models: dict[str, Path], tmp_path: Path) -> None:
    from antiphon.training.checkpoint import load_model, save_model

    card, _ = load_model(models["midinet-v2"])
    _, state = load_model(models["midinet-v3"])
    save_model(tmp_path / "mixed.safetensors", state, card)
    with pytest.raises(InputError, match="here; use the preset"):
        load(tmp_path / "mixed.safetensors")
    save_model(tmp_path / "odd.safetensors", state, {**card, "family": {"kind": "midinet", "latent_dim": -1}})
    with pytest.raises(InputError, match=r"its card.*latent_dim"):
        load(tmp_path / "odd.safetensors")


@pytest.mark.parametrize(
    ("preset", "held"),
    [
        ("bar", torch.full((4, 16), 26, dtype=torch.uint8)),
        ("midinet-v2", torch.full((4, 16), 128, dtype=torch.uint8)),
        ("bar", torch.zeros(64, 5, dtype=torch.uint8)),
        ("bar", torch.zeros(16, dtype=torch.uint8)),
        ("bar", torch.zeros(4, 16, dtype=torch.bfloat16)),
    ],
)
def test_held_out_bars_that_are_none(preset: str, held: torch.Tensor, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"m\.safetensors: held_out\.real"):
        load(model(tmp_path / "m.safetensors", preset, **{"held_out.real": held}))


def test_a_card_of_no_networks(models: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from antiphon.families.bar.config import BarConfig
    from antiphon.training.checkpoint import load_model, save_model

    card, state = load_model(models["bar"])
    for change, told in [
        ({"hidden_dim": 20}, r"but \(.*\) here"),
        ({"hidden_dim": 10**8}, "hidden_dim"),
        ({"dropout": 5.0}, "dropout"),
    ]:
        save_model(tmp_path / "odd.safetensors", state, {**card, "family": card["family"] | change})
        with pytest.raises(InputError, match=rf"odd\.safetensors: .*{told}"):
            load(tmp_path / "odd.safetensors")

    def overflow(config: BarConfig) -> object:
        raise RuntimeError("Storage size calculation overflowed")

    monkeypatch.setattr(BarConfig, "build", overflow)
    with pytest.raises(InputError, match=r"bar\.safetensors: its card describes no networks \(Storage size"):
        load(models["bar"])


def test_weights_that_are_not_finite(models: dict[str, Path], tmp_path: Path) -> None:
    from antiphon.training.checkpoint import load_model, save_model

    card, state = load_model(models["bar"])
    name = next(iter(state))
    save_model(tmp_path / "odd.safetensors", {**state, name: state[name] * float("nan")}, card)
    with pytest.raises(InputError, match=rf"odd\.safetensors: the weights '{name}' are not all finite"):
        load(tmp_path / "odd.safetensors")


def test_a_hub_id_is_fetched(models: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    asked: list[tuple[str, str]] = []

    def fetch(repo: str, name: str, **options: object) -> str:
        asked.append((repo, name))
        return str(models["bar"])

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", fetch)
    fetched = load("somebody/something")
    assert asked == [("somebody/something", "model.safetensors")]
    assert fetched.name == "somebody/something"


def test_the_networks_themselves_stay_as_trained(loaded: dict[str, Model]) -> None:
    one = loaded["midinet-v2"]
    assert not one.objective.training
    assert {weight.dtype for weight in one.objective.parameters()} == {torch.float32}
    sample = one.objective.sample(2, {"previous": torch.full((2, 16), 60, dtype=torch.uint8)})
    assert sample.shape == (2, 16)
    assert one.codec == one.config.codec


def test_sections_come_back(loaded: dict[str, Model]) -> None:
    (score,) = loaded["bar"].generate(form="ABA'", section_bars=4, seed=2, chords="C G Am F")
    notes, bar = score.tracks[0].notes, 4 * score.ticks_per_beat
    first, back = (
        [(int(row["start"]) - begin, int(row["pitch"])) for row in notes if begin <= row["start"] < begin + 3 * bar]
        for begin in (0, 8 * bar)
    )
    assert first == back
    assert score.texts[-1] == (0, "form: ABA', sections of 4 bars")
    assert len(score.chords) == 12


def test_songs_of_four_bars_and_more_have_forms_unless_not_wanted(loaded: dict[str, Model]) -> None:
    told = [text for _, text in loaded["bar"].generate(4)[0].texts + loaded["bar"].generate(3)[0].texts]
    assert sum(text.startswith("form: ") for text in told) == 1
    plain = loaded["bar"].generate(8, form="none")[0]
    assert not any(text.startswith("form: ") for _, text in plain.texts)
    shorter = loaded["bar"].generate(4, form="none")[0]
    assert plain.chords[:4] == shorter.chords
    assert loaded["midinet-v3"].generate(8, form="none")[0].num_notes


@pytest.mark.parametrize("options", [{"form": "AA'BA"}, {"form": "none", "density": "high"}, {"bars": 8}])
def test_songs_by_a_script_depend_on_their_seed_alone(
    options: dict[str, Any], loaded: dict[str, Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [midi_bytes(score) for score in loaded["bar"].generate(**options, num=3, seed=4)]
    assert len(set(many)) == 3
    assert midi_bytes(loaded["bar"].generate(**options, seed=5)[0]) == many[1]
    monkeypatch.setattr("antiphon.generate._MOST_BARS_AT_ONCE", 1)
    assert [midi_bytes(score) for score in loaded["bar"].generate(**options, num=3, seed=4)] == many


def test_wishes_change_what_is_written(loaded: dict[str, Model]) -> None:
    counts = [loaded["bar"].generate(8, num=4, density=notes, chords="C") for notes in (2, 12)]
    few, many = (sum(len(score.tracks[0].notes) for score in scores) for scores in counts)
    assert few < many
    registers = [loaded["bar"].generate(8, num=4, register=name, chords="C") for name in ("low", "high")]
    low, high = (np.concatenate([s.tracks[0].notes["pitch"] for s in scores]).mean() for scores in registers)
    assert low + 3 < high


def test_a_key_beside_chords_is_the_key_of_the_song(loaded: dict[str, Model]) -> None:
    (score,) = loaded["bar"].generate(4, chords="C G", key="A dorian")
    assert [symbol for _, symbol in score.chords] == ["C", "G", "C", "G"]
    assert [(int(row["sharps"]), bool(row["minor"])) for row in score.key_signatures] == [(0, True)]


@pytest.mark.parametrize(
    ("preset", "options", "words"),
    [
        ("midinet-v3", {"form": "AABA"}, "form: the model .* writes no sections; bar and lstm models do"),
        ("midinet-v2", {"density": "low"}, "density: the model"),
        ("midinet-v1", {"register": "G4"}, "register: the model"),
        ("bar", {"form": "AA1"}, "'1' is no section"),
        ("bar", {"form": "AABA", "bars": 30}, "bars = 30"),
        ("bar", {"section_bars": 4}, "sections are those of a form"),
        ("bar", {"section_bars": 0, "form": "A"}, "section_bars = 0"),
        ("bar", {"section_bars": 9000, "form": "AA"}, "bars = 18000"),
        ("bar", {"density": "x"}, "density 'x'"),
        ("bar", {"register": "x"}, "register 'x'"),
        ("bar", {"chords": "C X7"}, "'X7'.*root from A to G"),
        ("bar", {"key": "A dorian"}, "progressions are known in major and minor"),
    ],
)
def test_forms_and_wishes_that_cannot_be_honoured(
    preset: str, options: dict[str, Any], words: str, loaded: dict[str, Model]
) -> None:
    with pytest.raises(InputError, match=words):
        loaded[preset].generate(**options)
