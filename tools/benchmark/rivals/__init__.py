"""Ways of getting a file onto many hosts. One module a rival; `RIVALS` names them."""

from benchmark.rivals.aria2 import Aria2
from benchmark.rivals.curl import Curl
from benchmark.rivals.libtorrent import Libtorrent
from benchmark.rivals.shoal import Shoal
from benchmark.rivals.tree import Tree

RIVALS = {rival.name: rival for rival in (Shoal, Curl, Aria2, Libtorrent, Tree)}
