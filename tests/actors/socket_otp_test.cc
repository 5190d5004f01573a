/* SPDX-License-Identifier: Apache-2.0
 * socket_otp_test.cc -- the options of level otp: kept, refused, bounding, inherited; the trace, the
 * wrap of a counter, and the reads that rcvbuf is for. */
#include "tests/support/ear.h"
#include "tests/support/idle.h"
#include "tests/support/packets.h"
#include "tests/support/sockets.h"

#include "actors/socket.h"

#include <atomic>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

namespace
{

int
get(kith_socket s, kith_opt o)
{
    int v = -1;

    EXPECT_EQ(0, kith_socket_getopt_int(s, o, &v)) << o;
    return v;
}

class SocketOtp : public kt_inets<> {};
class SocketOtpOf : public kt_sockets, public testing::WithParamInterface<kt_domain> {};

INSTANTIATE_TEST_SUITE_P(, SocketOtpOf, testing::ValuesIn(kt_all_domains),
                         kt_domain_of_test);

/* ---- values ---- */

TEST_P(SocketOtpOf, TheyBeginWithTheirDefaults)
{
    by_process_and_thread([] {
        const kt_place place(GetParam());
        const kith_socket s = kt_open(place.domain());
        std::uint64_t meta = 77;

        EXPECT_EQ(0, get(s, KITH_OPT_OTP_DEBUG));
        EXPECT_EQ(0, get(s, KITH_OPT_OTP_IOW));
        EXPECT_EQ(8192, get(s, KITH_OPT_OTP_RCVBUF));
        EXPECT_GE(get(s, KITH_OPT_OTP_RCVCTRLBUF), 1024);
        EXPECT_GE(get(s, KITH_OPT_OTP_SNDCTRLBUF), 1024);
        EXPECT_EQ(64 * 1024, get(s, KITH_OPT_OTP_SNDQUEUE));
        EXPECT_EQ(1, get(s, KITH_OPT_OTP_USE_REGISTRY));
        EXPECT_EQ(8, kith_socket_getopt(s, KITH_OPT_OTP_META, &meta, sizeof meta));
        EXPECT_EQ(0u, meta);
        kt_close(s);
    });
}

TEST_P(SocketOtpOf, TheyKeepWhatTheyAreSetTo)
{
    by_process_and_thread([] {
        const kt_ear quiet(KITH_LOG_NONE);
        const kt_place place(GetParam());
        const kith_socket s = kt_open(place.domain());

        for (const kith_opt o : {KITH_OPT_OTP_DEBUG, KITH_OPT_OTP_IOW})
            for (const int v : {1, 1, 0, 0, 7}) {
                EXPECT_EQ(0, kith_socket_setopt_int(s, o, v));
                EXPECT_EQ(v != 0, get(s, o)) << o;
            }
        for (const kith_opt o : {KITH_OPT_OTP_RCVBUF, KITH_OPT_OTP_RCVCTRLBUF,
                                 KITH_OPT_OTP_SNDCTRLBUF, KITH_OPT_OTP_SNDQUEUE}) {
            const int before = get(s, o);

            EXPECT_EQ(0, kith_socket_setopt_int(s, o, 4321));
            EXPECT_EQ(4321, get(s, o));
            EXPECT_EQ(KITH_EINVAL, kith_socket_setopt_int(s, o, -1));
            EXPECT_EQ(4321, get(s, o)) << "nothing has changed";
            EXPECT_EQ(0, kith_socket_setopt_int(s, o, 0));
            EXPECT_EQ(before, get(s, o)) << "0 is the default";
        }
        kt_close(s);
    });
}

KT_INETS(SocketOtp);

TEST_P(SocketOtp, WhatIsOnlyReadCannotBeSet)
{
    by_process_and_thread([] {
        const kith_socket s = kt_open();

        for (const kith_opt o : {KITH_OPT_OTP_FD, KITH_OPT_OTP_DOMAIN, KITH_OPT_OTP_TYPE,
                                 KITH_OPT_OTP_PROTOCOL, KITH_OPT_OTP_USE_REGISTRY})
            EXPECT_EQ(KITH_ENOPROTOOPT, kith_socket_setopt_int(s, o, 1)) << o;
        kt_close(s);
    });
}

TEST_P(SocketOtp, LengthsHaveToFit)
{
    by_process_and_thread([] {
        const kith_socket s = kt_open();
        char v[64] = {};
        int number;

        for (const std::size_t len : {0, 2, 8, 63}) {
            EXPECT_EQ(KITH_EINVAL, kith_socket_setopt(s, KITH_OPT_OTP_IOW, v, len));
            EXPECT_EQ(KITH_EINVAL, kith_socket_setopt(s, KITH_OPT_OTP_RCVBUF, v, len));
        }
        EXPECT_EQ(KITH_EINVAL, kith_socket_setopt(s, KITH_OPT_OTP_META, v, 4));
        EXPECT_EQ(KITH_EINVAL, kith_socket_getopt(s, KITH_OPT_OTP_META, v, 7));
        EXPECT_EQ(KITH_EINVAL, kith_socket_getopt(s, KITH_OPT_OTP_IOW, v, 3));
        EXPECT_EQ(KITH_EINVAL,
                  kith_socket_setopt(s, KITH_OPT_OTP_CONTROLLING_PROCESS, v, 4));
        EXPECT_EQ(KITH_EINVAL, kith_socket_getopt_int(s, KITH_OPT_OTP_META, &number));
        kt_close(s);
    });
}

TEST_P(SocketOtpOf, RcvbufHasASecondForm)
{
    by_process_and_thread([] {
        const kt_place place(GetParam());
        const kith_socket s = kt_open(place.domain());
        kith_rcvbuf v = {3, 100};
        int number;

        ASSERT_EQ(0, kith_socket_setopt(s, KITH_OPT_OTP_RCVBUF, &v, sizeof v));
        v = {};
        EXPECT_EQ(static_cast<std::ptrdiff_t>(sizeof v),
                  kith_socket_getopt(s, KITH_OPT_OTP_RCVBUF, &v, sizeof v));
        EXPECT_EQ(3u, v.n);
        EXPECT_EQ(100u, v.size);
        EXPECT_EQ(KITH_EINVAL, kith_socket_getopt_int(s, KITH_OPT_OTP_RCVBUF, &number));

        v = {0, 50};
        EXPECT_EQ(KITH_EINVAL, kith_socket_setopt(s, KITH_OPT_OTP_RCVBUF, &v, sizeof v));
        v = {SIZE_MAX, 50};
        EXPECT_EQ(KITH_EINVAL, kith_socket_setopt(s, KITH_OPT_OTP_RCVBUF, &v, sizeof v));
        v = {2, SIZE_MAX};
        EXPECT_EQ(KITH_EINVAL, kith_socket_setopt(s, KITH_OPT_OTP_RCVBUF, &v, sizeof v));
        EXPECT_EQ(static_cast<std::ptrdiff_t>(sizeof v),
                  kith_socket_getopt(s, KITH_OPT_OTP_RCVBUF, &v, sizeof v));
        EXPECT_EQ(3u, v.n) << "nothing has changed";

        v = {2, 0};
        ASSERT_EQ(0, kith_socket_setopt(s, KITH_OPT_OTP_RCVBUF, &v, sizeof v));
        EXPECT_EQ(static_cast<std::ptrdiff_t>(sizeof v),
                  kith_socket_getopt(s, KITH_OPT_OTP_RCVBUF, &v, sizeof v));
        EXPECT_EQ(8192u, v.size) << "0 is the default";
        ASSERT_EQ(0, kith_socket_setopt_int(s, KITH_OPT_OTP_RCVBUF, 99));
        EXPECT_EQ(99, get(s, KITH_OPT_OTP_RCVBUF));
        kt_close(s);
    });
}

TEST_F(SocketOtp, OfPacketsThereAreNoFullBuffers)
{
    for (const int domain : {KITH_INET, KITH_INET6, KITH_LOCAL})
        by_process_and_thread([domain] {
            const kith_rcvbuf v = {3, 100};
            kith_socket s;

            ASSERT_EQ(0, kith_socket_open(domain, KITH_DGRAM, 0, nullptr, &s));
            EXPECT_EQ(KITH_EINVAL,
                      kith_socket_setopt(s, KITH_OPT_OTP_RCVBUF, &v, sizeof v));
            EXPECT_EQ(0, kith_socket_setopt_int(s, KITH_OPT_OTP_RCVBUF, 100));
            kt_close(s);
        });
}

TEST_P(SocketOtpOf, MetaIsTheOwnersToSetAndAnybodysToRead)
{
    in_process([this] {
        const kt_place place(GetParam());
        const kith_socket s = kt_open(place.domain());
        const std::uint64_t mine = UINT64_C(0x123456789abcdef0);

        ASSERT_EQ(0, kith_socket_setopt(s, KITH_OPT_OTP_META, &mine, sizeof mine));
        const kith_pid other = spawn([&] {
            std::uint64_t v = 1;

            EXPECT_EQ(KITH_EPERM, kith_socket_setopt(s, KITH_OPT_OTP_META, &v, sizeof v));
            EXPECT_EQ(8, kith_socket_getopt(s, KITH_OPT_OTP_META, &v, sizeof v));
            EXPECT_EQ(mine, v);
        });

        ASSERT_EQ(0, kith_wait(other, nullptr, kt_long()));
        kt_close(s);
    });
}

TEST_F(SocketOtp, MetaOfAThreadsSocketIsTheThreadsToSet)
{
    kt_in_thread([] {
        const kith_socket s = kt_open(KITH_INET6);
        std::uint64_t v = 5;

        ASSERT_EQ(0, kith_socket_setopt(s, KITH_OPT_OTP_META, &v, sizeof v));
        kt_in_thread([&] {
            EXPECT_EQ(KITH_EPERM, kith_socket_setopt(s, KITH_OPT_OTP_META, &v, sizeof v));
        });
        kt_close(s);
        /* The next use of its record begins with 0. */
        for (int i = 0; i < 3; i++) {
            const kith_socket n = kt_open(KITH_INET6);

            v = 7;
            EXPECT_EQ(8, kith_socket_getopt(n, KITH_OPT_OTP_META, &v, sizeof v));
            EXPECT_EQ(0u, v);
            kt_close(n);
        }
    });
}

TEST_P(SocketOtp, OnlyTheOwnerGivesItAway)
{
    in_process([this] {
        const kith_socket s = kt_open();
        const kith_pid me = kith_self(),
                       other = spawn([&] {
                           const kith_pid to = kith_self();

                           EXPECT_EQ(KITH_EPERM,
                                     kith_socket_setopt(s, KITH_OPT_OTP_CONTROLLING_PROCESS,
                                                        &to, sizeof to));
                       });
        kith_pid owner = {};

        ASSERT_EQ(0, kith_wait(other, nullptr, kt_long()));
        EXPECT_EQ(static_cast<std::ptrdiff_t>(sizeof owner),
                  kith_socket_getopt(s, KITH_OPT_OTP_CONTROLLING_PROCESS, &owner,
                                     sizeof owner));
        EXPECT_EQ(me, owner);
        EXPECT_EQ(KITH_ENOPROC, kith_socket_setopt(s, KITH_OPT_OTP_CONTROLLING_PROCESS,
                                                   &other, sizeof other));
        EXPECT_EQ(me, kt_owner(s)) << "nothing has changed";
        kt_close(s);
    });
}

TEST_P(SocketOtpOf, AcceptedOnesHaveWhatTheirListenerHas)
{
    by_process_and_thread([] {
        const kt_ear quiet(KITH_LOG_NONE);
        const kt_place place(GetParam());
        const kith_socket l = kt_listen(place);
        const kith_rcvbuf v = {4, 1000};
        const std::uint64_t meta = 9;
        kith_rcvbuf theirs = {};
        std::uint64_t their_meta = 9;

        ASSERT_EQ(0, kith_socket_setopt_int(l, KITH_OPT_OTP_DEBUG, 1));
        ASSERT_EQ(0, kith_socket_setopt_int(l, KITH_OPT_OTP_IOW, 1));
        ASSERT_EQ(0, kith_socket_setopt(l, KITH_OPT_OTP_RCVBUF, &v, sizeof v));
        ASSERT_EQ(0, kith_socket_setopt_int(l, KITH_OPT_OTP_RCVCTRLBUF, 2000));
        ASSERT_EQ(0, kith_socket_setopt_int(l, KITH_OPT_OTP_SNDCTRLBUF, 3000));
        ASSERT_EQ(0, kith_socket_setopt_int(l, KITH_OPT_OTP_SNDQUEUE, 4000));
        ASSERT_EQ(0, kith_socket_setopt(l, KITH_OPT_OTP_META, &meta, sizeof meta));
        const kt_pair p = kt_connect(l);
        EXPECT_EQ(1, get(p.far, KITH_OPT_OTP_DEBUG));
        EXPECT_EQ(1, get(p.far, KITH_OPT_OTP_IOW));
        EXPECT_EQ(static_cast<std::ptrdiff_t>(sizeof theirs),
                  kith_socket_getopt(p.far, KITH_OPT_OTP_RCVBUF, &theirs, sizeof theirs));
        EXPECT_EQ(4u, theirs.n);
        EXPECT_EQ(1000u, theirs.size);
        EXPECT_EQ(2000, get(p.far, KITH_OPT_OTP_RCVCTRLBUF));
        EXPECT_EQ(3000, get(p.far, KITH_OPT_OTP_SNDCTRLBUF));
        EXPECT_EQ(4000, get(p.far, KITH_OPT_OTP_SNDQUEUE));
        EXPECT_EQ(8, kith_socket_getopt(p.far, KITH_OPT_OTP_META, &their_meta,
                                        sizeof their_meta));
        EXPECT_EQ(0u, their_meta) << "but this";
        EXPECT_EQ(0, get(p.near, KITH_OPT_OTP_IOW));
        kt_close(p);
        kt_close(l);
    });
}

TEST_F(SocketOtp, UseRegistryTellsHowItWasOpened)
{
    by_process_and_thread([] {
        for (const bool listed : {true, false}) {
            const kt_place place(kt_domain::inet6);
            kith_open_options o = KITH_OPEN_OPTIONS_INIT;
            kith_socket l;

            o.use_registry = listed;
            ASSERT_EQ(0, kith_socket_open(KITH_INET6, KITH_STREAM, 0, &o, &l));
            ASSERT_EQ(0, kith_socket_bind(l, &place.address()));
            ASSERT_EQ(0, kith_socket_listen(l, 1));
            const kt_pair p = kt_connect(l);
            EXPECT_EQ(listed, get(l, KITH_OPT_OTP_USE_REGISTRY));
            EXPECT_EQ(listed, get(p.far, KITH_OPT_OTP_USE_REGISTRY));
            EXPECT_EQ(1, get(p.near, KITH_OPT_OTP_USE_REGISTRY));
            kt_close(p);
            kt_close(l);
        }
    });
}

TEST_P(SocketOtp, ANewBufferThatIsNoneIsNull)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of();
        char other = 0;
        void *data = &other;

