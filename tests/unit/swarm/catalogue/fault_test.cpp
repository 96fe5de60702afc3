#include "tests/unit/swarm/catalogue/publications.hpp"

#include <csignal>
#include <fstream>
#include <gmock/gmock.h>
#include <random>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

namespace shoal::swarm {
namespace {

using ::testing::HasSubstr;

publication numbered_image(std::size_t number) {
  const auto name = "image-" + std::to_string(number);
  return fresh_image(name, "1", chunks(name + " chunk ", 500));
}

/// Publishes images from `first` on until it is killed, writing a byte for each that was
/// acknowledged.
[[noreturn]] void publish_for_ever(const std::string& path, std::size_t first, int acknowledge) {
  auto opened = catalogue::open(path);
  if (!opened) ::_exit(1);
  for (auto number = first;; ++number) {
    if (!(*opened)->publish(numbered_image(number)).ok()) ::_exit(2);
    if (::write(acknowledge, "+", 1) != 1) ::_exit(3);
  }
}

/// Lets a child publish and kills it after `delay`, which begins when it has just started or, to
/// be sure to meet it publishing, at its first acknowledgement. @returns how many it acknowledged.
std::size_t publish_until_killed(const std::string& path, std::size_t first,
                                 std::chrono::microseconds delay, bool from_the_start) {
  int ends[2];
  SHOAL_ASSERT(::pipe(ends) == 0);
  const auto child = ::fork();
  SHOAL_ASSERT(child >= 0);
  if (child == 0) {
    ::close(ends[0]);
    publish_for_ever(path, first, ends[1]);
  }
  ::close(ends[1]);
  char byte = 0;
  std::size_t acknowledged = !from_the_start && ::read(ends[0], &byte, 1) == 1 ? 1 : 0;
  // Not for synchronisation: the moment of death is what is random.
  ::usleep(static_cast<useconds_t>(delay.count()));
  ::kill(child, SIGKILL);
  int status = 0;
  SHOAL_ASSERT(::waitpid(child, &status, 0) == child);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the publisher ended by itself: " << WEXITSTATUS(status);
  while (::read(ends[0], &byte, 1) == 1)
    ++acknowledged;
  ::close(ends[0]);
  return acknowledged;
}

void expect_whole(catalogue& known, const publication& image) {
  ASSERT_EQ(known.recipe_bytes(image.recipe).value(), image.recipe_bytes);
  ASSERT_EQ(known.pack(image.new_pack->id).value(), *image.new_pack);
  std::vector<chunk_id> ids;
  for (const auto& [id, where] : image.new_chunks)
    ids.push_back(id);
  const auto found = known.find_chunks(ids).value();
  for (std::size_t i = 0; i < ids.size(); ++i)
    ASSERT_EQ(found[i], image.new_chunks[i].second);
}

TEST(CatalogueFaultTest, KilledFiftyTimesItKnowsAllThatWasAcknowledgedAndNothingHalf) {
  const scratch_directory directory;
  const auto path = directory / "catalogue.db";
  std::mt19937 random{20260102};
  std::uniform_int_distribution<int> microseconds{0, 40'000};
  std::size_t known_before = 0;
  for (int round = 0; round < 50; ++round) {
    const auto from_the_start = round % 5 == 0;
    const std::chrono::microseconds delay{microseconds(random) / (from_the_start ? 8 : 1)};
    const auto acknowledged = publish_until_killed(path, known_before, delay, from_the_start);
    ASSERT_TRUE(from_the_start || acknowledged > 0);
    auto opened = catalogue::open(path);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    const auto counted = (*opened)->statistics().value();
    // The last one may have been committed without having been acknowledged.
    ASSERT_GE(counted.image_count, known_before + acknowledged);
    ASSERT_LE(counted.image_count, known_before + acknowledged + 1);
    ASSERT_EQ(counted.chunk_count, 500 * counted.image_count);
    ASSERT_EQ(counted.pack_count, counted.image_count);
    ASSERT_EQ(counted.recipe_count, counted.image_count);
    for (auto i = known_before; i < counted.image_count; ++i) {
      expect_whole(**opened, numbered_image(i));
    }
    const auto half = numbered_image(counted.image_count);
    ASSERT_EQ((*opened)->find_chunks(std::vector{half.new_chunks[0].first}).value()[0],
              std::nullopt);
    known_before = counted.image_count;
  }
}

/// What the disk-full test found, as an exit status, since it runs in a process of its own.
enum full_disk_verdict : int { good, no_mount, wrong_error, not_usable, not_reusable };

/// Fills a file system of 4 MiB that only this process sees.
full_disk_verdict fill_the_disk(const std::string& mount_point) {
  const auto user = ::geteuid() == 0 ? 0 : CLONE_NEWUSER;
  if (::unshare(CLONE_NEWNS | user) != 0 ||
      ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount("none", mount_point.c_str(), "tmpfs", 0, "size=4m") != 0) {
    return no_mount;
  }
  auto opened = catalogue::open(mount_point + "/catalogue.db");
  if (!opened) return wrong_error;
  auto& known = **opened;
  const auto first = numbered_image(0);
  if (!known.publish(first).ok()) return wrong_error;
  const auto large = fresh_image("large", "1", chunks("large", 60'000));
  for (int attempt = 0; attempt < 3; ++attempt) {
    const auto refused = known.publish(large);
    if (refused.ok() || refused.error().code != errc::no_space) return wrong_error;
  }
  std::size_t published = 1;
  for (;; ++published) {
    const auto outcome = known.publish(numbered_image(published));
    if (!outcome.ok() && outcome.error().code != errc::no_space) return wrong_error;
    if (!outcome.ok()) break;
  }
  const auto counted = known.statistics().value();
  if (counted.image_count != published || counted.chunk_count != 500 * published) return not_usable;
  if (known.recipe_bytes(first.recipe).value() != first.recipe_bytes) return not_usable;
  if (::mount("none", mount_point.c_str(), "tmpfs", MS_REMOUNT, "size=256m") != 0) return no_mount;
  if (!known.publish(large).ok()) return not_usable;
  opened->reset();
  auto again = catalogue::open(mount_point + "/catalogue.db");
  if (!again || (*again)->statistics().value().image_count != published + 1) return not_reusable;
  return good;
}

TEST(CatalogueFaultTest, AFullDiskIsNoSpaceAndLeavesItUsable) {
  const scratch_directory directory;
  const auto mount_point = directory / "small";
  std::filesystem::create_directory(mount_point);
  const auto child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) ::_exit(fill_the_disk(mount_point));
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == no_mount) GTEST_SKIP() << "no right to mount a small file system";
  EXPECT_EQ(WEXITSTATUS(status), good);
}

/// A process that opens a catalogue when it is told to. It must start before this process opens the
/// same file, or it would inherit what this process knows of the lock.
class other_process {
public:
  explicit other_process(const std::string& path) {
    SHOAL_ASSERT(::pipe(ends_) == 0);
    child_ = ::fork();
    SHOAL_ASSERT(child_ >= 0);
    if (child_ != 0) return;
    char go = 0;
    if (::read(ends_[0], &go, 1) != 1) ::_exit(1);
    const auto opened = catalogue::open(path);
    ::_exit(opened.ok() ? 0 : exit_code(opened.error().code));
  }

  /// @returns 0 or the exit code of what `open` answered.
  int opens() {
    SHOAL_ASSERT(::write(ends_[1], "!", 1) == 1);
    int status = 0;
    SHOAL_ASSERT(::waitpid(child_, &status, 0) == child_);
    ::close(ends_[0]);
    ::close(ends_[1]);
    return WEXITSTATUS(status);
  }

private:
  int ends_[2];
  pid_t child_ = 0;
};

TEST(CatalogueFaultTest, ASecondProcessIsRefusedUntilTheFirstIsGone) {
  const scratch_directory directory;
  const auto path = directory / "catalogue.db";
  other_process early{path};
  other_process late{path};
  auto first = catalogue::open(path);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(early.opens(), exit_code(errc::conflict));
  const auto second = catalogue::open(path);
  ASSERT_FALSE(second.ok()) << "in the same process";
  EXPECT_EQ(second.error().code, errc::conflict);
  EXPECT_THAT(second.error().message, HasSubstr(path));
  ASSERT_TRUE((*first)->publish(numbered_image(1)).ok());
  first->reset();
  EXPECT_EQ(late.opens(), 0);
}

/// A closed catalogue with one image. @returns the image.
publication one_image_in(const std::string& path) {
  auto opened = catalogue::open(path);
  EXPECT_TRUE(opened.ok());
  auto image = fresh_image("web", "1", chunks("web", 5000));
  EXPECT_TRUE((*opened)->publish(image).ok());
  return image;
}

void overwrite(const std::string& path, std::streamoff from, std::size_t count, char with) {
  std::fstream file{path, std::ios::in | std::ios::out | std::ios::binary};
  file.seekp(from);
  file << std::string(count, with);
}

TEST(CatalogueFaultTest, AFileThatIsNoDatabaseIsNamed) {
  const scratch_directory directory;
  const auto path = directory / "catalogue.db";
  std::ofstream{path} << std::string(100'000, 'x');
  const auto refused = catalogue::open(path);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, errc::corrupt);
  EXPECT_THAT(refused.error().message, HasSubstr(path));
  EXPECT_EQ(std::filesystem::file_size(path), 100'000u) << "and is left alone";
}

TEST(CatalogueFaultTest, DamagedPagesAreErrorsThatNameTheFileNeverWrongAnswers) {
  const scratch_directory directory;
  const auto path = directory / "catalogue.db";
  const auto image = one_image_in(path);
  const auto pages = static_cast<std::streamoff>(std::filesystem::file_size(path) / 4096);
  std::size_t detected = 0;
  for (std::streamoff page = 0; page < pages; ++page) {
    const auto damaged = directory / "damaged.db";
    std::filesystem::copy_file(path, damaged, std::filesystem::copy_options::overwrite_existing);
    overwrite(damaged, page * 4096, 4096, '\x5a');
    auto opened = catalogue::open(damaged);
    const auto bytes = opened ? (*opened)->recipe_bytes(image.recipe) : opened.error();
    if (bytes.ok()) {
      EXPECT_EQ(*bytes, image.recipe_bytes);
    } else {
      ++detected;
      EXPECT_EQ(bytes.error().code, errc::corrupt) << bytes.error().message;
      EXPECT_THAT(bytes.error().message, HasSubstr(damaged));
    }
    if (!opened) continue;
    const auto pack = (*opened)->pack(image.new_pack->id);
    EXPECT_TRUE(!pack.ok() || *pack == *image.new_pack);
    static_cast<void>((*opened)->find_chunks(chunks("web", 5000)));
    static_cast<void>((*opened)->images());
    static_cast<void>((*opened)->remove_image("web", "1"));
  }
  EXPECT_GT(detected, 40u) << "the recipe alone has that many pages";
}

TEST(CatalogueFaultTest, ATruncatedFileIsAnErrorThatNamesIt) {
  const scratch_directory directory;
  const auto path = directory / "catalogue.db";
  const auto image = one_image_in(path);
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  auto opened = catalogue::open(path);
  const auto bytes = opened ? (*opened)->recipe_bytes(image.recipe) : opened.error();
  ASSERT_FALSE(bytes.ok());
  EXPECT_EQ(bytes.error().code, errc::corrupt);
  EXPECT_THAT(bytes.error().message, HasSubstr(path));
}

TEST(CatalogueFaultTest, PathsThatCannotBeAreNamed) {
  const scratch_directory directory;
  const auto missing = catalogue::open(directory / "none/catalogue.db");
  EXPECT_EQ(missing.error().code, errc::not_found);
  EXPECT_THAT(missing.error().message, HasSubstr("none"));
  EXPECT_EQ(catalogue::open("").error().code, errc::invalid_argument);
  EXPECT_EQ(catalogue::open(directory / "a\"b").error().code, errc::invalid_argument);
  std::filesystem::create_directory(directory / "folder");
  EXPECT_EQ(catalogue::open(directory / "folder").error().code, errc::permission);
  EXPECT_EQ(catalogue::open("/proc/catalogue.db").error().code, errc::permission);
  const auto odd = directory / "with = and two  spaces.db";
  EXPECT_TRUE(catalogue::open(odd).ok());
  EXPECT_TRUE(std::filesystem::exists(odd));
}

} // namespace
} // namespace shoal::swarm
