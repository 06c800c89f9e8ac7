// SPDX-License-Identifier: Apache-2.0
#include "net/nm/bus.hpp"

#include "net/model/overloaded.hpp"

#include <dlfcn.h>
#include <systemd/sd-bus.h>

#include <cerrno>
#include <chrono>
#include <string_view>
#include <type_traits>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

using namespace std::chrono_literals;
constexpr std::chrono::microseconds usual_patience = 5s;

/// What of libsystemd is used.
struct Library {
    decltype(&sd_bus_open_system) open_system = nullptr;
    decltype(&sd_bus_set_method_call_timeout) set_timeout = nullptr;
    decltype(&sd_bus_flush_close_unref) close = nullptr;
    decltype(&sd_bus_call) call = nullptr;
    decltype(&sd_bus_call_method) call_method = nullptr;
    decltype(&sd_bus_get_property) get_property = nullptr;
    decltype(&sd_bus_set_property) set_property = nullptr;
    decltype(&sd_bus_message_new_method_call) new_call = nullptr;
    decltype(&sd_bus_message_append_basic) append = nullptr;
    decltype(&sd_bus_message_append) append_all = nullptr;
    decltype(&sd_bus_message_read_basic) read = nullptr;
    decltype(&sd_bus_message_unref) unref = nullptr;
    decltype(&sd_bus_error_free) free_error = nullptr;

    /// Absent: the host has none, or one too old.
    static const Library* load()
    {
        static const Library library;
        return library.free_error != nullptr ? &library : nullptr;
    }

private:
    /// Stays loaded: it has threads' state of its own.
    Library()
    {
        void* const handle = ::dlopen("libsystemd.so.0", RTLD_NOW | RTLD_LOCAL);
        const bool whole =
            handle != nullptr && find(handle, "sd_bus_open_system", open_system) &&
            find(handle, "sd_bus_set_method_call_timeout", set_timeout) &&
            find(handle, "sd_bus_flush_close_unref", close) && find(handle, "sd_bus_call", call) &&
            find(handle, "sd_bus_call_method", call_method) && find(handle, "sd_bus_get_property", get_property) &&
            find(handle, "sd_bus_set_property", set_property) &&
            find(handle, "sd_bus_message_new_method_call", new_call) &&
            find(handle, "sd_bus_message_append_basic", append) && find(handle, "sd_bus_message_append", append_all) &&
            find(handle, "sd_bus_message_read_basic", read) && find(handle, "sd_bus_message_unref", unref);
        if (whole) {
            (void)find(handle, "sd_bus_error_free", free_error);
        }
    }

    template <class Function>
    static bool find(void* handle, const char* name, Function& function)
    {
        function = reinterpret_cast<Function>(::dlsym(handle, name));
        return function != nullptr;
    }
};

struct ReleaseMessage {
    void operator()(sd_bus_message* message) const { Library::load()->unref(message); }
};
using Message = std::unique_ptr<sd_bus_message, ReleaseMessage>;

struct CloseBus {
    void operator()(sd_bus* bus) const { Library::load()->close(bus); }
};

/// What went wrong in one call.
class Failure {
public:
    Failure() = default;
    Failure(const Failure&) = delete;
    Failure& operator=(const Failure&) = delete;
    Failure(Failure&&) = delete;
    Failure& operator=(Failure&&) = delete;
    ~Failure() { Library::load()->free_error(&error_); }

    sd_bus_error* get() { return &error_; }

    [[nodiscard]] Error told(int code, const std::string& doing) const
    {
        auto error = errno_error(-code, doing);
        if (error_.message != nullptr) {
            error.message = fmt::format("{}: {}", doing, error_.message);
        }
        // libsystemd knows no errno for names that a service gives its errors itself.
        if (error_.name != nullptr && std::string_view{error_.name}.ends_with(".InvalidArguments")) {
            error.code = ErrorCode::invalid;
        }
        return error;
    }

private:
    sd_bus_error error_{};
};

/// Negative: an errno.
int appended(sd_bus_message* message, const BusValue& value)
{
    const Library& library = *Library::load();
    const Overloaded append{
        [&](const std::string& text) { return library.append(message, SD_BUS_TYPE_STRING, text.c_str()); },
        [&](const ObjectPath& path) { return library.append(message, SD_BUS_TYPE_OBJECT_PATH, path.text.c_str()); },
        [&](std::uint32_t number) { return library.append(message, SD_BUS_TYPE_UINT32, &number); },
        [&](NoObjects /*none*/) { return library.append_all(message, "ao", 0U); },
    };
    return std::visit(append, value);
}

constexpr const char* daemon_name = "org.freedesktop.DBus";
constexpr const char* daemon_path = "/org/freedesktop/DBus";

}  // namespace

struct Bus::Connection {
    std::unique_ptr<sd_bus, CloseBus> bus;
    std::string service;