        EXPECT_EQ(KITH_EINVAL,
                  kith_socket_recv_new(p.far, &data, KITH_MSG_WAITALL, kt_long()));
        EXPECT_EQ(nullptr, data);
        kt_close(p);
        data = &other;
        EXPECT_EQ(KITH_ECLOSED, kith_socket_recv_new(p.far, &data, 0, kt_long()));
        EXPECT_EQ(nullptr, data);
    });
}

TEST_P(SocketOtp, AnOptionThatWorksLeavesNoPartOfAnEarlierCall)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of();
        char buf[8];
        int v = 0;

        ASSERT_EQ(3, kith_socket_send(p.near, "abc", 3, 0, kt_long()));
        const auto leave_part = [&] {
            ASSERT_EQ(3, kith_socket_recv(p.far, buf, 3, KITH_MSG_PEEK | KITH_MSG_WAITALL,
                                          kt_long()));
            ASSERT_EQ(KITH_ETIMEOUT,
                      kith_socket_recv(p.far, buf, sizeof buf, KITH_MSG_WAITALL, 0));
        };
        leave_part();
        EXPECT_EQ(3u, kith_partial());
        EXPECT_EQ(0, kith_socket_getopt_int(p.far, KITH_OPT_TCP_NODELAY, &v));
        EXPECT_EQ(0u, kith_partial());
        ASSERT_EQ(3, kith_socket_send(p.near, "abc", 3, 0, kt_long()));
        leave_part();
        EXPECT_EQ(3u, kith_partial());
        EXPECT_EQ(KITH_EINVAL, kith_socket_setopt_int(p.far, KITH_OPT_OTP_RCVBUF, -1));
        EXPECT_EQ(0u, kith_partial());
        kt_close(p);
    });
}

