"""One nginx on the server, one curl a host, all at once."""

from benchmark.fault import Fault
from benchmark.rivals.base import Rival

_PORT = 8080
_CONFIG = """\
user root;
daemon off;
worker_processes auto;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  default_type application/octet-stream;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{ listen {address}:{port}; root {root}; }}
}}
"""


class Curl(Rival):
    name = "curl"
    programs = ("nginx", "curl")

    def prepare(self, delivery, gate):
        server, folder = self.scene.server, self.scene.folder
        offered = self.offer(delivery)
        config = folder / "nginx.conf"
        config.write_text(
            _CONFIG.format(folder=folder, address=server.address, port=_PORT, root=offered.parent)
        )
        command = ("nginx", "-p", folder, "-c", config, "-e", "stderr")
        self.processes.start("nginx", command, prefix=server.prefix)
        url = f"http://{server.address}:{_PORT}/{offered.name}"
        for host in self.scene.hosts:
            # Until nginx listens a connection is refused, which curl then tries again.
            command = ("curl", "-sS", "--fail", "--retry-connrefused", "--retry", "3")
            target = ("-o", self.received(host, delivery), url)
            self.processes.start(host.name, command + target, gate, host.prefix)
        self.wait_until_served(server, url)

    def wait_until_served(self, server, url):
        probe = ("curl", "-sS", "--fail", "-I", "--retry-connrefused", "--retry", "30")
        program = self.processes.start(
            "probe", (*probe, "--retry-delay", "1", url), prefix=server.prefix, group="probe"
        )
        program.reap(block=True)
        code, words = program.code, program.last_words()
        self.processes.stop("probe")
        if code:
            raise Fault(f"nginx does not serve {url}: {words}")
