#!/usr/bin/env bash
# The shipped model `lstm`, from the embedded lieder to the model file, and what stands in its table beside it.
# bash recipes/lstm.sh [RUNS]; SEEDS="0 1 2" for more training seeds. Twenty minutes of one core a seed.
set -euo pipefail
cd "$(dirname "$0")/.."
export OMP_NUM_THREADS=1
runs=${1:-runs}
mkdir -p "$runs/lstm_table"
# The game of the preset `lstm` did not beat its likelihood twin (docs/lstm.md).
for seed in ${SEEDS:-0}; do
    .venv/bin/antiphon train lstm-likelihood lieder --run "$runs/lstm-$seed" "train.seed=$seed"
    .venv/bin/antiphon publish "$runs/lstm-$seed" "$runs/lstm-$seed.safetensors"
    .venv/bin/python -m recipes.calibrate_lstm "$runs/lstm-$seed.safetensors" "$runs/lstm_table/lstm-$seed.safetensors"
done
# The game, the paper's preset and the released code's; OTHERS="" leaves them out.
for preset in ${OTHERS-lstm lstm-gan lstm-gan-as-published}; do
    .venv/bin/antiphon train "$preset" lieder --run "$runs/$preset-game"
    .venv/bin/antiphon publish "$runs/$preset-game" "$runs/lstm_table/$preset-game-0.safetensors"
    if [ "$preset" = lstm ]; then
        .venv/bin/python -m recipes.calibrate_lstm "$runs/lstm_table/lstm-game-0.safetensors" "$runs/lstm_table/lstm-game-0.safetensors"
    fi
done
cp "$runs/lstm_table/lstm-${SHIP:-0}.safetensors" src/antiphon/models/lstm.safetensors
.venv/bin/python -m benchmarks lstm_table
