"""Exports: their form, and that importing one gives what was exported."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from router_sim.clock import VirtualClock
from router_sim.differences import compare
from router_sim.engine import Command, Trap
from router_sim.export import export
from router_sim.router import Router
from router_sim.script import ScriptError, parse, quoted, script, text_of
from router_sim.seed import lab_router
from router_sim.snapshots import snapshot_of
from router_sim.statements import Selector, Statement, run
from tests.router_sim.configurations import LEFT_ALONE, ORIGIN, configured, fresh, scripts, snapshot
from tests.router_sim.conftest import START

CLOCK = VirtualClock(START, monotonic=lambda: 0.0)


def exported(router: Router, *, verbose: bool = False, show_sensitive: bool = True) -> str:
    return export(
        snapshot_of(router),
        snapshot_of(Router(name="u", clock=CLOCK, version=router.version)),
        router.menus,
        verbose=verbose,
        show_sensitive=show_sensitive,
    )


def imported(text: str, router: Router) -> list[str]:
    """Run a script; returns what the router refused."""
    refused = []
    for statement in parse(text):
        try:
            run(statement, router, ORIGIN)
        except Trap as trap:
            refused.append(trap.message)
    return refused


def static(rows: Iterable[Mapping[str, str]]) -> list[dict[str, str]]:
    return [
        {name: value for name, value in row.items() if name != ".id"}
        for row in rows
        if row.get("dynamic") != "true"
    ]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(scripts, st.booleans())
def test_an_export_makes_the_same_of_an_untouched_router(commands: list[Command], verbose: bool) -> None:
    router = configured(commands)
    text = exported(router, verbose=verbose)
    assert text.isascii()
    assert all(len(line) <= 79 for line in text.splitlines())
    other = fresh()
    # A real export has these as well, and a real router refuses them.
    assert set(imported(text, other)) <= ({"failure: can not change builtin list"} if verbose else set())
    wanted, got = snapshot(router), snapshot(other)
    assert compare(got, wanted, router.menus, same_router=False, leave_out=LEFT_ALONE) == []
    for path, menu in router.menus.items():
        if menu.ordered and path in wanted.menus:
            assert static(got.menus[path]) == static(wanted.menus[path])


def test_a_laboratory_router_exports_as_a_real_one_would() -> None:
    router = lab_router("router-1", clock=CLOCK, subnets=("10.5.50.0/24",))
    add(router, "/ip/hotspot/user", name="Zoë $1", comment='says "hi"?\r\n' + "x" * 60, password="a\\b c")
    add(router, "/ip/hotspot/walled-garden", **{"dst-host": "*.example.com", "disabled": "yes"})
    change(router, "/ip/hotspot/profile/set", numbers="default", **{"login-by": "http-pap"})
    change(router, "/ip/service/set", numbers="telnet", disabled="yes")
    text = exported(router)
    assert text.startswith("# 2026-03-01 12:00:00 by RouterOS 7.22.3\n# software id =\n#\n")
    for part in (
        "/interface bridge\nadd comment=guests name=bridge-guest\n",
        "/ip address\nadd address=192.0.2.2/24 comment=uplink interface=ether1 network=192.0.2.0\n",
        'add address=10.5.50.1/24 comment="guests 1" interface=bridge-guest network=\\\n    10.5.50.0\n',
        "/ip dns\nset allow-remote-requests=yes servers=192.0.2.53,198.51.100.53\n",
        "/ip hotspot profile\nset [ find default=yes ] login-by=http-pap\nadd dns-name=login.office.example ",
        "/ip service\nset telnet disabled=yes\n",
        "/ip hotspot\nadd address-pool=pool-office interface=vlan-office name=office-hotspot \\\n",
        " \\\n    profile=office-profile\n",
        f'add comment="says \\"hi\\"\\?\\r\\n{"x" * 48}\\\n    {"x" * 12}" ',
        ' name="Zo\\C3\\AB \\$1" password="a\\\\b c"\n',
        "add disabled=yes dst-host=*.example.com\n",
        "/system identity\nset name=router-1\n",
    ):
        assert part in text
    assert "/user" not in text
    # What is referred to comes before what refers to it.
    order = [
        "\n/interface vlan\n",
        "\n/ip pool\n",
        "\n/ip hotspot profile\n",
        "\n/ip hotspot\n",
        "\n/ip hotspot user\n",
    ]
    assert sorted(order, key=text.index) == order


def test_secrets_are_shown_on_request_alone() -> None:
    router = fresh()
    add(router, "/ip/hotspot/user", name="guest", password="hush")
    assert "add name=guest\n" in exported(router, show_sensitive=False)
    assert "add name=guest password=hush\n" in exported(router)


def test_an_untouched_router_exports_its_header_and_everything_when_asked() -> None:
    assert exported(fresh()).count("\n") == 3
    text = exported(fresh(), verbose=True)
    assert "/ip hotspot service-port\nset ftp disabled=no ports=21\n" in text
    assert '\nset [ find default=yes ] dns-name="" hotspot-address=0.0.0.0 html-directory=\\\n' in text
    assert "!parent-queue !queue-type" in text


def test_the_date_has_the_form_of_the_version() -> None:
    router = Router(name="old", clock=CLOCK, version="6.49.18")
    assert exported(router).startswith("# mar/01/2026 12:00:00 by RouterOS 6.49.18\n")


def test_pools_that_name_each_other_are_set_right_at_the_end() -> None:
    router = fresh()
    add(router, "/ip/pool", name="a", ranges="10.0.0.1-10.0.0.9")
    add(router, "/ip/pool", name="b", ranges="10.0.1.1-10.0.1.9", **{"next-pool": "a"})
    change(router, "/ip/pool/set", numbers="a", **{"next-pool": "b"})
    text = exported(router)
    assert text.endswith(
        "/ip pool\nadd name=a ranges=10.0.0.1-10.0.0.9\nadd name=b next-pool=a ranges=10.0.1.1-10.0.1.9\n"
        "set [ find name=a ] next-pool=b\n"
    )
    other = fresh()
    assert imported(text, other) == []
    assert snapshot(other).menus == snapshot(router).menus


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200) | st.binary(max_size=200))
def test_any_value_survives_being_written_and_read(value: str | bytes) -> None:
    text = value if isinstance(value, str) else value.decode("utf-8", "surrogateescape")
    statements = [
        Statement("/ip/address", "add", {"comment": text, "name": "x"}),
        Statement("/ip/address", "set", {"comment": text}, (), Selector(conditions=(("name", text),))),
    ]
    written = script(statements, {})
    assert written.isascii()
    assert all(len(line) <= 79 for line in written.splitlines())
    assert parse(written) == statements
    assert text_of(text) == "".join(quoted(text))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("add name=x", "line 1: 'add' comes before the first menu"),
        ("/ip address\n\nfrobnicate", "line 3: 'frobnicate' is none of add, move"),
        ("/ip address\nadd name", "line 2: 'name' has no value"),
        ('/ip address\nadd name="x', "line 2: a quoted text does not end"),
        ('/ip address\nadd name="\\q"', r"line 2: \\q is no escape"),
        ("/ip address\nset [ where x=y ] name=z", "line 2: only \\[ find"),
        ("/ip address\nset [ find x ] name=z", "line 2: find: 'x' has no value"),
        ("/ip address\nadd name=\\", "line 2: the script ends in the middle"),
        ('/ip address\nadd na"me=x', "line 2: a quote in the middle of 'na'"),
        ("/ip address\n{", "line 2: '{' is none of"),
    ],
)
def test_what_is_no_script_of_this_form_is_explained(text: str, message: str) -> None:
    with pytest.raises(ScriptError, match=message):
        parse(text)


@given(st.text(alphabet=' ab=/[]"\\\n#!find', max_size=60))
def test_any_text_is_a_script_or_refused(text: str) -> None:
    with contextlib.suppress(ScriptError):
        parse("/ip address\n" + text)


def add(router: Router, menu: str, **values: str) -> None:
    router.execute(Command(f"{menu}/add", values), ORIGIN)


def change(router: Router, path: str, **values: str) -> None:
    router.execute(Command(path, values), ORIGIN)
