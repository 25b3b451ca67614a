"""One request for each operation on instances, for checks that vary what surrounds the operation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from contract_tests.instances import Instances
from contract_tests.pictures import paint


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request that would succeed as it is."""

    operation: str
    method: str
    path: str
    options: Mapping[str, Any]


def every_operation(
    instances: Instances, instance: Mapping[str, Any], *, of_item: bool = False
) -> Iterator[Prepared]:
    """A request that would succeed for each operation; `of_item`: only those whose path names an instance."""
    path = f"/instances/{instance['id']}"
    if not of_item:
        yield Prepared("listInstances", "GET", "/instances", {})
        yield Prepared("createInstance", "POST", "/instances", {"json_body": instances.body("refused")})
    yield Prepared("getInstance", "GET", path, {})
    update = instances.update_body(instance, name=instances.name("refused"))
    yield Prepared("updateInstance", "PUT", path, {"json_body": update})
    picture = paint(160, 100, (200, 30, 30))
    yield Prepared(
        "uploadInstanceImage",
        "POST",
        f"{path}/images/logo",
        {"files": {"file": ("logo.png", picture, "image/png")}},
    )
    yield Prepared("deleteInstance", "DELETE", path, {})
