"""What a router says of the guest it sends to the portal."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from urllib.parse import urlencode, urlsplit

from reference_impl.records import InstanceRecord

_LONGEST = 2048


@dataclass(frozen=True, slots=True)
class Arrival:
    """A guest at a site, and the URL it wanted, if that is one to go on to.

    All of it is what the query says. Whether such a guest is there, the router is asked on admission.
    """

    site_id: str
    ip: str
    mac: str
    destination: str | None

    @property
    def query(self) -> str:
        """The query that leads to the portal again, as the router would write it."""
        parameters = {"site": self.site_id, "ip": self.ip, "mac": self.mac}
        if self.destination:
            parameters["link-orig"] = self.destination
        return urlencode(parameters)


def arrival_of(query: Mapping[str, str], instance: InstanceRecord) -> Arrival | None:
    """Return who arrives, or None if the query names no device at a site of the instance.

    A router that was given its login page before there were sites in it names none; that of an instance with
    one site is clear all the same.
    """
    sites = [site.site_id for site in instance.sites]
    site_id = query.get("site", sites[0] if len(sites) == 1 else "").lower()
    mac = query.get("mac", "").upper().replace("-", ":")
    if site_id not in sites or not re.fullmatch(r"[0-9A-F]{2}(:[0-9A-F]{2}){5}", mac):
        return None
    try:
        ip = str(IPv4Address(query.get("ip", "")))
    except ValueError:
        return None
    return Arrival(site_id, ip, mac, destination(query.get("link-orig", "")))


def destination(url: str) -> str | None:
    """Return `url` if a page may offer it as a link: one of the web, to a host, and of bounded length."""
    if len(url) > _LONGEST or not url.isprintable() or " " in url:
        return None
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.username is None
        _ = parts.port
    except ValueError:
        return None
    return url if usable else None


def host_of(url: str) -> str:
    """Return the host of a URL, as a guest would name the site."""
    return urlsplit(url).hostname or url
