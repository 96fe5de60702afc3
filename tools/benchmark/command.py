"""The command line of tools/bench."""

import argparse
import json
import pathlib
import signal
import subprocess
import sys

from benchmark import fault, idle, images, lan, local, pair, results
from benchmark.rivals import RIVALS
from swarm import ShoalError

EXAMPLES = """\
examples:
  tools/bench lan --image base.img --hosts 15 --racks 2 --rate 50 --runs 5 -o table
  tools/bench lan --image base.img --second web.img --rivals shoal,curl --csv runs.csv --plot a.svg
  tools/bench pair -o table              two hosts on loopback, nothing shaped
  tools/bench local --image base.img     publish and export beside zstd and sha256
  tools/bench idle --packs 500           what a daemon that does nothing costs

exit codes: 0 ok, 1 failed, 2 usage, 3 some rivals failed (see their `error`), 9 not root.
Needs root, and a machine that does nothing else. tools/benchmark/README.md says what is measured.
"""
LAN_FIELDS = """\
-o json: an array, one object per rival, form and phase; medians of the runs. Sizes are bytes,
times are seconds.
  rival, form (raw, compressed), phase (first, second: got when the first is everywhere)
  last_over_bound, median_over_bound  time of the last, of the median host / bound_seconds
  last_over_bound_min, _max           of the runs
  seconds_last, seconds_median        from the common start until the host has everything, checked
  bound_bytes, bound_seconds          what the recipe refers to (second: what it adds) / the slowest
                                      link's rate; the same for all rivals and forms
  server_bytes, server_over_bound     sent over the server's link, as on the wire
  rack_border_bytes, .._over_bound    into the rack that most went into; _out_: out of a rack
  cluster_border_bytes, .._over_bound the same of clusters; none where there is but one
  .._border_payload_bytes, .._over_bound  the same without headers and messages; of Shoal only
  links                               in_bytes, out_bytes of each host's, rack's and cluster's link,
                                      by path; not in CSV
  bytes_per_host                      received over a host's link, mean
  cpu_seconds, cpu_seconds_per_gb     user + system of all its processes on all hosts and the server
                                      from start to the last host / (hosts x data_bytes)
  verified                            what arrived is what was sent, on every host, in every run
  data_bytes                          the disk without all-zero 4 KiB blocks
  raw_bytes, raw_packed               what form raw ships; packed: holes dropped, see --raw-full
  shipped_bytes                       what this rival was given to ship (Shoal: null)
  runs, failed_runs, error, hosts, racks, rate_mbit, rack_rate_mbit, clusters, cluster_rate_mbit
  Shoal: pack_bytes, publish_seconds (not in the time), payload_bytes_per_host (of packs, without
  headers), needed_bytes_per_host (by `shoal plan` before the get, own store not counted)

Shoal's hosts end with the image in their store, checked; --export has them write the disk too.
Its last host's export is compared with the image, byte by byte, outside of the time.
"""


def _count(text):
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


def _rate(text):
    value = float(text)
    if not 0.1 <= value <= 1e5:
        raise argparse.ArgumentTypeError("is 0.1 to 100000 Mbit/s")
    return value


def _list_of(allowed):
    def parse(text):
        names = list(allowed) if text == "all" else text.split(",")
        for name in names:
            if name not in allowed:
                raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(allowed)}, all")
        return list(dict.fromkeys(names))

    return parse


def _common(sub):
    sub.add_argument("-o", "--output", choices=("table", "json", "csv"), default="table")
    sub.add_argument("-q", "--quiet", action="store_true", help="no progress on stderr")
    sub.add_argument(
        "--work",
        default="/var/tmp",
        metavar="DIR",
        help="where the hosts keep their files; everything is deleted afterwards. A tmpfs such as "
        "/dev/shm takes the disk out of the comparison, and hosts x size of memory (%(default)s)",
    )
    sub.add_argument("--binaries", metavar="DIR", help="of shoald and shoal (build/release/bin)")
    sub.add_argument(
        "--cache",
        default=str(images.default_cache()),
        metavar="DIR",
        help="where the images' forms are kept from one benchmark to the next (%(default)s)",
    )


