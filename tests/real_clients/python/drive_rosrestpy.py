"""rosrestpy: REST with typed records; a value that does not fit its type would raise.

Flags are not looked at: it takes the text `false` for true.
"""

import json
import sys

from ros import Ros
from ros._base import BaseProps
from ros.ip.hotspot.user import HotspotUser
from ros.ip.hotspot.walled_garden import HotspotWalledGarden


def main() -> None:
    wishes = json.load(sys.stdin)
    told: dict = {}
    url = f"http://{wishes['host']}:{wishes['ports']['www']}/"
    ros = Ros(url, wishes["username"], wishes["password"])
    told["resource"] = [ros.system.resource.version, ros.system.resource.total_memory]
    told["identity"] = ros.system.identity.name
    hotspot = ros.ip.hotspot
    told["servers"] = [[each.name, each.interface, each.addresses_per_mac] for each in hotspot()]
    told["profiles"] = [[each.name, each.login_by] for each in hotspot.profile()]
    told["user profiles"] = [
        [each.name, each.shared_users, each.session_timeout] for each in hotspot.user.profile()
    ]
    told["bindings"] = [[each.mac_address, each.type] for each in hotspot.ip_binding()]
    told["ports"] = [each.name for each in hotspot.service_port()]
    told["lists"] = [len(hotspot.active()), len(hotspot.host()), len(hotspot.cookie())]

    made = hotspot.user.add(HotspotUser(name="guest 1", password="p", profile="staff", limit_uptime="90m"))
    told["made"] = [made.name, made.limit_uptime]
    hotspot.user.disable(made)
    told["set"] = hotspot.user.set(made, {"comment": "late", "limit-bytes-total": "1000"}).limit_bytes_total
    told["filtered"] = [each.name for each in hotspot.user(profile="staff")]
    told["nobody"] = hotspot.user(name="nobody")
    try:
        hotspot.user.add(HotspotUser(name="guest 1"))
    except Exception as error:
        told["twice"] = [error.error, error.message, error.detail]
    rules = BaseProps(ros, "/ip/hotspot/walled-garden", HotspotWalledGarden)
    told["garden"] = [each.dst_host for each in rules()]
    told["interfaces"] = [each.name for each in ros.interface()]
    told["addresses"] = [each.address for each in ros.ip.address()]
    told["log"] = [each.message for each in ros.log()][-1:]
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
