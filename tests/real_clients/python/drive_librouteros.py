"""librouteros, the blocking client: what each of its ways to talk brings back."""

import json
import sys

import librouteros
from librouteros.exceptions import LibRouterosError, MultiTrapError, TrapError
from librouteros.login import plain, token
from librouteros.query import And, Key, Or

LOGINS = {"plain": plain, "token": token}
NAME, PROFILE, DISABLED, number = Key("name"), Key("profile"), Key("disabled"), Key(".id")


def trapped(action: object) -> list:
    """Kind of the exception, and message and category of each trap in it."""
    try:
        tuple(action())
    except MultiTrapError as error:
        return ["multi", [[trap.message, trap.category] for trap in error.traps]]
    except TrapError as error:
        return ["trap", [[error.message, error.category]]]
    except LibRouterosError as error:
        return [type(error).__name__, []]
    return ["nothing", []]


def main() -> None:
    wishes = json.load(sys.stdin)
    told: dict = {}
    where = (wishes["host"], wishes["username"], wishes["password"])
    api = librouteros.connect(
        *where, port=wishes["port"], encoding="UTF-8", login_method=LOGINS[wishes["login"]]
    )
    users = api.path("ip", "hotspot", "user")

    first = users.add(name="anna", password="p=w", profile="staff", comment="Zimmer 7 ☕")
    second = users.add(name="boris", disabled=True, **{"limit-uptime": "90m"})
    told["added"] = [first, second]
    told["where"] = list(users.select(NAME, PROFILE).where(Or(NAME == "anna", NAME == "visitor")))
    told["both"] = list(users.select(NAME).where(And(PROFILE == "default", DISABLED == True)))  # noqa: E712
    told["in"] = list(users.select(NAME).where(NAME.In("anna", "boris", "nobody")))
    told["not"] = [row["name"] for row in users.select(NAME).where(PROFILE != "default")]
    told["none"] = list(users.select(NAME).where(NAME == "nobody"))
    told["one"] = list(users.select(NAME, Key("comment"), Key("limit-uptime")).where(number == first))
    users.update(**{".id": second, "disabled": False, "comment": "x" * 256})
    (row,) = users.select(Key("comment"), Key("limit-uptime"), Key("disabled")).where(number == second)
    told["updated"] = [len(row["comment"]), row["limit-uptime"], row["disabled"]]
    told["counted"] = list(api.rawCmd("/ip/hotspot/user/print", "=count-only=", "?profile=default"))
    told["raw"] = list(api.rawCmd("/system/identity/print"))
    told["walled garden"] = [row.get("dst-host") for row in api.path("ip", "hotspot", "walled-garden")]

    long = "l" * 20_000  # needs a length of three bytes
    users.update(**{".id": first, "comment": long})
    (row,) = users.select(Key("comment")).where(number == first)
    told["long"] = row["comment"] == long
    users.remove(first, second)
    told["left"] = [row["name"] for row in users]

    told["traps"] = [
        trapped(lambda: users("add", name="reception", server="office-hotspot")),
        trapped(lambda: users("add", name="x", profile="nobody")),
        trapped(lambda: users("add", name="x", colour="red")),
        trapped(lambda: users("remove", **{".id": "*FFF"})),
        trapped(lambda: api("/ip/hotspots/print")),
        trapped(lambda: api("/quit")),
    ]

    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
