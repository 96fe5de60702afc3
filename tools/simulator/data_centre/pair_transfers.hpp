// Transfers under the paper's link model: which source each piece comes from (topology's choice)
// and when it arrives.
//
// Threads: one owner. Errors: none.
#pragma once

#include "tools/simulator/data_centre/config.hpp"
#include "tools/simulator/data_centre/content.hpp"
#include "tools/simulator/data_centre/directory.hpp"
#include "tools/simulator/data_centre/host_caches.hpp"
#include "topology/source_choice.hpp"

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

namespace shoal::simulator {

struct provision_bytes;

/// The links' queues and what is on its way.
class pair_transfers {
public:
  /// @pre the arguments outlive it.
  pair_transfers(const data_centre_config& config, const data_centre_load& load,
                 host_caches& caches);

  /// Sends a whole image from the server, behind what is queued there.
  /// @returns how long it takes, from now.
  double whole_image_from_server(std::uint64_t bytes, double now_s);
  /// Fetches the wanted pieces from where the policy says; they arrive at the host's cache.
  /// @returns when the last arrives; counts in `bytes` where they come from.
  double fetch(std::uint32_t host, std::span<const image_part> wanted,
               std::span<const found_holder> found, double now_s, provision_bytes& bytes);
  /// When the last piece of the image arrives that the host awaits already; 0: it awaits none.
  [[nodiscard]] double awaited_until(std::uint32_t host, const image_layout& image) const;
  /// What arrived before then is no longer on its way.
  void forget_before(double now_s);

  /// The server's next free moment; what is put there is sent by then.
  [[nodiscard]] double server_free_s() const { return server_free_s_; }
  /// One piece from the server to a host that did not ask, at the server's next free moment.
  void stage(std::uint32_t host, item_number item);

private:
  /// A piece on its way to a host.
  struct on_its_way {
    std::uint32_t host = 0;
    double ready_s = 0;
  };

  [[nodiscard]] double& pair_free_s(std::uint32_t from, std::uint32_t to);
  std::uint32_t source_number(std::uint32_t from, std::uint32_t to, double now_s);
  void pose(std::uint32_t host, std::span<const image_part> wanted,
            std::span<const found_holder> found, double now_s);
  void pose_group(std::uint32_t pack, std::uint32_t group, std::uint32_t group_without_server,
                  const piece_words& pieces, std::uint32_t host, double now_s);
  bool pose_arrivals(item_number item, std::uint32_t host, double now_s);
  double carry_out(std::uint32_t host, double now_s, provision_bytes& bytes);
  void note_on_its_way(std::uint32_t host, std::span<const arrival> coming);

  const data_centre_config& config_;
  const data_centre_load& load_;
  host_caches& caches_;
  double server_free_s_ = 0;
  std::vector<double> pair_free_s_;
  /// Only with `sharing::in_flight`.
  std::unordered_map<item_number, std::vector<on_its_way>> under_way_;

  // Of the choice being made.
  topology::source_problem problem_;
  std::vector<item_number> items_;
  std::vector<std::uint32_t> number_of_host_;
};

} // namespace shoal::simulator
