"""The probes, put to the simulator, and what comes of comparing two transcripts."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from router_sim.chr.command import chr_command
from router_sim.chr.prober import probe_router
from router_sim.chr.probes import PROBES, Say
from router_sim.chr.simulated import simulated_subject
from router_sim.chr.transcript import Entry, Mask, Transcript, compare


async def transcript_of(version: str) -> Transcript:
    async with simulated_subject(version) as (subject, router):
        before = router.snapshot()
        found = await probe_router(subject)
        after = router.snapshot()
    for menu in (
        "/ip/hotspot",
        "/ip/hotspot/user",
        "/ip/hotspot/profile",
        "/ip/firewall/address-list",
        "/ip/pool",
    ):
        assert after[menu] == before[menu], f"the probes left something in {menu}"
    return found


async def test_the_simulator_answers_every_probe_it_can_and_is_left_as_it_was() -> None:
    first, again = await transcript_of("7.22.3"), await transcript_of("7.22.3")
    assert compare(first, again) == []
    assert first.to_ndjson() == again.to_ndjson()
    assert Transcript.from_ndjson(first.to_ndjson()) == first
    put = {entry.probe for entry in first.entries}
    assert put | set(first.left_out) == {probe.number for probe in PROBES}
    assert "10.5.50" not in first.to_ndjson()


async def test_versions_answer_differently_where_they_are_known_to() -> None:
    old, new = await transcript_of("7.16"), await transcript_of("7.22.3")
    found = compare(old, new)
    assert (2, 1) in {(each.probe, each.step) for each in found}  # `!empty` came with 7.18
    assert any("!empty" in line for each in found for line in each.lines())


def test_every_probe_has_a_question_and_numbers_count_on() -> None:
    assert [probe.number for probe in PROBES] == list(range(1, 16))
    for probe in PROBES:
        assert probe.question.endswith("?")
        made = [step for step in probe.steps if isinstance(step, Say) and step.words[0].endswith("/add")]
        assert probe.cleanup or not [step for step in made if step.keep and "remove" not in str(probe.steps)]


def test_what_differs_between_laboratories_is_masked() -> None:
    mask = Mask({"address": "10.5.50.1", "guest": "10.5.50.10"})
    words = ["!re", "=.id=*1F", "=address=10.5.50.10", "=uptime=3s", "=comment=10.5.50.1 and 10.5.50.100"]
    assert mask.sentence(words) == [
        "!re", "=.id=*", "=address={guest}", "=uptime=~", "=comment={address} and 10.5.50.100",
    ]  # fmt: skip
    assert mask.value([{"uptime": "1s", "name": "*A"}]) == [{"uptime": "~", "name": "*"}]


def test_a_file_that_is_no_transcript_is_refused_by_line() -> None:
    good = Transcript({"version": "7"}, (Entry(1, 1, "/x", (["!done"],)),), {12: "why"}).to_ndjson()
    for text, line in (("", "empty"), ("{}\n", "line 1"), (good + "[]\n", "line 3")):
        with pytest.raises(ValueError, match=line):
            Transcript.from_ndjson(text)


def test_the_command_probes_and_compares(tmp_path: Path) -> None:
    runner, file = CliRunner(), tmp_path / "sim.ndjson"
    made = runner.invoke(chr_command, ["--probe", "--only", "2", "--transcript", str(file)])
    assert made.exit_code == 0, made.output
    assert json.loads(file.read_text("utf-8").splitlines()[0])["about"]["version"].startswith("7.22.3")
    same = runner.invoke(chr_command, ["--probe", "--only", "2", "--compare", str(file)])
    assert same.exit_code == 0, same.output
    assert "0 of" in same.output
    other = runner.invoke(
        chr_command, ["--probe", "--only", "2", "--version", "7.16", "--compare", str(file)]
    )
    assert other.exit_code == 1
    assert "probe 2, step 1: /ip/firewall/address-list/print" in other.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--image: give the path"),
        (["--image", "x", "--router", "y"], "give one of them"),
        (["--probe", "--router", "y"], "--interface and --router-address"),
        (["--probe", "--only", "99"], "there is no probe 99"),
        (["--probe", "--version", "seven"], "'seven' is no RouterOS version"),
        (["--probe", "--compare", "/nowhere/at/all"], "--compare: /nowhere"),
        (["--image", "nowhere.img"], "is no file"),
    ],
)
def test_wrong_use_is_explained(arguments: list[str], message: str) -> None:
    found = CliRunner().invoke(chr_command, arguments)
    assert found.exit_code == 2
    assert message in found.output
