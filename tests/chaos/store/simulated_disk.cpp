#include "simulated_disk.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <dlfcn.h>
#include <fcntl.h>
#include <fstream>
#include <unistd.h>

namespace shoal::swarm::test {

namespace {

constexpr std::size_t page_bytes = 4096;
std::atomic<simulated_disk*> the_disk = nullptr;

std::string directory_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

} // namespace

simulated_disk* simulated_disk::current() { return the_disk; }

simulated_disk::simulated_disk(const disk_image& image, std::filesystem::path root,
                               std::uint64_t seed)
    : root_{root.native()}, random_{seed} {
  materialise(image, root);
  for (const auto& [path, content] : image) {
    names_[root_ + path] = std::make_shared<inode>(inode{content, {}, content.size()});
  }
  durable_names_ = names_;
  if (the_disk.exchange(this) != nullptr) std::abort();
}

simulated_disk::~simulated_disk() { the_disk = nullptr; }

void simulated_disk::cut_power_once_in(unsigned calls) {
  const std::lock_guard lock{mutex_};
  once_in_ = calls;
}

void simulated_disk::on_cut(std::function<void(disk_image)> take) {
  const std::lock_guard lock{mutex_};
  take_ = std::move(take);
}

void simulated_disk::standing_still(const std::function<void()>& act) {
  const std::lock_guard lock{mutex_};
  act();
}

bool simulated_disk::follows(const std::string& path) const {
  return path == root_ || path.starts_with(root_ + '/');
}

simulated_disk::inode* simulated_disk::find(int descriptor) {
  const auto found = files_.find(descriptor);
  return found == files_.end() ? nullptr : found->second.get();
}

void simulated_disk::name_changes(const std::string& path, inode_pointer target) {
  if (target) names_[path] = target;
  else names_.erase(path);
  pending_names_.push_back({path, std::move(target)});
}

void simulated_disk::opened(int descriptor, const std::string& path, int flags) {
  if (!follows(path)) return;
  const std::lock_guard lock{mutex_};
  if ((flags & O_DIRECTORY) != 0) {
    directories_[descriptor] = path;
    return;
  }
  if (!names_.contains(path)) name_changes(path, std::make_shared<inode>());
  files_[descriptor] = names_.at(path);
  if ((flags & O_TRUNC) != 0) resized(descriptor, 0);
  maybe_cut();
}

void simulated_disk::closed(int descriptor) {
  const std::lock_guard lock{mutex_};
  files_.erase(descriptor);
  directories_.erase(descriptor);
}

void simulated_disk::wrote(int descriptor, std::uint64_t offset, std::string bytes) {
  const std::lock_guard lock{mutex_};
  auto* file = find(descriptor);
  if (file == nullptr) return;
  file->length = std::max<std::uint64_t>(file->length, offset + bytes.size());
  // Pages reach the disk one by one.
  for (std::size_t at = 0; at < bytes.size();) {
    const auto part = std::min(bytes.size() - at, page_bytes - (offset + at) % page_bytes);
    file->pending.push_back({change::kind::write, offset + at, part, bytes.substr(at, part)});
    at += part;
  }
  maybe_cut();
}

void simulated_disk::resized(int descriptor, std::uint64_t length) {
  const std::lock_guard lock{mutex_};
  auto* file = find(descriptor);
  if (file == nullptr || file->length == length) return;
  file->length = length;
  file->pending.push_back({change::kind::resize, 0, length, {}});
  maybe_cut();
}

void simulated_disk::punched(int descriptor, std::uint64_t offset, std::uint64_t length) {
  const std::lock_guard lock{mutex_};
  auto* file = find(descriptor);
  if (file == nullptr) return;
  file->pending.push_back({change::kind::punch, offset, length, {}});
  maybe_cut();
}

void simulated_disk::synced(int descriptor) {
  const std::lock_guard lock{mutex_};
  if (auto* file = find(descriptor)) {
    for (const auto& made : file->pending) apply(file->durable, made);
    file->pending.clear();
  } else if (const auto at = directories_.find(descriptor); at != directories_.end()) {
    std::erase_if(pending_names_, [&](const name_change& made) {
      if (directory_of(made.path) != at->second) return false;
      if (made.target) durable_names_[made.path] = made.target;
      else durable_names_.erase(made.path);
      return true;
    });
  }
  maybe_cut();
}

void simulated_disk::renamed(const std::string& from, const std::string& to) {
  if (!follows(from)) return;
  const std::lock_guard lock{mutex_};
  name_changes(to, names_.at(from));
  name_changes(from, nullptr);
  maybe_cut();
}

void simulated_disk::removed(const std::string& path) {
  if (!follows(path)) return;
  const std::lock_guard lock{mutex_};
  name_changes(path, nullptr);
  maybe_cut();
}

void simulated_disk::apply(std::string& content, const change& made) {
  switch (made.what) {
  case change::kind::write:
    if (content.size() < made.offset + made.length) content.resize(made.offset + made.length);
    content.replace(made.offset, made.length, made.bytes);
    return;
  case change::kind::resize: content.resize(made.length); return;
  case change::kind::punch:
    if (made.offset < content.size()) {
      const auto count = std::min<std::size_t>(made.length, content.size() - made.offset);
      content.replace(made.offset, count, count, '\0');
    }
    return;
  }
}

std::string simulated_disk::some_content(const inode& file) {
  auto content = file.durable;
  // All, none, or any of them.
  const auto luck = random_() % 3;
  for (const auto& made : file.pending) {
    if (luck == 0 || (luck == 1 && random_() % 2 == 0)) apply(content, made);
  }
  return content;
}

disk_image simulated_disk::some_image() {
  auto names = durable_names_;
  const auto luck = random_() % 3;
  for (const auto& made : pending_names_) {
    if (luck == 2 || (luck == 1 && random_() % 2 == 0)) continue;
    if (made.target) names[made.path] = made.target;
    else names.erase(made.path);
  }
  disk_image image;
  for (const auto& [path, file] : names) image[path.substr(root_.size())] = some_content(*file);
  return image;
}

void simulated_disk::maybe_cut() {
  if (once_in_ == 0 || !take_ || random_() % once_in_ != 0) return;
  take_(some_image());
}

void simulated_disk::materialise(const disk_image& image, const std::filesystem::path& root) {
  static const std::string zeros(page_bytes, '\0');
  for (const auto& [path, content] : image) {
    const auto target = std::filesystem::path{root.native() + path};
    std::filesystem::create_directories(target.parent_path());
    std::ofstream out{target, std::ios::binary};
    for (std::size_t at = 0; at < content.size(); at += page_bytes) {
      const auto page = std::string_view{content}.substr(at, page_bytes);
      if (page == std::string_view{zeros}.substr(0, page.size())) continue;
      out.seekp(static_cast<std::streamoff>(at));
      out.write(page.data(), static_cast<std::streamsize>(page.size()));
    }
    out.close();
    std::filesystem::resize_file(target, content.size());
  }
}

} // namespace shoal::swarm::test

