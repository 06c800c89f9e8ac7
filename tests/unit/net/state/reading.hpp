// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/state/state_file.hpp"

#include <string>

#include <gtest/gtest.h>

namespace kvmkit::net {

/// The wishes of a file that holds no mistake.
inline DesiredNetwork wishes(std::string_view text)
{
    const auto reading = read_state("file", text);
    for (const Mistake& mistake : reading.mistakes.list()) {
        ADD_FAILURE() << pointed_at(reading.file, mistake);
    }
    return reading.file.wanted;
}

/// "LINE:COLUMN PATH: MESSAGE", a line for each mistake.
inline std::string mistakes_in(std::string_view text)
{
    std::string all;
    const auto reading = read_state("file", text);
    for (const Mistake& mistake : reading.mistakes.list()) {
        all += std::to_string(mistake.place.line) + ":" + std::to_string(mistake.place.column) + " " + mistake.path +
               ": " + mistake.message + "\n";
    }
    return all;
}

}  // namespace kvmkit::net
