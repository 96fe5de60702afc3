"""The lab's description: sites, clusters, racks, hosts and their links' rates, from one TOML file.

Every node has exactly one link, the one to its parent, so a link is named by its lower end's place:
`site1/c1/r1/h3` is a host's link, `site1/c1/r1` the uplink of a rack.
"""

import json
import re
import tomllib
from dataclasses import dataclass, field

from shell import Fault, USAGE

LEVELS = ("site", "cluster", "rack", "host")
HOSTS_PER_RACK_MAX = 250
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,30}")
_LAB_NAME = re.compile(r"[a-z0-9_]{1,20}")  # no dash: it ends the lab's name in a namespace's name


@dataclass
class Node:
    """One site, cluster, rack or host. `rate_mbit`: its uplink's, each way; 0 = not shaped."""

    level: str
    name: str
    place: str
    rate_mbit: float
    number: int  # of its level, from 1, in the whole lab
    parent: "Node | None" = None
    children: list = field(default_factory=list)
    address: str = ""  # hosts only

    @property
    def hosts(self):
        """The hosts at or below this node."""
        return [self] if self.level == "host" else [h for c in self.children for h in c.hosts]


@dataclass
class Topology:
    name: str
    nodes: list  # all of them, parents before children

    @property
    def hosts(self):
        return [node for node in self.nodes if node.level == "host"]

    def find(self, text):
        """The node that a host's name or a place means."""
        for node in self.nodes:
            if node.place == text or (node.level == "host" and node.name == text):
                return node
        raise Fault(f"the lab {self.name} has no host or link called {text}")


def check_lab_name(name):
    if not _LAB_NAME.fullmatch(name):
        raise Fault(f"a lab's name is 1 to 20 of a-z, 0-9 and _, not {name!r}", USAGE)
    return name


class _Reader:
    """Turns the parsed TOML into nodes; every complaint says where."""

    def __init__(self, data, where):
        self.where = where
        self._only(data, {"lab", "rates_mbit", "site", "hosts"}, "the top level")
        lab = self._table(data.get("lab", {}), "[lab]")
        self._only(lab, {"name"}, "[lab]")
        self.name = check_lab_name(lab.get("name", "lab"))
        self.rates = self._table(data.get("rates_mbit", {}), "[rates_mbit]")
        self._only(self.rates, set(LEVELS), "[rates_mbit]")
        self.overrides = self._table(data.get("hosts", {}), "[hosts]")
        self.nodes = []
        self.counts = dict.fromkeys(LEVELS, 0)
        self.host_names = set()
        sites = self._list(data, "site", "the file")
        self.taken = {name for site in sites for name in self._spelled_hosts(site)}
        for site in sites:
            self._domain("site", site, None)
        unknown = set(self.overrides) - self.host_names
        if unknown:
            self._fail(f"[hosts.{sorted(unknown)[0]}] names no host of the lab")

    def _fail(self, text):
        raise Fault(f"{self.where}: {text}", USAGE)

    def _table(self, value, what):
        if not isinstance(value, dict):
            self._fail(f"{what} must be a table")
        return value

    def _only(self, table, allowed, what):
        for key in table:
            if key not in allowed:
                self._fail(
                    f"{what} has an unknown key {key}; it may have {', '.join(sorted(allowed))}"
                )

    def _list(self, table, key, what):
        value = table.get(key)
        if not isinstance(value, list) or not value or not all(isinstance(v, dict) for v in value):
            self._fail(f"{what} needs at least one [[...{key}]]")
        return value

    def _spelled_hosts(self, site):
        for cluster in site.get("cluster", []):
            for rack in cluster.get("rack", []) if isinstance(cluster, dict) else []:
                hosts = rack.get("hosts") if isinstance(rack, dict) else None
                yield from (h for h in hosts if isinstance(h, str)) if isinstance(
                    hosts, list
                ) else ()

    def _rate(self, level, table, what):
        rate = table.get("rate_mbit", self.rates.get(level, 0))
        if isinstance(rate, bool) or not isinstance(rate, (int, float)) or not 0 <= rate <= 1e5:
            self._fail(f"{what}: a rate is 0 (not shaped) to 100000 Mbit/s, not {rate!r}")
        if 0 < rate < 0.1:
            self._fail(f"{what}: {rate} Mbit/s is below what can be shaped, 0.1")
        return float(rate)

    def _add(self, level, name, table, parent):
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            self._fail(f"a {level}'s name is 1 to 31 of a-z, 0-9, _ and -, not {name!r}")
        siblings = parent.children if parent else [n for n in self.nodes if n.level == level]
        if name in {node.name for node in siblings}:
            self._fail(f"two {level}s of {parent.place if parent else 'the lab'} are called {name}")
        self.counts[level] += 1
        place = f"{parent.place}/{name}" if parent else name
        rate = self._rate(level, table, place)
        node = Node(level, name, place, rate, self.counts[level], parent)
        self.nodes.append(node)
        if parent:
            parent.children.append(node)
        return node

    def _domain(self, level, table, parent):
        below = LEVELS[LEVELS.index(level) + 1]
        position = 1 + len(
            parent.children if parent else [n for n in self.nodes if n.level == level]
        )
        self._only(
            table, {"name", "rate_mbit", "hosts" if level == "rack" else below}, f"a {level}"
        )
        node = self._add(level, table.get("name", f"{level}{position}"), table, parent)
        if level == "rack":
            self._hosts(table.get("hosts"), node)
        else:
            for child in self._list(table, below, node.place):
                self._domain(below, child, node)

    def _hosts(self, hosts, rack):
        if isinstance(hosts, int) and not isinstance(hosts, bool):
            if not 1 <= hosts <= HOSTS_PER_RACK_MAX:
                self._fail(f"{rack.place}: hosts = {hosts} is not 1 to {HOSTS_PER_RACK_MAX}")
            hosts = [self._next_name() for _ in range(hosts)]
        if not isinstance(hosts, list) or not 1 <= len(hosts) <= HOSTS_PER_RACK_MAX:
            self._fail(
                f"{rack.place} needs hosts = a number, or hosts = a list of 1 to "
                f"{HOSTS_PER_RACK_MAX} names"
            )
        for name in hosts:
            own = self._table(
                self.overrides.get(name, {}) if isinstance(name, str) else {}, "[hosts.*]"
            )
            self._only(own, {"rate_mbit"}, f"[hosts.{name}]")
            if name in self.host_names:
                self._fail(f"two hosts are called {name}: a host's name is unique in the lab")
            host = self._add("host", name, own, rack)
            self.host_names.add(name)
            host.address = self._address(host)

    def _next_name(self):
        number = 1
        while f"h{number}" in self.taken:
            number += 1
        self.taken.add(f"h{number}")
        return f"h{number}"

    def _address(self, host):
        """10.site.rack.host; the last number runs through the whole lab, because the host links'
        fair queues are chosen by its low bits."""
        rack = host.parent
        site = rack.parent.parent
        racks_of_site = [r for cluster in site.children for r in cluster.children]
        rack_number = racks_of_site.index(rack) + 1
        if site.number > 254 or rack_number > 254:
            self._fail("at most 254 sites and 254 racks a site have addresses")
        return f"10.{site.number}.{rack_number}.{(host.number - 1) % HOSTS_PER_RACK_MAX + 1}"


