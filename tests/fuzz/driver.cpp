// Runs a fuzz target without libFuzzer: every corpus file, then random mutations of them.
//
//     fuzz_TARGET [-runs=N] [-seconds=N] [-seed=N] CORPUS_FILE...
//
// A crash prints the input as hexadecimal first (the last line of the output), and the seed repeats
// it.
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <unistd.h>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

std::string present_input;

void show_input(int signal) {
  static constexpr char digits[] = "0123456789abcdef";
  for (const char c : present_input) {
    const auto value = static_cast<unsigned char>(c);
    const char text[] = {digits[value >> 4], digits[value & 15]};
    if (write(STDERR_FILENO, text, sizeof text) < 0) break;
  }
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void run(const std::string& input) {
  present_input = input;
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

class mutator {
public:
  explicit mutator(std::uint64_t seed) : random_{seed} {}

  std::string mutate(const std::vector<std::string>& corpus) {
    auto input = corpus[below(corpus.size())];
    for (auto steps = 1 + below(4); steps > 0; --steps)
      step(input, corpus);
    return input;
  }

private:
  std::size_t below(std::size_t limit) { return limit == 0 ? 0 : random_() % limit; }

  void step(std::string& input, const std::vector<std::string>& corpus) {
    const auto at = below(input.size());
    switch (below(7)) {
    case 0:
      if (!input.empty()) input[at] = static_cast<char>(random_());
      break;
    case 1:
      if (!input.empty()) input[at] = static_cast<char>(input[at] ^ 1 << below(8));
      break;
    case 2: input.resize(at); break;
    case 3: input.insert(at, 1 + below(9), static_cast<char>(random_())); break;
    case 4: input.erase(at, 1 + below(9)); break;
    case 5: { // Numbers at their limits.
      static constexpr std::uint64_t limits[] = {0, 1, 0x7fffffff, 0xffffffff, ~0ull, 1ull << 63};
      auto value = limits[below(std::size(limits))];
      for (auto i = at; i < input.size() && i < at + 8; ++i, value >>= 8) {
        input[i] = static_cast<char>(value);
      }
      break;
    }
    default: {
      const auto& other = corpus[below(corpus.size())];
      const auto from = below(other.size());
      input.replace(at, below(64), other, from, below(64));
    }
    }
  }

  std::mt19937_64 random_;
};

std::uint64_t number_of(const std::string& argument) {
  return std::strtoull(argument.c_str() + argument.find('=') + 1, nullptr, 10);
}

} // namespace

int main(int argc, char** argv) {
  std::uint64_t runs = 0;
  std::uint64_t seconds = 0;
  std::uint64_t seed = 1;
  std::vector<std::string> corpus{""};
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument.starts_with("-runs=")) {
      runs = number_of(argument);
    } else if (argument.starts_with("-seconds=")) {
      seconds = number_of(argument);
    } else if (argument.starts_with("-seed=")) {
      seed = number_of(argument);
    } else {
      std::ifstream file{argument, std::ios::binary};
      if (!file) {
        std::fprintf(stderr, "cannot read %s\n", argument.c_str());
        return 2;
      }
      corpus.emplace_back(std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{});
    }
  }
  std::signal(SIGABRT, show_input);
  std::signal(SIGSEGV, show_input);
  std::fprintf(stderr, "seed %llu\n", static_cast<unsigned long long>(seed));
  for (const auto& input : corpus)
    run(input);
  mutator mutations{seed};
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{seconds};
  std::uint64_t done = 0;
  while (done < runs || std::chrono::steady_clock::now() < end) {
    run(mutations.mutate(corpus));
    ++done;
  }
  std::printf("%llu runs\n", static_cast<unsigned long long>(done));
}
