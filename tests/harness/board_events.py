"""What TensorBoard reads in a folder."""

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def events_of(folder) -> dict[str, list]:
    """The events under each name, by their step.

    TensorBoard takes the files of a folder by their names, in which a second is the shortest time.
    """
    board = EventAccumulator(str(folder), size_guidance={"tensors": 0}).Reload()
    return {tag: sorted(board.Tensors(tag), key=lambda event: event.step) for tag in board.Tags()["tensors"]}


def steps_of(folder, name="loss") -> list[int]:
    """The steps at which it has a value."""
    return [event.step for event in events_of(folder)[name]]