def parse(text, where="the topology"):
    """@raises Fault with the place of the first mistake."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Fault(f"{where}: {error}", USAGE) from None
    reader = _Reader(data, where)
    return Topology(reader.name, reader.nodes)


def load(path):
    try:
        with open(path, encoding="utf-8") as stream:
            return parse(stream.read(), path)
    except OSError as error:
        raise Fault(f"cannot read the topology {path}: {error.strerror}", USAGE) from None
    except UnicodeDecodeError:
        raise Fault(f"{path}: a topology is a TOML file in UTF-8", USAGE) from None


def generate(name, hosts, racks, clusters, sites, rates):
    """A TOML file: one host called server and hosts - 1 others, spread evenly over `racks` racks
    a cluster, `clusters` clusters a site and `sites` sites."""
    rack_count = racks * clusters * sites
    if hosts < rack_count:
        raise Fault(f"{hosts} hosts cannot fill {rack_count} racks", USAGE)
    names = ["server"] + [f"h{number}" for number in range(1, hosts)]
    share, extra = divmod(hosts, rack_count)
    lines = [
        "[lab]",
        f"name = {json.dumps(check_lab_name(name))}",
        "",
        "[rates_mbit]  # 0: not shaped",
    ]
    lines += [f"{level} = {rates[level]:g}" for level in reversed(LEVELS)]
    start = rack_index = 0
    for site in range(1, sites + 1):
        lines += ["", "[[site]]", f'name = "site{site}"']
        for cluster in range(1, clusters + 1):
            lines += ["", "[[site.cluster]]", f'name = "cluster{cluster}"']
            for rack in range(1, racks + 1):
                stop = start + share + (1 if rack_index < extra else 0)
                lines += [
                    "",
                    "[[site.cluster.rack]]",
                    f'name = "rack{rack}"',
                    f"hosts = {json.dumps(names[start:stop])}",
                ]
                start, rack_index = stop, rack_index + 1
    return "\n".join(lines) + "\n"
