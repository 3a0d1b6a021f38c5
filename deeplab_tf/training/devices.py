"""Which devices share the steps of a run: those that are asked for, or why they cannot be had."""

from __future__ import annotations

import atexit
import contextlib
import faulthandler
import gc
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import tensorflow as tf

from deeplab_tf.training.strategy import OneDevice, SeveralDevices
from deeplab_tf.training.workers import losses_named, meet, needed_workers

if TYPE_CHECKING:
    from deeplab_tf.training.config import TrainConfig


@contextlib.contextmanager
def devices_of(config: TrainConfig, run: Mapping[str, Any]) -> Iterator[OneDevice]:
    """Where a run's steps are done; to be asked for before TensorFlow has done anything.

    Args:
        config: The settings; `strategy`, `devices` and `wait_minutes` count here.
        run: What must be the same for all workers, JSON-ready.

    Raises:
        ValueError: If there are not the devices that are asked for, TF_CONFIG is not set or wrong, or TensorFlow has
            begun already.
        WorkerLost: If a worker does not come; and from the block, if one is lost.
    """
    if config.strategy != "multi_worker":
        yield devices_here(config.strategy, config.devices, config.batch_size)
    else:
        workers = needed_workers()
        meet(workers, run, config.wait_minutes)
        with losses_named(workers):
            yield SeveralDevices(_multi_worker(config.wait_minutes), config.batch_size, workers)


def devices_here(strategy: str, count: int | None, batch_size: int) -> OneDevice:
    """Where the steps are done that are all done in this process.

    Args:
        strategy: `one` or `mirrored`.
        count: Devices of `mirrored`, all GPUs when left out.
        batch_size: Images a step, of all devices.

    Raises:
        ValueError: As for `devices_of`, and if the devices cannot share the batch evenly.
    """
    if strategy == "one":
        return OneDevice()
    return SeveralDevices(tf.distribute.MirroredStrategy(_local_devices(count)), batch_size)


def _local_devices(count: int | None) -> list[str]:
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        if count is not None and count > len(gpus):
            raise ValueError(f"devices must be at most {len(gpus)}, the GPUs that TensorFlow sees; received {count}.")
        return [f"GPU:{number}" for number in range(count or len(gpus))]
    if count is None:
        raise ValueError(
            "strategy='mirrored' found no GPU. Take strategy='one', or give devices=2 to train on two parts of the CPU."
        )
    cpu = tf.config.list_physical_devices("CPU")[0]
    with contextlib.suppress(RuntimeError):
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * count)
    if len(tf.config.list_logical_devices("CPU")) < count:
        raise ValueError(
            f"TensorFlow has begun in this process with one CPU device; {count} are asked for. Train in a new process."
        )
    return [f"CPU:{number}" for number in range(count)]


def _multi_worker(minutes: float) -> tf.distribute.Strategy:
    # The strategy's threads, in objects that refer to each other, must not be left for the end of Python: by then they
    # cannot be ended any more, and a traceback would follow the last line of what went wrong.
    atexit.register(gc.collect)
    # All were there a moment ago. Where one is gone again TensorFlow waits for an hour, in which Python does not run.
    faulthandler.dump_traceback_later(60 * minutes, exit=True, file=sys.__stderr__)
    before = signal.getsignal(signal.SIGTERM)
    try:
        return tf.distribute.MultiWorkerMirroredStrategy()
    except RuntimeError as error:
        raise ValueError(f"TensorFlow has begun in this process already: {error} Train in a new process.") from error
    finally:
        faulthandler.cancel_dump_traceback_later()
        # TensorFlow has taken the signal for a notice of preemption, which nobody asks it for.
        if before is not None and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)
