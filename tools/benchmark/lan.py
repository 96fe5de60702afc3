"""One server, N hosts, shaped links: every rival gets an image everywhere.

Two processes. The outer one prepares the images' forms and prints; it runs the inner one inside a
lab (`lab run`), which takes the network and everything in it away even when both are killed.
"""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys

from benchmark import laboratory
from benchmark.fault import PARTIAL, PERMISSION, Fault, require, require_libtorrent, say
from benchmark.images import Image
from benchmark.measure import timed, work_folder
from benchmark.rivals import RIVALS
from benchmark.rivals import shoal as shoal_rival
from benchmark.rivals.base import Delivery, Scene
from swarm import ShoalError, Swarm

_GRACE_SECONDS = 60


def run(options):
    """@returns (a dictionary per run of a rival, the exit code)."""
    if os.geteuid() != 0:
        raise Fault("needs root, for network namespaces: run it with sudo", PERMISSION)
    for name in options["rivals"]:
        require("nsenter", *RIVALS[name].programs)
    if {"aria2", "libtorrent"} & set(options["rivals"]):
        require_libtorrent()
    if "shoal" in options["rivals"] or not options["bound_bytes"]:
        shoal_rival.binaries(options["binaries"])
    for image in _images(options).values():
        for form in options["forms"]:
            image.shipped(form)
        say(f"{image.name}: {image.data_bytes / 1e6:.1f} MB of data")
    with work_folder(options["work"]) as folder:
        _require_space(options, folder)
        return _run_in_lab(options, folder)


def _require_space(options, folder):
    """Room for the file on every host; a full disk in the middle would look like a slow rival."""
    shipped = [i.shipped(f) for i in _images(options).values() for f in options["forms"]]
    needed = sum(sorted(path.stat().st_size for path in shipped)[-2:]) * (options["hosts"] + 1)
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise Fault(
            f"{options['work']} has {free >> 20} MiB free, the hosts need {needed >> 20}: "
            "choose another folder by --work"
        )


def _images(options):
    given = {"first": options["image"], "second": options["second"]}
    return {
        phase: Image(path, options["cache"], options["raw_full"])
        for phase, path in given.items()
        if path
    }


def _run_in_lab(options, folder):
    task, topology, results = (folder / name for name in ("task.json", "lab.toml", "runs.jsonl"))
    task.write_text(json.dumps({**options, "folder": str(folder), "results": str(results)}))
    laboratory.write_topology(topology, f"bench{os.getpid()}", options)
    bench = pathlib.Path(__file__).resolve().parents[1] / "bench"
    child = laboratory.run_inside(topology, [sys.executable, "-B", bench, "lan-inside", task])
    code = _wait_for(child)
    if code < 0 or code >= 128:
        raise KeyboardInterrupt
    if code:
        raise Fault("the benchmark stopped: see above", code)
    runs = [json.loads(line) for line in results.read_text().splitlines()]
    return runs, PARTIAL if any(row["error"] for row in runs) else 0


