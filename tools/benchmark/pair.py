"""Two hosts on loopback, nothing shaped: Shoal's bulk transfer beside stock libtorrent's."""

import os
import shutil
import statistics

from benchmark import loopback
from benchmark.fault import Fault, require, require_libtorrent, say
from benchmark.images import Image
from benchmark.measure import timed, work_folder
from benchmark.rivals import shoal as shoal_rival
from benchmark.rivals.base import Delivery, Scene
from benchmark.rivals.libtorrent import Libtorrent

_LIMIT_SECONDS = 600
_WRITE_BYTES = 16 << 20
# On loopback a deep queue is the quicker one (846 MB/s with 64 requests, 1200 with 500).
_SETTINGS = {"max_out_request_queue": 500}
_KINDS = (
    ("shoal", shoal_rival.Shoal, {}),
    ("shoal, bulk.tls=all", shoal_rival.Shoal, {"node_options": {"bulk.tls": "all"}}),
    ("libtorrent v1", Libtorrent, {"libtorrent_version": 1}),
    ("libtorrent v2", Libtorrent, {"libtorrent_version": 2}),
)


def _random_image(folder, size_bytes, cache):
    """Random bytes: what is sent is as long as the image, whoever compresses."""
    path = folder / "random.img"
    with open(path, "wb") as stream:
        for begin in range(0, size_bytes, _WRITE_BYTES):
            stream.write(os.urandom(min(_WRITE_BYTES, size_bytes - begin)))
    return Image(path, cache, full_raw=True)


def run(options):
    """@returns rows, one a kind, the last with Shoal's ratios."""
    require("cmp")
    require_libtorrent()
    shoal_rival.binaries(options["binaries"])
    size_bytes = options["size"] << 20
    with work_folder(options["work"]) as folder:
        needed, free = 4 * size_bytes, shutil.disk_usage(folder).free
        if free < needed:
            raise Fault(f"{options['work']} has {free >> 20} MiB free, needs {needed >> 20}")
        image = _random_image(folder, size_bytes, folder / "cache")
        figures = {name: [] for name, _, _ in _KINDS}
        for number in range(1, options["runs"] + 1):
            for name, kind, more in _KINDS:
                figures[name].append(_one(kind, {**options, **more}, folder / "run", image))
                say(f"run {number}: {name}: {figures[name][-1]['mb_per_second']:.0f} MB/s")
    return _rows(figures, size_bytes)


def _one(kind, options, folder, image):
    folder.mkdir()
    server, receiver = loopback.hosts(["server", "receiver"])
    scene = Scene(server, [receiver], folder, {**options, "libtorrent_settings": _SETTINGS})
    delivery = Delivery("first", "raw", image, "random")
    try:
        with kind(scene) as rival:
            warm = _Warming(folder, image.raw.stat().st_size)
            timing = timed(rival, delivery, _LIMIT_SECONDS, warm)
            verified, _ = rival.check(delivery)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    size = image.raw.stat().st_size
    used = dict(timing.cpu_seconds)
    receiving = used.pop("receiver", 0.0)
    return {
        "mb_per_second": size / 1e6 / timing.seconds["receiver"],
        "cpu_seconds_per_gb": (receiving + sum(used.values())) / (size / 1e9),
        "receiver_cpu_seconds_per_gb": receiving / (size / 1e9),
        "sender_cpu_seconds_per_gb": sum(used.values()) / (size / 1e9),
        "verified": verified,
    }


class _Warming:
    """Has the system use as much memory as the delivery will, right before it, and give it back: in
    a virtual machine memory touched for the first time is slow, and whoever goes first pays."""

    def __init__(self, folder, size_bytes):
        self.path, self.left = folder / "warm", size_bytes

    def __call__(self):
        if not self.left:
            return
        with open(self.path, "wb") as stream:
            while self.left:
                self.left -= stream.write(bytes(min(self.left, _WRITE_BYTES)))
        self.path.unlink()


def _rows(figures, size_bytes):
    rows = []
    for name, runs in figures.items():
        row = {"rival": name, "bytes": size_bytes, "runs": len(runs)}
        for key in runs[0]:
            values = [run[key] for run in runs]
            row[key] = all(values) if key == "verified" else round(statistics.median(values), 3)
        rows.append(row)
    ours, tls, *theirs = rows
    best = max(row["mb_per_second"] for row in theirs)
    least = min(row["cpu_seconds_per_gb"] for row in theirs)
    ours["speed_over_libtorrent"] = round(ours["mb_per_second"] / best, 3)
    tls["speed_over_plain"] = round(tls["mb_per_second"] / ours["mb_per_second"], 3)
    tls["cpu_over_plain"] = round(tls["cpu_seconds_per_gb"] / ours["cpu_seconds_per_gb"], 3)
    ours["cpu_over_libtorrent"] = round(ours["cpu_seconds_per_gb"] / least, 3)
    return rows
