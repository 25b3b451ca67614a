"""Guests who log in by coupon: on the router, in the log, and what they are told when it does not work."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from reference_impl.guests import attempts
from router_sim.faults import Fault
from tests.reference_impl.bench import FIRST, SECOND, Bench
from tests.reference_impl.conftest import OTHER_SITE, SITE, UNKNOWN, refused
from tests.reference_impl.guest_bench import (
    IP,
    MAC,
    OTHER_IP,
    OTHER_MAC,
    WANTED,
    Outline,
    Visitor,
    alert,
    connected,
    coupon,
    open_house,
)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    bench = Bench(tmp_path)
    async with bench.fleet, bench.service():
        yield bench


def online(bench: Bench) -> list[str]:
    bench.router.tick()
    return [row["address"] for row in bench.rows("/ip/hotspot/active")]


async def valid(bench: Bench, instance: str) -> list[str]:
    answer = await bench.api.send("GET", f"/instances/{instance}/coupons")
    return [each["code"] for each in answer.json()]


async def no_doubt(bench: Bench) -> None:
    """Wait until the service knows whom it has admitted."""
    async with asyncio.timeout(20):
        await bench.api.app.state.service.doubts.settled()


async def test_a_coupon_admits_and_is_used_up(bench: Bench) -> None:
    instance = await open_house(bench, session_ttl=1200)
    code = await coupon(bench, instance)
    visitor = Visitor(bench.api, instance)
    answer = await visitor.redeem(f" {code[:3].lower()}-{code[3:]} ")
    page = await connected(visitor, answer)
    [link] = page.find("a")
    assert (link["href"], link["rel"]) == (WANTED, "noreferrer")
    assert "Continue to site.example" in page.text
    assert online(bench) == [IP]
    assert await valid(bench, instance) == []

    again = Visitor(bench.api, instance, ip=OTHER_IP, mac=OTHER_MAC)
    answer = await again.redeem(code)
    assert answer.status_code == 400
    assert "already been used" in alert(answer)
    assert online(bench) == [IP]

    bench.clock.turn(seconds=1200)
    assert online(bench) == []
    answer = await visitor.redeem(code)
    assert "already been used" in alert(answer)


async def test_refused_codes_are_told_apart_and_tied_to_their_field(bench: Bench) -> None:
    instance = await open_house(bench)
    expired, foreign = await coupon(bench, instance, 1), await coupon(bench, await bench.create(SECOND))
    bench.clock.turn(minutes=1)
    visitor = Visitor(bench.api, instance)
    for code, words in (
        ("", "Enter your access code"),
        ("  ", "Enter your access code"),
        ("ZZZZZZ", "no such code"),
        ('"><b>\0', "no such code"),
        (foreign, "no such code"),
        (expired, "has expired"),
    ):
        answer = await visitor.redeem(code)
        assert answer.status_code == 400
        assert words in alert(answer)
        page = Outline(answer.text)
        [field] = page.find("input", name="code")
        assert field["value"] == code
        assert field["aria-invalid"] == "true"
        assert page.find("p", id="code-error", role="alert")
        assert str(field["aria-describedby"]).split()[0] == "code-error"
        assert page.find("b") == []
    assert online(bench) == []


async def test_an_expiry_after_the_login_changes_nothing(bench: Bench) -> None:
    instance = await open_house(bench, session_ttl=1200)
    visitor = Visitor(bench.api, instance)
    await connected(visitor, await visitor.redeem(await coupon(bench, instance, 1)))
    bench.clock.turn(seconds=1199)
    assert online(bench) == [IP]
    bench.clock.turn(seconds=1)
    assert online(bench) == []


async def test_terms_have_to_be_accepted(bench: Bench) -> None:
    instance = await open_house(bench)
    await bench.put(instance, sites=FIRST, terms_text="No <spam>")
    code = await coupon(bench, instance)
    visitor = Visitor(bench.api, instance)
    [box] = Outline((await visitor.arrive()).text).find("input", type="checkbox")
    assert "required" in box
    answer = await visitor.redeem(code)
    assert answer.status_code == 400
    assert alert(answer) == "Accept the terms of use to go on."
    page = Outline(answer.text)
    assert page.find("input", name="code")[0]["value"] == code
    assert page.find("input", type="checkbox")[0]["aria-describedby"] == "terms-error"
    assert online(bench) == []
    await connected(visitor, await visitor.redeem(code, terms="accepted"))


@pytest.mark.parametrize(
    "where",
    [
        {"ip": "10.5.50.77"},
        {"ip": "10.5.51.9"},
        {"mac": OTHER_MAC},
        {"mac": "nonsense"},
        {"site": OTHER_SITE},
    ],
)
async def test_who_is_not_there_uses_no_coupon_up(bench: Bench, where: dict[str, str]) -> None:
    instance = await open_house(bench)
    code = await coupon(bench, instance)
    stranger = Visitor(bench.api, instance, **where)
    answer = await stranger.http.post(stranger.url, data={"code": code})
    assert answer.status_code == 400
    assert "does not see your device" in alert(answer)
    assert online(bench) == []
    assert await valid(bench, instance) == [code]


async def test_a_silent_router_uses_no_coupon_up(bench: Bench) -> None:
    instance = await open_house(bench)
    code = await coupon(bench, instance)
    visitor = Visitor(bench.api, instance)
    bench.fleet.faults.add(Fault(kind="drop_before", path="/ip/hotspot/host/print", count=2))
    answer = await visitor.redeem(code)
    assert answer.status_code == 503
    assert "does not answer" in alert(answer)
    [field] = Outline(answer.text).find("input", name="code")
    assert field["value"] == code
    assert bench.fleet.faults.active() == []
    await no_doubt(bench)
    assert await valid(bench, instance) == [code]
    await connected(visitor, await visitor.redeem(code))
    assert online(bench) == [IP]


# What the router does after the login that it has carried out: it loses the reply, and falls silent for a while.
SILENCE = (
    Fault(kind="drop_after", path="/ip/hotspot/active/login", count=1),
    Fault(kind="drop_before", path="*/print", skip=3, count=6),
)


async def test_a_login_nobody_heard_of_admits_one_guest(bench: Bench) -> None:
    instance = await open_house(bench)
    code = await coupon(bench, instance)
    visitor, other = Visitor(bench.api, instance), Visitor(bench.api, instance, ip=OTHER_IP, mac=OTHER_MAC)
    for fault in SILENCE:
        bench.fleet.faults.add(fault)
    assert (await visitor.redeem(code)).status_code == 503
    assert online(bench) == [IP]
    assert "already been used" in alert(await other.redeem(code))
    bench.fleet.faults.clear()
    await no_doubt(bench)
    assert online(bench) == [IP]
    assert await valid(bench, instance) == []
    assert "already been used" in alert(await other.redeem(code))
    [user] = (await bench.api.send("GET", f"/site-users/{SITE}")).json()
    assert (user["ip_address"], user["active"], user["authenticated_at"]) == (
        IP,
        True,
        "2026-01-02T03:04:05Z",
    )


async def test_the_guest_in_doubt_may_try_again(bench: Bench) -> None:
    instance = await open_house(bench)
    code, second = await coupon(bench, instance), await coupon(bench, instance)
    visitor = Visitor(bench.api, instance)
    for fault in SILENCE:
        bench.fleet.faults.add(fault)
    assert (await visitor.redeem(code)).status_code == 503
    assert "already been used" in alert(await Visitor(bench.api, instance, ip="10.5.50.12").redeem(code))
    bench.fleet.faults.clear()
    await connected(visitor, await visitor.redeem(code.lower()))
    await no_doubt(bench)
    assert online(bench) == [IP]
    assert await valid(bench, instance) == [second]
    assert len((await bench.api.send("GET", f"/site-users/{SITE}")).json()) == 1


async def test_a_doubt_ends_with_the_session_there_may_be(bench: Bench) -> None:
    instance = await open_house(bench, session_ttl=1200)
    code = await coupon(bench, instance, minutes=600)
    visitor = Visitor(bench.api, instance)
    bench.fleet.faults.add(Fault(kind="drop_before", path="*/print", count=100_000))
    assert (await visitor.redeem(code)).status_code == 503
    assert await valid(bench, instance) == []
    bench.clock.turn(seconds=1201)
    await no_doubt(bench)
    assert await valid(bench, instance) == [code]


async def test_two_guests_at_once_with_one_coupon(bench: Bench) -> None:
    instance = await open_house(bench)
    code = await coupon(bench, instance)
    visitors = [Visitor(bench.api, instance), Visitor(bench.api, instance, ip=OTHER_IP, mac=OTHER_MAC)]
    answers = await asyncio.gather(*(visitor.redeem(code) for visitor in visitors))
    assert sorted(answer.status_code for answer in answers) == [303, 400]
    assert len(online(bench)) == 1


async def test_an_impatient_guest_is_let_in_once_and_told_so_each_time(bench: Bench) -> None:
    instance = await open_house(bench)
    codes = [await coupon(bench, instance) for _ in range(3)]
    visitor = Visitor(bench.api, instance)
    clicks = [codes[0]] * 3 + codes[1:]
    answers = await asyncio.gather(*(visitor.redeem(code) for code in clicks))
    assert [answer.status_code for answer in answers] == [303] * 5
    assert online(bench) == [IP]
    assert len(await valid(bench, instance)) == 2


async def test_a_database_that_fails_is_asked_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    instance = await open_house(bench)
    code = await coupon(bench, instance)
    store = bench.api.app.state.service.coupons
    give_back, failures = store.give_back, iter([OSError("disk full")])

    async def failing_once(coupon_id: str) -> None:
        for error in failures:
            raise error
        await give_back(coupon_id)

    monkeypatch.setattr(store, "give_back", failing_once)
    bench.fleet.faults.add(Fault(kind="drop_before", path="/ip/hotspot/host/print", count=2))
    assert (await Visitor(bench.api, instance).redeem(code)).status_code == 503
    await no_doubt(bench)
    assert await valid(bench, instance) == [code]


async def test_who_is_in_uses_no_second_coupon_up(bench: Bench) -> None:
    instance = await open_house(bench)
    first, second = await coupon(bench, instance), await coupon(bench, instance)
    visitor = Visitor(bench.api, instance)
    for code in (first, first, second):
        await connected(visitor, await visitor.redeem(code))
    assert await valid(bench, instance) == [second]
    # The log says so still, but the router knows better.
    bench.operate("/ip/hotspot/active/remove", numbers=bench.rows("/ip/hotspot/active")[0][".id"])
    assert "already been used" in alert(await visitor.redeem(first))
    await connected(visitor, await visitor.redeem(second))
    assert online(bench) == [IP]


async def test_guessing_is_slowed(bench: Bench) -> None:
    instance = await open_house(bench)
    code = await coupon(bench, instance)
    visitor = Visitor(bench.api, instance)
    for _ in range(attempts.FAILURES):
        assert (await visitor.redeem("ZZZZZZ")).status_code == 400
    answer = await visitor.redeem(code)
    assert answer.status_code == 429
    assert f"Wait {answer.headers['retry-after']} seconds" in alert(answer)
    assert 0 < int(answer.headers["retry-after"]) <= 61
    other = Visitor(bench.api, instance, ip=OTHER_IP, mac=OTHER_MAC)
    await connected(other, await other.redeem(await coupon(bench, instance)))
    bench.clock.turn(seconds=60)
    await connected(visitor, await visitor.redeem(code))


async def test_a_crowd_of_made_up_guests_learns_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "CROWD", 3)
    instance = await open_house(bench)
    code = await coupon(bench, instance)
    for number in range(3):
        made_up = Visitor(bench.api, instance, ip=f"10.5.50.{100 + number}")
        await made_up.redeem("ZZZZZZ")
    made_up = Visitor(bench.api, instance, ip="10.5.50.200")
    told = {alert(await made_up.redeem(guess)) for guess in ("ZZZZZZ", code)}
    assert len(told) == 1
    assert "does not see your device" in told.pop()
    visitor = Visitor(bench.api, instance)
    assert "no such code" in alert(await visitor.redeem("ZZZZZZ"))
    await connected(visitor, await visitor.redeem(code))


async def test_only_addresses_of_the_web_become_links(bench: Bench) -> None:
    instance = await open_house(bench)
    visitor = Visitor(bench.api, instance, wanted="javascript:alert(1)")
    page = await connected(visitor, await visitor.redeem(await coupon(bench, instance)))
    assert page.find("a") == []
    forged = f"/captive/portal/{instance}/connected?to=http://evil.example/"
    assert Outline((await visitor.http.get(forged)).text).find("a") == []


async def test_bodies_that_are_no_form(bench: Bench) -> None:
    instance = await open_house(bench)
    path = f"/portal/{instance}?site={SITE}&ip={IP}&mac={MAC}"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    refused(await bench.api.send("POST", path, json={"code": "ZZZZZZ"}), 415)
    refused(await bench.api.send("POST", path, content=b"code=" + b"x" * 70000, headers=form), 413)
    refused(await bench.api.send("POST", path, content="code=é".encode(), headers=form), 400)
    refused(await bench.api.send("POST", path, content=b"&".join([b"a=b"] * 70), headers=form), 400)
    refused(await bench.api.send("POST", f"/portal/{UNKNOWN}", content=b"code=x", headers=form), 404)
    answer = await bench.api.send("POST", path, content=b"code=%FF%00", headers=form)
    assert answer.status_code == 400
    assert "no such code" in alert(answer)