/* ---- space for control messages ---- */

TEST_F(SocketOtp, TooLittleSpaceForControlMessagesCutsThem)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_import();
        char c = 'x', space[KITH_CTRL_SPACE];
        kith_iov iov = KITH_IOV(c);
        int fds[2] = {-1, -1}, one = 1;
        kith_cmsg ctrl[4];
        kith_packet out = {}, in = {};

        /* Room for a header and nothing in it. */
        ASSERT_EQ(0, kith_socket_setopt_int(p.far, KITH_OPT_OTP_RCVCTRLBUF, CMSG_LEN(0)));
        out.iov = in.iov = &iov;
        out.n_iov = in.n_iov = 1;
        out.fds = &one;
        out.n_fds = 1;
        in.fds = fds;
        in.fds_cap = 2;
        in.ctrl = ctrl;
        in.ctrl_cap = 4;
        in.ctrl_space = KITH_IOV(space);
        ASSERT_EQ(1, kith_socket_sendmsg(p.near, &out, 0, kt_long()));
        ASSERT_EQ(1, kith_socket_recvmsg(p.far, &in, 0, kt_long()));
        EXPECT_TRUE(in.flags & KITH_MSG_CTRUNC);
        EXPECT_EQ(0u, in.n_fds);

        ASSERT_EQ(0, kith_socket_setopt_int(p.far, KITH_OPT_OTP_RCVCTRLBUF, 0));
        ASSERT_EQ(1, kith_socket_sendmsg(p.near, &out, 0, kt_long()));
        ASSERT_EQ(1, kith_socket_recvmsg(p.far, &in, 0, kt_long()));
        EXPECT_FALSE(in.flags & KITH_MSG_CTRUNC);
        ASSERT_EQ(1u, in.n_fds);
        close(fds[0]);
        kt_close(p);
    });
}

