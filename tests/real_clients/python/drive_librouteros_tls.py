"""librouteros over TLS, blocking and not: trusting the router's certificate, or asking for none.

Wishes: `port`, and `certificate`, PEM, or null where the router has none.
"""

import asyncio
import json
import ssl
import sys

import librouteros
from librouteros.exceptions import LibRouterosError


def trusting(certificate: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=certificate)
    context.check_hostname = False  # the client does not say which name it expects
    return context


def anonymous() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ADH-AES256-GCM-SHA384:@SECLEVEL=0")
    return context


async def main() -> None:
    wishes = json.load(sys.stdin)
    where = (wishes["host"], wishes["username"], wishes["password"])
    told: dict = {}
    for name, context in (("trusting", trusting(wishes["certificate"])), ("anonymous", anonymous())):
        try:
            api = librouteros.connect(
                *where, port=wishes["ports"]["api-ssl"], ssl_wrapper=context.wrap_socket
            )
            told[name] = [row["name"] for row in api.path("interface")]
            api.close()
        except (OSError, LibRouterosError) as error:
            told[name] = type(error).__name__
        try:
            link = await librouteros.async_connect(
                *where, port=wishes["ports"]["api-ssl"], ssl_wrapper=context
            )
            told[f"{name}, asynchronous"] = [row["name"] async for row in link.path("interface")]
            await link.close()
        except (OSError, LibRouterosError) as error:
            told[f"{name}, asynchronous"] = type(error).__name__
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    asyncio.run(main())
