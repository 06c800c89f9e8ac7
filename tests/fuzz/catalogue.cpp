// SPDX-License-Identifier: Apache-2.0
// Any packages.json: it is refused with a reason that names the file, or a catalogue comes out whose packages have
// names that no package manager takes for an option, and from which needs are made for any family.
#include "setup/catalogue.hpp"

#include <cstdint>
#include <cstdlib>

namespace {

using namespace kvmkit::setup;

void demand(bool holds)
{
    if (!holds) {
        std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    const auto catalogue = read_catalogue(text, "a file");
    if (!catalogue) {
        demand(catalogue.error().message.find("'a file'") != std::string::npos);
        return 0;
    }
    for (const Capability& capability : catalogue->capabilities) {
        for (const PackageRow& row : capability.rows) {
            demand(!row.package.empty() && row.package.front() != '-');
        }
    }
    const Bundles all{Bundle::hypervisor, Bundle::tools, Bundle::guest_images, Bundle::desktop, Bundle::modules};
    for (const Family family : {Family::debian, Family::rhel, Family::arch, Family::alpine}) {
        const Distribution distribution{"x", "1", "X", {}, family, 1200};
        (void)needs_of(*catalogue, distribution, "x86_64", all);
        (void)translate_tutorial(*catalogue, distribution);
    }
    return 0;
}
