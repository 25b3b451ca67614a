"""routeros-client from PyPI: pipelines, listening from a thread, the console it builds on the API, and REST."""

import json
import sys
import threading

import routeros_client

ENTRIES = "/ip/firewall/address-list"


def main() -> None:
    wishes = json.load(sys.stdin)
    where = (wishes["host"], wishes["username"], wishes["password"])
    told: dict = {}
    with routeros_client.connect(*where, port=wishes["port"]) as api:
        told["identity"], told["version"] = api.get_identity(), api.get_version()
        told["alive"] = api.is_alive()
        entries = [{"list": "bulk", "address": f"198.51.100.{last}"} for last in range(100)]
        added = api.bulk_add(ENTRIES, entries)
        told["added"] = len({response.ret for response in added})
        told["found"] = len(api.find_ids(ENTRIES, list="bulk"))
        told["streamed"] = sum(1 for _ in api.iter_print(ENTRIES, proplist=".id,address", list="bulk"))
        ensured = [api.ensure(ENTRIES, {"list": "bulk", "address": "198.51.100.7"}, {"comment": "x"})[1]]
        ensured.append(api.ensure(ENTRIES, {"list": "bulk", "address": "192.0.2.7"})[1])
        told["ensured"] = ensured
        told["removed"] = len(api.find_ids(ENTRIES, list="bulk"))
        api.remove_where(ENTRIES, list="bulk")
        told["left"] = api.find_ids(ENTRIES, list="bulk")
        told["stopped early"] = next(iter(api.iter_print("/interface")))["name"]
        told["afterwards"] = len(api.print("/interface"))
        try:
            api.add("/ip/hotspot/user", name="reception", server="office-hotspot")
        except routeros_client.RouterOSCommandError as error:
            told["trap"] = str(error)

        heard: list = []
        listening = api.listen(ENTRIES, timeout=20)
        with routeros_client.connect(*where, port=wishes["port"]) as other:
            writer = threading.Timer(
                0.2, lambda: other.remove(ENTRIES, **{".id": other.add(ENTRIES, **entries[0]).ret})
            )
            writer.start()
            for event in listening:
                heard.append(sorted(event))
                if "dead" in event or ".dead" in event:
                    break
            listening.close()
            writer.join()
        told["heard"] = heard
        told["still there"] = api.get_identity()
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
