/* SPDX-License-Identifier: Apache-2.0
 * socket_open_netns_test.cc -- sockets opened in other network namespaces. */
#include "tests/support/netns.h"
#include "tests/support/sockets.h"

#include "core/offload.h"
#include "core/seam.h"

#include <atomic>
#include <cstring>
#include <filesystem>
#include <set>
#include <string>

#include <unistd.h>

namespace
{

int
open_in(const std::string &path, int domain, int type, kith_socket *s)
{
    kith_open_options o = KITH_OPEN_OPTIONS_INIT;

    o.netns = path.c_str();
    return kith_socket_open(domain, type, 0, &o, s);
}

kith_socket
must_open(const kt_netns &n, int domain, int type)
{
    kith_socket s = {0};

    EXPECT_EQ(0, open_in(n.path(), domain, type, &s));
    return s;
}

/* The namespaces that the threads of this program are in. One that ends just now is in none. */
std::set<std::string>
namespaces()
{
    std::set<std::string> all;

    for (const auto &task : std::filesystem::directory_iterator("/proc/self/task")) {
        char name[64];
        const ssize_t n = readlink((task.path() / "ns/net").c_str(), name, sizeof name);

        if (n > 0)
            all.emplace(name, static_cast<std::size_t>(n));
    }
    return all;
}

bool
all_at_home()
{
    return namespaces().size() == 1;
}

using OpenNetns = kt_inets<>;
using OpenNetnsAny = kt_inets<>;

KT_INETS(OpenNetns);
KT_INETS(OpenNetnsAny);

TEST_P(OpenNetns, ConnectionsAreMadeInside)
{
    KT_NEEDS_NETNS();
    by_process_and_thread([] {
        const kt_netns n;
        const kith_sockaddr at = kt_loopback();
        const kith_socket l = must_open(n, kt_inet(), KITH_STREAM);
        const kith_socket c = must_open(n, kt_inet(), KITH_STREAM);
        kith_socket far;
        char buf[4];
        int v = 0;

        EXPECT_EQ(kith_self(), kt_owner(c));
        EXPECT_EQ(0, kith_socket_getopt_int(c, KITH_OPT_OTP_PROTOCOL, &v));
        EXPECT_EQ(KITH_TCP, v);
        ASSERT_EQ(0, kith_socket_bind(l, &at));
        ASSERT_EQ(0, kith_socket_listen(l, 0));
        const kith_sockaddr name = kt_name_of(l);
        ASSERT_EQ(0, kith_socket_connect(c, &name, kt_long()));
        ASSERT_EQ(0, kith_socket_accept(l, kt_long(), &far));
        ASSERT_EQ(4, kith_socket_send(c, "ping", 4, 0, kt_long()));
        ASSERT_EQ(4, kith_socket_recv(far, buf, 4, KITH_MSG_WAITALL, kt_long()));
        EXPECT_EQ("ping", std::string(buf, 4));
        for (kith_socket s : {l, c, far})
            kt_close(s);
    });
}

TEST_P(OpenNetns, ThePortIsAnothersHere)
{
    KT_NEEDS_NETNS();
    by_process_and_thread([] {
        const kt_netns n;
        const kith_sockaddr at = kt_loopback();
        kith_socket here;
        char buf[4];

        ASSERT_EQ(0, kith_socket_open(kt_inet(), KITH_DGRAM, 0, nullptr, &here));
        ASSERT_EQ(0, kith_socket_bind(here, &at));
        const kith_sockaddr name = kt_name_of(here);
        const kith_socket there = must_open(n, kt_inet(), KITH_DGRAM);
        const kith_socket from = must_open(n, kt_inet(), KITH_DGRAM);

        ASSERT_EQ(0, kith_socket_bind(there, &name)) << "the same port";
        ASSERT_EQ(4, kith_socket_sendto(from, "ping", 4, &name, 0, kt_long()));
        EXPECT_EQ(4, kith_socket_recv(there, buf, 4, 0, kt_long()));
        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recv(here, buf, 4, 0, 0)) << "it never left";
        for (kith_socket s : {here, there, from})
            kt_close(s);
    });
}

TEST_P(OpenNetnsAny, NoThreadStaysThere)
{
    KT_NEEDS_NETNS();
    in_process([] {
        const kt_netns n;
        kith_socket s;

        ASSERT_TRUE(kt_eventually(all_at_home)) << "those of the test have ended";
        for (int i = 0; i < 20; i++) {
            ASSERT_EQ(0, open_in(n.path(), kt_inet(), KITH_STREAM, &s));
            EXPECT_TRUE(all_at_home());
            kt_close(s);
            EXPECT_EQ(KITH_ESOCKTNOSUPPORT, open_in(n.path(), kt_inet(), KITH_RDM, &s));
            EXPECT_TRUE(all_at_home()) << "nor after a failure";
        }
    });
}

