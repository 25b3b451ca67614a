"""The `[[sites]]` entry of a configuration file for a router that was started here."""

import json
import uuid
from collections.abc import Sequence

# Identifiers of sites are derived from the address, so that a configuration stays valid over restarts.
_SITES = uuid.UUID("6f0a5c1e-9f3b-4e0e-8a53-0a4f8f2b7d11")


def site_entry(
    host: str,
    port: int,
    *,
    subnets: Sequence[str],
    password: str = "",
    password_env: str = "",
    name: str = "",
) -> str:
    """The entry in TOML. The password is named by `password_env`, the variable that holds it, if given.

    `name` tells routers on one address apart; the address alone does when left out.
    """
    # A JSON string is a TOML basic string as long as it is pure ASCII without surrogate pairs.
    secret = (
        f"password_env = {json.dumps(password_env)}"
        if password_env
        else f"password = {json.dumps(password, ensure_ascii=False)}"
    )
    return "\n".join(
        (
            "[[sites]]",
            f'id = "{uuid.uuid5(_SITES, name or host)}"',
            f"subnets = {json.dumps(list(subnets))}",
            "[sites.router]",
            f'host = "{host}"',
            f"port = {port}",
            "tls = false",
            'username = "admin"',
            secret,
        )
    )
