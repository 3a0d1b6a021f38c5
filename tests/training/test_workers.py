"""Workers find each other before TensorFlow waits for them, and who is missing or wrong is named."""

import json
import socket
import threading
import time

import pytest

from deeplab_tf.training.workers import WorkerLost, Workers, is_follower, listed_workers, meet, needed_workers

RUN = {"batch_size": 8, "labels": ("a", "b")}


def tf_config(number=0, cluster=None, kind="worker"):
    cluster = {"worker": ["a:1", "b:2"]} if cluster is None else cluster
    return json.dumps({"cluster": cluster, "task": {"type": kind, "index": number}})


@pytest.fixture
def three() -> list[Workers]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    tasks = tuple(("worker", number, f"127.0.0.1:{port + number}") for number in range(3))
    return [Workers(tasks, number) for number in range(3)]


def met(workers, minutes=0.2, run=RUN):
    """What each of some workers comes to: None, or what it raises."""
    results = {}

    def one(each):
        try:
            meet(each, run if each.number != 2 else {**run, **other}, minutes)
        except (ValueError, WorkerLost) as error:
            results[each.number] = error
        else:
            results[each.number] = None

    other = {} if run is RUN else {"batch_size": 16}
    threads = [threading.Thread(target=one, args=(each,)) for each in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def said_to(chief, what):
    """Connects to a chief once it listens, says something, and is gone."""
    for _ in range(100):
        try:
            with socket.create_connection(("127.0.0.1", int(chief.tasks[0][2].rpartition(":")[2]))) as gone:
                gone.sendall(what)
            return
        except OSError:
            time.sleep(0.02)
    raise AssertionError("nobody listens")


def test_the_list_is_read(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    assert listed_workers() is None
    monkeypatch.setenv("TF_CONFIG", tf_config(1))
    assert (listed_workers().name(1), listed_workers().number, listed_workers().chief) == ("worker 1 (b:2)", 1, False)
    monkeypatch.setenv("TF_CONFIG", tf_config(0, {"worker": ["b:2"], "chief": ["a:1"]}))
    assert (listed_workers().number, listed_workers().name(0)) == (1, "chief 0 (a:1)")


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        tf_config(2),
        tf_config(0, {"worker": ["a"]}),
        tf_config(0, {"worker": ["a:99999"]}),
        tf_config(0, {"worker": ["a:1", "a:1"]}),
        tf_config(0, {"worker": ["a:1"], "ps": ["b:2"]}),
        tf_config(0, kind="evaluator"),
    ],
)
def test_a_wrong_list_is_shown(monkeypatch, text):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(ValueError, match="TF_CONFIG must list the workers") as caught:
        listed_workers()
    assert repr(text) in str(caught.value)


def test_without_a_list_the_remedy_is_told(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    with pytest.raises(ValueError, match="needs TF_CONFIG, which is not set.*strategy='mirrored'"):
        needed_workers()


def test_who_follows(monkeypatch, config):
    several = config.replace(strategy="multi_worker")
    monkeypatch.setenv("TF_CONFIG", tf_config(1))
    assert is_follower(lambda: several)
    # Clusters may set the variable for programs that do not ask for it.
    assert not is_follower(lambda: config)
    monkeypatch.setenv("TF_CONFIG", tf_config(0))
    assert not is_follower(lambda: several)


def test_all_go_on_once_all_are_there(three):
    results = {}
    chief = threading.Thread(target=lambda: results.update(met(three[:1])))
    chief.start()
    # Whoever looks whether the port is open says nothing.
    said_to(three[0], b"")
    results |= met(three[1:])
    chief.join()
    assert results == {0: None, 1: None, 2: None}


def test_who_does_not_come_is_named_to_all(three):
    found = met(three[:2], minutes=0.02)
    assert found.keys() == {0, 1}
    for error in found.values():
        assert isinstance(error, WorkerLost)
        assert str(error).startswith(f"{three[0].name(2)} did not come within 0.02 minutes (wait_minutes).")


def test_a_chief_that_does_not_come_is_named(three):
    found = met(three[1:], minutes=0.02)
    assert [str(error).split(" did")[0] for error in found.values()] == [three[0].name(0)] * 2


def test_a_worker_that_is_gone_again_is_waited_for(three):
    results = {}
    chief = threading.Thread(target=lambda: results.update(met(three[:1], minutes=0.04)))
    chief.start()
    said_to(three[0], json.dumps({"worker": 1, "run": RUN}).encode() + b"\n")
    results |= met(three[2:], minutes=0.04)
    chief.join()
    assert str(results[0]).startswith(three[0].name(1))


def test_another_run_is_refused_by_all(three):
    found = met(three, run=dict(RUN))
    for error in found.values():
        assert isinstance(error, ValueError)
        assert f"{three[0].name(2)} was started for another run: batch_size is 16 there and 8 here" in str(error)


def test_lists_that_differ_are_found(three):
    """On one host the list has the worker's address of before."""
    other = Workers((*three[0].tasks[:2], ("worker", 2, "old:1")), 1)
    found = met([three[0], other, three[2]])
    for error in found.values():
        assert isinstance(error, ValueError)
        assert f"{three[0].name(1)} was started for another run: TF_CONFIG is ['worker 127" in str(error)
    assert Workers(three[0].tasks[:2], 0).name(2) == "worker 2, which is not in the list here,"


def test_a_number_that_several_processes_have_is_named(three):
    found = met([three[0], three[1], three[1]], minutes=0.02)
    said = f"Several processes say that they are {three[0].name(1)}."
    assert str(found[0]).startswith(three[0].name(2))
    assert str(found[0]).endswith(said)


def test_the_lost_worker_is_named():
    first = Workers((("worker", 0, "a:1"), ("worker", 1, "b:2")), 0)
    op = "{{function_node __wrapped__CollectiveReduceV2_device_/job:worker/replica:0/task:0/device:CPU:0}} "
    said = f"{op}The following tasks are unhealthy (stopped sending heartbeats):\n/job:worker/replica:0/task:1\n"
    assert str(first.lost(said)).startswith(
        "worker 0 (a:1) lost worker 1 (b:2), which ended or cannot be reached. Start"
    )
    assert "worker 0 (a:1) was not heard for too long" in str(first.lost(op))
    assert first.lost(said).exit_code == 75
