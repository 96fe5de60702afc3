"""Only hosts with a certificate of the swarm's authority, in their own name and with the roles they ask
for, become members; two hosts of one name do not.

How: a swarm of two, and a third daemon that is wrong in one point.
"""

import re
import subprocess

from story import Story, main, poll


class AdmissionTest(Story):
    racks = (2,)

    def stranger(self, name, number=9, **options):
        node = self.make_node(name, 1, number, **options)
        self.addCleanup(node.stop)
        return node

    def start_stranger(self, node, authority=None):
        gis = f"{self.swarm.gis.address}:{self.swarm.gis.link_port}"
        node.start(node.flags(False, gis, authority or self.swarm.authority))

    def issue(self, node, name=None, place=None, roles="host,index,publisher", authority=None):
        authority = authority or self.swarm.authority
        self.swarm.run_shoal("ca", "issue", name or node.name, "--place", place or node.place, "--roles", roles,
                             "--authority", authority, "--authority-key", authority.with_suffix(".key"),
                             "--out", node.directory)

    def assert_not_admitted(self, node, pattern):
        """It says why, or stops; the members do not change."""
        poll(lambda: not node.alive() or node.log.exists() and re.search(pattern, node.log.read_text()),
             what=f"'{pattern}' in the log of {node.name}")
        self.assertRegex(node.log.read_text(), pattern)
        hosts = {row["name"]: row["address"] for row in self.swarm.gis.shoal("hosts") if row["online"]}
        self.assertEqual(hosts, {own.name: own.address for own in self.swarm.nodes})
        for own in self.swarm.nodes:
            self.assert_works(own)

    def test_a_host_of_another_authority_cannot_join(self):
        self.start_swarm()
        other = self.directory / "other" / "ca.crt"
        self.swarm.run_shoal("ca", "init", "--authority", other, "--authority-key", other.with_suffix(".key"))
        node = self.stranger("stranger")
        self.issue(node, authority=other)
        # It trusts ours, so that it is our refusal that counts.
        self.start_stranger(node)
        self.assert_not_admitted(node, "certificate|refuse")

    def test_a_swarm_of_another_authority_is_not_joined(self):
        self.start_swarm()
        other = self.directory / "other" / "ca.crt"
        self.swarm.run_shoal("ca", "init", "--authority", other, "--authority-key", other.with_suffix(".key"))
        node = self.stranger("stranger")
        self.issue(node)
        self.start_stranger(node, authority=other)
        self.assert_not_admitted(node, "certificate")

    def test_a_host_with_anothers_certificate_is_refused(self):
        self.start_swarm()
        node = self.stranger("stranger")
        self.issue(node, name="somebody")
        self.start_stranger(node)
        self.assert_not_admitted(node, "somebody|certificate")

    def test_a_host_at_another_place_than_certified_is_refused(self):
        self.start_swarm()
        node = self.stranger("stranger")
        self.issue(node, place="here/c1/rack7")
        self.start_stranger(node)
        self.assert_not_admitted(node, "place|rack7|certificate")

    def test_a_second_host_of_the_same_name_is_refused(self):
        swarm = self.start_swarm()
        image = self.image()
        self.publish(swarm.gis, image, "web:1")
        twin = self.stranger("r1h2", number=9)
        twin.directory = self.directory / "twin"
        self.issue(twin)
        self.start_stranger(twin)
        self.assert_not_admitted(twin, "names must differ")
        self.export_and_compare(swarm["r1h2"], "web:1", image)

    def test_an_expired_certificate_is_refused(self):
        self.start_swarm()
        node = self.stranger("stranger")
        self.issue(node)
        # Issued by hand: `shoal ca issue` makes none that is over already.
        crt, key, csr = (node.directory / f"host.{end}" for end in ("crt", "key", "csr"))
        old = self.directory / "old.crt"
        text = subprocess.run(["openssl", "x509", "-in", crt, "-noout", "-ext", "subjectAltName,extendedKeyUsage"],
                              capture_output=True, text=True, check=True).stdout
        self.assertTrue(text)
        subprocess.run(["openssl", "x509", "-x509toreq", "-copy_extensions", "copyall", "-in", crt, "-signkey", key,
                        "-out", csr], check=True, capture_output=True)
        index = self.directory / "index.txt"
        index.touch()
        (self.directory / "serial").write_text("01\n")
        config = self.directory / "ca.cnf"
        config.write_text(f"[ca]\ndefault_ca=d\n[d]\ndatabase={index}\nserial={self.directory}/serial\nnew_certs_dir="
                          f"{self.directory}\ndefault_md=sha256\npolicy=p\ncopy_extensions=copyall\nunique_subject=no\n"
                          "[p]\ncommonName=optional\norganizationName=optional\n")
        subprocess.run(["openssl", "ca", "-batch", "-config", config, "-cert", self.swarm.authority, "-keyfile",
                        self.swarm.authority.with_suffix(".key"), "-startdate", "20200101000000Z", "-enddate",
                        "20210101000000Z", "-in", csr, "-out", old, "-notext"], check=True, capture_output=True)
        crt.write_bytes(old.read_bytes())
        self.start_stranger(node)
        self.assert_not_admitted(node, "expired|certificate")


if __name__ == "__main__":
    main()
