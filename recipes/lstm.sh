#!/usr/bin/env bash
# The shipped model `lstm`, from the embedded lieder to the model file: twenty minutes; then its table.
set -euo pipefail
cd "$(dirname "$0")/.."
run=${1:-runs/lstm}
# The game of the preset `lstm` did not beat its likelihood twin (docs/lstm.md).
.venv/bin/antiphon train lstm-likelihood lieder --run "$run"
.venv/bin/antiphon publish "$run" "$run/lstm.safetensors"
.venv/bin/python -m recipes.calibrate_lstm "$run/lstm.safetensors" src/antiphon/models/lstm.safetensors
# What the table holds beside it; leave out what you do not want to wait for.
mkdir -p runs/lstm_table
.venv/bin/antiphon train lstm lieder --run runs/lstm-game
.venv/bin/antiphon publish runs/lstm-game runs/lstm-game/lstm-game.safetensors
.venv/bin/python -m recipes.calibrate_lstm runs/lstm-game/lstm-game.safetensors runs/lstm_table/lstm-game.safetensors
for preset in lstm-gan lstm-gan-as-published; do
    .venv/bin/antiphon train "$preset" lieder --run "runs/$preset"
    .venv/bin/antiphon publish "runs/$preset" "runs/lstm_table/$preset.safetensors"
done
.venv/bin/python -m benchmarks lstm_table
