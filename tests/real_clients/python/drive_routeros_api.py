"""RouterOS-api: typed structures, bytes as they are, promises, and the token login it prefers."""

import datetime
import json
import sys

import routeros_api
from routeros_api import api_structure, exceptions

STRUCTURE = {
    **{
        name: api_structure.StringField()
        for name in ("id", ".id", "name", "profile", "comment", "password", "server")
    },
    "disabled": api_structure.BooleanField(),
    "limit-uptime": api_structure.TimedeltaField(),
    "limit-bytes-total": api_structure.IntegerField(),
    "uptime": api_structure.TimedeltaField(),
    "bytes-in": api_structure.IntegerField(),
}


def main() -> None:
    wishes = json.load(sys.stdin)
    told: dict = {}
    pool = routeros_api.RouterOsApiPool(
        wishes["host"],
        wishes["username"],
        wishes["password"],
        port=wishes["port"],
        plaintext_login=wishes["login"] == "plain",
    )
    api = pool.get_api()
    structure = api_structure.collections.defaultdict(api_structure.StringField, STRUCTURE)
    users = api.get_resource("/ip/hotspot/user", structure)
    reply = users.add(
        name="gast",
        password="pw",
        **{"limit-uptime": datetime.timedelta(minutes=90), "limit-bytes-total": 10**9},
    )
    number = reply.done_message["ret"]
    told["added"] = number
    (row,) = users.get(name="gast")
    told["row"] = {
        "limit-uptime": row["limit-uptime"].total_seconds(),
        "limit-bytes-total": row["limit-bytes-total"],
        "disabled": row["disabled"],
        "uptime": row["uptime"].total_seconds(),
        "bytes-in": row["bytes-in"],
        "id": row["id"],
    }
    told["nobody"] = list(users.get(name="nobody"))
    users.set(id=number, disabled=True, comment="späť")
    told["comment"] = users.get(id=number)[0]["comment"]

    raw = api.get_binary_resource("/ip/hotspot/user")
    every = bytes(range(1, 256))
    raw.set(id=number.encode(), comment=every)
    told["bytes"] = raw.get(id=number.encode())[0]["comment"] == every

    promises = [
        users.get_async(),
        raw.call_async("print", {"count-only": b""}),
        users.get_async(profile="staff"),
    ]
    told["promises"] = [
        len(promises[0].get()),
        promises[1].get().done_message["ret"].decode(),
        len(promises[2].get()),
    ]

    try:
        users.add(name="gast")
    except exceptions.RouterOsApiCommunicationError as error:
        told["twice"] = error.original_message.decode()
    users.remove(id=number)
    told["left"] = [row["name"] for row in users.get()]
    pool.disconnect()
    try:
        routeros_api.connect(wishes["host"], "admin", "wrong", port=wishes["port"], plaintext_login=True)
    except exceptions.RouterOsApiCommunicationError as error:
        told["wrong password"] = error.original_message.decode()
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
