"""Turns of workers: side by side, or one alone."""

from __future__ import annotations

import multiprocessing
from multiprocessing.connection import Connection
from pathlib import Path

from contract_tests.turns import Turns


def _worker(path: Path, alone: bool, pipe: Connection) -> None:
    pipe.send("waiting")
    with Turns(path).turn(alone=alone):
        pipe.send("inside")
        pipe.recv()
    pipe.send("out")


def _started(path: Path, *, alone: bool) -> tuple[multiprocessing.process.BaseProcess, Connection]:
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_worker, args=(path, alone, theirs), daemon=True)
    process.start()
    assert ours.recv() == "waiting"
    return process, ours


def test_one_alone_waits_for_the_others_and_they_for_it(tmp_path: Path) -> None:
    path = tmp_path / "turns"
    turns = Turns(path)
    with turns.turn(alone=False):
        beside, beside_pipe = _started(path, alone=False)
        assert beside_pipe.recv() == "inside"  # two at once
        single, single_pipe = _started(path, alone=True)
        assert not single_pipe.poll(0.1)
    beside_pipe.send("go on")
    assert beside_pipe.recv() == "out"
    assert single_pipe.recv() == "inside"
    late, late_pipe = _started(path, alone=False)
    assert not late_pipe.poll(0.1)
    single.kill()  # a worker that dies keeps nobody waiting
    assert late_pipe.recv() == "inside"
    late_pipe.send("go on")
    for process in (beside, single, late):
        process.join(10)
