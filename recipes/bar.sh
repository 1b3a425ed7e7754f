#!/usr/bin/env bash
# The shipped model `bar`, from embedded corpora to the model file, and what stands in its table beside it.
# bash recipes/bar.sh [RUNS]; SEEDS="0 1 2" for more training seeds. Twelve minutes of two cores a seed.
set -euo pipefail
cd "$(dirname "$0")/.."
export OMP_NUM_THREADS=1
runs=${1:-runs}
mkdir -p "$runs/bar_table"
for seed in ${SEEDS:-0}; do
    start=$runs/bar-start-$seed
    .venv/bin/antiphon train bar-start quartets --run "$start" "train.seed=$seed"
    .venv/bin/antiphon publish "$start" "$start.safetensors"
    pids=()
    for preset in bar bar-likelihood; do
        (
            .venv/bin/antiphon train "$preset" lieder --run "$runs/$preset-$seed" --from "$start.safetensors" "train.seed=$seed"
            .venv/bin/antiphon publish "$runs/$preset-$seed" "$runs/bar_table/$preset-$seed.safetensors"
        ) &
        pids+=($!)
    done
    for pid in "${pids[@]}"; do wait "$pid"; done
done
# The pure GAN, the paper's preset and the released code's, which begin from nothing: twenty minutes more.
for preset in ${OTHERS:-bar-gan midinet-v3 midinet-v3-as-published}; do
    .venv/bin/antiphon train "$preset" lieder --run "$runs/$preset-0"
    .venv/bin/antiphon publish "$runs/$preset-0" "$runs/bar_table/$preset-0.safetensors"
done
cp "$runs/bar_table/bar-${SHIP:-0}.safetensors" src/antiphon/models/bar.safetensors
.venv/bin/python -m benchmarks bar_table
