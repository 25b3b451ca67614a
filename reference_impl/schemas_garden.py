"""Bodies of walled-garden entries."""

from ipaddress import IPv4Network
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel

from reference_impl.schemas import Body, Name

EntryType = Literal["captive-auth", "captive-portal"]


def _address_or_network(text: str) -> str:
    try:
        network = IPv4Network(text)
    except ValueError:
        network = None
    if network is None or text not in (str(network), str(network.network_address)):
        raise ValueError(
            "must be an IPv4 address or a network in CIDR form without host bits, such as 172.217.16.0/24"
        )
    # 0.0.0.0 stands for any address in many places; what a router makes of it is not to be found out by opening it.
    if network.prefixlen == 0 or (network.prefixlen == 32 and network.network_address.is_unspecified):
        raise ValueError("must not be the whole internet; name what guests need before they log in")
    return text


class EntryWrite(Body):
    """The whole writable state of an entry."""

    name: Name
    ip_address: Annotated[str, AfterValidator(_address_or_network)]
    type: EntryType | None = None


class EntryView(BaseModel):
    """An entry as answered."""

    id: str
    name: str
    type: EntryType | None
    ip_address: str
    created_at: str
