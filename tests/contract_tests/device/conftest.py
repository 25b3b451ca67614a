"""The device contract of the project, read once."""

from __future__ import annotations

import pytest

from spec.device_contract import DeviceContract, device_contract_from
from spec.loader import DEVICE_CONTRACT, read_yaml


@pytest.fixture(scope="session")
def contract() -> DeviceContract:
    return device_contract_from(read_yaml(DEVICE_CONTRACT))
