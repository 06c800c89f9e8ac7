// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace kvmkit {

/// What kind of container this system is, and by which mark.
struct ContainerFacts {
    std::string type;      ///< "docker", "lxc"; "other" where the mark names none.
    std::string evidence;  ///< The file, for people.
};

/// A virtual machine whose memory its hypervisor cannot read.
struct ConfidentialFacts {
    std::string type;      ///< "TDX" or "SEV-SNP", "SEV".
    std::string evidence;  ///< The file or line, for people.
};

/// The marks of a container. Nothing in it need be known.
struct ContainerMarks {
    std::string manager = {};      ///< The text of run/host/container-manager or run/systemd/container.
    std::string environment = {};  ///< The variable "container" of this process; empty where it has none.
    std::string cgroups = {};      ///< proc/self/cgroup
    bool dockerenv = false;        ///< .dockerenv
    bool containerenv = false;     ///< run/.containerenv
    bool lxd = false;              ///< dev/lxd or dev/incus
    bool openvz = false;           ///< proc/vz without proc/bc
    bool kernel_threads = false;   ///< Those of the kernel are among the processes.
};

/// Whether process 2, by its comm, is the kernel's own: a container with processes of its own has none such.
bool sees_kernel_threads(std::string_view comm);

/// The container that the strongest mark names; absent: no mark, or only an empty file that stayed behind in a file
/// system from which a machine of its own was started.
std::optional<ContainerFacts> identify_container(const ContainerMarks& marks);

/// What betrays a confidential guest.
struct ConfidentialMarks {
    std::set<std::string> misc_devices = {};  ///< Names in sys/class/misc that may matter.
    bool tdx_flag = false;                    ///< The CPU's flag tdx_guest.
};

std::optional<ConfidentialFacts> identify_confidential(const ConfidentialMarks& marks);

/// The same by one line of the kernel's log.
std::optional<ConfidentialFacts> confidential_line(std::string_view line);

}  // namespace kvmkit
