// What an event does when its time comes: a callable taking nothing, kept without allocation where
// it is small and plain.
//
// Threads: a value of one thread.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace shoal::simulator {

/// A move-only `void()`. A lambda that captures pointers and numbers (up to 40 bytes, trivially
/// copyable) lives inside; anything else is allocated. A simulation makes one for each event, and
/// std::function allocates from 17 bytes on.
class action {
public:
  action() = default;

  template <class Callable>
    requires(!std::is_same_v<std::remove_cvref_t<Callable>, action> &&
             std::is_invocable_v<std::remove_cvref_t<Callable>&>)
  action(Callable&& callable) {
    using kept = std::remove_cvref_t<Callable>;
    if constexpr (fits<kept>) {
      ::new (static_cast<void*>(bytes_)) kept(std::forward<Callable>(callable));
      run_ = [](void* at) { (*std::launder(static_cast<kept*>(at)))(); };
    } else {
      auto* made = new kept(std::forward<Callable>(callable));
      std::memcpy(bytes_, &made, sizeof made);
      run_ = [](void* at) { (*pointer<kept>(at))(); };
      destroy_ = [](void* at) { delete pointer<kept>(at); };
    }
  }

  action(action&& other) noexcept { take(other); }
  action& operator=(action&& other) noexcept {
    if (this != &other) {
      reset();
      take(other);
    }
    return *this;
  }
  action(const action&) = delete;
  action& operator=(const action&) = delete;
  ~action() { reset(); }

  /// Whether there is anything to call.
  explicit operator bool() const noexcept { return run_ != nullptr; }

  /// @pre not empty.
  void operator()() { run_(bytes_); }

  /// Forgets the callable.
  void reset() noexcept {
    if (destroy_) destroy_(bytes_);
    run_ = destroy_ = nullptr;
  }

private:
  static constexpr std::size_t capacity_bytes = 40;

  template <class Callable>
  static constexpr bool fits = sizeof(Callable) <= capacity_bytes &&
                               alignof(Callable) <= alignof(void*) &&
                               std::is_trivially_copyable_v<Callable> &&
                               std::is_trivially_destructible_v<Callable>;

  template <class Callable>
  static Callable* pointer(void* at) {
    Callable* made = nullptr;
    std::memcpy(&made, at, sizeof made);
    return made;
  }

  void take(action& other) noexcept {
    std::memcpy(bytes_, other.bytes_, capacity_bytes);
    run_ = std::exchange(other.run_, nullptr);
    destroy_ = std::exchange(other.destroy_, nullptr);
  }

  alignas(void*) std::byte bytes_[capacity_bytes] = {};
  void (*run_)(void*) = nullptr;
  void (*destroy_)(void*) = nullptr;
};

} // namespace shoal::simulator
