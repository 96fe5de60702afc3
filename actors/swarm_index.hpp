// What RACK INDEX and GIS have in common: the holder table, the hosts it speaks of, and waking up
// holders before they are named to somebody.
//
// Threads: part of one actor's state.
#pragma once

#include "actors/services.hpp"
#include "topology/holder_table.hpp"
#include "topology/peer_choice.hpp"
#include "topology/place.hpp"
#include "topology/told_fetchers.hpp"

#include <caf/all.hpp>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace shoal::actors {

/// An index's knowledge, and the answers made from it.
class swarm_index {
public:
  swarm_index();

  /// How many holders are named for one pack at most.
  static constexpr std::size_t holders_max = 8;

  /// Takes an announcement. @returns the packs whose membership changed.
  result<std::vector<topology::pack_key>> announce(const wire::Announce& news);
  /// Registers a fetcher. @returns the packs whose membership changed.
  result<std::vector<topology::pack_key>> begin_fetch(const wire::Lookup& lookup);
  std::vector<topology::pack_key> end_fetch(const wire::EndFetch& ended);
  /// The host is gone: it holds and fetches nothing.
  std::vector<topology::pack_key> retire(const std::string& host);

  /// How others reach a host; hosts without are never named.
  void learn(const wire::Peer& peer);
  /// Learns all members, and retires whoever is none any more.
  void follow(const wire::Members& members);
  void learn_agent(const std::string& host, host_actor agent);
  void forget_agent(const std::string& host);
  [[nodiscard]] host_actor agent(const std::string& host) const;

  /// Who holds and who fetches, as told to `asker`. Which pieces holders have is not told to who
  /// fetches.
  [[nodiscard]] wire::Swarms answer(const wire::Peer& asker,
                                    const std::vector<topology::pack_key>& packs,
                                    bool fetching = false) const;
  /// Of an answer to somebody who hears the news below: leaves out the fetchers it knows.
  void leave_out_known(const wire::Lookup& lookup, wire::Swarms& answer);
  /// What those who fetch any of the packs are to be told, by host: what changed since the last
  /// call, which is taken as told.
  std::map<std::string, wire::Swarms> news(const std::set<topology::pack_key>& packs);
  [[nodiscard]] const wire::Peer* peer(const std::string& host) const;
  [[nodiscard]] topology::holder_table& table() { return table_; }
  [[nodiscard]] const topology::holder_table& table() const { return table_; }

private:
  [[nodiscard]] std::vector<topology::fetcher_record>
  records_of(const std::vector<topology::pack_fetcher>& fetchers) const;
  void add_holders(const topology::pack_view& view, std::vector<topology::peer_candidate> from,
                   const wire::Peer& asker, bool fetching, wire::Swarm& to) const;

  /// See wire::SwarmStamp.
  const std::uint64_t table_id_;
  topology::holder_table table_;
  topology::told_fetchers told_;
  std::map<std::string, wire::Peer> peers_;
  std::map<std::string, host_actor> agents_;
};

/// The packs asked for. @returns errc::invalid_argument for a malformed id.
result<std::vector<topology::pack_key>>
keys_of(const google::protobuf::RepeatedPtrField<std::string>& packs);

/// The packs to wake each named holder for.
std::map<std::string, wire::Serve> orders_for(const wire::Swarms& answer);

/// Has every holder named in `answer` load the packs, then delivers it: whoever asks finds them
/// ready. A holder that does not answer in time is named all the same; it may just be slow.
template <class Self>
void wake_and_deliver(Self self, const swarm_index& index, wire::Swarms answer,
                      caf::typed_response_promise<wire::Swarms> promise) {
  struct pending {
    wire::Swarms answer;
    caf::typed_response_promise<wire::Swarms> promise;
    std::size_t left = 1;
    void one_less() {
      if (--left == 0) promise.deliver(std::move(answer));
    }
  };
  const auto orders = orders_for(answer);
  auto state = std::make_shared<pending>(pending{std::move(answer), std::move(promise)});
  for (const auto& [host, order] : orders) {
    const auto agent = index.agent(host);
    if (!agent) continue;
    ++state->left;
    self->request(agent, std::chrono::seconds{1}, order)
        .then([state](const wire::Ack&) { state->one_less(); },
              [state](const caf::error&) { state->one_less(); });
  }
  state->one_less();
}

} // namespace shoal::actors
