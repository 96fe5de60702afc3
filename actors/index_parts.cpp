#include "actors/index_parts.hpp"

#include <utility>

namespace shoal::actors {

namespace {

/// Puts things into the current one of several containers, and begins another when it is full.
template <class Container>
class filling {
public:
  filling(Container empty, std::size_t bytes_max) : empty_{std::move(empty)}, bytes_max_{bytes_max} {
    begin();
  }

  /// The container that has room for so many more bytes.
  Container& with_room_for(std::size_t bytes) {
    if (used_ > 0 && used_ + bytes > bytes_max_) begin();
    used_ += bytes;
    return made_.back();
  }

  std::vector<Container> take() && { return std::move(made_); }

private:
  void begin() {
    made_.push_back(empty_);
    used_ = 0;
  }

  Container empty_;
  std::size_t bytes_max_;
  std::size_t used_ = 0;
  std::vector<Container> made_;
};

/// A tag and a length beside the bytes themselves.
template <class Message>
std::size_t size_of(const Message& message) {
  return message.ByteSizeLong() + 6;
}

/// What of an answer fits goes together; hosts of one pack may be told in several parts.
void put_answer(filling<wire::IndexMessage>& parts, const wire::IndexAnswer& whole,
                std::size_t bytes_max) {
  const auto bytes = size_of(whole);
  if (bytes <= bytes_max) {
    *parts.with_room_for(bytes).add_answers() = whole;
    return;
  }
  const auto told = [&](const wire::IndexHolder& host) {
    auto& part = parts.with_room_for(size_of(host) + whole.pack().size() + 20);
    const bool begun = part.answers_size() > 0 &&
                       part.answers(part.answers_size() - 1).pack() == whole.pack();
    auto& answer = begun ? *part.mutable_answers(part.answers_size() - 1) : *part.add_answers();
    answer.set_pack(whole.pack());
    answer.set_piece_count(whole.piece_count());
    return &answer;
  };
  for (const auto& holder : whole.holders())
    *told(holder)->add_holders() = holder;
  for (const auto& fetcher : whole.fetchers())
    *told(fetcher)->add_fetchers() = fetcher;
}

std::vector<wire::IndexMessage> cut(wire::IndexMessage whole, std::size_t bytes_max) {
  if (size_of(whole) <= bytes_max) return {std::move(whole)};
  auto header = whole;
  header.clear_packs();
  header.clear_dropped();
  header.clear_answers();
  // Room for the header and a part's number.
  const auto taken = header.ByteSizeLong() + 16;
  const auto room = bytes_max > 2 * taken ? bytes_max - taken : taken;
  filling<wire::IndexMessage> parts{std::move(header), room};
  for (const auto& pack : whole.packs())
    *parts.with_room_for(size_of(pack)).add_packs() = pack;
  for (const auto& pack : whole.dropped())
    parts.with_room_for(pack.size() + 6).add_dropped(pack);
  for (const auto& answer : whole.answers())
    put_answer(parts, answer, room);
  auto made = std::move(parts).take();
  for (std::size_t i = 0; i < made.size(); ++i) {
    made[i].set_part(static_cast<std::uint32_t>(i));
    made[i].set_more(i + 1 < made.size());
  }
  return made;
}

} // namespace

std::vector<wire::IndexMail> cut(wire::IndexMail mail, std::size_t bytes_max) {
  if (mail.ByteSizeLong() <= bytes_max) return {std::move(mail)};
  filling<wire::IndexMail> mails{{}, bytes_max};
  for (auto& whole : *mail.mutable_messages()) {
    for (auto& part : cut(std::move(whole), bytes_max)) {
      const auto bytes = size_of(part);
      *mails.with_room_for(bytes).add_messages() = std::move(part);
    }
  }
  for (const auto& pack : mail.serve())
    mails.with_room_for(pack.size() + 6).add_serve(pack);
  return std::move(mails).take();
}

void index_parts::forget(std::map<key, begun>::iterator which) {
  bytes_ -= which->second.bytes;
  begun_.erase(which);
}

result<std::optional<wire::IndexMessage>> index_parts::take(const wire::IndexMessage& part) {
  const key from{part.from().level(), part.from().path(), part.to().level(), part.to().path(),
                 part.kind()};
  if (const auto old = begun_.find(from); part.part() == 0 && old != begun_.end()) forget(old);
  if (part.part() == 0) begun_[from];
  const auto found = begun_.find(from);
  const bool fits = found != begun_.end() && found->second.parts == part.part() &&
                    (part.part() == 0 || (found->second.message.request() == part.request() &&
                                          found->second.message.session() == part.session() &&
                                          found->second.message.sequence() == part.sequence()));
  if (!fits) {
    if (found != begun_.end()) forget(found);
    return {errc::conflict, "part " + std::to_string(part.part()) + " of a message from " +
                                part.from().path() + " is not the next one"};
  }
  auto& whole = found->second;
  const auto bytes = part.ByteSizeLong();
  if (bytes_ + bytes > bytes_max_) {
    begun_.clear();
    bytes_ = 0;
    return {errc::overloaded, "too many messages came in part only"};
  }
  whole.message.MergeFrom(part);
  ++whole.parts;
  whole.bytes += bytes;
  bytes_ += bytes;
  if (part.more()) return std::optional<wire::IndexMessage>{};
  auto message = std::move(whole.message);
  forget(found);
  message.set_part(0);
  message.set_more(false);
  return std::optional{std::move(message)};
}

} // namespace shoal::actors