// The program's own functions come before the C library's.
namespace {

using shoal::swarm::test::simulated_disk;

template <class Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

/// Tells the disk, if there is one, about a call that did not fail.
template <class Result, class Tell>
Result report(Result answer, Tell tell) {
  if (answer >= 0) {
    const int kept = errno;
    if (auto* disk = simulated_disk::current()) tell(*disk);
    errno = kept;
  }
  return answer;
}

} // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  static const auto real = next<int (*)(const char*, int, ...)>("open");
  va_list rest;
  va_start(rest, flags);
  const auto mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  const int descriptor = real(path, flags, mode);
  return report(descriptor, [&](auto& disk) { disk.opened(descriptor, path, flags); });
}

int close(int descriptor) {
  static const auto real = next<int (*)(int)>("close");
  // Before, because the number may be somebody else's at once.
  if (auto* disk = simulated_disk::current()) disk->closed(descriptor);
  return real(descriptor);
}

ssize_t pwrite(int descriptor, const void* bytes, size_t count, off_t offset) {
  static const auto real = next<ssize_t (*)(int, const void*, size_t, off_t)>("pwrite");
  const auto written = real(descriptor, bytes, count, offset);
  return report(written, [&](auto& disk) {
    disk.wrote(descriptor, static_cast<std::uint64_t>(offset),
               {static_cast<const char*>(bytes), static_cast<std::size_t>(written)});
  });
}

int ftruncate(int descriptor, off_t length) noexcept {
  static const auto real = next<int (*)(int, off_t)>("ftruncate");
  return report(real(descriptor, length), [&](auto& disk) {
    disk.resized(descriptor, static_cast<std::uint64_t>(length));
  });
}

int fallocate(int descriptor, int mode, off_t offset, off_t length) {
  static const auto real = next<int (*)(int, int, off_t, off_t)>("fallocate");
  return report(real(descriptor, mode, offset, length), [&](auto& disk) {
    disk.punched(descriptor, static_cast<std::uint64_t>(offset),
                 static_cast<std::uint64_t>(length));
  });
}

int fdatasync(int descriptor) {
  static const auto real = next<int (*)(int)>("fdatasync");
  return report(real(descriptor), [&](auto& disk) { disk.synced(descriptor); });
}

int fsync(int descriptor) {
  static const auto real = next<int (*)(int)>("fsync");
  return report(real(descriptor), [&](auto& disk) { disk.synced(descriptor); });
}

int rename(const char* from, const char* to) noexcept {
  static const auto real = next<int (*)(const char*, const char*)>("rename");
  return report(real(from, to), [&](auto& disk) { disk.renamed(from, to); });
}

int unlink(const char* path) noexcept {
  static const auto real = next<int (*)(const char*)>("unlink");
  return report(real(path), [&](auto& disk) { disk.removed(path); });
}

} // extern "C"
