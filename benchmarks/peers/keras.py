"""Keras on TensorFlow: the report's topology, trained by ``fit`` over ``tf.data``."""

import os
import time
from pathlib import Path
from typing import Any

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from benchmarks.clock import images_per_second
from benchmarks.process import since_start
from benchmarks.settings import WEIGHTS, files_of


def build() -> keras.Model:
    """The report's network, compiled."""
    image = features = layers.Input((None, None, 3))
    skips = []
    for filters in (16, 32, 64, 128):
        features = layers.Conv2D(filters, 3, padding="same")(features)
        features = _normalised(features)
        skips.append(features)
        features = layers.MaxPooling2D()(features)
    for filters, skip in zip((128, 64, 32, 1), reversed(skips), strict=True):
        features = layers.Conv2DTranspose(filters, 2, strides=2)(features)
        features = _normalised(layers.Concatenate()([features, skip]))
    model = keras.Model(image, layers.Conv2D(1, 1, activation="sigmoid")(features))
    assert sum(int(np.prod(one.shape)) for one in model.trainable_weights) == WEIGHTS["report"]
    model.compile(
        keras.optimizers.Adam(1e-3, weight_decay=1e-4),
        keras.losses.BinaryCrossentropy(),
        metrics=[keras.metrics.BinaryIoU([1], 0.5)],
    )
    return model


def _normalised(features: Any) -> Any:
    return layers.LeakyReLU(negative_slope=0.1)(layers.BatchNormalization()(features))


class Ends(keras.callbacks.Callback):
    """Notes when batches and epochs end."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[float] = []
        self.epochs: list[float] = []
        self.first = 0.0

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Notes the time."""
        self.first = self.first or since_start()
        self.batches.append(time.perf_counter())

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Notes the time."""
        self.epochs.append(time.perf_counter())


class Until(keras.callbacks.Callback):
    """Ends a training some seconds after its first batch, and after two at least."""

    def __init__(self, ends: Ends, seconds: float) -> None:
        super().__init__()
        self.ends, self.seconds = ends, seconds

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Ends it if it is time."""
        ends = self.ends.batches
        if len(ends) > 1 and ends[-1] - ends[0] > self.seconds:
            self.model.stop_training = True


def step(network: str, size: int, batch: int, seconds: float) -> dict[str, float]:
    """Times training steps, see :mod:`benchmarks.peers`."""
    images = np.random.default_rng(0).random((batch, size, size, 3), np.float32)
    masks = (images[..., :1] < 0.05).astype(np.float32)
    batches = tf.data.Dataset.from_tensors((images, masks)).repeat()
    ends = Ends()
    until = Until(ends, seconds)
    build().fit(batches, steps_per_epoch=10_000, verbose=0, callbacks=[ends, until])
    return {"first step": ends.first, "images/s": batch / float(np.median(np.diff(ends.batches)))}


def from_files(
    network: str, size: int, batch: int, epochs: int, folder: str, output: str
) -> dict[str, float]:
    """Times epochs, see :mod:`benchmarks.peers`."""
    train, val = (_batches(Path(folder), one, size, batch) for one in ("train", "val"))
    ends = Ends()
    best = f"{output}.weights.h5"
    kept = keras.callbacks.ModelCheckpoint(best, save_best_only=True, save_weights_only=True)
    build().fit(train, validation_data=val, epochs=epochs, verbose=0, callbacks=[kept, ends])
    return images_per_second(ends.epochs, len(files_of(Path(folder), "train")))


def _batches(folder: Path, subset: str, size: int, batch: int) -> tf.data.Dataset:
    pairs = files_of(folder, subset)
    paths = tuple([str(pair[which]) for pair in pairs] for which in (0, 1))
    files = tf.data.Dataset.from_tensor_slices(paths)
    if subset == "train":
        files = files.shuffle(len(pairs))

    def read(photograph: Any, mask: Any) -> tuple[Any, Any]:
        image, crack = (
            tf.image.resize(
                tf.io.decode_image(tf.io.read_file(path), channels, expand_animations=False),
                (size, size),
            )
            for path, channels in ((photograph, 3), (mask, 1))
        )
        return image / 255, tf.cast(crack > 127, tf.float32)

    read_files = files.map(read, num_parallel_calls=tf.data.AUTOTUNE)
    return read_files.batch(batch).prefetch(tf.data.AUTOTUNE)
