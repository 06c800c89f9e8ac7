// SPDX-License-Identifier: Apache-2.0
#include "virt/spec/hardware.hpp"

#include "virt/host/offer.hpp"
#include "virt/spec/decisions.hpp"
#include "virt/spec/domain_xml.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace kvmkit::virt {
namespace {

DomainPlan plan_with(Hardware hardware)
{
    VmSpec spec{.name = *VmName::parse("web"), .vcpus = 3};
    spec.hardware = std::move(hardware);
    return {.spec = std::move(spec), .uuid = "01234567-89ab-4cde-8f01-23456789abcd", .transaction = "t"};
}

bool says(const std::string& xml, std::string_view piece)
{
    return xml.find(piece) != std::string::npos;
}

TEST(PciAddresses, AreReadWithAndWithoutADomain)
{
    EXPECT_EQ(text(parse_pci_address("0000:03:00.0").value()), "0000:03:00.0");
    EXPECT_EQ(text(parse_pci_address("a1:1f.7").value()), "0000:a1:1f.7");
    for (const auto* bad : {"", "03", "03:00", "03:00.8", "03:20.0", "0000:100:00.0", "0000:03:00.0x", "x:y.z"}) {
        EXPECT_FALSE(parse_pci_address(bad)) << bad;
    }
}

TEST(Hardware, StandsInTheDescription)
{
    Hardware hardware{.firmware = Firmware::secure, .tpm = true, .vnc = true};
    hardware.shares = {{"/srv/data", "data", true}};
    hardware.devices = {{0, 3, 0, 1}};
    hardware.pinned = {4, 6};
    hardware.numa = 1;
    hardware.cdrom = "/srv/cd.iso";
    const auto xml = to_domain_xml(plan_with(hardware));
    for (const auto* piece : {"<os firmware=\"efi\">",
                              "<feature enabled=\"yes\" name=\"secure-boot\"",
                              "<smm state=\"on\"",
                              "<source type=\"memfd\"",
                              "<access mode=\"shared\"",
                              "<driver type=\"virtiofs\"",
                              "<target dir=\"data\"",
                              "<vcpupin vcpu=\"2\" cpuset=\"4\"",
                              "nodeset=\"1\"",
                              "bus=\"0x03\" slot=\"0x00\" function=\"0x1\"",
                              "device=\"cdrom\"",
                              "bus=\"scsi\"",
                              "<graphics type=\"vnc\"",
                              "<listen type=\"socket\"",
                              "<model type=\"virtio\" heads=\"1\"",
                              "<input type=\"tablet\" bus=\"virtio\"",
                              "<backend type=\"emulator\" version=\"2.0\""}) {
        EXPECT_TRUE(says(xml, piece)) << piece << '\n' << xml;
    }
    EXPECT_FALSE(says(xml, "sata"));
}

TEST(Hardware, SharesHugePagesWhereBothAreAskedFor)
{
    Hardware hardware{.huge_pages = Bytes::mib(2)};
    hardware.shares = {{"/srv", "srv"}};
    const auto xml = to_domain_xml(plan_with(hardware));
    EXPECT_TRUE(says(xml, "<page size=\"2097152\" unit=\"b\""));
    EXPECT_TRUE(says(xml, "<access mode=\"shared\""));
    EXPECT_FALSE(says(xml, "memfd"));
}

TEST(Hardware, NamesACpuModelAndWhatItMustHave)
{
    DomainPlan plan = plan_with({.cpu = "EPYC"});
    plan.cpu = {.without = {"arch-capabilities"}, .nesting = "svm"};
    const auto xml = to_domain_xml(plan);
    EXPECT_TRUE(says(xml, "<model fallback=\"forbid\">EPYC</model>"));
    EXPECT_TRUE(says(xml, "<feature policy=\"disable\" name=\"arch-capabilities\""));
    EXPECT_TRUE(says(xml, "<feature policy=\"require\" name=\"svm\""));
}

constexpr const char* nothing = "<domainCapabilities/>";
constexpr const char* all = R"(<domainCapabilities>
  <os><enum name='firmware'><value>efi</value></enum><loader><enum name='secure'><value>yes</value></enum></loader></os>
  <cpu><mode name='custom'><model usable='yes'>EPYC</model><model usable='no'>Skylake</model></mode></cpu>
  <memoryBacking><enum name='sourceType'><value>memfd</value></enum></memoryBacking>
  <devices><filesystem><enum name='driverType'><value>virtiofs</value></enum></filesystem>
  <graphics><enum name='type'><value>vnc</value></enum></graphics>
  <video><enum name='modelType'><value>virtio</value></enum></video>
  <tpm><enum name='backendModel'><value>passthrough</value><value>emulator</value></enum></tpm></devices>
</domainCapabilities>)";

