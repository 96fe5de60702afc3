"""The network itself: namespaces, bridges, links; made from a topology, counted, cut, taken away.

One namespace per host, and one, `.net`, with a bridge per rack, cluster and site and one for the
core. The upper end of a node's link is port `<letter><number>` of its parent's bridge; the lower
end is `eth0` in a host's namespace, or port `<letter><number>up` of the node's own bridge.
"""

import concurrent.futures
import contextlib
import json
import os
import signal
import time

import shaping
from shell import Fault, batch, run

NETNS = "/run/netns"
DEATH_SECONDS_MAX = 10


def prefix(lab):
    return f"shoal-{lab}-"


def namespace(lab, host):
    return f"{prefix(lab)}{host}"


def switch_namespace(lab):
    # A host cannot have this name: host names do not begin with a dot.
    return f"{prefix(lab)}.net"


def namespaces(lab):
    """Those that exist, also of a lab that was only half made."""
    with contextlib.suppress(FileNotFoundError):
        return sorted(name for name in os.listdir(NETNS) if name.startswith(prefix(lab)))
    return []


def labs_in_kernel():
    """Names of labs of which namespaces exist."""
    with contextlib.suppress(FileNotFoundError):
        return sorted(
            {
                n.split("-")[1]
                for n in os.listdir(NETNS)
                if n.startswith("shoal-") and n.count("-") > 1
            }
        )
    return []


# What Debian's hosts have; a namespace would inherit what this machine happens to have.
CONGESTION_CONTROL = "cubic"


def _port(node):
    return f"{node.level[0]}{node.number}"


def _bridge(node):
    return f"b{_port(node)}" if node else "core"


_FEATURES = (
    ("veth pairs", "CONFIG_VETH", "ip", "link add probe type veth peer name probe2"),
    ("bridges", "CONFIG_BRIDGE", "ip", "link add probe3 type bridge"),
    ("FIFO queues", "CONFIG_NET_SCH_FIFO", "tc", "qdisc add dev probe2 root pfifo"),
    ("HTB shaping", "CONFIG_NET_SCH_HTB", "tc", "qdisc add dev probe root handle 1: htb"),
    (
        "the u32 classifier",
        "CONFIG_NET_CLS_U32",
        "tc",
        "filter add dev probe parent 1: protocol ip prio 1 u32 match ip src 10.0.0.1/32 flowid 1:1",
    ),
)


def _probe(space):
    for feature, option, program, command in _FEATURES:
        try:
            run(program, "-n", space, *command.split())
        except Fault as fault:
            raise Fault(
                f"this kernel cannot do {feature} ({option}), which the lab needs: {fault}"
            ) from None
    batch("ip", "-n", space, lines=["link del probe", "link del probe3"])


def _mac(node):
    return "02:00:" + ":".join(f"{int(part):02x}" for part in node.address.split("."))


def _quiet(device):
    """No IPv6 chatter, which would be counted as bytes of the experiment."""
    return [f"link set {device} addrgenmode none"] if os.path.exists("/proc/sys/net/ipv6") else []


def build(topology):
    """Makes everything. @raises Fault; what was made until then is left to remove()."""
    lab, net = topology.name, switch_namespace(topology.name)
    try:
        batch("ip", lines=[f"netns add {net}"])
    except Fault as fault:
        raise Fault(
            f"this kernel or container cannot make network namespaces (CONFIG_NET_NS): {fault}"
        ) from None
    _probe(net)
    batch("ip", lines=[f"netns add {namespace(lab, host.name)}" for host in topology.hosts])
    links, queues = ["link set lo up"], []
    bridges = [None] + [node for node in topology.nodes if node.level != "host"]
    for node in bridges:
        # Addresses never age: an idle host's traffic must not flood every link of the lab.
        links += [
            f"link add {_bridge(node)} type bridge "
            "stp_state 0 mcast_snooping 0 ageing_time 100000000",
            *_quiet(_bridge(node)),
            f"link set {_bridge(node)} up",
        ]
    for node in topology.nodes:
        port = _port(node)
        if node.level == "host":
            links.append(
                f"link add {port} type veth peer name eth0 address {_mac(node)} "
                f"netns {namespace(lab, node.name)}"
            )
            queues += shaping.host_link(port, node.rate_mbit, upwards=False)
        else:
            below = [host.address for host in node.hosts]
            links += [
                f"link add {port} type veth peer name {port}up",
                f"link set {port}up master {_bridge(node)}",
                *_quiet(f"{port}up"),
                f"link set {port}up up",
            ]
            queues += shaping.uplink(port, node.rate_mbit, below, upwards=False)
            queues += shaping.uplink(f"{port}up", node.rate_mbit, below, upwards=True)
        links += [
            f"link set {port} master {_bridge(node.parent)}",
            *_quiet(port),
            f"link set {port} up",
        ]
    batch("ip", "-n", net, lines=links)
    batch("tc", "-n", net, lines=queues)
    slowest = min((node.rate_mbit for node in topology.nodes if node.rate_mbit), default=None)
    _each_host(topology.hosts, lambda host: _finish_host(lab, host, slowest))


