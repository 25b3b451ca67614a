"""Looks at the target before the suite does: is it the API, does it take the token, do the routers answer?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import httpx2

from contract_tests.client import verification
from contract_tests.config import Config, SiteConfig
from contract_tests.context import observer_of
from contract_tests.device.observer import ObserverError
from contract_tests.selection import Selection
from spec.device_contract import DeviceContract


class PreflightError(Exception):
    """The deployment cannot be judged; the message says what is wrong and what to do, in one sentence."""


def check_target(config: Config, *, client: Callable[[], httpx2.Client] | None = None) -> None:
    """One GET of the list of instances. Raises `PreflightError`.

    Only what keeps every check from working is an error here: a list that is answered in a wrong shape, or with a
    server error, is for the suite to judge.
    """
    target = config.target
    url = f"{target.base_url}/instances"
    make = client or (
        lambda: httpx2.Client(
            verify=verification(target.verify_tls),
            timeout=target.timeout,
            trust_env=False,
            follow_redirects=False,
        )
    )
    try:
        with make() as http:
            response = http.get(
                url,
                headers={
                    "authorization": f"Bearer {target.token}",
                    "accept": "application/json",
                    "user-agent": "portal-contract",
                },
            )
    except httpx2.ConnectError as error:
        text = str(error)
        if "CERTIFICATE" in text.upper() or "SSL" in text.upper():
            raise PreflightError(
                f"{url}: the TLS connection failed ({text}); is the certificate valid, or does verify_tls in "
                "[target] name the CA file it needs?"
            ) from None
        raise PreflightError(
            f"{url} cannot be reached ({text}); is the deployment running at this address?"
        ) from None
    except httpx2.TimeoutException:
        raise PreflightError(f"{url} did not answer within {target.timeout:g} s") from None
    except httpx2.HTTPError as error:
        raise PreflightError(f"{url}: no HTTP answer ({type(error).__name__}: {error})") from None
    _judge_first_answer(url, response)


def _judge_first_answer(url: str, response: httpx2.Response) -> None:
    status = response.status_code
    if status in (401, 403):
        raise PreflightError(
            f"{url} answered {status}: the token is not accepted; is it the right one for this deployment?"
        )
    if status == 404:
        raise PreflightError(
            f"{url} answered 404: base_url must be the URL that /instances is appended to, for example "
            "https://v1.api.altostrat.io/captive"
        )
    if 300 <= status < 400:
        raise PreflightError(
            f"{url} answered {status} with a redirect to {response.headers.get('location', 'nowhere')}; give "
            "the final URL as base_url (the token is never sent after a redirect)"
        )
    if status == 200 and "html" in response.headers.get("content-type", ""):
        raise PreflightError(f"{url} answered a page of HTML, not the API; is base_url right?")


def check_routers(config: Config, selection: Selection, contract: DeviceContract) -> None:
    """Log in to the router of every site, if any check needs one. Raises `PreflightError`."""
    if not any("device" in requirement.needs for requirement in selection.selected) or config.run.no_device:
        return
    asyncio.run(_check_routers(config.observed_sites, contract))


async def _check_routers(sites: Sequence[SiteConfig], contract: DeviceContract) -> None:
    for site in sites:
        observer = observer_of(site, contract)
        try:
            await observer.connect()
        except ObserverError as error:
            raise PreflightError(str(error)) from None
        finally:
            await observer.close()
