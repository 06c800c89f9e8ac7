# Compiler flags of every target of this project.
add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wall> $<$<COMPILE_LANGUAGE:CXX>:-Wextra>
  $<$<COMPILE_LANGUAGE:CXX>:-Wpedantic> $<$<COMPILE_LANGUAGE:CXX>:-Wshadow> $<$<COMPILE_LANGUAGE:CXX>:-Wconversion>
  $<$<COMPILE_LANGUAGE:CXX>:-Wold-style-cast> $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor>
  $<$<COMPILE_LANGUAGE:CXX>:-Woverloaded-virtual>)
if(KVMKIT_WERROR)
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Werror>)
endif()
# With precompiled headers GCC 12 also warns of the insides of std::string, and is wrong about its operator+. It says which of
# them it took, so that ccache knows.
if(KVMKIT_PRECOMPILE AND CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  foreach(option -Wno-restrict -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread -fpch-preprocess)
    add_compile_options($<$<COMPILE_LANGUAGE:CXX>:${option}>)
  endforeach()
endif()
if(KVMKIT_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
  # GCC 12 under the sanitizers takes std::function inside <regex> for uninitialized.
  add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
endif()
if(KVMKIT_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES Clang)
    message(FATAL_ERROR "KVMKIT_FUZZ needs clang")
  endif()
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fsanitize=fuzzer-no-link>)
endif()
if(KVMKIT_COVERAGE)
  add_compile_options(--coverage)
  add_link_options(--coverage)
endif()
if(KVMKIT_FAULT_HOOKS)
  add_compile_definitions(KVMKIT_FAULT_HOOKS)
endif()
# The same path prefix everywhere: no build folder ends up in a binary.
add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
