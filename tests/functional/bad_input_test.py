"""What people get wrong is refused with an exit code of its own and a sentence that names what was
found; the daemon goes on.

How: one daemon (two for what needs a taken port), wrong arguments, and files that are no images.
"""

import gzip
import os
import socket
import struct
import subprocess

from story import (CONFLICT, CORRUPT, NO_SPACE, NOT_FOUND, UNREACHABLE, USAGE, ShoalError, Story, StoryNode, main,
                   run_daemon)

BAD_NAMES = ["", "a/b", "..", "a..b", "a\nb", "a\x1bb", "a\tb", "-a", ".a", "a b", "ä", "x" * 129, "x" * 300]


class ArgumentsTest(Story):
    racks = (1,)

    def setUp(self):
        super().setUp()
        self.node = self.start_swarm().gis

    def tearDown(self):
        self.assert_works(self.node)

    def test_malformed_names_are_refused(self):
        image = self.image(mib=1)
        for bad in BAD_NAMES:
            with self.subTest(name=bad):
                # With `=` a name that begins with a hyphen is not taken for a flag.
                self.assert_refused(USAGE, ".", self.node, "publish", image, f"--name={bad}", "--version=1")
                self.assert_refused(USAGE, ".", self.node, "publish", image, "--name=web", f"--version={bad}")
                self.assert_refused(USAGE, ".", self.node, "publish", image, "--name=web", "--version=1",
                                    f"--parent={bad}:1" if bad else "--parent=:1")
                for command in ("get", "plan", "verify"):
                    self.assert_refused(USAGE, ".", self.node, command, "--", f"{bad}:1")
                self.assert_refused(USAGE, ".", self.node, "rm", "-y", "--", f"{bad}:1")
        self.assertEqual(self.node.shoal("images"), [])
        self.assertEqual(self.node.shoal("jobs"), [])

    def test_refusals_do_not_send_control_characters_to_the_terminal(self):
        text = self.assert_refused(USAGE, ".", self.node, "get", "a\x1b[31mb:1")
        self.assertNotIn("\x1b", text)

    def test_the_api_refuses_what_the_command_would(self):
        """The socket is open to scripts: names are checked again behind it."""
        image = str(self.image(mib=1))

        def post(target, body):
            done = subprocess.run(["curl", "-s", "-o", "-", "-w", "\n%{http_code}", "--unix-socket", self.node.socket,
                                   "-H", "Content-Type: application/json", "-d", body, f"http://x/api/v1/{target}"],
                                  capture_output=True, text=True, check=True).stdout
            return int(done.rsplit("\n", 1)[1]), done
        for body in ('{', '[]', '"x"', '{"file": 1}', '{"file": "/x"}',
                     '{"file":"%s","name":"a/b","version":"1"}' % image,
                     '{"file":"%s","name":"..","version":"1"}' % image,
                     '{"file":"%s","name":"a","version":"1","colour":"red"}' % image,
                     '{"file":"relative.raw","name":"a","version":"1"}', "[" * 100000):
            with self.subTest(body=body[:60]):
                code, text = post("images", body)
                self.assertEqual(code, 400, text[:300])
        self.assertEqual(post("gets", '{"image":"nocolon"}')[0], 400)
        self.assertEqual(post("nothing", "{}")[0], 404)
        self.assertEqual(self.node.shoal("images"), [])

    def test_what_does_not_exist_is_not_found(self):
        image = self.image(mib=1)
        self.assert_refused(NOT_FOUND, "web:1", self.node, "get", "web:1")
        self.assert_refused(NOT_FOUND, "web:1", self.node, "plan", "web:1")
        self.assert_refused(NOT_FOUND, "web:1", self.node, "verify", "web:1")
        self.assert_refused(NOT_FOUND, "base:1", self.node, "publish", image, "--name", "web", "--version", "1",
                            "--parent", "base:1")
        self.assert_refused(NOT_FOUND, "missing.raw", self.node, "publish", self.directory / "missing.raw",
                            "--name", "web", "--version", "1")
        self.assert_refused(NOT_FOUND, "0000", self.node, "torrent", "0" * 64)
        self.assertEqual(self.node.shoal("images"), [], "half an image became known")

    def test_files_that_are_no_images_are_named(self):
        raw = self.image(mib=4)
        contents = {
            "gzip": gzip.compress(raw.read_bytes()[:100000]),
            "ELF": b"\x7fELF" + bytes(5000),
            "web page": b"<!DOCTYPE html><html>404</html>",
            "empty": b"",
            "zip": b"PK\x03\x04" + bytes(100),
            "text file": b"d41d8cd98f00b204e9800998ecf8427e  disk.raw\n",
        }
        for word, content in contents.items():
            with self.subTest(content=word):
                file = self.directory / "foreign"
                file.write_bytes(content)
                self.assert_refused(USAGE, word, self.node, "publish", file, "--name", "web", "--version", "1")
        for form, word in (("vmdk", "VMDK"), ("vdi", "VDI"), ("vhdx", "VHDX"), ("vpc", "VHD")):
            with self.subTest(format=form):
                file = self.directory / f"foreign.{form}"
                subprocess.run(["qemu-img", "convert", "-O", form, raw, file], check=True)
                text = self.assert_refused(USAGE, word, self.node, "publish", file, "--name", "web", "--version", "1")
                self.assertIn("qemu-img convert", text)
        self.assert_refused(USAGE, "directory", self.node, "publish", self.directory, "--name", "w", "--version", "1")
        fifo = self.directory / "fifo"
        os.mkfifo(fifo)
        self.assert_refused(USAGE, ".", self.node, "publish", fifo, "--name", "w", "--version", "1", timeout=10)
        self.assertEqual(self.node.shoal("images"), [])
        self.assertEqual(self.node.shoal("status")["pack_count"], 0)

    def test_qcow2_images_that_are_not_in_one_piece_are_named(self):
        create = ["qemu-img", "create", "-q", "-f", "qcow2"]
        file = self.directory / "pieces.qcow2"
        for options, code, words in (
                (["-o", f"data_file={self.directory}/data.bin"], USAGE, "keeps its data in .*data.bin.*qemu-img conv"),
                (["--object", "secret,id=s,data=x", "-o", "encrypt.format=aes,encrypt.key-secret=s"], USAGE,
                 "is an encrypted image.*qemu-img convert"),
                (["-u", "-b", "nbd://192.0.2.1/x", "-F", "raw"], USAGE, "built on nbd://192.0.2.1/x.*qemu-img conv"),
                (["-u", "-b", "/nowhere/base.raw", "-F", "raw"], NOT_FOUND, "/nowhere/base.raw.*qemu-img rebase")):
            with self.subTest(options=options):
                file.unlink(missing_ok=True)
                subprocess.run([*create, *options, file, "8M"], check=True)
                text = self.assert_refused(code, words, self.node, "publish", file, "--name", "w", "--version", "1")
                self.assertIn(str(file), text)
        self.assertEqual(self.node.shoal("images"), [])

    def test_damaged_qcow2_images_are_refused(self):
        raw = self.image(mib=8)
        whole = self.directory / "whole.qcow2"
        subprocess.run(["qemu-img", "convert", "-c", "-O", "qcow2", raw, whole], check=True)
        content = whole.read_bytes()
        l1_offset = struct.unpack(">Q", content[40:48])[0]
        damages = {
            "only its magic": content[:4],
            "half a header": content[:50],
            "cut in the middle": content[:len(content) // 2],
            "L1 table of garbage": content[:l1_offset] + os.urandom(4096) + content[l1_offset + 4096:],
            "version 77": content[:4] + struct.pack(">I", 77) + content[8:],
            "backing file missing": None,
        }
        for what, damaged in damages.items():
            with self.subTest(damage=what):
                file = self.directory / "damaged.qcow2"
                file.unlink(missing_ok=True)
                if damaged is not None:
                    file.write_bytes(damaged)
                else:
                    subprocess.run(["qemu-img", "create", "-q", "-u", "-f", "qcow2", "-b", "/nowhere/base.raw", "-F",
                                    "raw", file, "8M"], check=True)
                with self.assertRaises(ShoalError) as refused:
                    self.node.shoal("publish", file, "--name", "web", "--version", "1")
                self.assertIn(refused.exception.code, (USAGE, CORRUPT, NOT_FOUND), refused.exception)
                self.assertIn("damaged.qcow2" if damaged is not None else "/nowhere/base.raw", refused.exception.text)
        self.assertEqual(self.node.shoal("images"), [])
        self.assertEqual(self.node.shoal("status")["pack_count"], 0)

    def test_an_export_that_cannot_be_written_is_refused(self):
        self.publish(self.node, self.image(mib=4), "web:1")
        with self.assertRaises(ShoalError):
            self.node.shoal("get", "web:1", "--to", "/nowhere/at/all.raw")
        with self.assertRaises(ShoalError):
            self.node.shoal("get", "web:1", "--to", self.directory)
        self.assertTrue(self.directory.is_dir())
        self.assert_refused(USAGE, "vmdk", self.node, "get", "web:1", "--to", "x", "--format", "vmdk")

    def test_without_a_daemon_the_command_says_so(self):
        stranger = StoryNode("nobody", "here/c1/rack1", "127.0.0.1", self.directory / "nobody", self.node.binaries)
        self.assert_refused(UNREACHABLE, "nobody", stranger, "status")


class StartTest(Story):
    """Daemons that cannot start as they are told say why, and where."""
    racks = (1,)

    def daemon(self, node, **options):
        node.options.update(options)
        gis = f"{self.swarm.gis.address}:{self.swarm.gis.link_port}"
        return run_daemon(node.flags(node is self.swarm.gis, gis, self.swarm.authority))

    def another(self, name="other", **options):
        node = self.make_node(name, 1, 9, **options)
        self.swarm.nodes.append(node)
        self.swarm.prepare()
        return node

    def test_faults_of_the_configuration_are_told_with_file_and_line(self):
        self.make_swarm().prepare()
        file = self.directory / "shoald.toml"
        for content, line, word in (
                ('name = "a"\n\n[store]\nqouta = "1GiB"\n', 4, "qouta"),
                ('name = "a"\n[store]\nquota = "1Gib per day"\n', 3, "quota"),
                ('name = "a"\n[link]\nport = "seven"\n', 3, "port"),
                ('name = "a"\n[link]\nport = 70000\n', 3, "port"),
                ('place = "a"\n', 1, "place"),
                ('[bulk]\ntls = "maybe"\n', 2, "tls"),
                ('[nosuch]\nkey = 1\n', 1, "nosuch"),
                ('name = "a"\nname = "b"\n', 2, "name"),
                ('name = "a\n', 1, ""),
                ('\n[=', 2, ""),
                ('[\n', 1, ""),
                ('[gis]\naddresses = ["host:99999"]\n', 2, "addresses"),
                ('[store]\nquota = "12Q"\n', 2, "store.quota: '12Q' is not a size"),
                # Each value alone is well formed: what it may be is known when all are read.
                ('name = "a/b"\n', 1, "name: 'a/b' is not a name"),
                ('[store]\nquota = "1MiB"\n[gis]\nenabled = true\n', 2, "store.quota: 1.0 MiB is too small"),
                ('[store]\ndirectory = "here"\n', 2, "store.directory: 'here' is not an absolute path"),
                ('[link]\naddress = "eth0"\n', 2, "link.address: 'eth0'"),
                ('\n[link]\nport = 7441\n', 3, "link.port: must differ"),
                ('[api]\nsocket = "/%s"\n' % ("x" * 107), 2, "api.socket"),
                ('[gis]\naddresses = []\n', 2, "gis.addresses: names no"),
                (b"\xff\xfe\x00name".decode("latin-1"), 1, "")):
            with self.subTest(content=content):
                file.write_text(content, encoding="latin-1")
                code, said = run_daemon(["--config", file])
                self.assertEqual(code, USAGE, said)
                self.assertIn(f"{file}:{line}", said)
                self.assertIn(word, said)
        code, said = run_daemon(["--config", self.directory / "none.toml"])
        self.assertIn(code, (USAGE, NOT_FOUND), said)
        self.assertIn("none.toml", said)
        code, said = run_daemon(["--config", self.directory])
        self.assertNotEqual(code, 0)
        code, said = run_daemon(["--config", "/dev/null", "--nonsense"])
        self.assertEqual(code, USAGE)
        self.assertIn("--nonsense", said)
        file.write_text('[store]\nquota = "1GiB"\n')
        code, said = run_daemon(["--config", file, "--gis", "--store-quota", "1MiB"])
        self.assertEqual(code, USAGE)
        self.assertTrue(said.startswith("shoald: --store-quota: 1.0 MiB is too small; "), said)

    def test_a_store_that_cannot_be_kept_stops_the_start(self):
        self.start_swarm()
        file = self.directory / "a-file"
        file.write_text("not a directory")
        node = self.another()
        for directory in (file, file / "below", "/proc/shoal-store", "/sys/kernel/shoal-store"):
            with self.subTest(directory=directory):
                code, said = self.daemon(node, **{"store.directory": directory})
                self.assertNotIn(code, (0, -6, -11), said)
                self.assertIn(str(directory), said)
                self.assertEqual(len(said.strip().splitlines()), 1, said)

    def test_one_store_has_one_daemon(self):
        self.start_swarm()
        code, said = self.daemon(self.another(), **{"store.directory": self.swarm.gis.directory / "store"})
        self.assertEqual(code, CONFLICT, said)
        self.assert_works(self.swarm.gis)

    def test_taken_ports_and_addresses_stop_the_start(self):
        self.start_swarm()
        node = self.another()
        for key in ("link.port", "bulk.port"):
            with self.subTest(key=key), socket.create_server((node.address, 0)) as taken:
                port = taken.getsockname()[1]
                code, said = self.daemon(node, **{key: port})
                self.assertEqual(code, CONFLICT, said)
                self.assertIn(str(port), said)
                del node.options[key]
        code, said = self.daemon(node, **{"link.address": "192.0.2.77"})
        self.assertNotIn(code, (0, -6, -11), said)
        self.assertIn("192.0.2.77", said)

    def test_a_socket_that_another_daemon_serves_is_left_alone(self):
        self.start_swarm()
        code, said = self.daemon(self.another(), **{"api.socket": self.swarm.gis.socket})
        self.assertEqual(code, CONFLICT, said)
        self.assert_works(self.swarm.gis)

    def test_missing_and_damaged_certificates_stop_the_start(self):
        self.start_swarm()
        node = self.another()
        garbage = self.directory / "garbage.pem"
        garbage.write_text("-----BEGIN CERTIFICATE-----\nbm90aGluZw==\n-----END CERTIFICATE-----\n")
        for key in ("tls.certificate", "tls.key", "tls.authority"):
            for file in (self.directory / "nothing.pem", garbage):
                with self.subTest(key=key, file=file.name):
                    code, said = self.daemon(node, **{key: file})
                    self.assertNotIn(code, (0, -6, -11), said)
                    self.assertIn(file.name, said)
                    del node.options[key]

    def test_a_damaged_catalogue_stops_the_start_of_its_server(self):
        self.make_swarm().prepare()
        for content in (b"this is not a database" * 300, b"SQLite format 3\0" + os.urandom(5000)):
            self.swarm.gis.directory.joinpath("catalogue.sqlite").write_bytes(content)
            code, said = self.daemon(self.swarm.gis)
            self.assertEqual(code, CORRUPT, said)
            self.assertIn("catalogue.sqlite", said)

    def test_a_quota_smaller_than_the_image_refuses_it_and_the_node_works_on(self):
        swarm = self.start_swarm()
        small, large = self.image("small.raw", seed=5, mib=8), self.image("large.raw", seed=6, mib=64)
        self.publish(swarm.gis, small, "small:1")
        self.publish(swarm.gis, large, "large:1")
        node = self.another(**{"store.quota": "16MiB"})
        self.start(node)
        self.assert_refused(NO_SPACE, "quota|MiB", node, "get", "large:1")
        self.assert_refused(NO_SPACE, "quota|MiB", node, "publish", self.image("own.raw", seed=8, mib=64),
                            "--name", "own", "--version", "1")
        self.assert_works(node)
        self.export_and_compare(node, "small:1", small)
        self.assertLessEqual(node.shoal("status")["self"]["held_bytes"], 16 << 20)
        self.assertEqual([row["image"] for row in node.shoal("images")], ["large:1", "small:1"])

    def test_a_full_quota_makes_room_by_evicting_what_nobody_pinned(self):
        swarm = self.start_swarm()
        images = [self.image(f"i{seed}.raw", seed=seed, mib=16) for seed in range(3)]
        for number, image in enumerate(images):
            self.publish(swarm.gis, image, f"i:{number}")
        node = self.another(**{"store.quota": "24MiB"})
        self.start(node)
        for number, image in enumerate(images):
            self.export_and_compare(node, f"i:{number}", image)
            self.assertLessEqual(node.shoal("status")["self"]["held_bytes"], 24 << 20)
        # What was evicted comes back.
        self.export_and_compare(node, "i:0", images[0])


if __name__ == "__main__":
    main()
