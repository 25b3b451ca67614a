"""Mutants of login windows, and of the sign-in at a provider that they are for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from reference_impl.guests import callback, sign_in
from reference_impl.guests.pages import Trouble
from reference_impl.provisioning import desired as wishes
from reference_impl.provisioning import sessions as admissions
from reference_impl.provisioning.desired import Claim, Portal
from reference_impl.provisioning.device import Device
from reference_impl.provisioning.menus import (
    WALLED_GARDEN_IP,
    Item,
    Operation,
)
from reference_impl.provisioning.sessions import GuestSessions
from tests.quality.mutants_guests import commands
from tests.quality.mutants_routers import (
    Apply,
    of,
    when_a_server_comes,
)
from tests.quality.mutants_stage import Mutant, Stage, replaces

# Providers.


def _without_list(item: Item) -> Item:
    kept = {name: value for name, value in item.properties.items() if name != "src-address-list"}
    return replace(item, properties=kept)


def _providers_for_all(stage: Stage) -> None:
    """The hosts of all providers are open to guests who hand in coupons."""

    def opened(claim: Claim, portal: Portal) -> Iterator[dict[str, str]]:
        yield from original(claim, portal)
        if claim.provider is None:
            for hosts in portal.provider_hosts.values():
                for host in hosts:
                    yield {"comment": f"portal-contract:{claim.instance_id}", "dst-host": host}

    original = stage.patch(wishes, "_open_to", opened)


async def _providers_for_web_pages(device: Device) -> None:
    for host in ("accounts.google.com", "login.microsoftonline.com", "github.com"):
        await device.connection.call("/ip/hotspot/walled-garden/add", "=action=allow", f"=dst-host={host}")


def _everybody_on_the_list(stage: Stage) -> None:
    """The list of a login window names everybody from the beginning."""

    async def carry_out(self: Device, operation: Operation) -> None:
        await original(self, operation)
        name = operation.properties.get("src-address-list")
        if operation.verb == "add" and name and name not in done:
            done.add(name)
            words = (f"=list={name}", "=address=10.0.0.0/8")
            await self.connection.call("/ip/firewall/address-list/add", *words)

    done: set[str] = set()
    original = stage.patch(Device, "apply", carry_out)


def _windows(**words: str | None) -> Apply:
    """A login window is opened with other words; None leaves one out."""

    def change(command: str, given: tuple[str, ...]) -> tuple[str, ...]:
        if command != "/ip/firewall/address-list/add" or not any("=pc-window-" in word for word in given):
            return given
        kept = [word for word in given if word[1:].partition("=")[0] not in words]
        return (*kept, *(f"={name}={value}" for name, value in words.items() if value is not None))

    return commands(change)


async def _no_window(self: GuestSessions, site_id: str, instance_id: str, ip: str, seconds: int) -> None:
    """No window is opened."""


def _window_to_everything(stage: Stage) -> None:
    """While a guest logs in, a binding lets it everywhere."""

    async def opened(self: GuestSessions, site_id: str, instance_id: str, ip: str, seconds: int) -> None:
        await original(self, site_id, instance_id, ip, seconds)

        async def action(desk: Any) -> None:
            await desk.connection.call("/ip/hotspot/ip-binding/add", "=type=bypassed", f"=address={ip}")

        await self._at(site_id, action)

    original = stage.patch(GuestSessions, "open_window", opened)


def _reopened_for_others(stage: Stage) -> None:
    """A login window is opened for the neighbours of the guest as well."""

    async def opened(self: GuestSessions, site_id: str, instance_id: str, ip: str, seconds: int) -> None:
        for guest in await self.guests(site_id):
            if guest.instance == instance_id[:8]:
                await original(self, site_id, instance_id, guest.ip, seconds)

    original = stage.patch(GuestSessions, "open_window", opened)


# Signing in.


def _identifying(make: Callable[[Any], Any]) -> Apply:
    """The answer of a provider is looked at otherwise."""
    return replaces(callback, "_identified", make)


def _whatever_comes_back(original: Any) -> Any:
    """Who comes back from the provider was there, whatever it says."""

    async def identified(*args: Any) -> str:
        try:
            return str(await original(*args))
        except Trouble:
            return "somebody"

    return identified


def _code_not_looked_at(original: Any) -> Any:
    """A code is enough; nobody asks the provider about it."""

    async def identified(request: Any, *args: Any) -> str:
        if request.query_params.get("code"):
            return "somebody"
        return str(await original(request, *args))

    return identified


def _declined_is_no_error(original: Any) -> Any:
    """An answer of the provider without a code lets in, as if it had none to ask for."""

    async def identified(request: Any, *args: Any) -> str:
        if not request.query_params.get("code"):
            return "somebody"
        return str(await original(request, *args))

    return identified


def _wrong_verifier(original: Any) -> Any:
    async def identity_of(service: Any, integration: Any, provider: Any, code: str, verifier: str) -> str:
        return str(await original(service, integration, provider, code, verifier[::-1]))

    return identity_of


def _other_profile_of(kind: str) -> Callable[[Any], Any]:
    """The profile of one kind of provider is read as that of another, which names users otherwise."""

    def make(original: Any) -> Any:
        def identity(profile: object, provider: Any) -> str | None:
            asked = replace(provider, identity=("userPrincipalName",)) if provider.type == kind else provider
            found: str | None = original(profile, asked)
            return found

        return identity

    return make


async def _nobody(*args: Any) -> None:
    """Nobody is let in."""


MUTANTS: tuple[Mutant, ...] = (
    Mutant("providers open for coupons", "device-wrong", "DEV-COUPON-01", _providers_for_all),
    Mutant(
        "providers open for web pages",
        "device-wrong",
        "DEV-COUPON-01",
        when_a_server_comes(_providers_for_web_pages),
    ),
    Mutant(
        "providers open without a window",
        "device-wrong",
        "DEV-WINDOW-01",
        of(WALLED_GARDEN_IP, _without_list),
    ),
    Mutant("everybody has a window", "device-wrong", "DEV-WINDOW-01", _everybody_on_the_list),
    Mutant(
        "no window is opened",
        "guest",
        "GUEST-OAUTH-01",
        replaces(GuestSessions, "open_window", lambda original: _no_window),
    ),
    Mutant(
        "a window on a list of another name",
        "guest",
        "GUEST-OAUTH-01",
        replaces(admissions, "window_list", lambda original: lambda each: original(each)[:-1]),
    ),
    Mutant(
        "the code is exchanged with another verifier",
        "guest",
        "GUEST-OAUTH-01",
        replaces(callback, "identity_of", _wrong_verifier),
    ),
    Mutant(
        "one kind of profile is misread",
        "guest",
        "GUEST-OAUTH-01",
        replaces(sign_in, "_identity", _other_profile_of("azure")),
    ),
    Mutant(
        "the browser does not keep its secret",
        "guest",
        "GUEST-OAUTH-01",
        replaces(sign_in, "cookie_path", lambda original: lambda service: "/somewhere/else"),
    ),
    Mutant(
        "who signed in is not let in",
        "guest",
        "GUEST-OAUTH-01",
        replaces(callback, "admit", lambda original: _nobody),
    ),
    Mutant("a window to everything", "guest", "GUEST-OAUTH-02", _window_to_everything),
    Mutant("whoever comes back is let in", "guest", "GUEST-OAUTH-02", _identifying(_whatever_comes_back)),
    Mutant("any code is good", "guest", "GUEST-OAUTH-02", _identifying(_code_not_looked_at)),
    Mutant("who declined is let in", "guest", "GUEST-OAUTH-02", _identifying(_declined_is_no_error)),
    Mutant("a window for the subnet", "guest", "GUEST-OAUTH-03", _windows(address="10.5.50.0/24")),
    Mutant("a window for all who are there", "guest", "GUEST-OAUTH-03", _reopened_for_others),
    Mutant("a window of a minute", "guest", "GUEST-OAUTH-04", _windows(timeout="1m")),
    Mutant("a window without end", "guest", "GUEST-OAUTH-05", _windows(timeout=None)),
    Mutant("a window of five minutes, always", "guest", "GUEST-OAUTH-05", _windows(timeout="5m")),
)