def _lan(verbs):
    sub = verbs.add_parser(
        "lan",
        help="an image onto all hosts of a rack or more, by every rival",
        epilog=LAN_FIELDS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _common(sub)
    sub.add_argument("--image", required=True, metavar="FILE", help="raw or qcow2")
    sub.add_argument("--second", metavar="FILE", help="got when the first is everywhere")
    sub.add_argument("--hosts", type=_count, default=15, help="that receive (%(default)s)")
    sub.add_argument(
        "--racks", type=_count, default=2, help="the server stands in the first (%(default)s)"
    )
    sub.add_argument(
        "--clusters", type=_count, default=1, help="of --racks racks each (%(default)s)"
    )
    sub.add_argument(
        "--rate", type=_rate, default=50, metavar="MBIT", help="of the hosts' links (%(default)s)"
    )
    sub.add_argument(
        "--rack-rate", type=_rate, metavar="MBIT", help="of the racks' uplinks (as the hosts')"
    )
    sub.add_argument(
        "--cluster-rate", type=_rate, metavar="MBIT", help="of the clusters' (as the racks')"
    )
    sub.add_argument(
        "--spread",
        type=float,
        default=0,
        metavar="SECONDS",
        help="over which hosts begin one after the other (0: together); not of tree and libtorrent",
    )
    sub.add_argument(
        "--rivals",
        type=_list_of(RIVALS),
        default=list(RIVALS),
        metavar="LIST",
        help=f"of {', '.join(RIVALS)} (all)",
    )
    sub.add_argument(
        "--forms",
        type=_list_of(("raw", "compressed")),
        default=["raw", "compressed"],
        metavar="LIST",
        help="of raw, compressed: a zstd-compressed qcow2 (all)",
    )
    sub.add_argument("--runs", type=_count, default=1, help="of every rival, in turn (%(default)s)")
    whole = sub.add_mutually_exclusive_group()
    whole.add_argument(
        "--raw-packed",
        action="store_true",
        help="the default: with form raw, rivals ship only the disk's data, as if they could skip "
        "holes, which is generous to them",
    )
    whole.add_argument("--raw-full", action="store_true", help="they ship the disk as it is")
    sub.add_argument("--export", action="store_true", help="Shoal's hosts also write the raw disk")
    sub.add_argument("--timeout", type=float, metavar="SECONDS", help="of one delivery")
    sub.add_argument(
        "--bound-bytes",
        type=lambda text: [int(part) for part in text.split(",")],
        metavar="FIRST[,SECOND]",
        help="instead of asking a shoald",
    )
    sub.add_argument("--csv", metavar="FILE", help="one line per run")
    sub.add_argument("--plot", metavar="FILE.svg")
    sub.add_argument("--keep", action="store_true", help=argparse.SUPPRESS)
    sub.set_defaults(action=do_lan)


def do_lan(args):
    racks = args.racks * args.clusters
    if args.hosts + 1 < racks:
        raise fault.Fault(f"{args.hosts} hosts and a server cannot fill {racks} racks", 2)
    if args.spread < 0:
        raise fault.Fault("--spread must not be negative", 2)
    if args.spread and {"tree", "libtorrent"} & set(args.rivals):
        raise fault.Fault("with --spread leave tree and libtorrent out of --rivals", 2)
    phases = 2 if args.second else 1
    if args.bound_bytes and len(args.bound_bytes) != phases:
        raise fault.Fault(f"--bound-bytes needs {phases} number(s)", 2)
    for path in filter(None, (args.csv, args.plot)):
        if not pathlib.Path(path).resolve().parent.is_dir():
            raise fault.Fault(f"there is no folder for {path}", 2)
    options = {key: value for key, value in vars(args).items() if key != "action"}
    options["rack_rate"] = args.rack_rate or args.rate
    options["cluster_rate"] = args.cluster_rate or options["rack_rate"]
    runs, code = lan.run(options)
    rows = results.summarise(runs)
    write = {"json": results.to_json, "csv": results.to_csv, "table": results.to_table}
    sys.stdout.write(write[args.output](rows))
    if args.csv:
        pathlib.Path(args.csv).write_text(results.to_csv(runs))
    if args.plot:
        results.plot(rows, args.plot)
    return code


def do_lan_inside(args):
    options = json.loads(pathlib.Path(args.task).read_text())
    if options["quiet"]:
        fault.be_quiet()
    lan.run_inside(args.task)
    return 0


def _pair(verbs):
    sub = verbs.add_parser("pair", help="two hosts on loopback beside stock libtorrent")
    _common(sub)
    sub.add_argument("--size", type=_count, default=1024, metavar="MIB", help="(%(default)s)")
    sub.add_argument("--runs", type=_count, default=1, help="(%(default)s)")
    sub.set_defaults(measure=pair.run, action=do_plain, work="/dev/shm")


def _local(verbs):
    sub = verbs.add_parser("local", help="publish and export beside zstd, SHA-256, the disk")
    _common(sub)
    sub.add_argument("--image", required=True, metavar="FILE", help="raw or qcow2")
    sub.add_argument("--runs", type=_count, default=1, help="(%(default)s)")
    sub.set_defaults(measure=local.run, action=do_plain)


def _idle(verbs):
    sub = verbs.add_parser("idle", help="what daemons cost that do nothing")
    _common(sub)
    sub.add_argument("--seconds", type=_count, default=20, help="to observe (%(default)s)")
    sub.add_argument("--packs", type=int, default=0, help="known the second time (%(default)s)")
    sub.add_argument(
        "--pack-size", type=_count, default=256, metavar="KIB", help="of each (%(default)s)"
    )
    sub.set_defaults(measure=idle.run, action=do_plain)


def do_plain(args):
    options = {k: v for k, v in vars(args).items() if k not in ("action", "measure")}
    try:
        rows = args.measure(options)
    except (ShoalError, subprocess.TimeoutExpired) as error:
        raise fault.Fault(str(error)) from None
    write = {"json": results.to_json, "csv": results.to_csv, "table": results.to_plain_table}
    sys.stdout.write(write[args.output](rows))
    return 0 if all(row.get("verified", True) for row in rows) else 1


def _parser():
    parser = argparse.ArgumentParser(
        prog="bench",
        description="Shoal beside what people would use instead, and beside what is possible.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="COMMAND")
    for add in (_lan, _pair, _local, _idle):
        add(verbs)
    inside = verbs.add_parser("lan-inside")
    inside.add_argument("task")
    inside.set_defaults(action=do_lan_inside, quiet=False)
    return parser


def _interrupt(_number, _frame):
    raise KeyboardInterrupt


def main(arguments):
    args = _parser().parse_args(arguments)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    if args.quiet:
        fault.be_quiet()
    try:
        return args.action(args)
    except fault.Fault as problem:
        print(f"bench: {problem}", file=sys.stderr)
        return problem.code
    except KeyboardInterrupt:
        print("bench: stopped; everything is cleaned up", file=sys.stderr)
        return 130