TEST_P(OpenNetnsAny, WhatCannotBeOpenedHasACodeAndLeavesNothing)
{
    KT_NEEDS_NETNS();
    by_process_and_thread([] {
        kith_open_options o = KITH_OPEN_OPTIONS_INIT;
        kith_socket s = {7};

        EXPECT_EQ(KITH_ENOENT,
                  open_in("/var/run/netns/there is none", kt_inet(), KITH_STREAM, &s));
        EXPECT_EQ(KITH_EINVAL, open_in("/dev/null", kt_inet(), KITH_STREAM, &s));
        EXPECT_EQ(KITH_EINVAL, open_in("/proc/self/ns/uts", kt_inet(), KITH_STREAM, &s));
        EXPECT_EQ(KITH_EINVAL, open_in("/proc/self/ns/net", 99, KITH_STREAM, &s));
        EXPECT_EQ(KITH_EINVAL, open_in("/proc/self/ns/net", kt_inet(), 99, &s));
        EXPECT_EQ(KITH_EAFNOSUPPORT, open_in("/proc/self/ns/net", KITH_LINK, KITH_RAW, &s));
        o.netns = "/proc/self/ns/net";
        o.fd = 0;
        EXPECT_EQ(KITH_EINVAL, kith_socket_open(0, 0, 0, &o, &s))
            << "it is somewhere already";
        EXPECT_EQ(7u, s.id);
    });
}

TEST_P(OpenNetnsAny, AFutureBringsTheSocket)
{
    KT_NEEDS_NETNS();
    by_process_and_thread([] {
        const std::string path = "/proc/self/ns/net";
        kith_open_options o = KITH_OPEN_OPTIONS_INIT;
        kith_future f;
        kith_socket s;

        for (const char *netns : {path.c_str(), static_cast<const char *>(nullptr)}) {
            o.netns = netns;
            ASSERT_EQ(0, kith_socket_open_start(kt_inet(), KITH_DGRAM, 0, &o, &f));
            EXPECT_EQ(KITH_EINVAL, kith_await(f, kt_long())) << "the result is a handle";
            ASSERT_EQ(0, kith_await_socket(f, kt_long(), &s));
            EXPECT_EQ(kith_self(), kt_owner(s));
            kt_close(s);
        }
        o.netns = "/none";
        ASSERT_EQ(0, kith_socket_open_start(kt_inet(), KITH_DGRAM, 0, &o, &f));
        EXPECT_EQ(KITH_ENOENT, kith_await_socket(f, kt_long(), &s));

        EXPECT_EQ(KITH_EINVAL, kith_socket_open_start(99, KITH_DGRAM, 0, &o, &f));
        EXPECT_EQ(KITH_EINVAL, kith_socket_open_start(kt_inet(), 0, 0, &o, &f));
        EXPECT_EQ(KITH_EINVAL,
                  kith_socket_open_start(kt_inet(), KITH_DGRAM, 0, &o, nullptr));
        o.netns = nullptr;
        o.fd = 0;
        EXPECT_EQ(KITH_EINVAL, kith_socket_open_start(kt_inet(), KITH_DGRAM, 0, &o, &f));
    });
}

/* ---- handlers ---- */

struct seen {
    std::atomic<int> open{0}, start{1}, result{1}, closed{1};
};

seen handler_saw;

int
ask(void *, const kith_msg *)
{
    kith_open_options o = KITH_OPEN_OPTIONS_INIT;
    kith_socket s;
    kith_future f;

    o.netns = "/proc/self/ns/net";
    handler_saw.open = kith_socket_open(kt_inet(), KITH_DGRAM, 0, &o, &s);
    handler_saw.start = kith_socket_open_start(kt_inet(), KITH_DGRAM, 0, &o, &f);
    if (handler_saw.start == 0)
        kith_future_to_mailbox(f);
    return KITH_CONTINUE;
}

int
told(void *, const kith_msg *m)
{
    if (m->tag != KITH_TAG_FUTURE)
        return KITH_CONTINUE;
    const auto *done = static_cast<const kith_done *>(m->data);

    handler_saw.closed = done->result == 0 ? kith_socket_close(done->socket) : 1;
    handler_saw.result = static_cast<int>(done->result);
    return KITH_DONE;
}

