// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/model/network.hpp"
#include "net/planner/plan.hpp"
#include "txn/journal.hpp"

namespace kvmkit::net {

/// The same plan, which first has NetworkManager leave alone what it acts on now and the plan frees, attaches or hands
/// over: both would put addresses back that the other took away. The same where it does not run here.
Plan with_truce(Plan plan, const Network& now);

/// Whether a transaction told NetworkManager so.
bool has_truce(const txn::Record& record);

/// Before a change is undone, and once its files are taken back: NetworkManager leaves alone what it acts on of these,
/// and reads its profiles anew. It would take down what loses its profile.
void renew_truce(const std::vector<LinkName>& links);

/// Once the change stays, and its files are written: NetworkManager takes up again what is no port any more and has no
/// profile of ours that would make it one. What is a port stays left alone until the next boot, or until it is a port
/// of its own making.
void end_truce(const txn::Record& record);

/// Of the plan of a change that stays: the links that it freed, and that NetworkManager goes on leaving alone because a
/// profile of ours would make them ports again, as it will at the next boot.
std::vector<LinkName> still_left_alone(const Plan& plan);

}  // namespace kvmkit::net
