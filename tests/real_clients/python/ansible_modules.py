"""Runs modules of community.routeros one after the other, unchanged, and prints what each returned.

Wishes: `tasks`, a list of [module name, its arguments]. ansible-playbook does the same with a process for each.
"""

import contextlib
import importlib
import io
import json
import sys
import warnings

warnings.simplefilter("ignore")

from ansible.module_utils import basic  # noqa: E402


def run(name: str, arguments: dict) -> dict:
    basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode()
    basic._ANSIBLE_PROFILE = "legacy"
    module = importlib.import_module(f"ansible_collections.community.routeros.plugins.modules.{name}")
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.suppress(SystemExit):
        module.main()
    return json.loads(said.getvalue())


def main() -> None:
    wishes = json.load(sys.stdin)
    login = {
        "hostname": wishes["host"],
        "port": wishes["port"],
        "username": wishes["username"],
        "password": wishes["password"],
        "encoding": "UTF-8",
    }
    results = [run(name, {**login, **arguments}) for name, arguments in wishes["tasks"]]
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()