TEST_P(OpenNetnsAny, AHandlerHasTheStart)
{
    KT_NEEDS_NETNS();
    static kith_server handler;
    kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;
    kith_pid pid;
    kith_ref ref;

    handler = {};
    handler.cast = ask;
    handler.info = told;
    o.monitor = &ref;
    handler_saw.result = 1;
    ASSERT_EQ(0, kith_server_start(&handler, &o, nullptr, 0, &pid));
    ASSERT_EQ(0, kith_cast(pid, 1, nullptr, 0));
    EXPECT_EQ(KITH_NORMAL, kt_why(ref).kind);
    EXPECT_EQ(KITH_EHANDLER, handler_saw.open);
    EXPECT_EQ(0, handler_saw.start);
    EXPECT_EQ(0, handler_saw.result);
    EXPECT_EQ(0, handler_saw.closed);
}

/* ---- slow namespaces ---- */

/* The opening waits, on the side pool, until it may go on. */
std::atomic<bool> opening_may_end;
std::atomic<int> openings;
int (*really)(const char *, int, int, int);

int
slowly(const char *path, int domain, int type, int protocol)
{
    openings++;
    while (!opening_may_end)
        kt_pause_ms(1);
    return really(path, domain, type, protocol);
}

class OpenNetnsSlow : public kt_inets<> {
  protected:
    void SetUp() override
    {
        opening_may_end = false;
        openings = 0;
        really = ki_seam.socket_in;
        ki_seam.socket_in = slowly;
        kt_inets::SetUp();
    }

    void TearDown() override
    {
        let_end();
        kt_inets::TearDown();
        ki_seam.socket_in = really;
    }

    /* Descriptors that nobody takes are closed by then; the test fails if one is left. */
    static void let_end()
    {
        opening_may_end = true;
        EXPECT_TRUE(kt_until([] { return ki_offload_busy() == 0; }));
    }
};

KT_INETS(OpenNetnsSlow);

TEST_P(OpenNetnsSlow, WhoIsKilledWaitsNoMore)
{
    KT_NEEDS_NETNS();
    const kith_pid pid = spawn([] {
        kith_open_options o = KITH_OPEN_OPTIONS_INIT;
        kith_socket s;

        o.netns = "/proc/self/ns/net";
        kt_ignore(kith_socket_open(kt_inet(), KITH_DGRAM, 0, &o, &s));
    });

    ASSERT_TRUE(kt_until([&] { return openings == 1 && kt_waits(pid, "socket_open"); }));
    kill(pid);
    let_end();
}

TEST_P(OpenNetnsSlow, ACancelledOpeningLeavesNothing)
{
    KT_NEEDS_NETNS();
    in_process([] {
        kith_open_options o = KITH_OPEN_OPTIONS_INIT;
        kith_future f;
        kith_socket s;

        o.netns = "/proc/self/ns/net";
        ASSERT_EQ(0, kith_socket_open_start(kt_inet(), KITH_DGRAM, 0, &o, &f));
        ASSERT_TRUE(kt_eventually([] { return openings == 1; }));
        EXPECT_EQ(0, kith_cancel(f));
        EXPECT_EQ(KITH_ECLOSED, kith_await_socket(f, 0, &s));
    });
    let_end();
}

std::ptrdiff_t
descriptors()
{
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
}

TEST_P(OpenNetnsSlow, OneThatHasComeDiesWithItsStarter)
{
    KT_NEEDS_NETNS();
    const std::ptrdiff_t before = descriptors();

    in_process([] {
        kith_open_options o = KITH_OPEN_OPTIONS_INIT;
        kith_future f;

        opening_may_end = true;
        o.netns = "/proc/self/ns/net";
        ASSERT_EQ(0, kith_socket_open_start(kt_inet(), KITH_DGRAM, 0, &o, &f));
        ASSERT_EQ(0, kith_await_any(&f, 1, kt_long()));
    });
    EXPECT_EQ(before, descriptors()) << "it is closed when its starter is dead";
}

TEST_P(OpenNetnsSlow, NobodyElseWaits)
{
    KT_NEEDS_NETNS();
    in_process([this] {
        std::atomic<int> rc{1};
        const kith_pid opener = spawn([&] {
            kith_socket s;

            rc = open_in("/proc/self/ns/net", kt_inet(), KITH_DGRAM, &s);
        });

        ASSERT_TRUE(kt_eventually([] { return openings == 1; }));
        const kt_pair c = kt_pair_of();
        char byte;
        for (int i = 0; i < 100; i++) {
            ASSERT_EQ(1, kith_socket_send(c.near, "x", 1, 0, kt_long()));
            ASSERT_EQ(1, kith_socket_recv(c.far, &byte, 1, 0, kt_long()));
        }
        kt_close(c);
        EXPECT_EQ(1, rc);
        opening_may_end = true;
        EXPECT_EQ(0, kith_wait(opener, nullptr, kt_long()));
        EXPECT_EQ(0, rc);
    });
}

}    // namespace
