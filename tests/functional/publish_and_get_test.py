"""An image is published on one host and got on another, and comes out byte for byte as it went in:
raw and qcow2 in, raw and qcow2 out, derived images, packs shared by several. What images, hosts,
status, plan, jobs and verify tell is compared with what then happens.

How: three daemons in two racks, images of 16 MiB made by a seed.
"""

import json
import subprocess

from story import CONFLICT, CORRUPT, NOT_FOUND, PIECE_BYTES, USAGE, Story, change_image, flip, main, poll


class PublishAndGetTest(Story):
    racks = (2, 1)

    def test_a_raw_image_comes_out_as_it_went_in(self):
        swarm = self.start_swarm()
        image = self.image()
        published = self.publish(swarm.gis, image, "web:1")
        self.assertEqual(published["image"], "web:1")
        self.assertEqual(published["new_bytes"], published["data_bytes"])
        self.assertLess(published["pack_bytes"], published["data_bytes"])
        for name in ("r1h2", "r2h1"):
            self.export_and_compare(swarm[name], "web:1", image)

    def test_holes_of_the_image_are_holes_of_the_export(self):
        swarm = self.start_swarm()
        image = self.image()
        self.publish(swarm.gis, image, "web:1")
        out = self.directory / "out.raw"
        swarm["r1h2"].shoal("get", "web:1", "--to", out)
        self.assertEqual(out.stat().st_size, image.stat().st_size)
        self.assertLess(out.stat().st_blocks * 512, image.stat().st_blocks * 512 * 1.05 + 65536)

    def test_qcow2_goes_in_and_comes_out(self):
        swarm = self.start_swarm()
        raw = self.image()
        for number, how in enumerate(([], ["-c"])):
            with self.subTest(compressed=bool(how)):
                qcow2 = self.directory / f"in{number}.qcow2"
                subprocess.run(["qemu-img", "convert", *how, "-O", "qcow2", raw, qcow2], check=True)
                published = self.publish(swarm.gis, qcow2, f"disk:{number}")
                self.assertEqual(published["new_bytes"] > 0, number == 0, "the second has the same content")
                self.export_and_compare(swarm["r2h1"], f"disk:{number}", raw)
        out = self.directory / "out.qcow2"
        answer = swarm["r1h2"].shoal("get", "disk:0", "--to", out, "--format", "qcow2")
        self.assertTrue(answer["verified"])
        self.assertEqual(out.read_bytes()[:4], b"QFI\xfb")
        subprocess.run(["qemu-img", "compare", "-f", "qcow2", "-F", "raw", out, raw], check=True, capture_output=True)

    def test_a_qcow2_with_a_backing_chain_is_published_whole(self):
        swarm = self.start_swarm()
        base = self.image("base.raw")
        over = self.directory / "over.qcow2"
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", base, "-F", "raw", over], check=True)
        subprocess.run(["qemu-io", "-f", "qcow2", "-c", "write -P 0x5a 1M 300k", over], check=True, capture_output=True)
        flat = self.directory / "flat.raw"
        subprocess.run(["qemu-img", "convert", "-O", "raw", over, flat], check=True)
        self.publish(swarm.gis, over, "over:1")
        self.export_and_compare(swarm["r1h2"], "over:1", flat)

    def test_the_file_of_get_is_a_name_or_null(self):
        swarm = self.start_swarm()
        self.publish(swarm.gis, self.image(), "web:1")
        out = self.directory / "out.raw"
        self.assertEqual(swarm["r1h2"].shoal("get", "web:1", "--to", out)["file"], str(out))
        self.assertIsNone(swarm["r1h2"].shoal("get", "web:1")["file"])

    def test_a_get_moves_what_the_plan_said(self):
        swarm = self.start_swarm()
        first = self.image()
        second = change_image(first, self.directory / "second.raw", seed=7)
        self.publish(swarm.gis, first, "web:1")
        derived = self.publish(swarm.gis, second, "web:2", "--parent", "web:1")
        self.assertLess(derived["new_bytes"], derived["data_bytes"] / 2)
        host = swarm["r1h2"]
        host.shoal("get", "web:1")
        for name in ("r1h2", "r2h1"):
            plan = swarm[name].shoal("plan", "web:2")
            self.assertEqual(plan["nowhere"], 0)
            answer = self.export_and_compare(swarm[name], "web:2", second)
            for source in ("needed_bytes", "own_store", "own_rack", "own_site", "other_sites"):
                self.assertEqual(answer[source], plan[source], f"{source} of {name}")
        self.assertGreater(host.shoal("plan", "web:2")["own_store"], 0)
        again = host.shoal("get", "web:2")
        self.assertEqual(again["own_store"], again["needed_bytes"])
        self.assertEqual(again["received_from"], {})

    def test_a_get_without_a_wait_is_a_job_to_follow(self):
        swarm = self.start_swarm()
        self.publish(swarm.gis, self.image(), "web:1")
        host = swarm["r1h2"]
        job = host.shoal("get", "web:1", "--no-wait")["job"]
        done = host.shoal("jobs", job, "--wait")
        self.assertEqual((done["state"], done["kind"], done["image"], done["error"]), ("done", "get", "web:1", None))
        self.assertIn(job, [row["id"] for row in host.shoal("jobs")])
        self.assert_refused(NOT_FOUND, "no job 999", host, "jobs", "999")

    def test_images_hosts_and_status_tell_what_is(self):
        swarm = self.start_swarm()
        published = self.publish(swarm.gis, self.image(), "web:1")
        swarm["r2h1"].shoal("get", "web:1")
        self.wait_for_holders(swarm.gis, "web:1", 2)
        (row,) = swarm["r1h2"].shoal("images")
        self.assertEqual((row["image"], row["name"], row["version"], row["publisher"]), ("web:1", "web", "1", "r1h1"))
        self.assertEqual((row["virtual_bytes"], row["data_bytes"]), (16 << 20, published["data_bytes"]))
        self.assertEqual((row["holder_count"], row["pack_bytes"]), (2, published["pack_bytes"]))
        self.assertRegex(row["published_at"], r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        hosts = {row["name"]: row for row in swarm["r1h2"].shoal("hosts")}
        self.assertEqual(set(hosts), {"r1h1", "r1h2", "r2h1"})
        self.assertTrue(all(row["online"] for row in hosts.values()))
        self.assertIn("gis", hosts["r1h1"]["roles"])
        self.assertIn("index", hosts["r2h1"]["roles"])
        self.assertEqual(hosts["r2h1"]["place"], "here/c1/rack2")
        status = swarm["r2h1"].shoal("status")
        self.assertEqual((status["state"], status["gis"], status["rack_index"], status["pack_count"]),
                         ("joined", "r1h1", "r2h1", 1))
        self.assertEqual(status["self"]["held_bytes"], published["pack_bytes"])
        self.assertGreaterEqual(status["received_bytes"], published["pack_bytes"])
        self.assertGreaterEqual(swarm.gis.shoal("status")["sent_bytes"], published["pack_bytes"])
        self.assertEqual(status["warnings"], [])

        def told():
            return next(row for row in swarm["r1h2"].shoal("hosts") if row["name"] == "r2h1")["held_bytes"] > 0
        poll(told, what="the host's fill level at the general index server")

    def test_flipped_bytes_are_found_dropped_and_fetched_again(self):
        swarm = self.start_swarm()
        image = self.image()
        self.publish(swarm.gis, image, "web:1")
        host = swarm["r1h2"]
        host.shoal("get", "web:1")
        whole = host.shoal("verify", "web:1")
        self.assertTrue(whole["verified"])
        self.assertEqual(whole["warnings"], [])
        (pack,) = self.packs_of(host).values()
        flip(pack, 3 * PIECE_BYTES + 1000)
        flip(pack, 7 * PIECE_BYTES)
        text = self.assert_refused(CORRUPT, "2 pieces", host, "verify", "web:1")
        self.assertIn("next get fetches them again", text)
        job = host.shoal("jobs")[-1]
        self.assertEqual(len(job["warnings"]), 2, job)
        plan = host.shoal("plan", "web:1")
        self.assertEqual(plan["own_rack"], 2 * PIECE_BYTES)
        answer = self.export_and_compare(host, "web:1", image)
        self.assertEqual(answer["own_rack"], 2 * PIECE_BYTES)
        self.assertTrue(host.shoal("verify")["verified"])

    def test_an_export_finds_what_rotted_since_it_was_verified(self):
        swarm = self.start_swarm()
        image = self.image()
        self.publish(swarm.gis, image, "web:1")
        host = swarm["r1h2"]
        host.shoal("get", "web:1")
        (pack,) = self.packs_of(host).values()
        flip(pack, 5 * PIECE_BYTES + 77)
        out = self.directory / "out.raw"
        self.assert_refused(CORRUPT, ".", host, "get", "web:1", "--to", out)
        self.assertFalse(out.exists(), "half an image under the name of a whole one")
        self.assert_refused(CORRUPT, "1 pieces? of|1 pieces? ", host, "verify")
        self.export_and_compare(host, "web:1", image)

    def test_an_image_that_exists_is_published_again_only_with_the_same_content(self):
        swarm = self.start_swarm()
        image = self.image()
        self.publish(swarm.gis, image, "web:1")
        again = self.publish(swarm["r2h1"], image, "web:1")
        self.assertEqual((again["new_bytes"], again["pack_bytes"]), (0, 0))
        other = self.image("other.raw", seed=2)
        self.assert_refused(CONFLICT, "web:1 exists already with other content", swarm["r2h1"], "publish", other,
                            "--name", "web", "--version", "1")
        self.assertEqual(swarm["r2h1"].shoal("status")["self"]["held_bytes"], 0, "the refused pack is still there")
        self.export_and_compare(swarm["r1h2"], "web:1", image)

    def test_another_name_for_the_same_content_stores_nothing(self):
        swarm = self.start_swarm()
        image = self.image()
        self.publish(swarm.gis, image, "web:1")
        twin = self.publish(swarm["r1h2"], image, "twin:1", "--parent", "web:1")
        self.assertEqual((twin["new_bytes"], twin["pack_bytes"]), (0, 0))
        self.export_and_compare(swarm["r2h1"], "twin:1", image)

    def test_chunkers_and_compressions_all_come_out_alike(self):
        swarm = self.start_swarm()
        image = self.image()
        for number, flags in enumerate((["--chunker", "fixed"], ["--compress", "none"], ["--compress", "zstd:9"])):
            with self.subTest(flags=flags):
                self.publish(swarm.gis, image, f"cut{number}:1", *flags)
                self.export_and_compare(swarm["r1h2"], f"cut{number}:1", image)
        self.assert_refused(USAGE, "zstd", swarm.gis, "publish", image, "--name", "a", "--version", "1",
                            "--compress", "zstd:99")

    def test_tiny_and_empty_disks_are_images_too(self):
        swarm = self.start_swarm()
        for number, content in enumerate((b"x", b"\0" * 4096, b"abc" * 5000, bytes(1 << 20) + b"end")):
            with self.subTest(length=len(content)):
                file = self.directory / f"tiny{number}.raw"
                file.write_bytes(content)
                self.publish(swarm.gis, file, f"tiny:{number}")
                self.export_and_compare(swarm["r1h2"], f"tiny:{number}", file)

    def test_the_local_api_is_plain_http(self):
        swarm = self.start_swarm()
        self.publish(swarm.gis, self.image(), "web:1")

        def ask(target):
            return subprocess.run(["curl", "-s", "--unix-socket", swarm["r1h2"].socket, f"http://localhost{target}"],
                                  capture_output=True, text=True, check=True).stdout
        self.assertEqual(json.loads(ask("/api/v1/images"))[0]["image"], "web:1")
        self.assertIn("shoal_node_joined 1", ask("/metrics"))
        self.assertEqual(json.loads(ask("/api/v1/plan?image=web:9"))["code"], "not_found")


class OneMachineTest(Story):
    racks = (1,)

    def test_one_machine_is_enough(self):
        swarm = self.start_swarm()
        image = self.image()
        self.publish(swarm.gis, image, "web:1")
        answer = self.export_and_compare(swarm.gis, "web:1", image)
        self.assertEqual(answer["own_store"], answer["needed_bytes"])


if __name__ == "__main__":
    main()
