#include "actors/job.hpp"

#include "swarm/publish/exporter.hpp"

#include <set>

namespace shoal::actors {

namespace {

/// Every held piece of these packs (or of all) is read again and compared with its hash.
result<std::uint64_t> scrub(job& work, const std::optional<std::set<swarm::pack_id>>& only) {
  auto& status = work.status();
  auto& store = *work.context().store;
  status.phase = "reading pieces";
  std::vector<swarm::pack_id> packs;
  for (const auto& pack : store.packs()) {
    if (only && !only->contains(pack.id)) continue;
    packs.push_back(pack.id);
    status.total_bytes += pack.held_bytes;
  }
  std::uint64_t bad = 0;
  for (const auto& pack : packs) {
    const auto before = status.done_bytes;
    auto findings = store.scrub(pack, [&](std::uint64_t done) {
      status.done_bytes = before + done;
      work.report();
      return !work.stop_wanted();
    });
    if (!findings) return findings.error();
    for (const auto& finding : *findings) {
      status.warnings.push_back("piece " + std::to_string(finding.piece) + " of pack " +
                                finding.pack.hex() + " was corrupt and is dropped");
    }
    bad += findings->size();
    if (!findings->empty()) work.self()->send(work.context().cache, holdings_changed{{pack}});
  }
  return bad;
}

result<void> verify(job& work, const verify_order& order) {
  auto& status = work.status();
  if (order.image.empty()) {
    auto bad = scrub(work, std::nullopt);
    if (!bad) return bad.error();
    if (*bad > 0) {
      return {errc::corrupt, std::to_string(*bad) + " pieces were corrupt and are dropped; the "
                                                    "next get fetches them again"};
    }
    status.verified = true;
    return {};
  }
  auto image = image_name::parse(order.image);
  if (!image) return image.error();
  auto record = work.find_image(*image, false);
  if (!record) return record.error();
  auto recipe = work.fetch_recipe(*record);
  if (!recipe) return recipe.error();
  std::set<swarm::pack_id> packs;
  for (const auto& pack : recipe->packs) packs.insert(pack.id);
  auto bad = scrub(work, packs);
  if (!bad) return bad.error();
  if (*bad > 0) {
    return {errc::corrupt, std::to_string(*bad) + " pieces of " + order.image +
                               " were corrupt and are dropped; the next get fetches them again"};
  }
  status.phase = "expanding chunks";
  auto check = swarm::exporter::start(*recipe, *work.context().store, {}, {});
  if (!check) return check.error();
  if (auto done = (*check)->finish(); !done) {
    if (done.error().code == errc::not_found) {
      return {errc::not_found, order.image + " is not whole on this host: get it first"};
    }
    return done;
  }
  status.verified = true;
  return {};
}

} // namespace

void verify_job(caf::blocking_actor* self, job_context context, job_board_actor board,
                job_status status, verify_order order) {
  job work{self, std::move(context), std::move(board), std::move(status)};
  work.end(verify(work, order));
}

} // namespace shoal::actors