    [[nodiscard]] std::string doing(std::string_view verb, const BusPlace& place) const
    {
        return fmt::format("cannot {} '{}' of {}", verb, place.member, service);
    }

    template <class Value>
    Result<Value> property(const BusPlace& place, char type) const
    {
        const Library& library = *Library::load();
        const char signature[] = {type, '\0'};
        Failure failure;
        sd_bus_message* raw = nullptr;
        int code = library.get_property(bus.get(),
                                        service.c_str(),
                                        place.path.c_str(),
                                        place.interface.c_str(),
                                        place.member.c_str(),
                                        failure.get(),
                                        &raw,
                                        signature);
        const Message answer{raw};
        // A string is lent by the message.
        using Lent = std::conditional_t<std::is_same_v<Value, std::string>, const char*, Value>;
        Lent value{};
        code = code < 0 ? code : library.read(raw, type, static_cast<void*>(&value));
        return code < 0 ? Result<Value>{failure.told(code, doing("read", place))} : Result<Value>{Value{value}};
    }
};

std::optional<Bus> Bus::reach(const std::string& service)
{
    const Library* library = Library::load();
    sd_bus* raw = nullptr;
    if (library == nullptr || library->open_system(&raw) < 0) {
        return std::nullopt;
    }
    auto connection = std::make_shared<Connection>(Connection{std::unique_ptr<sd_bus, CloseBus>{raw}, service});
    (void)library->set_timeout(raw, static_cast<std::uint64_t>(usual_patience.count()));
    Bus bus{std::move(connection)};
    return bus.service_process() ? std::optional{std::move(bus)} : std::nullopt;
}

Result<pid_t> Bus::service_process() const
{
    const Library& library = *Library::load();
    const BusPlace place{daemon_path, daemon_name, "GetConnectionUnixProcessID"};
    Failure failure;
    sd_bus_message* raw = nullptr;
    int code = library.call_method(connection_->bus.get(),
                                   daemon_name,
                                   daemon_path,
                                   daemon_name,
                                   place.member.c_str(),
                                   failure.get(),
                                   &raw,
                                   "s",
                                   connection_->service.c_str());
    const Message answer{raw};
    std::uint32_t process = 0;
    code = code < 0 ? code : library.read(raw, SD_BUS_TYPE_UINT32, &process);
    return code < 0 ? Result<pid_t>{failure.told(code, connection_->doing("read", place))}
                    : Result<pid_t>{static_cast<pid_t>(process)};
}

Result<std::string> Bus::call(const BusPlace& place,
                              const std::vector<BusValue>& values,
                              std::chrono::milliseconds patience) const
{
    const Library& library = *Library::load();
    Failure failure;
    sd_bus_message* raw = nullptr;
    int code = library.new_call(connection_->bus.get(),
                                &raw,
                                connection_->service.c_str(),
                                place.path.c_str(),
                                place.interface.c_str(),
                                place.member.c_str());
    const Message request{raw};
    for (const BusValue& value : values) {
        code = code < 0 ? code : appended(raw, value);
    }
    sd_bus_message* raw_answer = nullptr;
    const auto microseconds = static_cast<std::uint64_t>(std::chrono::microseconds{patience}.count());
    code = code < 0 ? code : library.call(connection_->bus.get(), raw, microseconds, failure.get(), &raw_answer);
    const Message answer{raw_answer};
    if (code < 0) {
        return failure.told(code, connection_->doing("call", place));
    }
    const char* path = nullptr;
    const bool has_path = library.read(raw_answer, SD_BUS_TYPE_OBJECT_PATH, static_cast<void*>(&path)) > 0;
    return has_path ? std::string{path} : std::string{};
}

Result<bool> Bus::flag(const BusPlace& property) const
{
    const auto value = connection_->property<int>(property, SD_BUS_TYPE_BOOLEAN);
    return value ? Result<bool>{*value != 0} : Result<bool>{value.error()};
}

Result<unsigned> Bus::number(const BusPlace& property) const
{
    return connection_->property<std::uint32_t>(property, SD_BUS_TYPE_UINT32);
}

Result<std::string> Bus::object(const BusPlace& property) const
{
    return connection_->property<std::string>(property, SD_BUS_TYPE_OBJECT_PATH);
}

Result<std::string> Bus::text(const BusPlace& property) const
{
    return connection_->property<std::string>(property, SD_BUS_TYPE_STRING);
}

Result<void> Bus::set_flag(const BusPlace& property, bool value) const
{
    Failure failure;
    const int code = Library::load()->set_property(connection_->bus.get(),
                                                   connection_->service.c_str(),
                                                   property.path.c_str(),
                                                   property.interface.c_str(),
                                                   property.member.c_str(),
                                                   failure.get(),
                                                   "b",
                                                   value ? 1 : 0);
    return code < 0 ? Result<void>{failure.told(code, connection_->doing("set", property))} : Result<void>{};
}

}  // namespace kvmkit::net
