// SPDX-License-Identifier: Apache-2.0
#include "net/proof/proof.hpp"

namespace kvmkit::net {

Proven ask(const std::vector<Proof>& proofs, std::chrono::milliseconds patience_each)
{
    Proven proven;
    for (const Proof& proof : proofs) {
        if (proof.holds(Deadline::after(patience_each))) {
            proven.holding.push_back(proof);
        } else {
            proven.failing.push_back(proof.name);
        }
    }
    return proven;
}

}  // namespace kvmkit::net
