#include "tools/shoald/command_line.hpp"
#include "tools/shoald/first_node.hpp"
#include "tools/shoald/service.hpp"

#include <iostream>

namespace {

int fail(const shoal::error& fault) {
  std::cerr << "shoald: " << fault.message << '\n';
  return shoal::exit_code(fault.code);
}

} // namespace

int main(int argc, char** argv) {
  using namespace shoal;
  auto order = daemon::read_command_line({argv + 1, argv + argc}, SHOAL_VERSION);
  if (!order) return fail(order.error());
  if (order->print) {
    std::cout << *order->print;
    return 0;
  }
  if (order->check) {
    std::cout << daemon::effective_toml(order->config);
    return 0;
  }
  if (order->init) {
    auto made = daemon::make_first_node(*order);
    if (!made) return fail(made.error());
    std::cout << *made;
    return 0;
  }
  auto ran = daemon::run(order->config, SHOAL_VERSION);
  return ran ? 0 : fail(ran.error());
}