def _wait_for(child):
    """Its exit code; a signal that ends us ends it first, so that nothing stays behind."""

    def forward(number, _frame):
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(number)

    before = {n: signal.signal(n, forward) for n in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    try:
        return child.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run_inside(path):
    """The inner process's whole work."""

    def stop(number, _frame):
        raise SystemExit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    options = json.loads(pathlib.Path(path).read_text())
    _Inside(options).run()


def _slowest_rate(options):
    """Of the links that every byte of an image has to pass on its way to some host."""
    rates = [options["rate"]]
    if options["racks"] * options["clusters"] > 1:
        rates.append(options["rack_rate"])
    if options["clusters"] > 1:
        rates.append(options["cluster_rate"])
    return min(rate for rate in rates if rate)


class _Inside:
    def __init__(self, options):
        self.options = options
        self.lab = laboratory.Laboratory()
        self.images = _images(options)
        self.folder = pathlib.Path(options["folder"])
        self.results = open(options["results"], "w")
        self.slowest_bytes_per_second = _slowest_rate(options) * 1e6 / 8
        self.bounds = {}

    def run(self):
        self.bounds = self.bound_bytes()
        for number in range(1, self.options["runs"] + 1):
            for name in self.options["rivals"]:
                for form in self.options["forms"]:
                    self.run_rival(number, RIVALS[name], form)

    def bound_bytes(self):
        """phase -> the bytes that a host needs: those the recipe refers to when the image is
        published in an empty swarm; of the second those it adds to the first."""
        given = self.options["bound_bytes"]
        if given:
            return dict(zip(("first", "second"), given))
        say("publishing in an empty swarm: the bound")
        programs = shoal_rival.binaries(self.options["binaries"])
        node = shoal_rival.node_on(self.lab.server, self.folder / "bound" / "node", programs)
        bounds = {}
        with Swarm(self.folder / "bound", programs, [node]) as swarm:
            shoal_rival.start(swarm)
            for phase, image in self.images.items():
                published = shoal_rival.publish(node, image.raw, phase)
                referred = shoal_rival.catalogue_entry(node, phase)["referred_bytes"]
                bounds[phase] = referred if phase == "first" else published["pack_bytes"]
        shutil.rmtree(self.folder / "bound")
        return bounds

    def run_rival(self, number, kind, form):
        """All phases; the second in the same swarm only where the rival can use what is there."""
        phases = list(self.images)
        groups = [phases] if kind.remembers else [[phase] for phase in phases]
        for group in groups:
            folder = self.folder / f"{kind.name}-{form}-{number}"
            folder.mkdir()
            scene = Scene(self.lab.server, self.lab.hosts, folder, self.options)
            try:
                with kind(scene) as rival:
                    for phase in group:
                        self.deliver(
                            number, rival, Delivery(phase, form, self.images[phase], phase)
                        )
            except (Fault, ShoalError, subprocess.TimeoutExpired) as fault:
                for phase in group:
                    if phase not in self.seen(number, kind, form):
                        self.record(number, kind, form, phase, {"error": str(fault)})
                say(f"run {number}: {kind.name} {form}: {fault}")
            finally:
                if self.options["keep"]:
                    say(f"kept: {folder}")
                else:
                    shutil.rmtree(folder, ignore_errors=True)
                # What is still to be written back would disturb the next rival.
                os.sync()

    def seen(self, number, kind, form):
        self.results.flush()
        rows = map(json.loads, pathlib.Path(self.options["results"]).read_text().splitlines())
        wanted = (number, kind.name, form)
        return {r["phase"] for r in rows if (r["run"], r["rival"], r["form"]) == wanted}

    def deliver(self, number, rival, delivery):
        label = f"run {number}: {rival.name} {delivery.form} {delivery.phase}"
        say(f"{label}: preparing")
        timing = timed(rival, delivery, self.limit_seconds(delivery), self.lab.counters)
        verified, extra = rival.check(delivery)
        readings = (timing.reading_before, timing.reading_after)
        moved = laboratory.traffic(*readings, self.lab.server, self.lab.hosts)
        measured = self.figures(delivery, timing.seconds, sum(timing.cpu_seconds.values()))
        row = {**measured, **moved, "verified": verified, **extra}
        row["error"] = None if verified else "what arrived is not what was sent"
        self.record(number, type(rival), delivery.form, delivery.phase, row)
        say(
            f"{label}: last {row['seconds_last']:.2f} s = {row['last_over_bound']:.2f} x bound, "
            f"server {row['server_bytes'] / 1e6:.1f} MB, verified {str(verified).lower()}"
        )

    def limit_seconds(self, delivery):
        if self.options["timeout"]:
            return self.options["timeout"]
        size = delivery.image.shipped(delivery.form).stat().st_size
        return _GRACE_SECONDS + 2 * len(self.lab.hosts) * size / self.slowest_bytes_per_second

    def figures(self, delivery, seconds, cpu_seconds):
        bound_seconds = self.bounds[delivery.phase] / self.slowest_bytes_per_second
        last, median = max(seconds.values()), statistics.median(seconds.values())
        gigabytes = len(seconds) * delivery.image.data_bytes / 1e9
        return {
            "last_over_bound": last / bound_seconds,
            "median_over_bound": median / bound_seconds,
            "seconds_last": last,
            "seconds_median": median,
            "cpu_seconds": cpu_seconds,
            "cpu_seconds_per_gb": cpu_seconds / gigabytes,
        }

    def record(self, number, kind, form, phase, row):
        image = self.images[phase]
        bound = self.bounds[phase]
        common = {
            "rival": kind.name,
            "form": form,
            "phase": phase,
            "run": number,
            "hosts": len(self.lab.hosts),
            "racks": self.options["racks"],
            "rate_mbit": self.options["rate"],
            "rack_rate_mbit": self.options["rack_rate"],
            "clusters": self.options["clusters"],
            "cluster_rate_mbit": self.options["cluster_rate"],
            "spread_seconds": self.options["spread"],
            "bound_bytes": bound,
            "bound_seconds": bound / self.slowest_bytes_per_second,
            "data_bytes": image.data_bytes,
            "raw_bytes": image.shipped("raw").stat().st_size,
            "raw_packed": not image.full_raw,
            "shipped_bytes": None if kind.remembers else image.shipped(form).stat().st_size,
            "verified": False,
        }
        self.results.write(json.dumps({**common, **row}) + "\n")
        self.results.flush()
