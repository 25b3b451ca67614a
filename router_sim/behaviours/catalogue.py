"""All behaviours of a router. A new one is added to this list, and nowhere else."""

from functools import cache

from router_sim.behaviour import BehaviourSet
from router_sim.behaviours.account_rules import Accounts, Active, Groups, WithoutMenu
from router_sim.behaviours.address_list import AddressList
from router_sim.behaviours.addresses import Addresses
from router_sim.behaviours.addresses_v6 import AddressesV6
from router_sim.behaviours.arp import Arp
from router_sim.behaviours.bridging import BridgePorts
from router_sim.behaviours.certificate_verbs import Certificates
from router_sim.behaviours.device_mode import DeviceMode
from router_sim.behaviours.dhcp import DhcpServers, Leases, Networks
from router_sim.behaviours.dns import Cache, DnsSettings, StaticRecords
from router_sim.behaviours.fetch import Tools
from router_sim.behaviours.files import Files
from router_sim.behaviours.firewall import FilterRules, NatRules
from router_sim.behaviours.hotspot_bindings import Bindings
from router_sim.behaviours.hotspot_cookies import Cookies
from router_sim.behaviours.hotspot_hosts import Hosts
from router_sim.behaviours.hotspot_names import HotspotNames
from router_sim.behaviours.hotspot_pages import HotspotPages
from router_sim.behaviours.hotspot_queues import ServerQueues
from router_sim.behaviours.hotspot_rules import HotspotRules, Translations
from router_sim.behaviours.hotspot_servers import Servers
from router_sim.behaviours.hotspot_sessions import Sessions
from router_sim.behaviours.hotspot_users import Users
from router_sim.behaviours.hotspot_walled_garden import WalledGarden, WalledGardenAddresses
from router_sim.behaviours.interface_lists import InterfaceLists
from router_sim.behaviours.interface_records import Interfaces
from router_sim.behaviours.log import Log
from router_sim.behaviours.marking import MangleRules, RawRules
from router_sim.behaviours.packages import License, Packages, Update
from router_sim.behaviours.pools import Pools
from router_sim.behaviours.power import Power
from router_sim.behaviours.queue_trees import QueueTree
from router_sim.behaviours.queues import SimpleQueues
from router_sim.behaviours.radius import RadiusIncoming, RadiusServers
from router_sim.behaviours.routing import Routes, RoutingTables
from router_sim.behaviours.scheduling import Scheduler
from router_sim.behaviours.scripts import Scripts
from router_sim.behaviours.services import Services
from router_sim.behaviours.system import Resources, SystemClock

EVERY_BEHAVIOUR = (
    Interfaces,
    BridgePorts,
    InterfaceLists,
    Addresses,
    Arp,
    Pools,
    DhcpServers,
    Networks,
    Leases,
    DnsSettings,
    StaticRecords,
    Cache,
    FilterRules,
    NatRules,
    MangleRules,
    RawRules,
    Routes,
    RoutingTables,
    AddressesV6,
    AddressList,
    Services,
    SimpleQueues,
    QueueTree,
    RadiusServers,
    RadiusIncoming,
    Servers,
    HotspotRules,
    HotspotNames,
    HotspotPages,
    ServerQueues,
    Translations,
    WalledGardenAddresses,
    Users,
    Bindings,
    WalledGarden,
    Hosts,
    Sessions,
    Cookies,
    Files,
    Log,
    SystemClock,
    Resources,
    DeviceMode,
    Certificates,
    Accounts,
    Groups,
    Active,
    WithoutMenu,
    Power,
    Tools,
    Packages,
    Update,
    License,
    Scripts,
    Scheduler,
)


@cache
def behaviours() -> BehaviourSet:
    """The behaviours of every router."""
    return BehaviourSet(tuple(each() for each in EVERY_BEHAVIOUR))