TEST_F(SocketOtp, TooLittleSpaceForControlMessagesSendsNothing)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_import();
        char c = 'x';
        kith_iov iov = KITH_IOV(c);
        int one = 1;
        kith_packet out = {};

        ASSERT_EQ(0, kith_socket_setopt_int(p.near, KITH_OPT_OTP_SNDCTRLBUF, CMSG_LEN(0)));
        out.iov = &iov;
        out.n_iov = 1;
        out.fds = &one;
        out.n_fds = 1;
        EXPECT_EQ(KITH_EMSGSIZE, kith_socket_sendmsg(p.near, &out, 0, kt_long()));
        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recv(p.far, &c, 1, 0, 0));
        ASSERT_EQ(0, kith_socket_setopt_int(p.near, KITH_OPT_OTP_SNDCTRLBUF, 0));
        EXPECT_EQ(1, kith_socket_sendmsg(p.near, &out, 0, kt_long()));
        kt_close(p);
    });
}

/* ---- iow ---- */

/* Sets the counters of a socket that this test may see inside of. */
struct near_wrap {
    std::uint64_t received, done;
};

int
bring_near(struct ki_socket *s, void *arg)
{
    const near_wrap *n = static_cast<near_wrap *>(arg);

    ki_store_rlx(&s->received, n->received);
    s->tally[KI_TALLY_READ].done = n->done;
    return 0;
}

void
bring(kith_socket s, std::uint64_t received, std::uint64_t done)
{
    near_wrap n = {received, done};

    ASSERT_EQ(0, ki_socket_call_self(s, bring_near, &n));
}

kith_counter_wrap
next_wrap()
{
    const kith_msg *m = nullptr;
    kith_counter_wrap w = {};

    EXPECT_EQ(0, kith_receive_tag(KITH_TAG_COUNTER_WRAP, &m, kt_long()));
    if (m && KITH_BODY(m, kith_counter_wrap))
        w = *KITH_BODY(m, kith_counter_wrap);
    return w;
}

