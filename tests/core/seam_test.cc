/* SPDX-License-Identifier: Apache-2.0
 * seam_test.cc -- what passes the seam can be replaced, and is real otherwise. */
#include "core/seam.h"

#include "core/mem.h"
#include "core/os.h"
#include "core/sock.h"
#include "tests/support/support.h"
#include "tests/support/virtual_clock.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

TEST(Seam, HoldsTheRealFunctionsOutsideOfTests)
{
    EXPECT_EQ(&ki_os_now_ns, ki_seam.now_ns);
    EXPECT_EQ(&ki_mem_system_alloc, ki_seam.alloc);
    EXPECT_EQ(&ki_mem_system_free, ki_seam.free);
    EXPECT_EQ(&ki_sock_socket, ki_seam.socket);
    EXPECT_EQ(&ki_sock_recv, ki_seam.recv);
    EXPECT_EQ(&ki_sock_send, ki_seam.send);

    /* Function pointers only: none is missing. */
    void *members[sizeof ki_seam / sizeof(void *)];
    std::memcpy(members, &ki_seam, sizeof members);
    for (std::size_t i = 0; i < std::size(members); i++)
        EXPECT_NE(nullptr, members[i]) << "member " << i;
}

TEST(Seam, GivesMemoryOfAnySizeAndAlignment)
{
    for (const std::size_t align : {16u, 64u, 128u, 4096u})
        for (const std::size_t size : {0u, 1u, 15u, 100u, 4096u, 100'000u}) {
            auto *p = static_cast<unsigned char *>(ki_mem_alloc_aligned(size, align));
            ASSERT_NE(nullptr, p) << size << ' ' << align;
            EXPECT_EQ(0u, reinterpret_cast<uintptr_t>(p) % align);
            std::memset(p, 0xa5, size);
            ki_mem_free_aligned(p, size, align);
        }
    ki_mem_free(nullptr, 100);
}

TEST(Seam, TheVirtualClockStandsUntilItIsMovedAndGoesWhenItGoes)
{
    {
        kt_virtual_clock clock(5'000);
        EXPECT_EQ(5'000u, ki_now_ns());
        EXPECT_EQ(5'000u, ki_now_ns());
        clock.advance_ms(3);
        EXPECT_EQ(3'005'000u, ki_now_ns());
        clock.advance_to(4'000'000);
        clock.advance_to(10);
        EXPECT_EQ(4'000'000u, ki_now_ns()) << "it never goes back";
    }
    EXPECT_EQ(&ki_os_now_ns, ki_seam.now_ns);
    EXPECT_GT(ki_now_ns(), 4'000'000u);
}

TEST(Seam, AReplacedAllocatorIsAskedAndMayRefuse)
{
    static std::size_t calls, sizes;
    const auto before = ki_seam.alloc;
    calls = sizes = 0;

    ki_seam.alloc = [](size_t size, size_t) -> void * {
        calls++;
        sizes += size;
        return nullptr;
    };
    EXPECT_EQ(nullptr, ki_mem_alloc(100));
    EXPECT_EQ(nullptr, ki_mem_alloc_aligned(50, 64));
    ki_seam.alloc = before;

    EXPECT_EQ(2u, calls);
    EXPECT_EQ(150u, sizes);
}
