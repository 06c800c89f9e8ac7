// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kvm/internal/machine.hpp"
#include "kvm/proof.hpp"

#include <chrono>

namespace kvmkit::kvm {

/// How the inner guest's memory is translated.
enum class Paging {
    shadow,  ///< By its own page tables alone.
    nested,  ///< By its own, and by those that the outer guest gives it (AMD: nested paging).
};

/// Lets a guest become a hypervisor and enter a guest of its own (L2), by SVM or VMX, whichever `offer` holds. Passed:
/// the inner guest ran, left its mark and came back by its call. Where neither is offered nothing is run.
GuestResult run_inner_guest(int device, const Offer& offer, Paging paging, std::chrono::milliseconds budget);

/// Fills a guest's memory and registers so that it will enter an inner guest by SVM (guest/nested.S: svm).
Attempt<void> prepare_svm(Machine& machine, Paging paging);

/// The same by VMX. `device` is asked for what its VMX offers.
Attempt<void> prepare_vmx(Machine& machine, int device);

}  // namespace kvmkit::kvm
