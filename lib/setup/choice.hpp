// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "txn/journal.hpp"
#include "txn/store.hpp"

#include <string>
#include <string_view>

namespace kvmkit::setup {

/// ErrorCode::refused, with why.
Error cannot_roll_back(const std::string& id, std::string_view cause, std::string hint);

/// The transaction of that id. not_found: there is none.
Result<txn::Record> named(const txn::Inventory& inventory, const std::string& id);

/// That which is to be taken back: of that id, or the newest one that stands. ErrorCode::refused: it does not stand, or
/// a newer one was made on top of it.
Result<txn::Record> chosen(const txn::Inventory& inventory, const std::string& id);

/// The same where packages are to go with it: one whose taking back was broken off counts as one that stands, and one
/// that was taken back without its packages can be named.
Result<txn::Record> chosen_with_packages(const txn::Inventory& inventory, const std::string& id);

}  // namespace kvmkit::setup
