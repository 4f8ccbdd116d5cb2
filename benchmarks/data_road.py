"""Images per second of the data road alone: from files or the store to batches, no network.

    python benchmarks/data_road.py ROOT [--size 128]

Each line is a process of its own, so that its peak memory is its own: that of the process and of
its largest worker. The first epoch includes finding, decoding and, with the store, writing it.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from crackseg.config.schema import DataConfig
from crackseg.data.datamodule import CrackDataModule
from crackseg.system.runtime import prepare_process


def main() -> None:
    """Prints a table, or measures one line of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=Path)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--workers", type=int)
    parser.add_argument("--store", choices=("true", "false"), default="true")
    parser.add_argument("--augment", choices=("true", "false"), default="true")
    options = parser.parse_args()
    if options.workers is not None:
        measure(options)
        return
    print("size  store  augment  workers  ready (s)  first epoch  later epochs  peak memory")
    for store in ("true", "false"):
        for augment in ("false", "true"):
            for workers in (0, 1, 2):
                chosen = ["--store", store, "--augment", augment, "--workers", str(workers)]
                line = [str(options.root), "--size", str(options.size), *chosen]
                subprocess.run([sys.executable, __file__, *line], check=True)


def measure(options: argparse.Namespace) -> None:
    """Three epochs of training batches with a cache of their own."""
    prepare_process()
    with tempfile.TemporaryDirectory() as cache:
        config = DataConfig(
            name="crackseg9k",
            root=str(options.root),
            image_size=options.size,
            num_workers=options.workers,
            store=options.store == "true",
            augment=options.augment == "true",
            cache=cache,
        )
        began = time.perf_counter()
        datamodule = CrackDataModule(config)
        datamodule.setup()
        ready = time.perf_counter() - began
        loader = datamodule.train_dataloader()
        rates = []
        for _ in range(3):
            began = time.perf_counter()
            images = sum(len(batch["image"]) for batch in loader)
            rates.append(images / (time.perf_counter() - began))
        own, child = (
            resource.getrusage(who).ru_maxrss / 1024
            for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        )
        print(
            f"{options.size:4}  {options.store:5}  {options.augment:7}  {options.workers:7}  "
            f"{ready:9.1f}  {rates[0]:9.0f}/s  {max(rates[1:]):10.0f}/s  {own + child:8.0f} MB",
            flush=True,
        )


if __name__ == "__main__":
    main()
