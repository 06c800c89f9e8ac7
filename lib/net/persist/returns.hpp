// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/persist/persist.hpp"
#include "txn/journal.hpp"

#include <string>
#include <vector>

namespace kvmkit::net {

/// How files come back to what they were before net-setup kept links.
struct Return {
    std::vector<RestoreFile> files = {};   ///< `old`: what lies there now; `ours`: what is to.
    std::vector<std::string> doubts = {};  ///< Files of ours whose journal is gone: nobody knows what was before.
};

/// What undoes all that was written for these profiles. ErrorCode::refused: somebody changed one of the files since.
Result<Return> plan_return(const std::vector<std::string>& profiles,
                           const PersistHost& host,
                           const txn::Places& places);

/// The transactions of files that were made for a change of the links, or about these profiles after it; newest first.
Result<std::vector<txn::Record>> files_since(const txn::Places& places,
                                             const std::string& change,
                                             const std::vector<std::string>& profiles);

/// Whether take_back() of these, in their order, finds each file as it was left. ErrorCode::refused names one.
Result<void> check_untouched(const std::vector<txn::Record>& records, const PersistHost& host);

}  // namespace kvmkit::net
