"""Takes community.routeros out of the ansible wheel and puts it where ansible-core looks for it.

Run with the environment's own python: `python unpack_collection.py <directory of the wheel>`.
"""

import sys
import sysconfig
import zipfile
from pathlib import Path

COLLECTION = "ansible_collections/community/routeros/"


def main() -> None:
    wheels = sorted(Path(sys.argv[1]).glob("ansible-*.whl"))
    if len(wheels) != 1:
        raise SystemExit(f"expected one wheel of ansible in {sys.argv[1]}, found {len(wheels)}")
    with zipfile.ZipFile(wheels[0]) as wheel:
        wanted = [name for name in wheel.namelist() if name.startswith(COLLECTION)]
        wheel.extractall(sysconfig.get_path("purelib"), wanted)


if __name__ == "__main__":
    main()