TEST_P(SocketOtpOf, AWrapIsToldOnceWhenItIsAskedFor)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of(GetParam());
        char buf[64];

        bring(p.far, UINT64_MAX - 9, 100);
        ASSERT_EQ(0, kith_socket_setopt_int(p.far, KITH_OPT_OTP_IOW, 1));
        ASSERT_EQ(8, kith_socket_send(p.near, "12345678", 8, 0, kt_long()));
        ASSERT_EQ(8, kith_socket_recv(p.far, buf, sizeof buf, 0, kt_long()));
        kt_expect_no_message();
        ASSERT_EQ(8, kith_socket_send(p.near, "12345678", 8, 0, kt_long()));
        ASSERT_EQ(8, kith_socket_recv(p.far, buf, sizeof buf, 0, kt_long()));
        const kith_counter_wrap w = next_wrap();
        EXPECT_EQ(p.far.id, w.socket.id);
        EXPECT_EQ(KITH_COUNTER_READ_BYTE, w.counter);
        ASSERT_EQ(8, kith_socket_send(p.near, "12345678", 8, 0, kt_long()));
        ASSERT_EQ(8, kith_socket_recv(p.far, buf, sizeof buf, 0, kt_long()));
        kt_expect_no_message();
        kt_close(p);
    });
}

TEST_P(SocketOtpOf, AWrapIsNotToldWhenItIsNotAskedFor)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of(GetParam());
        char buf[64];

        for (const bool was_on : {false, true}) {
            bring(p.far, UINT64_MAX - 3, UINT64_MAX);
            if (was_on) {
                ASSERT_EQ(0, kith_socket_setopt_int(p.far, KITH_OPT_OTP_IOW, 1));
                ASSERT_EQ(0, kith_socket_setopt_int(p.far, KITH_OPT_OTP_IOW, 0));
            }
            ASSERT_EQ(8, kith_socket_send(p.near, "12345678", 8, 0, kt_long()));
            ASSERT_EQ(8, kith_socket_recv(p.far, buf, sizeof buf, 0, kt_long()));
            kt_expect_no_message();
            struct kith_socket_info info = KITH_SOCKET_INFO_INIT;
            ASSERT_EQ(0, kith_socket_info(p.far, &info));
            EXPECT_EQ(4u, info.counters.read_byte);
            EXPECT_EQ(0u, info.counters.read_pkg);
        }
        kt_close(p);
    });
}

TEST_P(SocketOtpOf, EachCounterThatWrapsIsTold)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of(GetParam());
        char buf[64];
        bool seen[3] = {};

        bring(p.far, UINT64_MAX - 3, UINT64_MAX);
        ASSERT_EQ(0, kith_socket_setopt_int(p.far, KITH_OPT_OTP_IOW, 1));
        ASSERT_EQ(8, kith_socket_send(p.near, "12345678", 8, 0, kt_long()));
        ASSERT_EQ(8, kith_socket_recv(p.far, buf, 8, KITH_MSG_WAITALL, kt_long()));
        for (int i = 0; i < 3; i++) {
            const int c = next_wrap().counter;

            ASSERT_TRUE(c == KITH_COUNTER_READ_PKG || c == KITH_COUNTER_READ_BYTE ||
                        c == KITH_COUNTER_READ_TRIES)
                << c;
            seen[c == KITH_COUNTER_READ_PKG    ? 0
                 : c == KITH_COUNTER_READ_BYTE ? 1
                                               : 2] = true;
        }
        EXPECT_TRUE(seen[0] && seen[1] && seen[2]);
        kt_expect_no_message();
        kt_close(p);
    });
}

/* Many packets of one call are one try, and no counter goes back for that. */
TEST_P(SocketOtpOf, ManyPacketsOfOneCallWrapNothing)
{
    by_process_and_thread([] {
        const kt_dgrams d(GetParam());
        char buf[4][8];
        kith_iov iov[4];
        kith_packet many[4] = {};

        ASSERT_EQ(0, kith_socket_setopt_int(d.far, KITH_OPT_OTP_IOW, 1));
        ASSERT_EQ(0, kith_socket_setopt_int(d.near, KITH_OPT_OTP_IOW, 1));
        for (int i = 0; i < 4; i++) {
            iov[i] = {buf[i], 3};
            many[i].iov = &iov[i];
            many[i].n_iov = 1;
            many[i].addr = d.far_name;
        }
        for (int round = 0; round < 3; round++) {
            ASSERT_EQ(4, kith_socket_sendmmsg(d.near, many, 4, 0, kt_long()));
            ASSERT_EQ(4, kith_socket_recvmmsg(d.far, many, 4, KITH_MSG_WAITALL, kt_long()));
            for (kith_packet &p : many)
                p.addr = d.far_name;
            ASSERT_EQ(3, kith_socket_sendto(d.near, "abc", 3, &d.far_name, 0, kt_long()));
            ASSERT_EQ(3, kith_socket_recv(d.far, buf[0], 8, 0, kt_long()));
        }
        kt_expect_no_message();
        d.close();
    });
}

