// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace kvmkit::net {

/// Where a method or a property of an object on D-Bus is.
struct BusPlace {
    std::string path;
    std::string interface;
    std::string member;
};

struct ObjectPath {
    std::string text;
};
struct NoObjects {};  ///< An empty list of object paths.

/// What a method is told.
using BusValue = std::variant<std::string, ObjectPath, std::uint32_t, NoObjects>;

/// The system's D-Bus, spoken to for one service. libsystemd is loaded when it is needed: a host without it has no
/// service that this could ask. No call takes more than five seconds unless it is given more.
class Bus {
public:
    /// Absent: there is no libsystemd or no bus here, or nobody on it who bears the service's name.
    static std::optional<Bus> reach(const std::string& service);

    /// The process behind the name.
    [[nodiscard]] Result<pid_t> service_process() const;

    /// Calls a method; the answer is an object path, or empty where the method has none. ErrorCode::invalid: the
    /// service has answered, and knows nothing of what it was told of.
    Result<std::string> call(const BusPlace& place,
                             const std::vector<BusValue>& values,
                             std::chrono::milliseconds patience = std::chrono::seconds{5}) const;

    [[nodiscard]] Result<bool> flag(const BusPlace& property) const;
    [[nodiscard]] Result<unsigned> number(const BusPlace& property) const;
    [[nodiscard]] Result<std::string> object(const BusPlace& property) const;
    [[nodiscard]] Result<std::string> text(const BusPlace& property) const;
    Result<void> set_flag(const BusPlace& property, bool value) const;

private:
    struct Connection;
    explicit Bus(std::shared_ptr<const Connection> connection) : connection_(std::move(connection)) {}

    std::shared_ptr<const Connection> connection_;
};

}  // namespace kvmkit::net
