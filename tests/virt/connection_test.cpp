// SPDX-License-Identifier: Apache-2.0
// libvirt's own test driver: the real library, without privilege, QEMU or daemon.
#include "virt/libvirt/connection.hpp"
#include "support/temporary_folder.hpp"
#include "txn/execute.hpp"
#include "virt/launch/plan.hpp"
#include "virt/launch/world.hpp"
#include "virt/libvirt/libvirt_error.hpp"
#include "virt/spec/uuid.hpp"

#include <gtest/gtest.h>

namespace kvmkit::virt {
namespace {

const std::string uri = "test:///default";

DomainPlan plan_of(std::string_view name)
{
    return {.spec = {.name = *VmName::parse(name), .memory = Bytes::mib(64), .type = DomainType::test},
            .uuid = new_uuid(),
            .transaction = "t"};
}

class TestDriver : public ::testing::Test {
protected:
    static void SetUpTestSuite() { silence_libvirt(); }

    void SetUp() override
    {
        auto opened = world_.connection(uri);
        ASSERT_TRUE(opened) << opened.error().message;
        connection_ = *opened;
    }

    [[nodiscard]] std::size_t count() const { return connection_->domains()->size(); }

    testing::TemporaryFolder folder_;
    Root root_ = *Root::open("/");
    SystemRunner runner_;
    World world_{root_, runner_};
    const Connection* connection_ = nullptr;
};

TEST_F(TestDriver, TakesOurDescriptionAndGivesItBackAsOurs)
{
    const DomainPlan plan = plan_of("web");
    const auto domain = connection_->define(to_domain_xml(plan));
    ASSERT_TRUE(domain) << domain.error().message;
    EXPECT_EQ(*domain->state(), DomainState::shut_off);
    const auto summary = summarize(*domain->xml());
    ASSERT_TRUE(summary);
    EXPECT_EQ(summary->uuid, plan.uuid);
    EXPECT_TRUE(summary->ours());
    ASSERT_TRUE(domain->undefine());
}

TEST_F(TestDriver, SaysThatANameIsTaken)
{
    const auto before = count();
    const auto first = connection_->define(to_domain_xml(plan_of("web")));
    ASSERT_TRUE(first);
    const auto second = connection_->define(to_domain_xml(plan_of("web")));
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::exists) << second.error().message;
    const auto taken = check_name_is_free(*connection_, "web");
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().message, "cannot launch VM 'web': the name is taken by a VM that vm-run made (shut off)");
    ASSERT_TRUE(first->undefine());
    EXPECT_EQ(count(), before);
}

TEST_F(TestDriver, OwnVmIsNotOurs)
{
    const auto taken = check_name_is_free(*connection_, "test");
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().code, ErrorCode::exists);
    EXPECT_EQ(taken.error().message,
              "cannot launch VM 'test': the name is taken by a VM that vm-run did not make (running)");
}

TEST_F(TestDriver, AnswersAbsentForAVmThatIsNotThere)
{
    EXPECT_FALSE(*connection_->find_by_name("none"));
    EXPECT_FALSE(*connection_->find_by_uuid(new_uuid()));
    EXPECT_TRUE(check_name_is_free(*connection_, "none"));
}

TEST_F(TestDriver, CallsABadDescriptionInvalid)
{
    const auto domain = connection_->define("<domain/>");
    ASSERT_FALSE(domain);
    EXPECT_EQ(domain.error().code, ErrorCode::invalid) << domain.error().message;
    EXPECT_TRUE(domain.error().message.starts_with("cannot define the VM: ")) << domain.error().message;
}

TEST_F(TestDriver, ATransactionThatFailsLeavesNoVm)
{
    const txn::Places places{folder_.path() / "state", folder_.path() / "run"};
    const DomainPlan plan = plan_of("web");
    const VmId vm{uri, plan.uuid, "web"};
    const auto before = count();
    auto journal = txn::Journal::begin(places, {"vm-run", "vm-run launch web"});
    ASSERT_TRUE(journal);
    const std::vector<Step> steps{MakeFolder{folder_.path() / "vm"},
                                  DefineVm{vm, to_domain_xml(plan)},
                                  MakeFolder{folder_.path() / "vm"}};  // there already
    const auto outcome = txn::execute<World>(*journal, world_, steps);
    ASSERT_FALSE(outcome.ok());
    EXPECT_EQ(outcome.failure->code, ErrorCode::exists);
    EXPECT_TRUE(outcome.left_behind.empty());
    EXPECT_EQ(count(), before);
    EXPECT_FALSE(std::filesystem::exists(folder_.path() / "vm"));
}

TEST_F(TestDriver, ARemovalOfAVmThatIsGoneOrOfAnotherOneOfItsNameIsHarmless)
{
    const auto theirs = connection_->define(to_domain_xml(plan_of("web")));
    ASSERT_TRUE(theirs);
    EXPECT_TRUE(world_.apply(RemoveVm{{uri, new_uuid(), "web"}}));
    EXPECT_TRUE(*connection_->find_by_name("web"));
    ASSERT_TRUE(theirs->undefine());
}

TEST(Connections, ThatCannotBeMadeSayWhy)
{
    silence_libvirt();
    const auto none = Connection::open("nosuchdriver:///");
    ASSERT_FALSE(none);
    EXPECT_TRUE(none.error().message.starts_with("cannot connect to libvirt at 'nosuchdriver:///': "));
    const auto nobody = Connection::open("qemu+unix:///system?socket=/nonexistent/socket");
    ASSERT_FALSE(nobody);
    EXPECT_EQ(nobody.error().code, ErrorCode::not_found) << nobody.error().message;
}

}  // namespace
}  // namespace kvmkit::virt
