// The command `shoal`: asks the daemon on this machine. See shoal(1).
#include "tools/shoal/application.hpp"

int main(int argc, char** argv) { return shoal::cli::run(argc, argv); }
