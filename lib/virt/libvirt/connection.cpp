// SPDX-License-Identifier: Apache-2.0
#include "virt/libvirt/connection.hpp"

#include "virt/libvirt/libvirt_error.hpp"
#include "virt/libvirt/memory.hpp"
#include "virt/spec/seed.hpp"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include <memory>

#include <fmt/format.h>

namespace kvmkit::virt {
namespace {

/// A handle, or absent where libvirt says that there is no such VM.
Result<std::optional<Domain>> found(virDomainPtr domain, std::string_view wanted)
{
    DomainHandle handle{domain};
    if (handle) {
        return std::optional{Domain{std::move(handle)}};
    }
    Error error = last_libvirt_error(fmt::format("cannot look for VM '{}'", wanted));
    if (error.code == ErrorCode::not_found) {
        return std::optional<Domain>{};
    }
    return error;
}

/// The embedded driver refuses auto-destroy (libvirt 9.0): there the caller alone ends its VMs.
unsigned ephemeral_flags(bool embedded)
{
    constexpr unsigned paused = VIR_DOMAIN_START_PAUSED;
    constexpr unsigned with_connection = VIR_DOMAIN_START_AUTODESTROY;
    return embedded ? paused : paused | with_connection;
}

#if LIBVIR_CHECK_VERSION(9, 0, 0)
constexpr bool has_descriptors = true;

Result<void> hand_over(const Domain& domain, const UniqueFd& seed)
{
    int fd = seed.get();
    return virDomainFDAssociate(domain.get(), seed_fd_group, 1, &fd, 0) == 0
               ? Result<void>{}
               : last_libvirt_error("cannot hand the cloud-init seed to libvirt");
}
#else
constexpr bool has_descriptors = false;

Result<void> hand_over(const Domain& /*domain*/, const UniqueFd& /*seed*/)
{
    return Error{ErrorCode::unsupported, "cannot hand the cloud-init seed to libvirt: built against an older one"};
}
#endif

}  // namespace

/// A transport other than a socket leads wherever its program goes: "qemu+ext:///system?command=...".
bool leads_to_this_host(std::string_view uri) noexcept
{
    const auto end = uri.find("://");
    if (end == std::string_view::npos || !uri.substr(end).starts_with(":///")) {
        return false;
    }
    const auto plus = uri.substr(0, end).find('+');
    return plus == std::string_view::npos || uri.substr(plus, end - plus) == "+unix";
}

void Release::operator()(_virConnect* connection) const noexcept
{
    (void)virConnectClose(connection);
}

void Release::operator()(_virDomain* domain) const noexcept
{
    (void)virDomainFree(domain);
}

void Release::operator()(_virStream* stream) const noexcept
{
    (void)virStreamFree(stream);
}

Result<Connection> Connection::open(const std::string& uri)
{
    return take(uri, ConnectionHandle{virConnectOpen(uri.c_str())});
}

Result<Connection> Connection::open_read_only(const std::string& uri)
{
    return take(uri, ConnectionHandle{virConnectOpenReadOnly(uri.c_str())});
}

Result<Connection> Connection::take(const std::string& uri, ConnectionHandle handle)
{
    if (!handle) {
        return last_libvirt_error(fmt::format("cannot connect to libvirt at '{}'", uri));
    }
    // A daemon that hangs is given up after 20 s instead of never. Drivers inside this process refuse: nothing to do.
    (void)virConnectSetKeepAlive(handle.get(), 5, 4);
    return Connection{uri, std::move(handle)};
}

bool Connection::alive() const
{
    return virConnectIsAlive(get()) == 1;
}

Result<std::string> Connection::capabilities() const
{
    const OwnedText text{virConnectGetCapabilities(get())};
    if (!text) {
        return last_libvirt_error("cannot ask libvirt what it can do");
    }
    return std::string{text.get()};
}

Result<std::optional<Domain>> Connection::find_by_name(const std::string& name) const
{
    return found(virDomainLookupByName(get(), name.c_str()), name);
}

Result<std::optional<Domain>> Connection::find_by_uuid(const std::string& uuid) const
{
    return found(virDomainLookupByUUIDString(get(), uuid.c_str()), uuid);
}

Result<std::vector<Domain>> Connection::domains() const
{
    virDomainPtr* all = nullptr;
    const int count = virConnectListAllDomains(get(), &all, 0);
    if (count < 0) {
        return last_libvirt_error("cannot list VMs");
    }
    const std::unique_ptr<virDomainPtr, FreeMemory> owner{all};
    std::vector<Domain> domains;
    domains.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
        domains.emplace_back(DomainHandle{all[i]});
    }
    return domains;
}

Result<Domain> Connection::define(const std::string& domain_xml) const
{
    DomainHandle handle{virDomainDefineXML(get(), domain_xml.c_str())};
    if (!handle) {
        return last_libvirt_error("cannot define the VM");
    }
    return Domain{std::move(handle)};
}

Result<Domain> Connection::create_ephemeral(const std::string& domain_xml) const
{
    DomainHandle handle{virDomainCreateXML(get(), domain_xml.c_str(), ephemeral_flags(embedded()))};
    if (!handle) {
        return last_libvirt_error("cannot start the VM");
    }
    return Domain{std::move(handle)};
}

/// A descriptor belongs to a defined VM. Once it runs the definition goes, and with it all that a reboot would show.
Result<Domain> Connection::create_by_definition(const std::string& domain_xml, const UniqueFd& seed) const
{
    auto domain = define(domain_xml);
    if (!domain) {
        return domain;
    }
    if (auto handed = seed ? hand_over(*domain, seed) : Result<void>{}; !handed) {
        return handed.error();
    }
    if (virDomainCreateWithFlags(domain->get(), ephemeral_flags(embedded())) != 0) {
        return last_libvirt_error("cannot start the VM");
    }
    if (auto forgotten = domain->undefine(); !forgotten) {
        return forgotten.error();
    }
    return domain;
}

bool Connection::takes_descriptors() const
{
    constexpr unsigned long since = 9000000;
    unsigned long version = 0;
    return has_descriptors && leads_to_this_host(uri_) && virConnectGetLibVersion(get(), &version) == 0 &&
           version >= since;
}

}  // namespace kvmkit::virt
