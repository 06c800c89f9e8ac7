// SPDX-License-Identifier: Apache-2.0
#include "facts/capture_values.hpp"

#include <cerrno>

namespace kvmkit {
namespace {

using namespace capture;  // NOLINT(google-build-using-namespace): its names were made for this file

constexpr std::string_view schema = "kvmkit.capture/1";
constexpr unsigned kvm_major = 10;
constexpr unsigned kvm_minor = 232;

constexpr unsigned permission_bits = 07777;

/// ["0x1", "0x0", "0x...", ...]: leaf, subleaf, EAX, EBX, ECX, EDX.
std::vector<CpuidLeaf> decode_leaves(const Json& json)
{
    const auto register_of = [](const Json& text) {
        return static_cast<unsigned>(hexadecimal(text, "leaves", std::numeric_limits<unsigned>::max()));
    };
    std::vector<CpuidLeaf> leaves;
    for (const Json& row : json) {
        leaves.push_back({register_of(row.at(0)),
                          register_of(row.at(1)),
                          register_of(row.at(2)),
                          register_of(row.at(3)),
                          register_of(row.at(4)),
                          register_of(row.at(5))});
    }
    return leaves;
}

CpuidFacts decode_cpuid(const Json& json)
{
    return {.vmx = json.at("vmx").get<bool>(),
            .svm = json.at("svm").get<bool>(),
            .hypervisor = json.at("hypervisor").get<bool>(),
            .signature = json.at("signature").get<std::string>(),
            .leaves = decode_leaves(json.value("leaves", Json::array()))};
}

UserFacts decode_user(const Json& json)
{
    UserFacts user{.name = json.at("name").get<std::string>(), .uid = number_in<unsigned>(json, "uid"), .gids = {}};
    for (const Json& gid : json.at("gids")) {
        user.gids.insert(number<unsigned>(gid, "gids"));
    }
    return user;
}

/// {"type": "docker", "evidence": "/.dockerenv"}
template <class T>
T decode_kind_of(const Json& json)
{
    return {json.at("type").get<std::string>(), json.at("evidence").get<std::string>()};
}

/// What files of the recording may have told already: only a document that mentions it knows better.
template <class T>
void override_by(const Json& document, const char* name, Fact<T>& fact)
{
    if (document.contains(name)) {
        fact = member<T>(document, name, decode_kind_of<T>);
    }
}

std::vector<AclEntry> decode_acl(const Json& json)
{
    std::vector<AclEntry> acl;
    for (const Json& line : json) {
        if (const auto entry = parse_acl_entry(line.get<std::string>())) {
            acl.push_back(*entry);
        }
    }
    return acl;
}

/// What is no character device has a shape instead of numbers.
NodeKind decode_kind(const Json& json)
{
    if (!json.contains("major") || json.at("major").is_null()) {
        const bool device = json.at("shape").get<std::string>().find(" device ") != std::string::npos;
        return device ? NodeKind::other_device : NodeKind::not_a_device;
    }
    const bool ours =
        number_in<unsigned>(json, "major") == kvm_major && number_in<unsigned>(json, "minor") == kvm_minor;
    return ours ? NodeKind::kvm_device : NodeKind::other_device;
}

std::string decode_shape(const Json& json)
{
    if (json.contains("shape")) {
        return json.at("shape").get<std::string>();
    }
    return fmt::format(
        "character device {}:{}", number_in<unsigned>(json, "major"), number_in<unsigned>(json, "minor"));
}

DeviceNode decode_node(const Json& json)
{
    return {.kind = decode_kind(json),
            .shape = decode_shape(json),
            .mode = octal(json.at("mode"), "mode", permission_bits),
            .uid = number_in<unsigned>(json, "uid"),
            .gid = number_in<unsigned>(json, "gid"),
            .acl = decode_acl(json.value("acl", Json::array()))};
}

GuestRun decode_run(const Json& json)
{
    const auto& detail = json.at("detail");
    return {.passed = json.at("passed").get<bool>(),
            .detail = detail.is_null() ? std::string{} : detail.get<std::string>(),
            .took = std::chrono::microseconds{number_in<std::int64_t>(json, "took_us")}};
}

GuestSpeed decode_speed(const Json& json)
{
    return {.kernel_ns = time_in(json, "kernel_ns"),
            .user_ns = time_or_null(json, "user_ns"),
            .host_ns = time_in(json, "host_ns")};
}

NestedOffer decode_offer(const Json& json)
{
    return {.vmx = json.at("vmx").get<bool>(),
            .svm = json.at("svm").get<bool>(),
            .nested_paging = json.at("nested_paging").get<bool>(),
            .state_size = number_in<int>(json, "state_size")};
}

MsrWriteback decode_msrs(const Json& json)
{
    MsrWriteback msrs{number_in<unsigned>(json, "checked"), number_in<unsigned>(json, "refused"), {}};
    for (const Json& msr : json.at("first")) {
        msrs.first.push_back({static_cast<std::uint32_t>(
                                  hexadecimal(msr.at("index"), "index", std::numeric_limits<std::uint32_t>::max())),
                              hexadecimal(msr.at("value"), "value", std::numeric_limits<std::uint64_t>::max())});
    }
    return msrs;
}

ExitCost decode_cost(const Json& json)
{
    return {.kernel_ns = time_in(json, "kernel_ns"), .user_ns = time_or_null(json, "user_ns")};
}

KvmCapabilities decode_capabilities(const Json& json)
{
    return {.recommended_vcpus = number_in<int>(json, "recommended_vcpus"),
            .max_vcpus = number_in<int>(json, "max_vcpus"),
            .missing = json.at("missing").get<std::vector<std::string>>(),
            .binary_stats = json.contains("binary_stats") && !json.at("binary_stats").is_null()
                                ? std::optional{json.at("binary_stats").get<bool>()}
                                : std::nullopt};
}

std::optional<std::uint64_t> number_or_null(const Json& object, const char* key)
{
    const Json& json = object.at(key);
    return json.is_null() ? std::nullopt : std::optional{number<std::uint64_t>(json, key)};
}

std::optional<ResourceLimit> decode_limit(const Json& json)
{
    if (json.is_null()) {
        return std::nullopt;
    }
    return ResourceLimit{number_or_null(json, "soft"), number_or_null(json, "hard")};
}

ProcessFacts decode_process(const Json& json)
{
    const auto memory = number_or_null(json, "memory_left");
    return {.uid = number_in<unsigned>(json, "uid"),
            .locked_memory = decode_limit(json.at("locked_memory")),
            .open_files = decode_limit(json.at("open_files")),
            .tasks = decode_limit(json.at("tasks")),
            .memory_left = memory ? std::optional{Bytes::of(*memory)} : std::nullopt,
            .tasks_left = number_or_null(json, "tasks_left")};
}

/// Of members that older recordings lack: absent where they are not mentioned.
template <class T, class Decode>
Fact<T> optional_member(const Json& object, const char* name, Decode decode)
{
    return object.contains(name) ? member<T>(object, name, decode) : std::optional<T>{};
}

void decode_resources(const Json& document, HostFacts& host)
{
    host.resources.looked = document.value("looked_at_resources", false);
    host.resources.process = optional_member<ProcessFacts>(document, "process", decode_process);
    host.kernel_settings.feature_control = optional_member<std::uint64_t>(document, "lock_msr", [](const Json& value) {
        return hexadecimal(value, "lock_msr", std::numeric_limits<std::uint64_t>::max());
    });
}

void decode_kvm(const Json& json, KvmFacts& kvm)
{
    if (const auto built_in = json.find("built_in"); built_in != json.end()) {
        kvm.built_in = built_in->get<std::set<std::string>>();
    }
    update(json, "udev", kvm.udev, decode_udev);
    update(json, "counters", kvm.counters, [](const Json& count) { return number<std::size_t>(count, "counters"); });
    kvm.node = member<DeviceNode>(json, "node", decode_node);
    kvm.open = member<Answer>(json, "open", decode_answer);
    kvm.api_version = member<Answer>(json, "api_version", decode_answer);
    kvm.create_vm = member<Answer>(json, "create_vm", decode_answer);
    kvm.create_vcpu = optional_member<Answer>(json, "create_vcpu", decode_answer);
    kvm.capabilities = optional_member<KvmCapabilities>(json, "capabilities", decode_capabilities);
    kvm.run_real = member<GuestRun>(json, "run_real", decode_run);
    kvm.run_long = member<GuestRun>(json, "run_long", decode_run);
    kvm.watchdog = optional_member<GuestRun>(json, "watchdog", decode_run);
    kvm.speed = member<GuestSpeed>(json, "speed", decode_speed);
    kvm.offer = member<NestedOffer>(json, "offer", decode_offer);
    kvm.msrs = member<MsrWriteback>(json, "msrs", decode_msrs);
    kvm.exit_cost = member<ExitCost>(json, "exit_cost", decode_cost);
    kvm.nested_run = member<GuestRun>(json, "nested_run", decode_run);
    kvm.nested_paging = member<GuestRun>(json, "nested_paging", decode_run);
}

}  // namespace

Error not_recorded(std::string_view what)
{
    return {ErrorCode::not_found, fmt::format("not recorded: {}", what)};
}

std::map<std::string, int> unreadable_files(std::string_view json)
try {
    std::map<std::string, int> found;
    const Json unreadable = Json::parse(json).value("unreadable", Json::object());
    for (const auto& [path, name] : unreadable.items()) {
        found[path] = errno_number(name.get<std::string>()).value_or(EIO);
    }
    return found;
} catch (const Json::exception&) {
    return {};
}

Result<void> read_capture(std::string_view json, HostFacts& host)
try {
    const Json document = Json::parse(json);
    if (!document.is_object()) {
        return Error{ErrorCode::invalid, "cannot read capture.json: it holds no object"};
    }
    if (document.value("schema", "") != schema) {
        return Error{ErrorCode::invalid, fmt::format("cannot read capture.json: its schema is not {}", schema)};
    }
    if (const auto arch = document.find("arch"); arch != document.end()) {
        host.arch = std::optional{arch->get<std::string>()};
    }
    host.cpuid = member<CpuidFacts>(document, "cpuid", decode_cpuid);
    host.user = member<UserFacts>(document, "user", decode_user);
    host.kernel_log = member<std::vector<std::string>>(
        document, "kernel_log", [](const Json& log) { return log.get<std::vector<std::string>>(); });
    decode_resources(document, host);
    override_by(document, "container", host.container);
    override_by(document, "confidential", host.confidential);
    decode_kvm(document.at("kvm"), host.kvm);
    read_software(document, host);
    return {};
} catch (const BadValue& problem) {
    return Error{ErrorCode::invalid, fmt::format("cannot read capture.json: {}", problem.what())};
} catch (const Json::parse_error& problem) {  // its text quotes raw bytes, which belong on no terminal
    return Error{ErrorCode::invalid, fmt::format("cannot read capture.json: no JSON from byte {} on", problem.byte)};
} catch (const Json::out_of_range&) {
    return Error{ErrorCode::invalid, "cannot read capture.json: a field is missing"};
} catch (const Json::exception&) {
    return Error{ErrorCode::invalid, "cannot read capture.json: a field is of the wrong type"};
}

}  // namespace kvmkit