TEST_P(SocketOtpOf, TheOwnerIsTold)
{
    in_process([this] {
        const kt_pair p = kt_pair_of(GetParam());
        const kith_pid owner = spawn([&] {
            EXPECT_EQ(1u, kt_receive()->tag); /* it is given */
            EXPECT_EQ(KITH_COUNTER_READ_BYTE, next_wrap().counter);
        });
        char buf[64];

        bring(p.far, UINT64_MAX - 3, 100);
        ASSERT_EQ(0, kith_socket_setopt_int(p.far, KITH_OPT_OTP_IOW, 1));
        ASSERT_EQ(0, kith_socket_give(p.far, owner, 1));
        ASSERT_EQ(8, kith_socket_send(p.near, "12345678", 8, 0, kt_long()));
        ASSERT_EQ(8, kith_socket_recv(p.far, buf, sizeof buf, 0, kt_long()));
        ASSERT_EQ(0, kith_wait(owner, nullptr, kt_long()));
        kt_expect_no_message();
        kt_close(p.near);
    });
}

/* ---- debug ---- */

std::string
name_of(kith_socket s)
{
    return "socket <" + std::to_string(ki_id_index(s.id)) + "." +
           std::to_string(ki_id_generation(s.id)) + "> fd " +
           std::to_string(get(s, KITH_OPT_OTP_FD)) + " ";
}

TEST_P(SocketOtpOf, ATraceHasALineForEachOperation)
{
    in_process([this] {
        kt_ear ear;
        const kt_place place(GetParam());
        kith_open_options o = KITH_OPEN_OPTIONS_INIT;
        kith_socket l;
        char buf[64];

        o.debug = true;
        ASSERT_EQ(0, kith_socket_open(place.domain(), KITH_STREAM, 0, &o, &l));
        const std::string its = name_of(l);
        ASSERT_EQ(0, kith_socket_bind(l, &place.address()));
        EXPECT_LT(kith_socket_bind(l, &place.address()), 0);
        ASSERT_EQ(0, kith_socket_listen(l, 1));
        const kt_pair p = kt_connect(l);
        const std::string theirs = name_of(p.far);

        const kith_pid reader = spawn([&] {
            EXPECT_EQ(5, kith_socket_recv(p.far, buf, sizeof buf, 0, KITH_INFINITY));
        });
        ASSERT_TRUE(kt_eventually([&] { return kt_waits(reader, "socket_recv"); }));
        ASSERT_EQ(5, kith_socket_send(p.near, "hello", 5, 0, kt_long()));
        ASSERT_EQ(0, kith_wait(reader, nullptr, kt_long()));
        ASSERT_EQ(3, kith_socket_send(p.far, "you", 3, 0, kt_long()));
        EXPECT_EQ(KITH_ETIMEOUT,
                  kith_socket_recv(p.far, buf, sizeof buf, 0, kt_patience(2)));
        const kith_pid two[] = {spawn([&] {
                                    EXPECT_EQ(KITH_ECANCELED,
                                              kith_socket_recv(p.far, buf, sizeof buf, 0,
                                                               KITH_INFINITY));
                                }),
                                spawn([&] {
                                    kith_socket c;

                                    EXPECT_EQ(KITH_ECLOSED,
                                              kith_socket_accept(l, KITH_INFINITY, &c));
                                })};
        ASSERT_TRUE(kt_eventually([&] {
            return kt_waits(two[0], "socket_recv") && kt_waits(two[1], "socket_accept");
        }));
        ASSERT_EQ(0, kith_socket_cancel(p.far, KITH_OP_RECV));
        ASSERT_EQ(0, kith_wait(two[0], nullptr, kt_long()));
        kt_close(p.far);
        kt_close(l);
        ASSERT_EQ(0, kith_wait(two[1], nullptr, kt_long()));
        ASSERT_TRUE(kt_eventually([&] { return ear.count(its + "close") == 1; }));
        EXPECT_EQ(1u, ear.count(theirs + "recv: ecanceled after "));
        EXPECT_EQ(1u, ear.count(its + "accept: closed after "));
        EXPECT_EQ(1u, ear.count(its + "open"));
        EXPECT_EQ(1u, ear.count(its + "bind: ok"));
        EXPECT_EQ(1u, ear.count(its + "bind: e"));
        EXPECT_EQ(1u, ear.count(its + "listen: ok"));
        EXPECT_EQ(1u, ear.count(its + "accept: " + theirs.substr(0, theirs.find('>'))));
        EXPECT_EQ(3u, ear.count(theirs + "recv waits"));
        EXPECT_EQ(1u, ear.count(theirs + "recv: 5 bytes after "));
        EXPECT_EQ(1u, ear.count(theirs + "send: 3 bytes\n"));
        EXPECT_EQ(1u, ear.count(theirs + "recv: timeout after "));
        EXPECT_EQ(1u, ear.count(theirs + "close"));
        kt_close(p.near);
    });
}

TEST_P(SocketOtpOf, ATraceKnowsASendfile)
{
    by_process_and_thread([] {
        kt_ear ear;
        const kt_pair p = kt_pair_of(GetParam());
        std::FILE *f = std::tmpfile();

        ASSERT_NE(nullptr, f);
        ASSERT_EQ(6, std::fprintf(f, "abcdef"));
        ASSERT_EQ(0, std::fflush(f));
        ASSERT_EQ(0, kith_socket_setopt_int(p.near, KITH_OPT_OTP_DEBUG, 1));
        const std::string its = name_of(p.near);
        ASSERT_EQ(6, kith_socket_sendfile(p.near, fileno(f), 0, 0, kt_long()));
        kt_fill(p.near);
        EXPECT_EQ(KITH_ETIMEOUT,
                  kith_socket_sendfile(p.near, fileno(f), 0, 0, kt_patience(50)));
        kt_close(p.near);
        ASSERT_TRUE(kt_eventually([&] { return ear.count(its + "close") == 1; }));
        EXPECT_EQ(1u, ear.count(its + "sendfile: 6 bytes\n"));
        EXPECT_EQ(1u, ear.count(its + "sendfile: timeout"));
        EXPECT_EQ(0u, ear.count(its + "connect"));
        std::fclose(f);
        kt_close(p.far);
    });
}

