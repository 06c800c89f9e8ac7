// SPDX-License-Identifier: Apache-2.0
#include "setup/catalogue.hpp"

#include "setup/profile.hpp"
#include "support/temporary_folder.hpp"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

namespace kvmkit::setup {
namespace {

constexpr const char* minimal_row = R"({"schema": "kvmkit.packages/1", "capabilities": [
    {"name": "virt-manager", "title": "mine", "components": ["tools"],
     "packages": [{"package": "my-manager", "on": {"debian": "*"}}]}]})";

Distribution release(Family family, unsigned number)
{
    return {.id = {}, .version = {}, .name = "here", .suite = {}, .family = family, .release = number};
}

PackageCatalogue shipped()
{
    const testing::TemporaryFolder folder;
    auto catalogue = load_catalogue(*Root::open(folder.path()), {});
    EXPECT_TRUE(catalogue) << catalogue.error().message;
    return *catalogue;
}

Needs needs(const Distribution& distribution, const Bundles& bundles, std::string_view architecture = "amd64")
{
    const auto found = needs_of(shipped(), distribution, architecture, bundles);
    EXPECT_TRUE(found) << found.error().message;
    return found ? *found : Needs{};
}

std::set<std::string> names(const Distribution& distribution,
                            std::string_view architecture = "amd64",
                            const Bundles& bundles = {Bundle::hypervisor})
{
    std::set<std::string> found;
    for (const auto& need : needs(distribution, bundles, architecture).needs) {
        EXPECT_TRUE(found.insert(need.package).second) << need.package << " stands twice";
    }
    return found;
}

TEST(Catalogue, EveryReleaseHasAllCapabilities)
{
    const std::set<std::string> wanted{
        "qemu", "qemu-img", "libvirt", "libvirt-clients", "default-network", "bridge", "vlan"};
    for (const auto& [family, number] : {std::pair{Family::debian, 1100U},
                                         {Family::debian, 1300U},
                                         {Family::ubuntu, 1804U},
                                         {Family::ubuntu, 2510U}}) {
        const auto found = needs(release(family, number), {Bundle::hypervisor});
        std::set<std::string> got;
        std::ranges::transform(found.needs, std::inserter(got, got.end()), &Need::capability);
        EXPECT_EQ(got, wanted) << number;
        EXPECT_TRUE(std::ranges::all_of(found.needs, &Need::verified)) << number;
        EXPECT_TRUE(found.remarks.empty()) << found.remarks.front();
    }
}

TEST(Catalogue, NamesNoVirtualPackage)
{
    for (const unsigned number : {1100U, 1200U, 1300U}) {
        EXPECT_FALSE(names(release(Family::debian, number)).contains("qemu-kvm"));
        EXPECT_FALSE(names(release(Family::debian, number)).contains("libvirt-bin"));
    }
}

TEST(Catalogue, LeavesOutWhatAReleaseDoesNotHave)
{
    EXPECT_FALSE(names(release(Family::ubuntu, 2004)).contains("libvirt-daemon-config-network"));
    EXPECT_TRUE(names(release(Family::ubuntu, 2204)).contains("libvirt-daemon-config-network"));
    EXPECT_TRUE(names(release(Family::debian, 1100)).contains("libvirt-daemon-config-network"));
}

TEST(Catalogue, PicksTheEmulatorOfTheArchitecture)
{
    EXPECT_TRUE(names(release(Family::debian, 1200), "amd64").contains("qemu-system-x86"));
    EXPECT_TRUE(names(release(Family::debian, 1200), "arm64").contains("qemu-system-arm"));
    const auto refused = needs_of(shipped(), release(Family::debian, 1200), "m68k", {Bundle::hypervisor});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::refused);
    EXPECT_NE(refused.error().message.find("'m68k'"), std::string::npos);
    EXPECT_EQ(refused.error().hint, "supported so far: amd64, arm64, armhf, i386, ppc64el");
}

