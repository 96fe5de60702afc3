"""The general index server goes away and comes back: gets under way finish, the catalogue is whole, hosts
join again by themselves.

How: uploads are limited so that a get takes seconds; the server is stopped or killed in its middle. Its
machine holds nothing that the get needs: another host published.
"""

from story import UNREACHABLE, Story, main, poll


class GisAwayTest(Story):
    racks = (3, 2)
    options = {"bulk.upload-limit": "3MiB/s"}

    def begin_get(self, node, image, out):
        """Starts a get and waits until pieces come. Answers its job."""
        job = node.shoal("get", image, "--to", out, "--no-wait")["job"]

        def moving():
            status = node.shoal("jobs", job)
            self.assertNotEqual(status["state"], "failed", status)
            return status["done_bytes"] > 0
        poll(moving, what="the first pieces")
        self.assertEqual(node.shoal("jobs", job)["state"], "running", "the get is too fast to be interrupted")
        return job

    def finish(self, node, job, out, image):
        done = node.shoal("jobs", job, "--wait")
        self.assertEqual((done["state"], done["verified"]), ("done", True))
        self.assertEqual(out.read_bytes(), image.read_bytes())

    def publish_on_a_host(self):
        swarm = self.start_swarm()
        image = self.image(mib=24)
        self.publish(swarm["r1h2"], image, "web:1")
        return swarm, image

    def test_a_get_finishes_through_a_restart_of_the_server(self):
        swarm, image = self.publish_on_a_host()
        outs = {name: self.directory / f"{name}.raw" for name in ("r1h3", "r2h1")}
        jobs = {name: self.begin_get(swarm[name], "web:1", out) for name, out in outs.items()}
        swarm.gis.stop()
        self.start(swarm.gis)
        for name, job in jobs.items():
            self.finish(swarm[name], job, outs[name], image)

    def test_a_get_finishes_while_the_server_stays_away(self):
        swarm, image = self.publish_on_a_host()
        outs = {name: self.directory / f"{name}.raw" for name in ("r1h3", "r2h1")}
        jobs = {name: self.begin_get(swarm[name], "web:1", out) for name, out in outs.items()}
        swarm.gis.kill()
        for name, job in jobs.items():
            self.finish(swarm[name], job, outs[name], image)
        self.assert_refused(UNREACHABLE, "general index server", swarm["r2h1"], "images", timeout=30)
        # What is here already needs nobody.
        self.assertEqual(swarm["r2h1"].shoal("status")["state"], "joining")

    def test_after_a_kill_the_catalogue_is_whole_and_hosts_are_back(self):
        swarm, image = self.publish_on_a_host()
        before = swarm.gis.shoal("images")
        swarm.gis.kill()
        self.start(swarm.gis)
        for node in swarm.nodes:
            node.wait_until_joined()
        after = swarm.gis.shoal("images")
        for row in before + after:
            del row["holder_count"]
        self.assertEqual(after, before)
        poll(lambda: all(row["online"] for row in swarm.gis.shoal("hosts")) and len(swarm.gis.shoal("hosts")) == 5,
             what="all hosts online")
        # Who holds what is soft state: the hosts tell it again.
        self.wait_for_holders(swarm.gis, "web:1", 1)
        self.export_and_compare(swarm["r2h2"], "web:1", image)
        other = self.image("other.raw", seed=4, mib=8)
        self.publish(swarm["r2h1"], other, "other:1")
        self.export_and_compare(swarm["r1h3"], "other:1", other)

    def test_a_publish_ends_well_through_a_restart_of_the_server(self):
        swarm = self.start_swarm()
        image = self.image(mib=32)
        publishing = swarm["r2h1"].start_shoal("publish", image, "--name", "web", "--version", "1", "--compress",
                                               "zstd:15")
        poll(lambda: any(job["done_bytes"] > 0 for job in swarm["r2h1"].shoal("jobs")), what="the publish to begin")
        swarm.gis.kill()
        self.start(swarm.gis)
        out, text = publishing.communicate(timeout=90)
        self.assertEqual(publishing.returncode, 0, text + out)
        self.export_and_compare(swarm["r1h2"], "web:1", image)

    def test_hosts_that_start_before_their_server_join_when_it_comes(self):
        swarm = self.make_swarm()
        swarm.prepare()
        for node in swarm.nodes[1:]:
            swarm.start_node(node)
        for node in swarm.nodes[1:]:
            poll(lambda n=node: self.state_of(n) == "joining", what="a host that waits")
        swarm.start_node(swarm.gis)
        for node in swarm.nodes:
            node.wait_until_joined()

    @staticmethod
    def state_of(node):
        try:
            return node.shoal("status")["state"]
        except Exception:  # not up yet
            return None


if __name__ == "__main__":
    main()
