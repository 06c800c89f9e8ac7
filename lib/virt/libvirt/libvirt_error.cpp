// SPDX-License-Identifier: Apache-2.0
#include "virt/libvirt/libvirt_error.hpp"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include <cerrno>
#include <cstdlib>

#include <fmt/format.h>

namespace kvmkit::virt {
namespace {

ErrorCode code_from_errno(int number)
{
    switch (number) {
        case EACCES:
        case EPERM: return ErrorCode::permission;
        case ENOENT:
        case ECONNREFUSED: return ErrorCode::not_found;
        default: return ErrorCode::external;
    }
}

ErrorCode code_of(const virError& error)
{
    const std::string_view text = error.message == nullptr ? "" : error.message;
    switch (error.code) {
        case VIR_ERR_NO_DOMAIN:
        case VIR_ERR_NO_NETWORK: return ErrorCode::not_found;
        case VIR_ERR_DOM_EXIST: return ErrorCode::exists;
        case VIR_ERR_OPERATION_FAILED:  // a taken name has no code of its own
            return text.find("already exists") != std::string_view::npos ? ErrorCode::exists : ErrorCode::external;
        case VIR_ERR_ACCESS_DENIED:
        case VIR_ERR_AUTH_FAILED:
        case VIR_ERR_AUTH_CANCELLED:
        case VIR_ERR_AUTH_UNAVAILABLE:
        case VIR_ERR_OPERATION_DENIED: return ErrorCode::permission;
        case VIR_ERR_XML_ERROR:
        case VIR_ERR_XML_DETAIL:
        case VIR_ERR_NO_NAME:
        case VIR_ERR_INVALID_ARG: return ErrorCode::invalid;
        case VIR_ERR_NO_SUPPORT:
        case VIR_ERR_NO_CONNECT:
        case VIR_ERR_CONFIG_UNSUPPORTED:
        case VIR_ERR_OPERATION_UNSUPPORTED: return ErrorCode::unsupported;
        case VIR_ERR_AGENT_UNRESPONSIVE:
        case VIR_ERR_OPERATION_TIMEOUT: return ErrorCode::timeout;
        case VIR_ERR_SYSTEM_ERROR: return code_from_errno(error.int1);
        default: return ErrorCode::external;
    }
}

}  // namespace

Error last_libvirt_error(std::string_view doing)
{
    const virErrorPtr error = virGetLastError();
    if (error == nullptr) {
        return {ErrorCode::external, fmt::format("{}: unknown libvirt error", doing)};
    }
    return {code_of(*error), fmt::format("{}: {}", doing, error->message)};
}

void silence_libvirt()
{
    virSetErrorFunc(nullptr, [](void* /*data*/, virErrorPtr /*error*/) {});
    (void)::setenv("LIBVIRT_LOG_OUTPUTS", "4:file:/dev/null", 0);  // NOLINT(concurrency-mt-unsafe): no thread yet
}

}  // namespace kvmkit::virt
