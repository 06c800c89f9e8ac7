// SPDX-License-Identifier: Apache-2.0
#include "net/nm/network_manager.hpp"

#include "base/deadline.hpp"

#include <filesystem>
#include <thread>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

using namespace std::chrono_literals;

constexpr const char* service = "org.freedesktop.NetworkManager";
constexpr const char* manager_path = "/org/freedesktop/NetworkManager";
constexpr const char* settings_path = "/org/freedesktop/NetworkManager/Settings";
constexpr const char* settings = "org.freedesktop.NetworkManager.Settings";
constexpr const char* device_interface = "org.freedesktop.NetworkManager.Device";
constexpr const char* active_interface = "org.freedesktop.NetworkManager.Connection.Active";
constexpr const char* nothing = "/";
constexpr unsigned is_external = 0x80;  // NM_ACTIVATION_STATE_FLAG_EXTERNAL, since 1.26
constexpr unsigned activated = 2;       // NM_ACTIVE_CONNECTION_STATE_ACTIVATED
constexpr unsigned deactivating = 3;
constexpr unsigned device_disconnected = 30;         // NM_DEVICE_STATE_DISCONNECTED
constexpr unsigned device_activated = 100;           // NM_DEVICE_STATE_ACTIVATED
constexpr std::uint32_t disconnect_new_devices = 4;  // NM_CHECKPOINT_CREATE_FLAG_DISCONNECT_NEW_DEVICES
constexpr auto between_looks = 20ms;

bool shares_namespace(pid_t process)
{
    std::error_code unreadable;
    const auto its = std::filesystem::read_symlink(fmt::format("/proc/{}/ns/net", process), unreadable);
    const auto own = std::filesystem::read_symlink("/proc/thread-self/ns/net", unreadable);
    return !unreadable && its == own;
}

}  // namespace

std::optional<NetworkManager> NetworkManager::reach()
{
    auto bus = Bus::reach(service);
    const auto process = bus ? bus->service_process() : Result<pid_t>{0};
    return bus && process && shares_namespace(*process) ? std::optional{NetworkManager{std::move(*bus)}} : std::nullopt;
}

std::optional<std::string> NetworkManager::device(const LinkName& link) const
{
    auto path = bus_.call({manager_path, service, "GetDeviceByIpIface"}, {link.str()});
    return path ? std::optional{std::move(*path)} : std::nullopt;
}

bool NetworkManager::acts_on(const LinkName& link) const
{
    const auto path = device(link);
    const auto managed = path ? bus_.flag({*path, device_interface, "Managed"}) : Result<bool>{false};
    if (!managed || !*managed) {
        return false;
    }
    const auto active = bus_.object({*path, device_interface, "ActiveConnection"});
    if (!active || *active == nothing) {
        return active.has_value();
    }
    const auto flags = bus_.number({*active, active_interface, "StateFlags"});
    return !flags || (*flags & is_external) == 0;
}

bool NetworkManager::has_made(const LinkName& link, const std::string& uuid) const
{
    const auto path = device(link);
    const auto active =
        path ? bus_.object({*path, device_interface, "ActiveConnection"}) : Result<std::string>{nothing};
    if (!active || *active == nothing) {
        return false;
    }
    const auto state = bus_.number({*active, active_interface, "State"});
    const auto profile = bus_.text({*active, active_interface, "Uuid"});
    return state && *state == activated && profile && *profile == uuid;
}

bool NetworkManager::is_in_state(const LinkName& link, unsigned state) const
{
    const auto path = device(link);
    const auto now = path ? bus_.number({*path, device_interface, "State"}) : Result<unsigned>{0U};
    return now && *now == state;
}

bool NetworkManager::is_done_with(const LinkName& link) const
{
    return is_in_state(link, device_activated);
}

bool NetworkManager::is_idle(const LinkName& link) const
{
    return is_in_state(link, device_disconnected);
}

Result<void> NetworkManager::set_managed(const LinkName& link, bool managed) const
{
    const auto path = device(link);
    return path ? bus_.set_flag({*path, device_interface, "Managed"}, managed) : Result<void>{};
}

Result<void> NetworkManager::reload_profiles() const
{
    const auto done = bus_.call({settings_path, settings, "ReloadConnections"}, {});
    return done ? Result<void>{} : done.error();
}

Result<std::string> NetworkManager::take_checkpoint(std::chrono::seconds timeout) const
{
    return bus_.call({manager_path, service, "CheckpointCreate"},
                     {NoObjects{}, static_cast<std::uint32_t>(timeout.count()), disconnect_new_devices});
}

Result<void> NetworkManager::put_off(const std::string& checkpoint, std::chrono::seconds timeout) const
{
    const auto done = bus_.call({manager_path, service, "CheckpointAdjustRollbackTimeout"},
                                {ObjectPath{checkpoint}, static_cast<std::uint32_t>(timeout.count())});
    return done ? Result<void>{} : done.error();
}

Result<void> NetworkManager::drop(const std::string& checkpoint, std::chrono::milliseconds patience) const
{
    const auto done = bus_.call({manager_path, service, "CheckpointDestroy"}, {ObjectPath{checkpoint}}, patience);
    return done ? Result<void>{} : done.error();
}

Result<void> NetworkManager::roll_back_to(const std::string& checkpoint) const
{
    const auto done = bus_.call({manager_path, service, "CheckpointRollback"}, {ObjectPath{checkpoint}});
    return done ? Result<void>{} : done.error();
}

Result<void> NetworkManager::activate(const std::string& uuid, std::chrono::milliseconds patience) const
{
    const auto profile = bus_.call({settings_path, settings, "GetConnectionByUuid"}, {uuid});
    if (!profile) {
        return profile.error();
    }
    const auto active = bus_.call({manager_path, service, "ActivateConnection"},
                                  {ObjectPath{*profile}, ObjectPath{nothing}, ObjectPath{nothing}});
    if (!active) {
        return active.error();
    }
    const auto deadline = Deadline::after(patience);
    while (!deadline.passed()) {
        const auto state = bus_.number({*active, active_interface, "State"});
        if (!state || *state >= deactivating) {
            return Error{ErrorCode::external, "NetworkManager gave the profile up"};
        }
        if (*state == activated) {
            return {};
        }
        std::this_thread::sleep_for(between_looks);
    }
    return Error{ErrorCode::timeout, "NetworkManager does not get done with it"};
}

}  // namespace kvmkit::net
