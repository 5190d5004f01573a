/* SPDX-License-Identifier: Apache-2.0
 * socket_rare_test.cc -- what few sockets need is made when they do: and if there is no memory then? */
#include "tests/support/ear.h"
#include "tests/support/packets.h"
#include "tests/support/sockets.h"

#include "actors/rare.h"
#include "core/seam.h"

#include <atomic>
#include <fcntl.h>
#include <unistd.h>

namespace
{

/* While it is scarce there is no memory for a rare part. */
class SocketRare : public kt_inets<> {
  protected:
    void SetUp() override
    {
        real = ki_seam;
        scarce = false;
        accept_code = 0;
        ki_seam.alloc = [](std::size_t size, std::size_t align) {
            return scarce && size == sizeof(struct ki_rare) ? nullptr
                                                            : real.alloc(size, align);
        };
        ki_seam.accept = [](int fd, void *addr, unsigned *len) {
            return accept_code != 0 ? accept_code.load() : real.accept(fd, addr, len);
        };
        kt_inets::SetUp();
    }

    void TearDown() override
    {
        kt_inets::TearDown();
        ki_seam.alloc = real.alloc; /* the side pool may still use others */
        ki_seam.accept = real.accept;
    }

    static inline struct ki_seam real;
    static inline std::atomic<bool> scarce = false;
    static inline std::atomic<int> accept_code = 0;
};

int
get(kith_socket s, kith_opt o)
{
    int v = -1;

    EXPECT_EQ(0, kith_socket_getopt_int(s, o, &v)) << o;
    return v;
}

struct kith_socket_counters
counters_of(kith_socket s)
{
    struct kith_socket_info info = KITH_SOCKET_INFO_INIT;

    EXPECT_EQ(0, kith_socket_info(s, &info));
    return info.counters;
}

KT_INETS(SocketRare);

TEST_P(SocketRare, WithoutMemoryAnOptionStaysAsItWas)
{
    by_process_and_thread([] {
        const kith_socket s = kt_open();
        const std::uint64_t meta = 5;

        scarce = true;
        for (const kith_opt o : {KITH_OPT_OTP_DEBUG, KITH_OPT_OTP_IOW, KITH_OPT_OTP_RCVBUF,
                                 KITH_OPT_OTP_RCVCTRLBUF, KITH_OPT_OTP_SNDCTRLBUF}) {
            const int before = get(s, o);

            EXPECT_EQ(KITH_ENOMEM, kith_socket_setopt_int(s, o, 2000)) << o;
            EXPECT_EQ(before, get(s, o)) << o;
        }
        EXPECT_EQ(KITH_ENOMEM,
                  kith_socket_setopt(s, KITH_OPT_OTP_META, &meta, sizeof meta));
        scarce = false;
        EXPECT_EQ(0, kith_socket_setopt_int(s, KITH_OPT_OTP_RCVBUF, 2000));
        EXPECT_EQ(2000, get(s, KITH_OPT_OTP_RCVBUF));
        kt_close(s);
    });
}

TEST_P(SocketRare, WithoutMemoryNobodyWaitsForUrgentDataOrErrors)
{
    by_process_and_thread([] {
        const kt_pair c = kt_pair_of();
        const kt_dgrams d;
        kt_room r;
        char x;

        scarce = true;
        EXPECT_EQ(KITH_ENOMEM, kith_socket_recv(c.far, &x, 1, KITH_MSG_OOB, KITH_INFINITY));
        EXPECT_EQ(KITH_ENOMEM,
                  kith_socket_recvmsg(d.near, &r.p, KITH_MSG_ERRQUEUE, KITH_INFINITY));
        EXPECT_EQ(KITH_ENOMEM,
                  kith_socket_recvmmsg(d.near, &r.p, 1, KITH_MSG_ERRQUEUE, KITH_INFINITY));
        EXPECT_EQ(1, kith_socket_send(c.near, "a", 1, 0, kt_long()));
        EXPECT_EQ(1, kith_socket_recv(c.far, &x, 1, 0, kt_long())) << "others do";
        scarce = false;
        EXPECT_EQ(1, kith_socket_send(c.near, "b", 1, KITH_MSG_OOB, kt_long()));
        EXPECT_EQ(1, kith_socket_recv(c.far, &x, 1, KITH_MSG_OOB, kt_long()));
        EXPECT_EQ('b', x);
        d.close();
        kt_close(c);
    });
}

TEST_P(SocketRare, WithoutMemoryNothingOfAFileGoes)
{
    by_process_and_thread([] {
        const kt_pair c = kt_pair_of();
        const int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
        char x;

        scarce = true;
        EXPECT_EQ(KITH_ENOMEM, kith_socket_sendfile(c.near, file, 0, 1, kt_long()));
        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recv(c.far, &x, 1, 0, 0));
        scarce = false;
        EXPECT_EQ(1, kith_socket_sendfile(c.near, file, 0, 1, kt_long()));
        EXPECT_EQ(1, kith_socket_recv(c.far, &x, 1, 0, kt_long()));
        close(file);
        kt_close(c);
    });
}