TEST_P(SocketOtpOf, ATraceOfConnectingAndItsFailure)
{
    by_process_and_thread([] {
        kt_ear ear;
        const kt_place place(GetParam());
        const kith_socket l = kt_listen(place), s = kt_open(place.domain()),
                          late = kt_open(place.domain());
        const kith_sockaddr name = kt_name_of(l);
        kith_socket c;
        char b;

        for (const kith_socket x : {s, late})
            ASSERT_EQ(0, kith_socket_setopt_int(x, KITH_OPT_OTP_DEBUG, 1));
        const std::string its = name_of(s), lates = name_of(late);
        ASSERT_EQ(0, kith_socket_connect(s, &name, kt_long()));
        ASSERT_EQ(0, kith_socket_accept(l, kt_long(), &c));
        kt_close(l);
        EXPECT_LT(kith_socket_connect(late, &name, kt_long()), 0);
        kt_close(c);
        ASSERT_EQ(0, kith_socket_recv(s, &b, 1, 0, kt_long()));
        ASSERT_EQ(0, kith_socket_shutdown(s, KITH_SHUT_WRITE));
        EXPECT_EQ(KITH_EPIPE, kith_socket_send(s, "x", 1, 0, kt_long()));
        ASSERT_EQ(0, kith_socket_setopt_int(s, KITH_OPT_OTP_DEBUG, 0));
        EXPECT_EQ(KITH_EPIPE, kith_socket_send(s, "x", 1, 0, kt_long()));
        kt_close(s);
        kt_close(late);
        ASSERT_TRUE(kt_eventually([&] { return ear.count(lates + "close") == 1; }));
        EXPECT_EQ(1u, ear.count(its + "connect: ok"));
        EXPECT_EQ(0u, ear.count(lates + "connect: ok"));
        EXPECT_EQ(1u, ear.count(lates + "connect: e"));
        EXPECT_EQ(1u, ear.count(its + "recv: the peer has ended"));
        EXPECT_EQ(1u, ear.count(its + "shutdown: ok"));
        EXPECT_EQ(1u, ear.count(its + "send: epipe"));
        EXPECT_EQ(0u, ear.count(its + "close")) << "it was turned off";
    });
}

/* ---- recv_new ---- */

std::string
take(std::ptrdiff_t n, void *data)
{
    const std::string text(static_cast<const char *>(data),
                           n > 0 ? static_cast<std::size_t>(n) : 0);

    kith_free(data);
    return text;
}

/* Bytes that have all arrived. */
void
deliver(const kt_pair &p, const std::string &text)
{
    std::vector<char> buf(text.size());

    ASSERT_EQ(static_cast<std::ptrdiff_t>(text.size()),
              kith_socket_send(p.near, text.data(), text.size(), 0, kt_long()));
    ASSERT_EQ(static_cast<std::ptrdiff_t>(text.size()),
              kith_socket_recv(p.far, buf.data(), buf.size(),
                               KITH_MSG_PEEK | KITH_MSG_WAITALL, kt_long()));
}

TEST_P(SocketOtpOf, ANewBufferHoldsWhatIsThere)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of(GetParam());
        void *data = nullptr;

        deliver(p, "hello");
        ASSERT_EQ(5, kith_socket_recv_new(p.far, &data, 0, kt_long()));
        EXPECT_EQ("hello", take(5, data));

        deliver(p, "look");
        ASSERT_EQ(4, kith_socket_recv_new(p.far, &data, KITH_MSG_PEEK, kt_long()));
        EXPECT_EQ("look", take(4, data));
        ASSERT_EQ(4, kith_socket_recv_new(p.far, &data, 0, kt_long()));
        EXPECT_EQ("look", take(4, data));

        data = &data;
        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recv_new(p.far, &data, 0, 0));
        EXPECT_EQ(nullptr, data);
        EXPECT_EQ(0u, kith_partial());
        ASSERT_EQ(0, kith_socket_shutdown(p.near, KITH_SHUT_WRITE));
        data = &data;
        EXPECT_EQ(0, kith_socket_recv_new(p.far, &data, 0, kt_long()));
        EXPECT_EQ(nullptr, data);
        kt_close(p);
    });
}

TEST_P(SocketOtpOf, ANumberAloneIsOneRead)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of(GetParam());
        void *data = nullptr;

        deliver(p, std::string(100, 'x'));
        ASSERT_EQ(0, kith_socket_setopt_int(p.far, KITH_OPT_OTP_RCVBUF, 30));
        for (const int n : {30, 30, 30, 10}) {
            ASSERT_EQ(n, kith_socket_recv_new(p.far, &data, 0, kt_long()));
            kith_free(data);
        }
        kt_close(p);
    });
}

