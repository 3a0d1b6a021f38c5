"""What is told of the machine is what the system tells."""

import pytest

from deeplab_tf.evaluation.speed import machine

AMD = """processor\t: 0
model name\t: AMD EPYC 7B13
flags\t\t: fpu sse2 fma avx avx2 sha_ni

processor\t: 1
model name\t: another
flags\t\t: avx512f
"""
ARM = "processor\t: 0\nBogoMIPS\t: 108.00\nFeatures\t: fp asimd evtstrm asimddp\n\nModel\t\t: Raspberry Pi 5\n"


@pytest.mark.parametrize(
    "text, sets, name", [(AMD, ("fma", "avx", "avx2"), "AMD EPYC 7B13"), (ARM, ("asimd", "asimddp"), None)]
)
def test_processor_and_instruction_sets(tmp_path, monkeypatch, text, sets, name):
    (tmp_path / "cpuinfo").write_text(text)
    monkeypatch.setattr(machine, "CPUINFO", tmp_path / "cpuinfo")
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    found = machine.this_machine(3)
    assert found.instruction_sets == sets
    assert name is None or found.processor == name
    assert "threads: 3, TensorFlow 2." in str(found)
    assert str(found).endswith("TF_ENABLE_ONEDNN_OPTS=0")


def test_a_system_that_tells_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "CPUINFO", tmp_path / "none")
    assert "instruction sets unknown" in str(machine.this_machine(1))


def test_threads():
    assert machine.use_threads(None) >= 1
    with pytest.raises(ValueError, match="threads must be"):
        machine.use_threads(0)
