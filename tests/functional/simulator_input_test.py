"""Malformed scenario, topology and trace files: `shoal-sim run` names file, line and field and what was
expected, in one line, ends with an exit code of its own and writes nothing.

How: the real program on files that are wrong in one point each.
"""

import json
import subprocess
import tempfile
import unittest
from pathlib import Path

from story import BINARIES, NOT_FOUND, ROOT, USAGE, main

HEADER = b"shoal_trace,1\ndata_centre,S6\nimages,10\nduration_seconds,100\nvm,time_seconds,image,lifetime_seconds\n"
VM = b"v,s,d,300,600,1,1,1,Unknown,2,4\n"


class InputTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="shoal-story-")
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)
        self.scenario = self.directory / "bad.toml"

    def run_sim(self, *arguments):
        done = subprocess.run([str(BINARIES / "shoal-sim"), "run", *map(str, arguments), "-q"], capture_output=True,
                              cwd=self.directory, stdin=subprocess.DEVNULL, timeout=60)
        return done.returncode, done.stdout, done.stderr.decode("ascii")

    def assert_refused(self, content, said, code=USAGE):
        self.scenario.write_bytes(content)
        before = sorted(self.directory.iterdir())
        for form in ("table", "json", "csv"):
            ended, out, text = self.run_sim(self.scenario, "-o", form)
            self.assertEqual((ended, out), (code, b""), text)
            self.assertTrue(text.startswith(f"shoal-sim: {self.scenario}:"), text)
            self.assertIn(said, text)
            self.assertEqual(text.count("\n"), 1, text)
        self.assertEqual(sorted(self.directory.iterdir()), before, "something was written")

    def test_scenarios(self):
        for content, said in (
                (b"speed = 3\n", ":1: speed: unknown; expected one of"),
                (b'name = "x"\nscheme = 3\n', ":2: scheme: expected text in quotes"),
                (b'\n\nscheme = "fast"\n', ":3: scheme: 'fast': expected baseline, local, naive, flat or topo"),
                (b'mode = "virtual"\n', ":1: mode: 'virtual': expected paper or physical"),
                (b"seeds = 3\n", ":1: seeds: expected text in quotes"),
                (b'seeds = "5..1"\n', ":1: seeds: '5..1'"),
                (b'seeds = ""\n', ":1: seeds: ''"),
                (b'seeds = "1..99999999"\n', "at most 10000 seeds"),
                (b"[links]\nrack_mbps = -1\n", ":2: links.rack_mbps: expected a number above 0"),
                (b"[links]\nrack_mbps = inf\n", ":2: links.rack_mbps: expected a number above 0"),
                (b"[links]\nrack_mbps = 1e400\n", ":2: "),
                (b"[physical]\nhost_mbps = 0\n", ":2: physical.host_mbps: expected a number above 0"),
                (b"[image]\nsize_mb = 65536\nchunk_mb = 1\n", ":3: image.chunk_mb: expected at most 16384"),
                (b'[cache]\npolicy = "best"\n', ":2: cache.policy: 'best'"),
                (b"[cache]\nimages = -1\n", ":2: cache.images: expected a number from 0 on"),
                (b'[policy]\nplacement = "near"\n', ":2: policy.placement: 'near': expected random, min_loaded"),
                (b'[policy]\nprestage = "yes"\n', ":2: policy.prestage: expected true or false"),
                (b'[load]\ndata_centre = "S7"\n', ":2: load.data_centre: 'S7': expected S1 to S6"),
                (b"scheme =\n", ":1: "), (b"[links\n", ":1: "), (b"\n[=", ":2: "), (b"[\n", ":1: "), (b'name = "a"\nname = "b"\n', ":2: "),
                (b'name = "a"\r\nspeed = 1\r\n', ":2: speed: unknown"),
                (b'name = "\xff\xfe"\n', ":1: "), (b"\xff\xfe\x00", ":1: "), (b"\x7fELF" + bytes(5000), ":1: ")):
            with self.subTest(content=content[:60]):
                self.assert_refused(content, said)

    def test_topologies(self):
        for content, said in (
                (b"topology = 3\n", ":1: topology: expected a table: [topology]"),
                (b"[[topology]]\nclusters = 1\n", ":1: topology: expected a table"),
                (b"[topology]\nhosts = 3\n", ":2: topology.hosts: unknown; expected one of clusters, hosts_per_rack"),
                (b'[topology]\nclusters = "3"\n', ":2: topology.clusters: expected a whole number from 1 to 1000"),
                (b"[topology]\nclusters = 1.5\n", ":2: topology.clusters: expected a whole number"),
                (b"[topology]\nracks_per_cluster = 0\n", ":2: topology.racks_per_cluster: expected a whole"),
                (b"[topology]\nhosts_per_rack = 1001\n", ":2: topology.hosts_per_rack: expected a whole"),
                (b"[topology]\nclusters = 1000\nhosts_per_rack = 1000\n", "topology: expected at most 100000 hosts"),
                (b"[topology]\nclusters = 99999999999999999999\n", ":2: ")):
            with self.subTest(content=content):
                self.assert_refused(content, said)

    def assert_trace_refused(self, content, said, table=b"[load]\ntrace"):
        (self.directory / "trace.csv").write_bytes(content)
        self.assert_refused(table + b" = 'trace.csv'\n", f"{self.directory}/trace.csv: {said}")

    def test_traces(self):
        for content, said in (
                (b"", "line 1: shoal_trace: expected a line 'shoal_trace,VALUE'; found the end of the file"),
                (b"\r\n\r\n", "line 3: shoal_trace: expected a line"),
                (b"shoal_trace,2\n", "line 1: shoal_trace: expected version 1; found '2'"),
                (HEADER.replace(b"S6", b"\xff\xfe"), r"line 2: data_centre: expected a name of printable ASCII"),
                (HEADER.replace(b"images,10", b"images,0"), "line 3: images: expected at least 1; found '0'"),
                (HEADER.replace(b",10\n", b",100000000\n"), "line 3: images: expected a whole number from 0 to 1000000"),
                (HEADER.replace(b",100\n", b",-1\n"), "line 4: duration_seconds: expected a finite number, 0 or more"),
                (HEADER.replace(b"vm,", b"VM,"), "line 5: columns: expected the line"),
                (HEADER + b"1,0,0\n", "line 6: columns: expected 4 fields: vm,time_seconds,image,lifetime_seconds"),
                (HEADER + b"1,0,0,5,6\n", "line 6: columns: expected 4 fields"),
                (HEADER + b"1,0,0,5\r\nx,1,0,5\r\n", "line 7: vm: expected a whole number from 0 to 18446744073709551615; "
                                                     "found 'x'"),
                (HEADER + b"1,-1,0,5\n", "line 6: time_seconds: expected a finite number, 0 or more; found '-1'"),
                (HEADER + b"1,nan,0,5\n", "line 6: time_seconds: expected a finite number"),
                (HEADER + b"1,101,0,5\n", "line 6: time_seconds: expected no more than the trace's duration_seconds"),
                (HEADER + b"1,9,0,5\n2,8,0,5\n", "line 7: time_seconds: expected requests in order of time; found '8'"),
                (HEADER + b"1,0,10,5\n", "line 6: image: expected a number below 'images'; found '10'"),
                (HEADER + b"1,0,0,-5\n", "line 6: lifetime_seconds: expected a finite number, 0 or more; found '-5'"),
                (HEADER + b"1,0,0,5\n1,1,0,5\n", "line 7: vm: expected a number no earlier request has; found '1'"),
                (HEADER + b"\x1b[31m\xff\x00,0,0,5\n", r"line 6: vm: expected a whole number from 0 to "
                                                       r"18446744073709551615; found '\x1b[31m\xff\x00'"),
                (HEADER + b"1" * 100_000 + b"\n", "line 6: expected at most 65536 bytes")):
            with self.subTest(content=content[-60:]):
                self.assert_trace_refused(content, said)

    def test_tables_of_azures_vms(self):
        for content, said in (
                (b"", "line 1: expected at least one VM created within the time and images asked for"),
                (VM + b"v,s,d,300,600,1,1,1,Unknown,2\n", "line 2: columns: expected 11 fields (vmid ... vmmemory), "
                                                          "not 10"),
                (VM + b",s,d,300,600,1,1,1,Unknown,2,4\n", "line 2: vmid: expected an id"),
                (VM + b"v,s,d,x,600,1,1,1,Unknown,2,4\n", "line 2: vmcreated: expected a whole number from 0 to "
                                                          "10000000000; found 'x'"),
                (VM + b"v,s,d,-300,600,1,1,1,Unknown,2,4\n", "line 2: vmcreated: expected a whole number"),
                (VM + b"v,s,d,600,300,1,1,1,Unknown,2,4\r\n", "line 2: vmdeleted: expected no earlier than vmcreated; "
                                                              "found '300'"),
                (VM + b"\xff,\xfe,d,300,\x00,1,1,1,Unknown,2,4\n", r"line 2: vmdeleted: expected a whole number from 0 to "
                                                                   r"10000000000; found '\x00'"),
                (VM + b"v" * 100_000 + b"\n", "line 2: expected at most 65536 bytes"),
                (b"\x1f\x8b\x08" + bytes(range(256)) * 4, "line 1: columns: expected 11 fields")):
            with self.subTest(content=content[-60:]):
                self.assert_trace_refused(content, said, b"[load.azure]\nfile")

    def test_files_that_are_not_there(self):
        for table in (b"[load]\ntrace", b"[load.azure]\nfile"):
            self.assert_refused(table + b" = 'gone.csv'\n", f"{self.directory}/gone.csv: cannot be opened")
            self.assert_refused(table + b" = '.'\n", "it could not be read")
        self.assertEqual(self.run_sim("gone.toml"),
                         (NOT_FOUND, b"", "shoal-sim: cannot read the scenario gone.toml: No such file or directory\n"))
        code, out, text = self.run_sim(self.directory)
        self.assertEqual((code != 0, out), (True, b""))
        self.assertIn("Is a directory", text)

    def test_what_is_well_formed_runs(self):
        """With carriage returns, too: the files may come from anywhere."""
        trace = self.directory / "trace.csv"
        trace.write_bytes((HEADER + b"1,0,0,5\n2,1,3,5\n").replace(b"\n", b"\r\n"))
        table = ROOT / "tests" / "data" / "azure-vmtable.csv"
        for load in (b"[load]\r\ntrace = 'trace.csv'\r\n", f"[load.azure]\nfile = '{table}'\n".encode()):
            self.scenario.write_bytes(load + b"[image]\nsize_mb = 16\n")
            code, out, text = self.run_sim(self.scenario, "-o", "json")
            self.assertEqual((code, text), (0, ""))
            self.assertGreater(json.loads(out)["seeds"][0]["requests"], 1)


if __name__ == "__main__":
    main()
