// The command `shoal-sim`: simulated experiments. See tools/simulator/README.md.
#include "tools/simulator/application.hpp"

int main(int argc, char** argv) { return shoal::simulator::run(argc, argv); }