TEST_F(SocketRare, WithoutMemoryNoSendBacksOff)
{
    by_process_and_thread([] {
        const kt_dgrams d(kt_domain::path);
        std::ptrdiff_t n = 1;

        scarce = true;
        while (n == 1)
            n = kith_socket_sendto(d.near, "x", 1, &d.far_name, 0, KITH_INFINITY);
        EXPECT_EQ(KITH_ENOMEM, n) << "its peer's queue is full";
        scarce = false;
        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_sendto(d.near, "x", 1, &d.far_name, 0, 1));
        d.close();
    });
}

/* It goes on as it did: each accept is tried, and has the system's code. */
TEST_P(SocketRare, WithoutMemoryAListenerDoesNotCoolDown)
{
    by_process_and_thread([] {
        const kith_socket l = kt_listen_here();
        kith_socket c;

        scarce = true;
        accept_code = KITH_EMFILE;
        for (int i = 0; i < 3; i++)
            EXPECT_EQ(KITH_EMFILE, kith_socket_accept(l, KITH_INFINITY, &c));
        accept_code = 0;
        kt_close(kt_connect(l));
        kt_close(l);
    });
}

TEST_P(SocketRare, WithoutMemoryForWhatItInheritsAConnectionIsDropped)
{
    by_process_and_thread([] {
        const kith_socket l = kt_listen_here();
        const kith_sockaddr at = kt_name_of(l);
        kith_socket lost = kt_open(at.domain), c;
        char x;

        ASSERT_EQ(0, kith_socket_setopt_int(l, KITH_OPT_OTP_RCVBUF, 2000));
        ASSERT_EQ(0, kith_socket_connect(lost, &at, kt_long()));
        scarce = true;
        EXPECT_EQ(KITH_ENOMEM, kith_socket_accept(l, kt_long(), &c));
        scarce = false;
        EXPECT_EQ(0, kith_socket_recv(lost, &x, 1, 0, kt_long()));
        EXPECT_EQ(1u, counters_of(l).acc_fails);
        const kt_pair p = kt_connect(l);
        EXPECT_EQ(2000, get(p.far, KITH_OPT_OTP_RCVBUF));
        kt_close(p);
        kt_close(lost);
        kt_close(l);
    });
}

/* The largest is known whether it was watched or not. */
TEST_P(SocketRare, TheLargestStaysTheLargestWhoeverWatches)
{
    by_process_and_thread([] {
        const kt_ear quiet(KITH_LOG_NONE);
        const kt_pair c = kt_pair_of();
        const auto goes = [&](std::size_t n, std::uint64_t largest) {
            char buf[8] = {};

            EXPECT_EQ(static_cast<std::ptrdiff_t>(n),
                      kith_socket_send(c.near, buf, n, 0, kt_long()));
            EXPECT_EQ(static_cast<std::ptrdiff_t>(n),
                      kith_socket_recv(c.far, buf, n, KITH_MSG_WAITALL, kt_long()));
            EXPECT_EQ(largest, counters_of(c.near).write_pkg_max);
            EXPECT_EQ(largest, counters_of(c.far).read_pkg_max);
        };
        const auto watch = [&](kith_opt o, int on) {
            EXPECT_EQ(0, kith_socket_setopt_int(c.near, o, on));
            EXPECT_EQ(0, kith_socket_setopt_int(c.far, o, on));
        };

        EXPECT_EQ(0u, counters_of(c.near).write_pkg_max);
        goes(3, 3);
        goes(2, 3);
        watch(KITH_OPT_OTP_DEBUG, 1);
        goes(1, 3);
        goes(5, 5);
        watch(KITH_OPT_OTP_IOW, 1);
        watch(KITH_OPT_OTP_DEBUG, 0);
        goes(4, 5);
        goes(6, 6);
        watch(KITH_OPT_OTP_IOW, 0);
        goes(5, 6);
        goes(7, 7);
        kt_close(c);
    });
}

}    // namespace
