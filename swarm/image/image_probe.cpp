#include "swarm/image/image_probe.hpp"

#include "swarm/image/file_error.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <string_view>

#include <unistd.h>

namespace shoal::swarm {

namespace {

using namespace std::string_view_literals;

/// What the user can do with a file of some kind.
enum class remedy : std::uint8_t { convert, unpack, another };

struct known_format {
  std::size_t offset;
  std::string_view magic;
  std::string_view name;
  remedy advice;
};

/// Magics as the formats' specifications and file(1) give them.
constexpr std::array known_formats{
    known_format{0, "KDMV"sv, "a VMDK disk", remedy::convert},
    known_format{0, "COWD"sv, "a VMDK disk", remedy::convert},
    known_format{0, "# Disk DescriptorFile"sv, "a VMDK descriptor", remedy::convert},
    known_format{64, "\x7f\x10\xda\xbe"sv, "a VDI disk", remedy::convert},
    known_format{0, "vhdxfile"sv, "a VHDX disk", remedy::convert},
    known_format{0, "conectix"sv, "a VHD disk", remedy::convert},
    known_format{0, "QED\0"sv, "a QED disk", remedy::convert},
    known_format{0, "QFI\xfb\0\0\0\1"sv, "a qcow (version 1) disk", remedy::convert},
    known_format{0, "WithoutFreeSpace"sv, "a Parallels disk", remedy::convert},
    known_format{0, "WithouFreSpacExt"sv, "a Parallels disk", remedy::convert},
    known_format{0, "\x1f\x8b\x08"sv, "a gzip file", remedy::unpack},
    known_format{0,
                 "\xfd"sv
                 "7zXZ\0"sv,
                 "an xz file", remedy::unpack},
    known_format{0, "\x28\xb5\x2f\xfd"sv, "a zstd file", remedy::unpack},
    known_format{0, "\x04\x22\x4d\x18"sv, "an lz4 file", remedy::unpack},
    known_format{0, "BZh"sv, "a bzip2 file", remedy::unpack},
    known_format{0, "PK\x03\x04"sv, "a zip archive", remedy::unpack},
    known_format{0, "7z\xbc\xaf\x27\x1c"sv, "a 7z archive", remedy::unpack},
    known_format{257, "ustar"sv, "a tar archive (an OVA is one)", remedy::unpack},
    known_format{0,
                 "\x7f"sv
                 "ELF"sv,
                 "a program (ELF)", remedy::another},
    known_format{0, "<!DOCTYPE"sv, "a web page, perhaps of a failed download", remedy::another},
    known_format{0, "<html"sv, "a web page, perhaps of a failed download", remedy::another},
};

constexpr std::size_t head_bytes = 4096;
constexpr std::size_t sector_bytes = 512;
constexpr std::string_view vhd_footer = "conectix";
constexpr std::string_view qcow2_magic = "QFI\xfb";

error refused(const std::filesystem::path& file, std::string_view found, remedy advice) {
  auto text = file.string() + " is " + std::string{found} + ", not a raw or qcow2 image";
  switch (advice) {
  case remedy::convert:
    text += "; convert it first: qemu-img convert -O qcow2 " + file.string() + " NEW.qcow2";
    break;
  case remedy::unpack: text += "; unpack it first and publish the disk image inside"; break;
  case remedy::another: text += "; name the file of a disk image"; break;
  }
  return {errc::invalid_argument, std::move(text)};
}

/// As many bytes from `offset` as there are, up to `length`; nothing with errno set on a fault.
std::string read_some(int descriptor, std::uint64_t offset, std::size_t length) {
  std::string bytes(length, '\0');
  errno = 0;
  const auto count = ::pread(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(offset));
  bytes.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
  return bytes;
}

/// Whether these are lines that people could read, in ASCII or any superset of it.
bool is_text(std::string_view bytes) {
  const auto readable = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte != 0x7f) || c == '\n' || c == '\r' || c == '\t';
  };
  return bytes.find('\n') != std::string_view::npos && std::ranges::all_of(bytes, readable);
}

} // namespace

result<image_kind> probe_image(int descriptor, std::uint64_t size_bytes,
                               const std::filesystem::path& file) {
  if (size_bytes == 0) {
    return {errc::invalid_argument, file.string() + " is empty: there is no image in it"};
  }
  const auto head = read_some(descriptor, 0, head_bytes);
  if (head.empty()) return file_error("cannot read", file, errno == 0 ? EIO : errno);
  for (const auto& format : known_formats) {
    if (head.size() < format.offset) continue;
    if (std::string_view{head}.substr(format.offset).starts_with(format.magic)) {
      return refused(file, format.name, format.advice);
    }
  }
  if (head.starts_with(qcow2_magic)) return image_kind::qcow2;
  // A VHD of fixed size is raw but for its last 512 bytes; taken for raw it would boot and then
  // surprise its owner with a disk one sector too long.
  if (size_bytes >= sector_bytes &&
      read_some(descriptor, size_bytes - sector_bytes, vhd_footer.size()) == vhd_footer) {
    return refused(file, "a VHD disk", remedy::convert);
  }
  // A disk has whole sectors, whatever it begins with.
  if (size_bytes % sector_bytes != 0 && is_text(head)) {
    return refused(file, "a text file", remedy::another);
  }
  return image_kind::raw;
}

} // namespace shoal::swarm
