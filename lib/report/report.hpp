// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "check/check.hpp"
#include "check/recommendation.hpp"
#include "check/selection.hpp"
#include "check/summary.hpp"
#include "facts/host_facts.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace kvmkit {

/// A number for monitoring. The name is stable, lower case, without its unit.
struct Measure {
    std::string_view name;
    std::string_view help;
    double value = 0;
    std::string_view unit;                       ///< "seconds" or "ratio".
    std::optional<double> limit = std::nullopt;  ///< Above it something is wrong.
};

/// All that kvm-check says about a host: plain data, ready to be rendered.
struct Report {
    std::string arch;  ///< Empty: not known; so for the next ones.
    std::string vendor;
    std::string model;
    VirtFlag flag = VirtFlag::none;
    bool cpu_known = false;
    std::optional<VirtFlag> raw_flag;  ///< What CPUID says, whatever the kernel shows; absent: nobody asked.
    std::string kernel;
    std::string distribution;
    std::optional<UnderlayFacts> underlay;
    std::string product;        ///< DMI's name of the machine.
    std::string cloud;          ///< "Hetzner Cloud"; empty: none that is known.
    std::string container;      ///< "docker"; empty: none.
    bool device_there = false;  ///< Whether something stands at /dev/kvm.
    bool opens = false;         ///< Whether that could be opened.
    Summary summary;            ///< `kvm` as the whole catalogue sees it, `verdict` as the selection does.
    Recommendation recommendation;
    std::vector<Finding> findings;  ///< Of the selection.
    Selection selection;
    std::size_t catalogue_size = 0;
    std::vector<Measure> measures;  ///< What was not measured is not in there.
};

/// Judges the host by the whole catalogue, or by a selection of it.
Report make_report(const HostFacts& host, const Selection& selection = {});

}  // namespace kvmkit