TEST(Catalogue, BundlesAreTakenTogetherAndNoPackageTwice)
{
    const Bundles both{Bundle::hypervisor, Bundle::tools};
    const auto found = names(release(Family::debian, 1300), "amd64", both);
    for (const char* name : {"qemu-system-x86", "virt-manager", "virtinst", "swtpm", "qemu-system-modules-spice"}) {
        EXPECT_TRUE(found.contains(name)) << name;
    }
    const auto tools = names(release(Family::debian, 1200), "amd64", {Bundle::tools});
    EXPECT_FALSE(tools.contains("qemu-system-x86"));
    EXPECT_FALSE(tools.contains("qemu-system-modules-spice")) << "part of the emulator there";
    EXPECT_TRUE(tools.contains("bridge-utils"));
    EXPECT_EQ(names(release(Family::ubuntu, 2404), "amd64", {Bundle::desktop}),
              std::set<std::string>{"kubuntu-desktop"});
    EXPECT_EQ(names(release(Family::debian, 1200), "amd64", {Bundle::desktop}),
              std::set<std::string>{"task-kde-desktop"});
    EXPECT_EQ(names(release(Family::suse, 1506), "x86_64", {Bundle::desktop}),
              (std::set<std::string>{"patterns-kde-kde", "sddm"}))
        << "a pattern is a package";
    EXPECT_EQ(names(release(Family::rhel, 904), "x86_64", {Bundle::desktop}),
              std::set<std::string>{"@graphical-server-environment"})
        << "a group, until dnf says what it consists of";
}

TEST(Catalogue, SaysWhatAReleaseLacks)
{
    const auto found = needs(release(Family::ubuntu, 2004), {Bundle::tools});
    ASSERT_EQ(found.remarks.size(), 1U);
    EXPECT_EQ(found.remarks.front(), "no package is known in here for: TPM of guests");
    const auto nothing = needs_of(shipped(), release(Family::alpine, 320), "x86_64", {Bundle::desktop});
    ASSERT_FALSE(nothing);
    EXPECT_EQ(nothing.error().code, ErrorCode::refused);
    EXPECT_EQ(nothing.error().message, "cannot set up host 'here': no package is known there for: desktop");
}

TEST(Catalogue, SaysWhichNamesAreNotVerified)
{
    const auto found = needs(release(Family::rhel, 904), {Bundle::hypervisor}, "x86_64");
    ASSERT_EQ(found.remarks.size(), 1U);
    EXPECT_EQ(found.remarks.front(), "these names were not read from the archive of here: qemu-kvm libvirt");
    EXPECT_TRUE(names(release(Family::rhel, 904), "x86_64", {Bundle::tools}).contains("virt-manager"));
    EXPECT_FALSE(names(release(Family::rhel, 1000), "x86_64", {Bundle::tools}).contains("virt-manager"));
    EXPECT_TRUE(names(release(Family::rhel, 1000), "x86_64", {Bundle::tools}).contains("cockpit-machines"));
}

TEST(Catalogue, RangesOfReleasesAreReadOrRefused)
{
    EXPECT_TRUE(parse_releases("11-")->holds(1300));
    EXPECT_FALSE(parse_releases("11-")->holds(1000));
    EXPECT_TRUE(parse_releases("7-9")->holds(904)) << "9 is all of 9";
    EXPECT_FALSE(parse_releases("7-9")->holds(1000));
    EXPECT_TRUE(parse_releases("16.04")->holds(1604));
    EXPECT_FALSE(parse_releases("16.04")->holds(1610));
    EXPECT_FALSE(parse_releases("-18.04")->holds(2004));
    EXPECT_TRUE(parse_releases("*")->holds(0));
    for (const char* wrong : {"", "-", "new", "9-7", "1-2-3", "12345"}) {
        EXPECT_EQ(parse_releases(wrong).error().code, ErrorCode::usage) << wrong;
    }
}

TEST(Catalogue, OfTheHostReplacesCapabilitiesByName)
{
    const testing::TemporaryFolder folder;
    folder.write("etc/kvmkit/packages.json", minimal_row);
    const auto catalogue = load_catalogue(*Root::open(folder.path()), {});
    ASSERT_TRUE(catalogue) << catalogue.error().message;
    const auto found = needs_of(*catalogue, release(Family::debian, 1200), "amd64", {Bundle::tools});
    ASSERT_TRUE(found);
    EXPECT_TRUE(std::ranges::any_of(found->needs, [](const Need& need) { return need.package == "my-manager"; }));
    EXPECT_FALSE(std::ranges::any_of(found->needs, [](const Need& need) { return need.package == "virt-manager"; }));
    EXPECT_TRUE(std::ranges::any_of(found->needs, [](const Need& need) { return need.package == "virtinst"; }));

    folder.write("etc/kvmkit/packages.json", "{");
    const auto broken = load_catalogue(*Root::open(folder.path()), {});
    ASSERT_FALSE(broken);
    EXPECT_EQ(broken.error().code, ErrorCode::usage);
    EXPECT_EQ(broken.error().message, "cannot read catalogue '/etc/kvmkit/packages.json': it is no JSON");
}

