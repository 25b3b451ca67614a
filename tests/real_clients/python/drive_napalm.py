"""napalm with the driver for RouterOS: what its getters bring back, or the message of the refusal."""

import json
import sys
import warnings

warnings.simplefilter("ignore")

from librouteros.exceptions import LibRouterosError  # noqa: E402
from napalm import get_network_driver  # noqa: E402


def main() -> None:
    wishes = json.load(sys.stdin)
    driver = get_network_driver("ros")
    device = driver(
        hostname=wishes["host"],
        username=wishes["username"],
        password=wishes["password"],
        optional_args={"port": wishes["port"]},
    )
    told: dict = {}
    with device:
        told["alive"] = device.is_alive()
        for getter in wishes["getters"]:
            try:
                told[getter] = getattr(device, getter)()
            except LibRouterosError as error:
                told[getter] = str(error)
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
