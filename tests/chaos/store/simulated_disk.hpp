// A disk that can lose power: it follows what a program does to the files of one directory and
// can say what might be left of them if the machine stopped now.
//
// The system calls that swarm/store/file.cpp makes are caught by functions of the same names in
// the test program (simulated_disk.cpp). Durable is only what a sync has covered. Of everything
// else any part may be on the disk: of a write any of its 4 KiB pages, of names any of the changes.
//
// Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

namespace shoal::swarm::test {

/// What might be left after a power cut: the files' bytes by their path below the root.
using disk_image = std::map<std::string, std::string>;

/// Follows one directory.
class simulated_disk {
public:
  /// Puts `image` under `root`, which is empty. There is at most one disk at a time.
  simulated_disk(const disk_image& image, std::filesystem::path root, std::uint64_t seed);
  ~simulated_disk();
  simulated_disk(const simulated_disk&) = delete;
  simulated_disk& operator=(const simulated_disk&) = delete;

  /// About one in `calls` calls that change the disk is followed by a power cut.
  void cut_power_once_in(unsigned calls);
  /// Called at each cut with what is left, while the disk stands still.
  void on_cut(std::function<void(disk_image)> take);
  /// Does something while the disk stands still.
  void standing_still(const std::function<void()>& act);

  /// Puts an image's files under `root`, with holes for pages of zeros.
  static void materialise(const disk_image& image, const std::filesystem::path& root);

  /// What might be left now.
  disk_image some_image();

  // What the system calls report, after they succeeded.
  void opened(int descriptor, const std::string& path, int flags);
  void closed(int descriptor);
  void wrote(int descriptor, std::uint64_t offset, std::string bytes);
  void resized(int descriptor, std::uint64_t length);
  void punched(int descriptor, std::uint64_t offset, std::uint64_t length);
  void synced(int descriptor);
  void renamed(const std::string& from, const std::string& to);
  void removed(const std::string& path);

  /// The one that exists, if any.
  static simulated_disk* current();

private:
  struct change {
    enum class kind { write, resize, punch } what;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
    std::string bytes;
  };
  struct inode {
    std::string durable;
    std::vector<change> pending;
    std::uint64_t length = 0;
  };
  using inode_pointer = std::shared_ptr<inode>;
  /// An entry that appeared (with its inode) or disappeared (without).
  struct name_change {
    std::string path;
    inode_pointer target;
  };

  [[nodiscard]] bool follows(const std::string& path) const;
  inode* find(int descriptor);
  void name_changes(const std::string& path, inode_pointer target);
  static void apply(std::string& content, const change& made);
  std::string some_content(const inode& file);
  void maybe_cut();

  const std::string root_;
  std::recursive_mutex mutex_;
  std::mt19937_64 random_;
  unsigned once_in_ = 0;
  std::function<void(disk_image)> take_;
  std::map<int, inode_pointer> files_;
  std::map<int, std::string> directories_;
  std::map<std::string, inode_pointer> names_;
  std::map<std::string, inode_pointer> durable_names_;
  std::vector<name_change> pending_names_;
};

} // namespace shoal::swarm::test