TEST_P(SocketOtpOf, ByDefaultARead8KiBAtMost)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of(GetParam());
        void *data = nullptr;

        deliver(p, std::string(10000, 'x'));
        ASSERT_EQ(8192, kith_socket_recv_new(p.far, &data, 0, kt_long()));
        kith_free(data);
        ASSERT_EQ(10000 - 8192, kith_socket_recv_new(p.far, &data, 0, kt_long()));
        kith_free(data);
        kt_close(p);
    });
}

TEST_P(SocketOtpOf, FullBuffersAreReadOnUpToTheirNumber)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of(GetParam());
        const kith_rcvbuf v = {3, 20};
        std::string text;
        void *data = nullptr;

        for (int i = 0; i < 100; i++)
            text += static_cast<char>('a' + i % 26);
        ASSERT_EQ(0, kith_socket_setopt(p.far, KITH_OPT_OTP_RCVBUF, &v, sizeof v));
        deliver(p, text);
        ASSERT_EQ(60, kith_socket_recv_new(p.far, &data, 0, kt_long()));
        EXPECT_EQ(text.substr(0, 60), take(60, data));
        ASSERT_EQ(40, kith_socket_recv_new(p.far, &data, 0, kt_long()))
            << "two full ones, and then nothing: it does not wait";
        EXPECT_EQ(text.substr(60), take(40, data));
        deliver(p, text.substr(0, 30));
        ASSERT_EQ(30, kith_socket_recv_new(p.far, &data, 0, kt_long()));
        EXPECT_EQ(text.substr(0, 30), take(30, data));
        deliver(p, text.substr(0, 20));
        ASSERT_EQ(0, kith_socket_shutdown(p.near, KITH_SHUT_WRITE));
        ASSERT_EQ(20, kith_socket_recv_new(p.far, &data, 0, kt_long()));
        kith_free(data);
        EXPECT_EQ(0, kith_socket_recv_new(p.far, &data, 0, kt_long())) << "then the end";
        kt_close(p);
    });
}

TEST_P(SocketOtpOf, ANewBufferIsWaitedForAndRightSized)
{
    in_process([this] {
        const kt_pair p = kt_pair_of(GetParam());
        const kith_pid reader = spawn([&] {
            void *data = nullptr;

            EXPECT_EQ(4, kith_socket_recv_new(p.far, &data, 0, KITH_INFINITY));
            EXPECT_EQ("data", take(4, data));
        });

        ASSERT_TRUE(kt_eventually([&] { return kt_waits(reader, "socket_recv"); }));
        ASSERT_EQ(4, kith_socket_send(p.near, "data", 4, 0, kt_long()));
        ASSERT_EQ(0, kith_wait(reader, nullptr, kt_long()));
        kt_close(p);
    });
}

TEST_P(SocketOtp, OfPacketsANewBufferHoldsOne)
{
    by_process_and_thread([] {
        const kith_sockaddr any = kt_loopback();
        void *data = nullptr;
        kith_socket a, b;

        ASSERT_EQ(0, kith_socket_open(kt_inet(), KITH_DGRAM, 0, nullptr, &a));
        ASSERT_EQ(0, kith_socket_open(kt_inet(), KITH_DGRAM, 0, nullptr, &b));
        ASSERT_EQ(0, kith_socket_bind(a, &any));
        const kith_sockaddr name = kt_name_of(a);
        ASSERT_EQ(0, kith_socket_setopt_int(a, KITH_OPT_OTP_RCVBUF, 4));
        for (const std::size_t n : {4, 0, 3})
            ASSERT_EQ(static_cast<std::ptrdiff_t>(n),
                      kith_socket_sendto(b, "1234", n, &name, 0, kt_long()));
        ASSERT_EQ(4, kith_socket_recv_new(a, &data, 0, kt_long()));
        EXPECT_EQ("1234", take(4, data));
        ASSERT_EQ(0, kith_socket_recv_new(a, &data, 0, kt_long()));
        EXPECT_EQ(nullptr, data);
        ASSERT_EQ(3, kith_socket_recv_new(a, &data, 0, kt_long()));
        EXPECT_EQ("123", take(3, data));
        kt_close(a);
        kt_close(b);
    });
}

TEST_F(SocketOtp, ANewBufferRefusesWhatMakesNoSense)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_import();
        void *data;

        EXPECT_EQ(KITH_EINVAL, kith_socket_recv_new(p.far, nullptr, 0, 0));
        EXPECT_EQ(KITH_EINVAL, kith_socket_recv_new(p.far, &data, KITH_MSG_WAITALL, 0));
        EXPECT_EQ(KITH_EINVAL, kith_socket_recv_new(p.far, &data, KITH_MSG_TRUNC, 0));
        kt_close(p);
        EXPECT_EQ(KITH_ECLOSED, kith_socket_recv_new(p.far, &data, 0, kt_long()));
    });
}

TEST_F(SocketOtp, WhatIsReadDiesWithItsProcess)
{
    in_process([this] {
        const kt_pair p = kt_pair_import();
        const kith_pid reader = spawn([&] {
            void *data;

            kt_ignore(kith_socket_recv_new(p.far, &data, 0, KITH_INFINITY));
        });

        ASSERT_TRUE(kt_eventually([&] { return kt_waits(reader, "socket_recv"); }));
        kill(reader);
        kt_close(p); /* the leak checkers say whether anything stayed */
    });
}

}    // namespace
