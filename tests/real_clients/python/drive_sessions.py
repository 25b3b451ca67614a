"""A guest's session as controllers handle it: RouterOS-api logs the guest in and out, others look.

Wishes: `address` of the guest, and `act`: `login`, `look` or `logout`.
"""

import json
import sys

import librouteros
import routeros_api
from librouteros.query import Key
from ros import Ros
from routeros_api import api_structure, exceptions

TIME, NUMBER = api_structure.TimedeltaField(), api_structure.IntegerField()
STRUCTURE = {
    **dict.fromkeys(("uptime", "idle-time", "session-time-left", "keepalive-timeout", "idle-timeout"), TIME),
    **dict.fromkeys(("bytes-in", "bytes-out", "packets-in", "packets-out"), NUMBER),
    **dict.fromkeys(("radius", "authorized", "bypassed", "dynamic", "DHCP"), api_structure.BooleanField()),
}


def plain(row: dict) -> dict:
    return {
        name: value.total_seconds() if hasattr(value, "total_seconds") else value
        for name, value in row.items()
    }


def main() -> None:
    wishes = json.load(sys.stdin)
    where = (wishes["host"], wishes["username"], wishes["password"])
    pool = routeros_api.RouterOsApiPool(*where, port=wishes["port"], plaintext_login=True)
    api = pool.get_api()
    structure = api_structure.collections.defaultdict(api_structure.StringField, STRUCTURE)
    active = api.get_resource("/ip/hotspot/active", structure)
    told: dict = {}
    if wishes["act"] == "login":
        for password in ("wrong", "front-desk"):
            try:
                active.call("login", {"user": "reception", "password": password, "ip": wishes["address"]})
            except exceptions.RouterOsApiCommunicationError as error:
                told["refused"] = error.original_message.decode()
    elif wishes["act"] == "look":
        told["active"] = [plain(row) for row in active.get()]
        told["hosts"] = [plain(row) for row in api.get_resource("/ip/hotspot/host", structure).get()]
        users = api.get_resource("/ip/hotspot/user", structure)
        told["user"] = plain(users.get(name="reception")[0])
        link = librouteros.connect(*where, port=wishes["port"])
        sessions = link.path("ip", "hotspot", "active")
        told["by librouteros"] = list(
            sessions.select(Key("user"), Key("uptime")).where(Key("address") == wishes["address"])
        )
        link.close()
        ros = Ros(
            f"http://{wishes['host']}:{wishes['ports']['www']}/", wishes["username"], wishes["password"]
        )
        told["by rosrestpy"] = [
            [row.user, row.address, row.uptime, row.login_by] for row in ros.ip.hotspot.active()
        ]
        told["hosts by rosrestpy"] = [[row.mac_address, row.server] for row in ros.ip.hotspot.host()]
    else:
        (row,) = active.get(user="reception")
        active.remove(id=row["id"])
        told["left"] = list(active.get())
    pool.disconnect()
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