TEST(Catalogue, MistakesAreNamed)
{
    const auto why = [](const std::string& capabilities) {
        const auto read =
            read_catalogue(R"({"schema": "kvmkit.packages/1", "capabilities": )" + capabilities + "}", "x");
        return read ? std::string{} : read.error().message.substr(std::string{"cannot read catalogue 'x': "}.size());
    };
    EXPECT_EQ(why("[]"), "");
    EXPECT_EQ(why("{}"), "'capabilities' is no list");
    EXPECT_EQ(why("[7]"), "'capabilities' holds what is no object");
    EXPECT_EQ(why(R"([{"title": "t"}])"), "a capability needs a name and a title");
    EXPECT_EQ(why(R"([{"name": "n", "title": "t", "components": ["mirror"]}])"),
              "capability 'n' is of component 'mirror', which has no packages");
    for (const char* name : {"--option", "a b", "", "../x", "glob*"}) {
        EXPECT_EQ(why(R"([{"name": "n", "title": "t", "packages": [{"package": ")" + std::string{name} + R"("}]}])"),
                  "'" + std::string{name} + "' is no name of a package");
    }
    EXPECT_EQ(why(R"([{"name": "n", "title": "t", "packages": [{"package": "p", "on": {"mandrake": "*"}}]}])"),
              "'mandrake' is no family of distributions");
    EXPECT_NE(why(R"([{"name": "n", "title": "t", "packages": [{"package": "p", "on": {"debian": "old"}}]}])"), "");
    EXPECT_EQ(read_catalogue("{}", "x").error().message,
              "cannot read catalogue 'x': its schema is not 'kvmkit.packages/1'");
}

TEST(Tutorial, IsTranslatedToTheRelease)
{
    const auto has = [](const Distribution& distribution, std::string_view text) {
        const auto lines = translate_tutorial(shipped(), distribution);
        return std::ranges::any_of(lines,
                                   [&](const std::string& line) { return line.find(text) != std::string::npos; });
    };
    const auto noble = release(Family::ubuntu, 2404);
    const auto bionic = release(Family::ubuntu, 1804);
    EXPECT_TRUE(has(noble, "qemu-kvm: here qemu-system-x86"));
    EXPECT_FALSE(has(bionic, "qemu-kvm:")) << "a real package there";
    EXPECT_TRUE(has(noble, "libvirt-bin: here libvirt-daemon-system, libvirt-clients"));
    EXPECT_TRUE(has(noble, "PermitRootLogin yes: here not done"));
    EXPECT_TRUE(has(noble, "kubuntu-desktop: here the same"));
    EXPECT_TRUE(has(release(Family::debian, 1200), "kubuntu-desktop: here task-kde-desktop"));
    EXPECT_TRUE(has(release(Family::rhel, 1000), "virt-manager: here cockpit-machines"));
}

TEST(Profiles, StandForComponents)
{
    EXPECT_EQ(parse_profile("minimal")->components, *parse_components({}));
    const auto tutorial = parse_profile("tutorial");
    EXPECT_TRUE(tutorial->tutorial);
    EXPECT_EQ(bundles_of(tutorial->components), (Bundles{Bundle::hypervisor, Bundle::tools, Bundle::desktop}));
    EXPECT_FALSE(parse_profile("server")->components.contains(Component::desktop));
    EXPECT_FALSE(parse_profile("workstation")->components.contains(Component::desktop));
    const auto wrong = parse_profile("huge");
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().code, ErrorCode::usage);
    EXPECT_EQ(wrong.error().hint, "there are: minimal, server, workstation, tutorial");
}

}  // namespace
}  // namespace kvmkit::setup
