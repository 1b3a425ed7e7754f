#!/usr/bin/env bash
# The shipped model `piano-small`, from embedded corpora to the model file, its baselines, and what they come to.
# bash recipes/piano.sh [RUNS]. Seventy minutes of one core, the baseline as much again.
set -euo pipefail
cd "$(dirname "$0")/.."
export OMP_NUM_THREADS=1
runs=${1:-runs}
.venv/bin/antiphon train piano-start lieder --run "$runs/piano-start"
.venv/bin/antiphon publish "$runs/piano-start" "$runs/piano-start.safetensors"
.venv/bin/antiphon train piano-small giantmidi --run "$runs/piano-small" --from "$runs/piano-start.safetensors"
.venv/bin/antiphon publish "$runs/piano-small" src/antiphon/models/piano-small.safetensors
.venv/bin/antiphon train piano-lstm giantmidi --run "$runs/piano-lstm"
.venv/bin/antiphon publish "$runs/piano-lstm" "$runs/piano-lstm.safetensors"
for model in piano-small "$runs/piano-lstm.safetensors" 5-gram; do
    .venv/bin/antiphon likelihood "$model" giantmidi
done