def _finish_host(lab, host, slowest):
    space = namespace(lab, host.name)
    offload = [f"link set eth0 gso_max_size {shaping.offload_bytes(slowest)}"] if slowest else []
    batch(
        "ip",
        "-n",
        space,
        lines=[
            "link set lo up",
            *_quiet("eth0"),
            *offload,
            f"addr add {host.address}/8 dev eth0",
            "link set eth0 up",
        ],
    )
    batch("tc", "-n", space, lines=shaping.host_link("eth0", host.rate_mbit, upwards=True))
    control = f"echo {CONGESTION_CONTROL} > /proc/sys/net/ipv4/tcp_congestion_control"
    run("ip", "netns", "exec", space, "sh", "-c", control)


def _each_host(hosts, work):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        return list(pool.map(work, hosts))


def _identity(path):
    info = os.stat(path)
    return info.st_dev, info.st_ino


def _inside(lab):
    """The identities of the lab's namespaces; never our own, whatever a stray file is called."""
    spaces = set()
    for name in namespaces(lab):
        with contextlib.suppress(FileNotFoundError):
            spaces.add(_identity(f"{NETNS}/{name}"))
    return spaces - {_identity("/proc/self/ns/net")}


def processes_in(lab):
    """Process ids inside the lab's namespaces."""
    inside, found = _inside(lab), []
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if _identity(f"/proc/{name}/ns/net") in inside:
                found.append(int(name))
    return found


def _kill(pid, inside):
    """Ends the process, unless its number has gone to one outside since the list was made."""
    with contextlib.suppress(OSError):
        handle = os.pidfd_open(pid)
        try:
            if _identity(f"/proc/{pid}/ns/net") in inside:
                signal.pidfd_send_signal(handle, signal.SIGKILL)
        finally:
            os.close(handle)


def _kill_processes(lab):
    deadline = time.monotonic() + DEATH_SECONDS_MAX
    while pids := processes_in(lab):
        if time.monotonic() > deadline:
            raise Fault(f"process {pids[0]} in the lab {lab} does not end even by SIGKILL")
        inside = _inside(lab)
        for pid in pids:
            _kill(pid, inside)
        time.sleep(0.02)


def remove(lab):
    """Ends the processes in the lab's namespaces and deletes those, whatever state they are in.
    Doing it twice is not an error."""
    _kill_processes(lab)
    for name in namespaces(lab):
        try:
            run("ip", "netns", "delete", name)
        except Fault:
            if os.path.lexists(f"{NETNS}/{name}"):
                os.unlink(f"{NETNS}/{name}")  # left by a kill between creating and mounting it


def _queue_totals(space):
    """device -> (bytes, packets, drops) of its root queue."""
    rows = json.loads(run("tc", "-s", "-j", "-n", space, "qdisc", "show") or "[]")
    return {
        row["dev"]: (row["bytes"], row["packets"], row["drops"])
        for row in rows
        if row.get("root") and row.get("handle") == "1:"
    }


def counters(topology):
    """place -> {up_bytes, down_bytes, up_packets, ...} since the lab was made; up: to the core."""
    lab = topology.name
    inner = _queue_totals(switch_namespace(lab))
    own = dict(
        zip(
            (host.name for host in topology.hosts),
            _each_host(topology.hosts, lambda h: _queue_totals(namespace(lab, h.name))),
        )
    )
    result = {}
    for node in topology.nodes:
        port = _port(node)
        up = own[node.name]["eth0"] if node.level == "host" else inner[f"{port}up"]
        result[node.place] = {
            f"{way}_{unit}": value
            for way, values in (("up", up), ("down", inner[port]))
            for unit, value in zip(("bytes", "packets", "drops"), values)
        }
    return result


def set_cut(topology, node, cut):
    """Drops all on the node's link, both ways, no end noticing; or lets it pass again."""
    state = "disabled" if cut else "forwarding"
    ports = [_port(node)] + ([] if node.level == "host" else [f"{_port(node)}up"])
    batch(
        "bridge",
        "-n",
        switch_namespace(topology.name),
        lines=[f"link set dev {port} state {state}" for port in ports],
    )


def cut_places(topology):
    rows = json.loads(
        run("bridge", "-j", "-n", switch_namespace(topology.name), "link", "show") or "[]"
    )
    disabled = {row["ifname"] for row in rows if row.get("state") == "disabled"}
    return {node.place for node in topology.nodes if _port(node) in disabled}
