"""The command itself: what the library logs is shown, and it runs as a module."""

import logging
import subprocess
import sys

import click
import pytest

from deeplab_tf import progress
from deeplab_tf.cli import main
from deeplab_tf.cli.group import cli


@pytest.fixture
def speaking(monkeypatch):
    """A command that logs on three levels."""

    def speak():
        logger = logging.getLogger("deeplab_tf.training")
        logger.debug("a detail")
        logger.info("step %d of 3", 2)
        logger.warning("Little memory.")

    monkeypatch.setitem(cli.commands, "speak", click.Command("speak", callback=speak))
    return ["speak"]


def test_the_log_is_shown_as_plain_lines(speaking, capsys):
    for _ in range(2):
        assert main(speaking) == 0
        said = capsys.readouterr()
        assert said.err == "step 2 of 3\nWarning: Little memory.\n"
        assert said.out == ""


def test_the_log_is_shown_once_whatever_hangs_on_the_root(speaking, caplog, capsys):
    assert main(speaking) == 0
    assert "step 2 of 3" in capsys.readouterr().err
    assert not caplog.messages
    logging.getLogger("deeplab_tf").warning("afterwards")
    assert caplog.messages == ["afterwards"]


def test_the_library_stays_quiet_otherwise(speaking):
    logger = logging.getLogger("deeplab_tf")
    before = (logger.level, list(logger.handlers))
    assert main(speaking) == 0
    assert (logger.level, list(logger.handlers)) == before


@pytest.mark.parametrize("flag, shown", [("--progress", True), ("--no-progress", False)])
def test_progress_is_switched_for_one_command(monkeypatch, capsys, flag, shown):
    tell = click.Command("tell", callback=lambda: click.echo(progress.is_shown()))
    monkeypatch.setitem(cli.commands, "tell", tell)
    before = progress.is_shown()
    assert main([flag, "tell"]) == 0
    assert capsys.readouterr().out == f"{shown}\n"
    assert progress.is_shown() == before


def failing(monkeypatch, error):
    def fail():
        raise error

    monkeypatch.setitem(cli.commands, "fail", click.Command("fail", callback=fail))
    return ["fail"]


@pytest.mark.parametrize("error", [TypeError("NoneType has no\nlength"), RuntimeError()])
def test_a_fault_of_the_program_is_one_line_too(monkeypatch, capsys, error):
    assert main(failing(monkeypatch, error)) == 70
    said = capsys.readouterr().err
    assert said.startswith(f"Error: {type(error).__name__}: ")
    assert said.count("\n") == 1
    assert "please report it with what --debug shows" in said
    assert main(["--debug", *failing(monkeypatch, error)]) == 70
    assert "Traceback" in capsys.readouterr().err


def test_names_that_are_no_text_can_be_printed(monkeypatch, capsys):
    monkeypatch.setitem(cli.commands, "say", click.Command("say", callback=lambda: click.echo("caf\udce9.jpg")))
    assert main(["say"]) == 0
    assert capsys.readouterr().out == "caf\\udce9.jpg\n"


def test_a_reader_that_goes_away_is_no_error():
    command = [sys.executable, "-m", "deeplab_tf", "convert", "--help"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""


def test_runs_as_a_module_without_waiting_for_tensorflow():
    done = subprocess.run([sys.executable, "-m", "deeplab_tf", "--help"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("Usage: deeplab-tf ")
    assert done.stderr == ""
