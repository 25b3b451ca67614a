"""librouteros' management of a configuration: exports by way of a file, and what two of them differ in."""

import json
import sys

import librouteros


def main() -> None:
    wishes = json.load(sys.stdin)
    api = librouteros.connect(
        wishes["host"], wishes["username"], wishes["password"], port=wishes["port"], encoding="UTF-8"
    )
    config = api.config()
    told: dict = {"before": config.export(), "users": config.export(path="ip/hotspot/user")}
    api.path("ip", "hotspot", "user").add(name="guest", profile="staff")
    told["differences"] = librouteros.compare(told["before"], config.export())
    told["secrets"] = "front-desk" in config.export(show_sensitive=True)
    told["files"] = [row["name"] for row in api.path("file")]
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
