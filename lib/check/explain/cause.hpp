// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "check/check.hpp"
#include "check/explain/pattern.hpp"

#include <array>
#include <span>
#include <string_view>

namespace kvmkit {

/// How deep a cause lies. What lies deeper is told first, and what lies higher may follow from it.
enum class Layer {
    harmless,  ///< Such lines are passed over, whatever else they look like.
    hardware,  ///< The CPU, the firmware, the hypervisor below.
    kernel,    ///< KVM's modules.
    device,    ///< /dev/kvm and who may open it.
    program,   ///< QEMU, libvirt and what their guests need.
    comfort,   ///< It works, but slowly or with a gap.
};

/// What turns the same line into different advice.
enum class Refinement {
    none,
    underlay,  ///< The log says on whose hypervisor it was written: that one's operator is to act.
    msr,       ///< The number of a register decides which feature is to be left out.
};

inline constexpr std::size_t most_commands = 4;
inline constexpr std::size_t most_patterns = 10;

/// One row of what `kvm-check explain` knows: the lines by which a cause shows itself, and what mends it. In `cause`,
/// `fix` and `commands` "{name}" stands for what a pattern caught.
struct Cause {
    std::string_view symptom;     ///< "S1" to "S32", as kvm-check(1) lists them.
    std::string_view check = {};  ///< The check that judges it on a living host; empty: none does.
    Layer layer = Layer::harmless;
    bool follows = false;  ///< A mere consequence where something deeper is found.
    std::string_view cause = {};
    std::string_view fix = {};
    std::array<std::string_view, most_commands> commands = {};
    Where where = Where::this_host;
    Refinement refinement = Refinement::none;
    std::array<std::string_view, most_patterns> patterns = {};
};

/// The rows, one file for each; a line that fits several belongs to the first of them.
std::span<const Cause> harmless_lines();
std::span<const Cause> hardware_causes();
std::span<const Cause> kernel_causes();
std::span<const Cause> device_causes();
std::span<const Cause> guest_causes();
std::span<const Cause> libvirt_causes();
std::span<const Cause> comfort_causes();

}  // namespace kvmkit
