#!/usr/bin/env bash
# The shipped model `lstm`, from the embedded lieder to the model file, and its table: twenty minutes of two cores.
set -euo pipefail
cd "$(dirname "$0")/.."
run=${1:-runs/lstm}
.venv/bin/antiphon train lstm lieder --run "$run"
.venv/bin/antiphon publish "$run" "$run/lstm.safetensors"
.venv/bin/python -m recipes.calibrate_lstm "$run/lstm.safetensors" src/antiphon/models/lstm.safetensors
# What the table holds beside it; leave out what you do not want to wait for.
mkdir -p runs/lstm_table
for preset in ${PRESETS:-lstm-likelihood lstm-gan lstm-gan-as-published}; do
    .venv/bin/antiphon train "$preset" lieder --run "runs/$preset"
    .venv/bin/antiphon publish "runs/$preset" "runs/lstm_table/$preset.safetensors"
done
.venv/bin/python -m benchmarks lstm_table
