// SPDX-License-Identifier: Apache-2.0
// How long the image of a seed takes, in seconds, one measurement a line. bench/vm_run.py runs it.
#include "virt/seed/iso.hpp"

#include <chrono>
#include <cstdio>
#include <string>

int main()
{
    constexpr int rounds = 9;
    constexpr int lines = 20;
    std::string content;
    for (int line = 0; line < lines; ++line) {
        content += "#cloud-config\n{}\n";
    }
    for (int round = 0; round <= rounds; ++round) {
        const auto start = std::chrono::steady_clock::now();
        const auto image =
            kvmkit::virt::make_seed_iso({{"meta-data", content}, {"user-data", content}, {"network-config", content}});
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
        if (!image) {
            (void)std::fprintf(stderr, "%s\n", image.error().message.c_str());
            return 1;
        }
        if (round > 0) {  // the first warms up
            std::printf("%.6f\n", took.count());
        }
    }
    return 0;
}
