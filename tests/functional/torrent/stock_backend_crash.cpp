// Shows why our disk backend completes writes only after verification: a stock libtorrent 2.0.8
// session that fetches a v2 torrent from an honest holder and from one that corrupts a block now
// and then dies of a corrupted heap, in most runs. Each run is a child process; prints how many
// died.
//
//   stock_backend_crash [RUNS]
#include "tests/support/memory_pack_store.hpp"
#include "tests/unit/swarm/torrent/corrupt_peer.hpp"

#include <libtorrent/posix_disk_io.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <iostream>
#include <thread>

namespace {

using namespace shoal;
namespace lt = ::libtorrent;

/// Serves a pack honestly, knowing of its blocks what any holder of ours knows: only piece hashes.
class quiet_events final : public swarm::swarm_events {
public:
  void on_pieces(swarm::pack_id, std::vector<std::uint32_t>) override {}
  void on_fetched(swarm::pack_id) override {}
  void on_failed(swarm::pack_id, error) override {}
  void on_corrupt(swarm::pack_id, std::uint32_t, std::string, bool) override {}
};

int run_once(const std::filesystem::path& folder) {
  test::memory_pack_store store;
  quiet_events events;
  const auto bytes = test::random_bytes(64ull * 1024 * 1024, 1);
  const auto pack = store.hold(bytes, 256 * 1024);
  auto holder = swarm::swarm_session::start(
      {.self = {"holder", {"site", "cluster", "r1"}}, .listen_address = "127.7.0.1"}, store,
      events);
  if (!holder) return 3;
  (*holder)->set_members({{"stock", {}, "127.7.0.3", 0}});
  if (!(*holder)->serve(pack.id)) return 3;
  const test::corrupt_peer liar{"127.7.0.2", bytes, pack, 50};

  lt::session_params params{test::plain_settings("127.7.0.3")};
  params.disk_io_constructor = lt::posix_disk_io_constructor;
  lt::session stock{std::move(params)};
  auto torrent = test::plain_torrent(pack, false);
  torrent.save_path = folder.string();
  const auto handle = stock.add_torrent(std::move(torrent));
  handle.connect_peer({boost::asio::ip::make_address("127.7.0.1"), (*holder)->port()});
  handle.connect_peer({boost::asio::ip::make_address("127.7.0.2"), liar.peer("r1").port});
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  while (!handle.status().is_seeding && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
  return handle.status().is_seeding ? 0 : 4;
}

} // namespace

int main(int argc, char** argv) {
  const int runs = argc > 1 ? std::atoi(argv[1]) : 6;
  int crashed = 0, completed = 0;
  for (int i = 0; i < runs; ++i) {
    const auto folder =
        std::filesystem::temp_directory_path() / ("shoal-stock-crash-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder);
    const auto child = fork();
    if (child == 0) _exit(run_once(folder));
    int status = 0;
    waitpid(child, &status, 0);
    crashed += WIFSIGNALED(status);
    completed += WIFEXITED(status) && WEXITSTATUS(status) == 0;
    std::filesystem::remove_all(folder);
  }
  std::cout << runs << " runs: " << crashed << " crashed, " << completed << " completed\n";
  return 0;
}
