"""The options that say which services are served: what they mean, and a real process with all of them."""

from __future__ import annotations

import re
import ssl

import httpx2
import pytest

from router_sim.fleet import ServicePorts
from router_sim.service_options import take_services
from tests.router_sim.test_command import free_port, running


@pytest.mark.parametrize(
    ("given", "ports"),
    [
        ({}, ServicePorts(8728)),
        ({"tls": True}, ServicePorts(8728, 8729)),
        ({"tls": True, "www_ssl_port": 443}, ServicePorts(8728, None, None, 443)),
        ({"tls": True, "api_ssl_port": 0}, ServicePorts(8728, 0)),
        ({"port": 1, "api_ssl_port": 2, "www_port": 3, "www_ssl_port": 4}, ServicePorts(1, 2, 3, 4)),
    ],
)
def test_what_the_options_mean(given: dict[str, int], ports: ServicePorts) -> None:
    nothing = {"port": 8728, "api_ssl_port": None, "www_port": None, "www_ssl_port": None, "tls": False}
    asked = take_services({**nothing, **given})
    assert asked.ports == ports
    assert asked.certificates is given.get("tls", False)


async def test_a_process_with_all_services() -> None:
    control = free_port()
    arguments = (
        "--count", "2", "--address", "127.0.5.21", "--port", "0", "--api-ssl-port", "0", "--www-port", "0",
        "--www-ssl-port", "0", "--tls", "--password", "s", "--control-port", str(control), "--control-token", "t",
    )  # fmt: skip
    async with running(*arguments) as started:
        titles = re.search(r"router +address +port +api-ssl +www +www-ssl +version", started.printed)
        assert titles, started.printed
        found = re.search(r"127\.0\.5\.22 +(\d+) +(\d+) +(\d+) +(\d+)", started.printed)
        assert found, started.printed
        async with httpx2.AsyncClient(trust_env=False) as http:
            headers = {"authorization": "Bearer t"}
            base = f"http://127.0.0.1:{control}/routers"
            (_, second) = (await http.get(base, headers=headers)).json()
            names = ("api", "api-ssl", "www", "www-ssl")
            assert second["services"] == dict(zip(names, map(int, found.groups()), strict=True))
            trusted = (await http.get(f"{base}/router-2/certificate", headers=headers)).text
        context = ssl.create_default_context(cadata=trusted)
        async with httpx2.AsyncClient(verify=context, trust_env=False, auth=("admin", "s")) as http:
            secure = await http.get(f"https://127.0.5.22:{found[4]}/rest/system/identity")
            assert secure.json() == {"name": "router-2"}
            plain = await http.get(f"http://127.0.5.22:{found[3]}/rest/system/identity")
            assert plain.json() == {"name": "router-2"}
