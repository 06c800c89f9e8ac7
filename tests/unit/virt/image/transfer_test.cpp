// SPDX-License-Identifier: Apache-2.0
#include "virt/image/internal/transfer.hpp"

#include <gtest/gtest.h>

namespace kvmkit::virt {
namespace {

TEST(AnswerHeads, BelongToTheLastAnswer)
{
    AnswerHead head;
    for (const std::string_view line : {"HTTP/1.1 302 Found\r\n",
                                        "ETag: \"old\"\r\n",
                                        "Content-Length: 5\r\n",
                                        "\r\n",
                                        "HTTP/2 206 \r\n",
                                        "etag: \"new\"\r\n",
                                        "CONTENT-RANGE: bytes 7-9/10\r\n",
                                        "\r\n"}) {
        take_header(head, line);
    }
    EXPECT_EQ(head.status, 206);
    EXPECT_EQ(head.validators.etag, "\"new\"");
    EXPECT_EQ(head.content_range, "bytes 7-9/10");
    EXPECT_EQ(head.length, std::nullopt);
}

TEST(AnswerHeads, KeepNoWeakTag)
{
    AnswerHead head;
    take_header(head, "HTTP/1.1 200 OK\r\n");
    take_header(head, "ETag: W/\"x\"\r\n");
    take_header(head, "Content-Length: nonsense\r\n");
    EXPECT_FALSE(head.validators.any());
    EXPECT_EQ(head.length, std::nullopt);
}

TEST(HttpStatus, TellsAbsentFromForbidden)
{
    EXPECT_EQ(status_error("http://h/x", 404).code, ErrorCode::not_found);
    EXPECT_EQ(status_error("http://h/x", 403).code, ErrorCode::permission);
    EXPECT_EQ(status_error("http://h/x", 503).code, ErrorCode::external);
}

}  // namespace
}  // namespace kvmkit::virt
