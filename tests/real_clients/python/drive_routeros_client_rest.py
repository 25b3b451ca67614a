"""routeros-client from PyPI, its REST side: plain, and over TLS with a certificate it is told to trust."""

import json
import os
import sys
import tempfile
from pathlib import Path

wishes = json.load(sys.stdin)
with tempfile.NamedTemporaryFile("w", suffix=".pem", delete=False) as trusted:
    trusted.write(wishes["certificate"])
os.environ["SSL_CERT_FILE"] = trusted.name  # before anybody makes a context

import routeros_client  # noqa: E402

USERS = "/ip/hotspot/user"


def work(rest: "routeros_client.RestApi", name: str) -> dict:
    told: dict = {}
    told["identity"] = rest.get("/system/identity")
    made = rest.add(USERS, name=name, password="a", profile="staff", **{"limit-uptime": "1d 00:30:00"})
    told["made"] = [made["name"], made["limit-uptime"], made["disabled"]]
    changed = rest.patch(f"{USERS}/{made['.id']}", {"disabled": True, "comment": "ü"})
    told["changed"] = [changed["disabled"], changed["comment"]]
    told["found"] = [row["name"] for row in rest.query(USERS, name=name)]
    told["by name"] = rest.get(f"{USERS}/{name}")["profile"]
    told["posted"] = len(rest.post(f"{USERS}/print", {".query": [f"name={name}"], ".proplist": ["name"]}))
    told["removed"] = rest.delete(f"{USERS}/{made['.id']}")
    told["nobody"] = rest.query(USERS, name="nobody")
    for what, call in (
        ("gone", lambda: rest.delete(f"{USERS}/{made['.id']}")),
        ("twice", lambda: rest.add(USERS, name="reception", server="office-hotspot")),
        ("unknown", lambda: rest.add(USERS, name="x", colour="red")),
        ("nowhere", lambda: rest.get("/ip/hotspots")),
    ):
        try:
            call()
        except routeros_client.RouterOSCommandError as error:
            told[what] = str(error)
    return told


def main() -> None:
    where = (wishes["host"], wishes["username"], wishes["password"])
    told: dict = {}
    for name, port, secure in (
        ("www", wishes["ports"]["www"], False),
        ("www-ssl", wishes["ports"]["www-ssl"], True),
    ):
        with routeros_client.connect(*where, transport="rest", port=port, use_ssl=secure) as rest:
            told[name] = work(rest, f"guest-{name}")
    try:
        with routeros_client.connect(
            wishes["host"], "admin", "wrong", transport="rest", port=wishes["ports"]["www"], use_ssl=False
        ) as rest:
            rest.get("/system/identity")
    except routeros_client.RouterOSAuthError as error:
        told["wrong password"] = str(error)
    Path(trusted.name).unlink()
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
