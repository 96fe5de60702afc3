"""What `lab status` and `lab bytes` show: rows for -o json, the same as a table."""

import json

import network
import state
from shell import Fault, USAGE

_COUNTED = ("up_bytes", "down_bytes", "up_packets", "down_packets", "up_drops", "down_drops")


def links(topology, counters):
    """One row per link. Up is from the node towards the core, down is towards the node."""
    return [
        {
            "link": node.place,
            "level": node.level,
            "name": node.name,
            "rate_mbit": node.rate_mbit,
            **{key: counters[node.place][key] for key in _COUNTED},
        }
        for node in topology.nodes
    ]


def _minus(counters, earlier, what):
    result = {
        place: {key: value - earlier.get(place, {}).get(key, 0) for key, value in row.items()}
        for place, row in counters.items()
    }
    if any(value < 0 for row in result.values() for value in row.values()):
        raise Fault(f"{what} counted more than there is now: it is of another lab")
    return result


def _read_earlier(path):
    try:
        with open(path) as stream:
            report = json.load(stream)
        if report["counted_since"] != "up":
            raise Fault(f"{path} must be made by `lab bytes --total -o json`", USAGE)
        return {row["link"]: {key: row[key] for key in _COUNTED} for row in report["links"]}
    except (OSError, ValueError, KeyError, TypeError):
        raise Fault(f"{path} is not an output of `lab bytes --total -o json`", USAGE) from None


def bytes_report(topology, total=False, since=None):
    """Counted since the lab was made (`total`), since a saved report, or since the last reset."""
    counters, counted_since = network.counters(topology), "up"
    if since:
        counters, counted_since = _minus(counters, _read_earlier(since), since), since
    elif not total and (earlier := state.baseline(topology.name)):
        counters, counted_since = _minus(counters, earlier, "the last reset"), "reset"
    return {
        "lab": topology.name,
        "counted_since": counted_since,
        "links": links(topology, counters),
    }


def status_report(topology):
    cut = network.cut_places(topology)
    report = bytes_report(topology)
    for row in report["links"]:
        row["cut"] = row["link"] in cut
    report["hosts"] = [
        {
            "host": host.name,
            "place": host.place,
            "address": host.address,
            "rate_mbit": host.rate_mbit,
            "namespace": network.namespace(topology.name, host.name),
            "cut": host.place in cut,
        }
        for host in topology.hosts
    ]
    report["processes"] = len(network.processes_in(topology.name))
    return report


def _rate(row):
    return f"{row['rate_mbit']:g} Mbit/s" if row["rate_mbit"] else "not shaped"


def _size(count):
    return f"{count / (1 << 20):.2f} MiB"


def print_links(report):
    print(f"{'LINK':40} {'LEVEL':8} {'RATE':>14} {'UP':>14} {'DOWN':>14} {'DROPS':>7}")
    for row in report["links"]:
        drops = row["up_drops"] + row["down_drops"]
        print(
            f"{row['link']:40} {row['level']:8} {_rate(row):>14} {_size(row['up_bytes']):>14} "
            f"{_size(row['down_bytes']):>14} {drops:7}{'  cut' if row.get('cut') else ''}"
        )


def print_status(report):
    print(
        f"lab {report['lab']}: {len(report['hosts'])} hosts, {report['processes']} processes; "
        f"bytes counted since {report['counted_since']}"
    )
    addresses = {host["place"]: host["address"] for host in report["hosts"]}
    for row in report["links"]:
        if row["level"] == "host":
            print(f"  {row['link']:40} {addresses[row['link']]:15}")
    print_links(report)