TEST(HardwareOffer, RefusesWhatIsNotInstalledAndSaysWhatInstallsIt)
{
    const auto offer = parse_offer(nothing);
    ASSERT_TRUE(offer);
    Hardware share;
    share.shares = {{"/srv", "srv"}};
    for (const auto& [wish, hint] : {std::pair{Hardware{.firmware = Firmware::uefi}, "ovmf"},
                                     std::pair{Hardware{.firmware = Firmware::secure}, "ovmf"},
                                     std::pair{Hardware{.tpm = true}, "swtpm"},
                                     std::pair{share, "virtiofsd"},
                                     std::pair{Hardware{.vnc = true}, "qemu-system-common"},
                                     std::pair{Hardware{.cpu = "EPYC"}, "--cpu host"}}) {
        const auto checked = check_hardware(wish, *offer);
        ASSERT_FALSE(checked) << hint;
        EXPECT_EQ(checked.error().code, ErrorCode::unsupported);
        EXPECT_TRUE(says(checked.error().hint, hint)) << checked.error().hint;
    }
    EXPECT_TRUE(check_hardware(Hardware{}, *offer)) << "what nobody asks for need not be there";
}

TEST(HardwareOffer, TakesWhatIsThere)
{
    const auto offer = parse_offer(all);
    ASSERT_TRUE(offer);
    Hardware hardware{.firmware = Firmware::secure, .tpm = true, .cpu = "EPYC", .vnc = true};
    hardware.shares = {{"/srv", "srv"}};
    EXPECT_TRUE(check_hardware(hardware, *offer));
    EXPECT_FALSE(check_hardware({.cpu = "Skylake"}, *offer)) << "it does not run here";
    EXPECT_FALSE(parse_offer("<capabilities/>"));
}

TEST(Decisions, EachHaveAReasonAndFollowTheWish)
{
    DomainPlan plan = plan_with({});
    const DecisionFacts facts{"measured", "host,-arch-capabilities", true};
    const auto choice = [&](std::string_view what) {
        const auto made = decisions_of(plan, facts);
        const auto found = std::ranges::find_if(made, [what](const Decision& one) { return one.what == what; });
        return found == made.end() ? std::string{"none"} : found->choice;
    };
    for (const auto& decision : decisions_of(plan, facts)) {
        EXPECT_FALSE(decision.why.empty()) << decision.what;
    }
    EXPECT_EQ(choice("cpu"), "maximum");
    EXPECT_EQ(choice("network card 1"), "user");
    plan.spec.type = DomainType::kvm;
    plan.cpu.without = {"arch-capabilities"};
    plan.spec.nics = {};
    EXPECT_EQ(choice("cpu"), "host-passthrough");
    EXPECT_EQ(choice("cpu features"), "without arch-capabilities");
    EXPECT_EQ(choice("network"), "none");
    plan.spec.hardware.huge_pages = Bytes::mib(2);
    EXPECT_EQ(choice("memory"), "huge pages of 2 MiB");
}

}  // namespace
}  // namespace kvmkit::virt
