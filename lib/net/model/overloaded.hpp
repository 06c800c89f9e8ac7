// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace kvmkit::net {

/// One visitor out of several lambdas.
template <class... Fs>
struct Overloaded : Fs... {
    using Fs::operator()...;
};
template <class... Fs>
Overloaded(Fs...) -> Overloaded<Fs...>;  // clang 14 does not make this guide by itself

}  // namespace kvmkit::net
