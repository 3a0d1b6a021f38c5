"""What TensorBoard reads in a folder."""

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def steps_of(folder, name="loss") -> list[int]:
    """The steps at which it has a value."""
    events = EventAccumulator(str(folder), size_guidance={"tensors": 0}).Reload()
    return [event.step for event in events.Tensors(name)]
