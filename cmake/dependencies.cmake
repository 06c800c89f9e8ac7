# Foreign libraries, all of them Debian packages. Debian ships no static archive of fmt and spdlog, and kvm-check and
# host-setup must start where nothing is installed: with KVMKIT_STATIC_TOOLS fmt is used header-only. Elsewhere the shared
# one saves a third of the compile time. spdlog stands in two files only and is header-only always.
set(Boost_USE_STATIC_LIBS ON)
find_package(Boost REQUIRED COMPONENTS program_options)
find_package(fmt REQUIRED)
add_library(kvmkit_fmt INTERFACE)
if(KVMKIT_STATIC_TOOLS)
  target_link_libraries(kvmkit_fmt INTERFACE fmt::fmt-header-only)
else()
  target_link_libraries(kvmkit_fmt INTERFACE fmt::fmt)
endif()
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(pugixml REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(libvirt REQUIRED IMPORTED_TARGET libvirt libvirt-qemu)
pkg_check_modules(libarchive REQUIRED IMPORTED_TARGET libarchive)
pkg_check_modules(libcurl REQUIRED IMPORTED_TARGET libcurl)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
pkg_check_modules(libnl REQUIRED IMPORTED_TARGET libnl-3.0 libnl-route-3.0)
find_path(SD_BUS_INCLUDE systemd/sd-bus.h REQUIRED)  # its declarations: the library is loaded where it is needed
find_path(TL_EXPECTED_INCLUDE tl/expected.hpp REQUIRED)

# net-setup carries libnl with it where the archives exist: one library less that a fresh host must have.
find_library(NL_ARCHIVE libnl-3.a)
find_library(NL_ROUTE_ARCHIVE libnl-route-3.a)
add_library(kvmkit_libnl INTERFACE)
if(NL_ARCHIVE AND NL_ROUTE_ARCHIVE)
  target_include_directories(kvmkit_libnl SYSTEM INTERFACE ${libnl_INCLUDE_DIRS})
  target_link_libraries(kvmkit_libnl INTERFACE ${NL_ROUTE_ARCHIVE} ${NL_ARCHIVE} Threads::Threads)
else()
  target_link_libraries(kvmkit_libnl INTERFACE PkgConfig::libnl)
endif()

# spdlog's own target names the shared fmt; this one takes the headers only.
add_library(kvmkit_spdlog INTERFACE)
get_target_property(SPDLOG_INCLUDE spdlog::spdlog_header_only INTERFACE_INCLUDE_DIRECTORIES)
target_include_directories(kvmkit_spdlog SYSTEM INTERFACE ${SPDLOG_INCLUDE})
target_compile_definitions(kvmkit_spdlog INTERFACE SPDLOG_FMT_EXTERNAL)
target_link_libraries(kvmkit_spdlog INTERFACE kvmkit_fmt Threads::Threads)

find_path(YAML_INCLUDE yaml.h REQUIRED)
find_library(YAML_ARCHIVE libyaml.a REQUIRED)
add_library(kvmkit_yaml INTERFACE)
target_include_directories(kvmkit_yaml SYSTEM INTERFACE ${YAML_INCLUDE})
target_link_libraries(kvmkit_yaml INTERFACE ${YAML_ARCHIVE})

# The distribution's own: its packages with modules are for that one, and one that comes before it in PATH may start slowly.
if(NOT Python3_EXECUTABLE AND EXISTS /usr/bin/python3)
  set(Python3_EXECUTABLE /usr/bin/python3)
endif()
