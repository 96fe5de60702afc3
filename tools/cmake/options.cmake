# One INTERFACE target carries the language level, warnings and sanitizers to every folder.
add_library(shoal_options INTERFACE)
target_compile_features(shoal_options INTERFACE cxx_std_20)
target_include_directories(shoal_options INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(shoal_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wno-missing-field-initializers)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

set(SHOAL_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize takes them: address,undefined or thread")
if(SHOAL_SANITIZE)
  target_compile_options(shoal_options INTERFACE -fsanitize=${SHOAL_SANITIZE} -fno-omit-frame-pointer)
  if(SHOAL_SANITIZE MATCHES "undefined")
    # It needs type information that libtorrent and SOCI do not export.
    target_compile_options(shoal_options INTERFACE -fno-sanitize=vptr)
  endif()
  target_link_options(shoal_options INTERFACE -fsanitize=${SHOAL_SANITIZE})
endif()

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
