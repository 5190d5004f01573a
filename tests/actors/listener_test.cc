/* SPDX-License-Identifier: Apache-2.0
 * listener_test.cc -- listeners: how they start, whom they take, what they give each connection. */
#include "tests/support/listeners.h"

#include "core/fiber.h"
#include "core/opword.h"
#include "core/sched.h"
#include "core/seam.h"
#include "core/timers.h"

extern "C" {
#include "actors/proc.h"
}

#include <atomic>
#include <cstring>
#include <fstream>
#include <mutex>
#include <string>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

namespace
{

const kith_reason of_kill = {KITH_KILL, 0, ""};

using Listener = kt_inets<>;

KT_INETS(Listener);

class ListenerAt : public kt_sockets, public testing::WithParamInterface<kt_domain> {};

INSTANTIATE_TEST_SUITE_P(, ListenerAt, testing::ValuesIn(kt_all_domains),
                         kt_domain_of_test);

TEST_P(ListenerAt, ServesAndLeavesTheAddressToTheNext)
{
    const kt_place place(GetParam());
    std::string where = kt_text(place.address());

    by_process_and_thread([&] {
        for (int round = 0; round < 2; round++) {
            const kith_pid pid = kt_start(kt_listener_of(kt_echo), where);
            const kith_socket a = kt_dial(pid), b = kt_dial(pid);

            where = kt_text(kt_name_of(pid));
            EXPECT_TRUE(kt_echoes(a));
            EXPECT_TRUE(kt_echoes(b));
            EXPECT_TRUE(kt_echoes(a));
            EXPECT_EQ(2u, kt_look(pid).accepted);
            EXPECT_EQ(2u, kt_look(pid).connections);
            EXPECT_EQ(where, kt_text(kt_look(pid).address));
            kt_close(a);
            kt_close(b);
            EXPECT_EQ(0, kith_listener_stop(pid, kt_long()));
            EXPECT_EQ(KITH_ENOPROC, kith_listener_stop(pid, 0));
        }
    });
}

/* ---- what a connection gets ---- */

struct asked {
    char text[24];
    std::uint64_t number;
};

int
say_what_was_given(kith_socket s, void *arg)
{
    auto *a = static_cast<asked *>(arg);
    const std::ptrdiff_t n = kith_socket_send(s, a, sizeof *a, 0, kt_long());

    std::memset(a, 0, sizeof *a); /* its own copy */
    return n < 0 ? static_cast<int>(n) : 0;
}

TEST_P(Listener, GivesEachConnectionItsSocketAndACopyOfTheArgument)
{
    in_process([] {
        kith_listener l = kt_listener_of(say_what_was_given);
        asked a = {"for each its own", 4711}, got;

        l.arg = &a;
        l.len = sizeof a;
        const kith_pid pid = kt_start(l);
        a = {};
        for (int i = 0; i < 3; i++) {
            const kith_socket c = kt_dial(pid);

            ASSERT_EQ(static_cast<std::ptrdiff_t>(sizeof got),
                      kith_socket_recv(c, &got, sizeof got, KITH_MSG_WAITALL, kt_long()));
            EXPECT_STREQ("for each its own", got.text);
            EXPECT_EQ(4711u, got.number);
            EXPECT_TRUE(kt_has_ended(c));
            kt_close(c);
        }
        EXPECT_EQ(0, kith_listener_stop(pid, kt_long()));
    });
}

/* A server a connection: it echoes byte for byte, without a stack or with one, and says at first what
 * it was given. */
struct echoing {
    kith_socket socket;
    kith_sockaddr peer;
    char byte;
};

std::atomic<int> terminated, terminated_code;

int
read_next(echoing *e)
{
    kith_future f;
    const int rc = kith_socket_recv_start(e->socket, &e->byte, 1, 0, KITH_INFINITY, &f);

    if (rc == 0)
        kith_future_to_mailbox(f);
    return rc;
}

int
write_start(kith_socket s, const void *bytes, std::size_t len)
{
    kith_future f;
    const int rc = kith_socket_send_start(s, bytes, len, 0, KITH_INFINITY, &f);

    if (rc == 0)
        kith_future_to_mailbox(f);
    return rc;
}

int
echo_init(void *state, void *arg)
{
    auto *e = static_cast<echoing *>(state);
    const auto *a = static_cast<const kith_accepted *>(arg);

    e->socket = a->socket;
    e->peer = a->peer;
    if (a->arg == nullptr)
        return read_next(e);
    EXPECT_STREQ("for each its own", static_cast<const asked *>(a->arg)->text);
    EXPECT_EQ(4711u, static_cast<const asked *>(a->arg)->number);
    const int rc = write_start(e->socket, &e->peer, sizeof e->peer);
    return rc < 0 ? rc : read_next(e);
}

int
echo_info(void *state, const kith_msg *m)
{
    auto *e = static_cast<echoing *>(state);
    const auto *d = KITH_BODY(m, kith_done);

    if (m->tag != KITH_TAG_FUTURE || d == nullptr)
        return KITH_CONTINUE;
    if (d->result <= 0)
        return KITH_DONE;
    if (d->result > 1) /* the first word went */
        return KITH_CONTINUE;
    if (e->byte == 0) { /* the echo went: its buffer is free */
        return read_next(e);
    }
    const int rc = write_start(e->socket, "e", 1);
    e->byte = 0;
    return rc;
}

void
echo_terminate(void *, kith_reason why)
{
    terminated_code = why.code;
    terminated++;
}

const kith_server echo_server = {sizeof(echoing), false,     echo_init,     nullptr,
                                 nullptr,         echo_info, echo_terminate};
const kith_server echo_server_with_stack = {sizeof(echoing), true,    echo_init,
                                            nullptr,         nullptr, echo_info,
                                            echo_terminate};

TEST_P(Listener, GivesAServersInitSocketPeerAndACopyOfTheArgument)
{
    for (const kith_server *server : {&echo_server, &echo_server_with_stack})
        in_process([=] {
            kith_listener l = kt_listener_of(*server);
            asked a = {"for each its own", 4711};
            kith_sockaddr peer;

            l.arg = &a;
            l.len = sizeof a;
            terminated = 0;
            const kith_pid pid = kt_start(l);
            a = {};
            const kith_socket c = kt_dial(pid), d = kt_dial(pid);
            for (const kith_socket &s : {c, d}) {
                ASSERT_EQ(static_cast<std::ptrdiff_t>(sizeof peer),
                          kith_socket_recv(s, &peer, sizeof peer, KITH_MSG_WAITALL,
                                           kt_long()));
                EXPECT_EQ(kt_text(kt_name_of(s)), kt_text(peer));
            }
            EXPECT_TRUE(kt_echoes(c));
            EXPECT_TRUE(kt_echoes(d));
            EXPECT_TRUE(kt_echoes(c));
            kt_close(c);
            kt_close(d);
            EXPECT_EQ(0, kith_listener_stop(pid, kt_long()));
            EXPECT_EQ(2, terminated);
        });
}

TEST_P(Listener, GivesAServerNoArgumentWhenThereIsNone)
{
    in_process([] {
        const kith_pid pid = kt_start(kt_listener_of(echo_server));
        const kith_socket c = kt_dial(pid);

        EXPECT_TRUE(kt_echoes(c));
        kt_close(c);
        EXPECT_EQ(0, kith_listener_stop(pid, kt_long()));
    });
}

int
no_init(void *, void *)
{
    return KITH_EPROTO;
}

TEST_P(Listener, CountsAConnectionWhoseInitFailsAndGoesOn)
{
    static const kith_server fails = {0,       false,   no_init, nullptr,
                                      nullptr, nullptr, nullptr};

    in_process([] {
        const kith_pid pid = kt_start(kt_listener_of(fails));

        for (int i = 0; i < 3; i++) {
            const kith_socket c = kt_dial(pid);

            EXPECT_TRUE(kt_has_ended(c));
            kt_close(c);
        }
        EXPECT_TRUE(kt_eventually([=] { return kt_look(pid).connections == 0; }));
        EXPECT_EQ(3u, kt_look(pid).failed);
        EXPECT_EQ(3u, kt_look(pid).accepted);
        EXPECT_EQ(0, kith_listener_stop(pid, 0));
    });
}

int
tell_stack(kith_socket s, void *)
{
    struct kith_process_info info = KITH_PROCESS_INFO_INIT;

    if (kith_process_info(kith_self(), &info) < 0)
        return KITH_EFAILED;
    const std::ptrdiff_t n =
        kith_socket_send(s, &info.stack, sizeof info.stack, 0, kt_long());
    return n < 0 ? static_cast<int>(n) : 0;
}

TEST_P(Listener, SpawnsConnectionsWithItsSpawnOptions)
{
    in_process([] {
        kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;
        kith_listener l = kt_listener_of(tell_stack);
        std::size_t stack = 0;

        o.stack = 200'000;
        l.spawn = &o;
        const kith_pid pid = kt_start(l);
        o.stack = 0;
        const kith_socket c = kt_dial(pid);
        ASSERT_EQ(static_cast<std::ptrdiff_t>(sizeof stack),
                  kith_socket_recv(c, &stack, sizeof stack, KITH_MSG_WAITALL, kt_long()));
        EXPECT_GE(stack, 200'000u);
        EXPECT_LT(stack, 300'000u);
        kt_close(c);
        EXPECT_EQ(0, kith_listener_stop(pid, kt_long()));
    });
}

/* ---- starts that fail ---- */

TEST_P(Listener, RefusesWhatMakesNoSense)
{
    by_process_and_thread([] {
        kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;
        kith_ref ref;
        kith_pid pid = {77};
        const kith_listener good = kt_listener_of(kt_echo);
        const std::string here = kt_text(kt_loopback());
        const auto bad_at = [&](const char *where, const char *what, auto change) {
            kith_listener l = good;

            change(l);
            EXPECT_EQ(KITH_EINVAL, kith_listener_start(where, &l, &pid)) << what;
        };
        const auto bad = [&](const char *what, auto change) {
            bad_at(here.c_str(), what, change);
        };

        bad("size 0", [](kith_listener &l) { l.size = 0; });
        bad("too large", [](kith_listener &l) { l.size = sizeof l + 1; });
        bad("nothing to run", [](kith_listener &l) { l.conn = nullptr; });
        bad("two to run", [](kith_listener &l) { l.server = &echo_server; });
        bad("no bytes", [](kith_listener &l) { l.len = 1; });
        bad("acceptors", [](kith_listener &l) { l.acceptors = -1; });
        bad("backlog", [](kith_listener &l) { l.backlog = -1; });
        bad("fd", [](kith_listener &l) { l.fd = -2; });
        bad("idle", [](kith_listener &l) { l.idle_timeout = -5; });
        bad("shutdown", [](kith_listener &l) { l.shutdown = -5; });
        bad_at("localhost:80", "a name", [](kith_listener &) {});
        bad_at(nullptr, "nothing", [](kith_listener &) {});
        const auto bad_spawn = [&](const char *what, auto change) {
            o = KITH_SPAWN_OPTIONS_INIT;
            change();
            bad(what, [&](kith_listener &l) { l.spawn = &o; });
        };
        bad_spawn("link", [&] { o.link = true; });
        bad_spawn("name", [&] { o.name = "one for all"; });
        bad_spawn("monitor", [&] { o.monitor = &ref; });
        bad_spawn("give", [&] { o.give = {1}; });
        bad_spawn("stack", [&] { o.stack = SIZE_MAX / 2; });
        bad_spawn("size", [&] { o.size = 1; });
        EXPECT_EQ(KITH_EINVAL, kith_listener_start(here.c_str(), nullptr, &pid));
        EXPECT_EQ(77u, pid.id);
    });
}

TEST_P(Listener, AFailedStartLeavesNothingBehindAndDoesNotHarmItsStarter)
{
    by_process_and_thread([] {
        const kith_listener l = kt_listener_of(kt_echo);
        const kith_pid first = kt_start(l);
        const std::string where = kt_text(kt_name_of(first));
        const char *nowhere = kt_inet() == KITH_INET ? "192.0.2.1:0" : "[2001:db8::1]:0";
        const kith_msg *m;

        EXPECT_EQ(KITH_EADDRINUSE, kith_listener_start(where.c_str(), &l, nullptr));
        EXPECT_EQ(KITH_EADDRNOTAVAIL, kith_listener_start(nowhere, &l, nullptr));
        EXPECT_EQ(KITH_ENOENT, kith_listener_start("unix:/no/such/dir/s", &l, nullptr));
        kith_flag_trap_exit(true);
        EXPECT_EQ(KITH_EADDRINUSE, kith_listener_start(where.c_str(), &l, nullptr));
        EXPECT_EQ(KITH_ETIMEOUT, kith_receive(&m, 0)) << "a failed start sends no exit";
        kith_flag_trap_exit(false);
        EXPECT_EQ(0, kith_listener_stop(first, 0));
    });
}

TEST_P(Listener, AnOlderCallersSmallerStructsStillWork)
{
    in_process([] {
        kith_listener l = kt_listener_of(kt_echo);
        struct kith_listener_info info = KITH_LISTENER_INFO_INIT;

        l.size = offsetof(kith_listener, arg);
        l.arg = &l; /* not read */
        l.acceptors = -7;
        const kith_pid pid = kt_start(l);
        info.size = offsetof(struct kith_listener_info, connections);
        info.connections = 99;
        ASSERT_EQ(0, kith_listener_info(pid, &info));
        EXPECT_EQ(kt_inet(), info.address.domain);
        EXPECT_EQ(99u, info.connections);
        info.size = 1;
        EXPECT_EQ(KITH_EINVAL, kith_listener_info(pid, &info));
        EXPECT_EQ(KITH_EINVAL, kith_listener_info(pid, nullptr));
        EXPECT_EQ(KITH_EINVAL, kith_listener_sockname(pid, nullptr));
        EXPECT_EQ(0, kith_listener_stop(pid, 0));
        info.size = sizeof info;
        EXPECT_EQ(KITH_ENOPROC, kith_listener_info(pid, &info));
        EXPECT_EQ(KITH_ENOPROC, kith_listener_sockname(pid, &info.address));
    });
}

/* ---- addresses ---- */

TEST_P(Listener, TakesOverAPortOnWhichConnectionsLingerUnlessToldNotTo)
{
    in_process([] {
        kith_listener l = kt_listener_of([](kith_socket, void *) { return 0; });
        const std::string where = kt_text(kt_own_address(15));
        kith_pid pid = kt_start(l, where);
        const kith_socket c = kt_dial(pid);

        EXPECT_TRUE(kt_has_ended(c)) << "the server's side closes first, and so lingers";
        kt_close(c);
        EXPECT_EQ(0, kith_listener_stop(pid, kt_long()));
        l.reuse_addr = false;
        EXPECT_EQ(KITH_EADDRINUSE, kith_listener_start(where.c_str(), &l, &pid));
        l.reuse_addr = true;
        EXPECT_EQ(0, kith_listener_start(where.c_str(), &l, &pid));
        EXPECT_EQ(0, kith_listener_stop(pid, 0));
    });
}

TEST_F(Listener, TakesOverAPathAtWhichNobodyListensAndNoOther)
{
    in_process([] {
        const kt_place place(kt_domain::path);
        const std::string where = kt_text(place.address());
        const std::string file = where.substr(5);
        kith_listener l = kt_listener_of(kt_echo);
        kith_pid pid = kt_start(l, where);

        EXPECT_EQ(KITH_EADDRINUSE, kith_listener_start(where.c_str(), &l, nullptr))
            << "somebody listens there";
        EXPECT_TRUE(kt_eventually([=] {
            const struct kith_listener_info i = kt_look(pid);
            return i.accepted == 1 && i.connections == 0;
        })) << "the probe has come and gone";
        EXPECT_EQ(0, kith_listener_stop(pid, 0));
        l.reuse_addr = false;
        EXPECT_EQ(KITH_EADDRINUSE, kith_listener_start(where.c_str(), &l, nullptr));
        l.reuse_addr = true;
        pid = kt_start(l, where);
        const kith_socket c = kt_dial(pid);
        EXPECT_TRUE(kt_echoes(c));
        kt_close(c);
        EXPECT_EQ(0, kith_listener_stop(pid, kt_long()));

        unlink(file.c_str());
        std::ofstream(file) << "dear";
        EXPECT_EQ(KITH_EADDRINUSE, kith_listener_start(where.c_str(), &l, nullptr));
        std::string word;
        std::ifstream(file) >> word;
        EXPECT_EQ("dear", word) << "a file is no socket";
    });
}

TEST_P(Listener, SharesAPortWithThoseWhoSaySoToo)
{
    in_process([] {
        kith_listener l = kt_listener_of(kt_echo);

        l.reuse_port = true;
        const kith_pid a = kt_start(l);
        const std::string where = kt_text(kt_name_of(a));
        const kith_pid b = kt_start(l, where);
        l.reuse_port = false;
        EXPECT_EQ(KITH_EADDRINUSE, kith_listener_start(where.c_str(), &l, nullptr));
        EXPECT_EQ(0, kith_listener_stop(a, 0));
        const kith_socket c = kt_dial(b);
        EXPECT_TRUE(kt_echoes(c));
        kt_close(c);
        EXPECT_EQ(0, kith_listener_stop(b, kt_long()));
    });
}

/* ---- a descriptor to adopt ---- */

TEST_P(Listener, AdoptsADescriptorAndLeavesItToTheNext)
{
    in_process([] {
        const int fd = kt_open_fd();
        kith_listener l = kt_listener_of(kt_echo);

        l.fd = fd;
        for (const bool listens : {false, true}) {
            if (listens) {
                ASSERT_EQ(0, ::listen(fd, 10));
            }
            const kith_pid pid = kt_start(l, "this is not looked at");
            const kith_sockaddr at = kt_name_of(pid);
            const kith_socket c = kt_dial(pid);

            EXPECT_TRUE(kt_echoes(c));
            kt_close(c);
            EXPECT_EQ(0, kith_listener_stop(pid, kt_long()));
            const kith_socket waits = kt_dial(at); /* nobody accepts, and nobody refuses */
            kith_pid next;
            ASSERT_EQ(0, kith_listener_start(nullptr, &l, &next));
            EXPECT_TRUE(kt_echoes(waits));
            kt_close(waits);
            EXPECT_EQ(0, kith_listener_stop(next, kt_long()));
        }
        close(fd);
    });
}

TEST_P(Listener, DoesNotAdoptWhatCannotListenOrIsKithsOwn)
{
    in_process([] {
        const int dgram = kt_open_fd(KITH_DGRAM);
        kith_listener l = kt_listener_of(kt_echo);
        const kith_socket own = kt_open();

        l.fd = dgram;
        EXPECT_EQ(KITH_EOPNOTSUPP, kith_listener_start(nullptr, &l, nullptr));
        close(dgram);
        l.fd = dgram;
        EXPECT_EQ(KITH_EBADF, kith_listener_start(nullptr, &l, nullptr));
        ASSERT_EQ(0, kith_socket_getopt_int(own, KITH_OPT_OTP_FD, &l.fd));
        EXPECT_EQ(KITH_EBUSY, kith_listener_start(nullptr, &l, nullptr));
        kt_close(own);
    });
}

TEST_P(Listener, AStopOfTheRuntimeLeavesAnAdoptedDescriptorListening)
{
    const int fd = kt_open_fd();
    kith_listener l = kt_listener_of(kt_echo);

    ASSERT_EQ(0, ::listen(fd, 10));
    l.fd = fd;
    (void) kt_start(l);
    EXPECT_EQ(0, kith_stop(kt_long(), kt_long()));
    ASSERT_EQ(0, kith_start(nullptr));
    const kith_pid pid = kt_start(l);
    const kith_socket c = kt_dial(pid);
    EXPECT_TRUE(kt_echoes(c));
    kt_close(c);
    EXPECT_EQ(0, kith_listener_stop(pid, kt_long()));
    close(fd);
}

/* ---- how many ---- */

TEST_P(Listener, TakesNoMoreThanItsMaximumAndDropsNobody)
{
    in_process([] {
        kith_listener l = kt_listener_of(kt_echo);
        std::vector<kith_socket> c;

        l.max_conns = 3;
        const kith_pid pid = kt_start(l);
        const kith_sockaddr at = kt_name_of(pid);
        for (int i = 0; i < 10; i++)
            c.push_back(kt_dial(at));
        for (int i = 0; i < 3; i++)
            EXPECT_TRUE(kt_echoes(c[static_cast<std::size_t>(i)]));
        EXPECT_TRUE(kt_look(pid).paused);
        EXPECT_EQ(3u, kt_look(pid).accepted);
        EXPECT_EQ(0u, kt_accepts_under_way(at)) << "nobody could come in";
        for (std::size_t i = 0; i < c.size(); i++) {
            EXPECT_TRUE(kt_echoes(c[i])) << "its turn has come";
            EXPECT_LE(kt_look(pid).connections, 3u);
            kt_close(c[i]);
        }
        EXPECT_TRUE(kt_eventually([=] { return kt_look(pid).connections == 0; }));
        EXPECT_FALSE(kt_look(pid).paused);
        EXPECT_EQ(0, kt_look(pid).paused_for);
        EXPECT_EQ(10u, kt_look(pid).accepted);
        EXPECT_EQ(3u, kt_accepts_under_way(at));
        EXPECT_EQ(0, kith_listener_stop(pid, 0));
    });
}

TEST_P(Listener, KeepsItsAcceptsUnderWay)
{
    in_process([] {
        kith_listener l = kt_listener_of(kt_echo);

        for (const int n : {0, 1, 5, 300}) {
            l.acceptors = n;
            const kith_pid pid = kt_start(l);
            const kith_sockaddr at = kt_name_of(pid);
            const std::size_t want = n ? static_cast<std::size_t>(n) : 16;

            EXPECT_TRUE(kt_eventually([&] { return kt_accepts_under_way(at) == want; }));
            const kith_socket c = kt_dial(pid);
            EXPECT_TRUE(kt_echoes(c));
            EXPECT_TRUE(kt_eventually([&] { return kt_accepts_under_way(at) == want; }));
            kt_close(c);
            EXPECT_EQ(0, kith_listener_stop(pid, kt_long()));
        }
    });
}

/* Of a local path the system says at once that no more fit in. */
TEST_F(Listener, HasTheBacklogThatWasAskedFor)
{
    in_process([] {
        const kt_place place(kt_domain::path);
        kith_listener l = kt_listener_of(kt_echo);
        std::vector<kith_socket> c;
        int rc = 0;

        l.max_conns = 1;
        l.backlog = 5;
        const kith_pid pid = kt_start(l, kt_text(place.address()));
        c.push_back(kt_dial(pid));
        EXPECT_TRUE(kt_echoes(c[0]));
        while (c.size() < 20 && rc == 0) {
            const kith_socket s = kt_open(KITH_LOCAL);

            rc = kith_socket_connect(s, &place.address(), 0);
            if (rc == 0)
                c.push_back(s);
            else
                kt_close(s);
        }
        EXPECT_EQ(KITH_ETIMEOUT, rc);
        EXPECT_EQ(1u + 5 + 1, c.size()) << "the system counts one more";
        for (const kith_socket &s : c) {
            EXPECT_TRUE(kt_echoes(s));
            kt_close(s);
        }
        EXPECT_EQ(0, kith_listener_stop(pid, kt_long()));
    });
}

TEST_P(Listener, ServesAllOfManyThatComeAtOnce)
{
    const std::size_t clients = 8, each = kt_scale(250);

    for (const std::size_t most : {std::size_t{0}, std::size_t{5}}) {
        std::atomic<std::size_t> served = 0;
        std::vector<kith_pid> pids;
        kith_listener l = kt_listener_of(kt_echo);

        l.max_conns = most;
        const kith_pid pid = kt_start(l);
        const kith_sockaddr at = kt_name_of(pid);
        for (std::size_t i = 0; i < clients; i++)
            pids.push_back(spawn([=, &served] {
                for (std::size_t j = 0; j < each; j++) {
                    const kith_socket c = kt_dial(at);

                    served += kt_echoes(c);
                    kt_close(c);
                }
            }));
        for (const kith_pid &p : pids)
            EXPECT_EQ(0, kith_wait(p, nullptr, kt_long()));
        EXPECT_EQ(clients * each, served);
        EXPECT_EQ(0, kith_listener_stop(pid, kt_long()));
    }
}

/* ---- what goes wrong ---- */

std::atomic<int> accept_code;    // instead of what accept answers; 0: as it is
std::atomic<int> accept_calls;
std::atomic<int> in_accept;    // that many calls
std::atomic<std::uint64_t>
    stopper;    // with it an accept is over when that thread waits; 0: nobody
std::atomic<bool> has_accepted;
std::atomic<bool> no_large_pieces;
struct ki_seam real;    // what stood there before

class ListenerOfASeam : public kt_inets<> {
  protected:
    void SetUp() override
    {
        real = ki_seam;
        accept_code = accept_calls = 0;
        stopper = 0;
        no_large_pieces = false;
        ki_seam.accept = [](int fd, void *addr, unsigned *len) {
            accept_calls++;
            in_accept++;
            const int got =
                accept_code != 0 ? accept_code.load() : real.accept(fd, addr, len);
            in_accept--;

            if (got >= 0 && stopper != 0) {
                has_accepted = true;
                EXPECT_TRUE(kt_until([] {
                    return ki_load_rlx(&ki_proc_at({stopper})->waits_for) != nullptr;
                })) << "the stop has been sent";
            }
            return got;
        };
        ki_seam.alloc = [](std::size_t size, std::size_t align) {
            return no_large_pieces && size >= large ? nullptr : real.alloc(size, align);
        };
        kt_inets::SetUp();
    }

    void TearDown() override
    {
        kt_inets::TearDown();
        ki_seam.accept = real.accept;
        ki_seam.alloc = real.alloc;
    }

    static constexpr std::size_t large = 3'000'000;
};

std::uint64_t
times(const struct kith_listener_info &info, int code)
{
    for (const kith_listener_count &c : info.codes)
        if (c.code == code)
            return c.n;
    return 0;
}

KT_INETS(ListenerOfASeam);

TEST_P(ListenerOfASeam, OutOfDescriptorsItWaitsAtNoCostAndDropsNobody)
{
    in_process([] {
        for (const int code : {KITH_EMFILE, KITH_ENFILE, KITH_ENOBUFS}) {
            const kith_pid pid = kt_start(kt_listener_of(kt_echo));
            const kith_sockaddr at = kt_name_of(pid);

            accept_code = code;
            EXPECT_TRUE(kt_eventually([] { return in_accept == 0; }))
                << "not told the code";
            accept_calls = 0;
            const kith_ms began = kith_deadline(0);
            const kith_socket c = kt_dial(at), d = kt_dial(at);
            EXPECT_TRUE(kt_eventually([=] { return kt_look(pid).errors >= 5; }))
                << "it tries again now and then";
            const kith_ms took = kith_deadline(0) - began;
            const struct kith_listener_info info = kt_look(pid);
            EXPECT_EQ(info.errors, times(info, code));
            EXPECT_EQ(0u, info.accepted);
            /* A try each 10 ms at most, and one for each close here: there is none. */
            EXPECT_LE(accept_calls, took / 10 + 2);
            accept_code = 0;
            EXPECT_TRUE(kt_echoes(c));
            EXPECT_TRUE(kt_echoes(d));
            kt_close(c);
            kt_close(d);
            EXPECT_EQ(0, kith_listener_stop(pid, kt_long()));
        }
    });
}

TEST_P(ListenerOfASeam, AFatalCodeEndsItWithThatReasonAndItsConnectionsInOrder)
{
    in_process([] {
        const kith_pid pid = kt_start(kt_listener_of(kt_echo));
        const kith_sockaddr at = kt_name_of(pid);
        const kith_socket c = kt_dial(at);
        const kith_msg *m;
        kith_ref ref;

        EXPECT_TRUE(kt_echoes(c));
        kith_flag_trap_exit(true);
        ASSERT_EQ(0, kith_monitor(pid, &ref));
        accept_code = KITH_EBADMSG;
        /* Nobody takes it any more: it is reset, which the connect may be in time to hear. */
        const kith_socket d = kt_open(at.domain);
        const int rc = kith_socket_connect(d, &at, kt_long());
        EXPECT_TRUE(rc == 0 || rc == KITH_ECONNRESET) << kith_strerror(rc);
        const kith_reason why = kt_why(ref);
        EXPECT_EQ(KITH_ERROR, why.kind);
        EXPECT_EQ(KITH_EBADMSG, why.code);
        ASSERT_EQ(0, kith_receive_tag(KITH_TAG_EXIT, &m, kt_long()));
        EXPECT_EQ(KITH_EBADMSG, kt_down(m).why.code) << "its starter hears the same";
        EXPECT_TRUE(kt_has_ended(c));
        if (rc == 0) {
            EXPECT_TRUE(kt_has_ended(d));
        }
        kt_close(c);
        kt_close(d);
    });
}

TEST_P(ListenerOfASeam, WithoutMemoryForAProcessItRefusesAndRests)
{
    in_process([] {
        kith_listener l = kt_listener_of(kt_echo);
        const std::vector<char> much(large, 'x');

        l.arg = much.data();
        l.len = much.size();
        l.acceptors = 1;
        const kith_pid pid = kt_start(l);
        const kith_sockaddr at = kt_name_of(pid);
        no_large_pieces = true;
        const kith_ms began = kith_deadline(0);
        kith_socket c[4];
        for (kith_socket &s : c)
            s = kt_dial(at);
        for (const kith_socket &s : c)
            EXPECT_TRUE(kt_has_ended(s)) << "closed, not forgotten";
        EXPECT_GE(kith_deadline(0) - began, 300) << "a rest of 100 ms after each";
        const struct kith_listener_info info = kt_look(pid);
        EXPECT_EQ(4u, info.accepted);
        EXPECT_EQ(4u, info.refused);
        EXPECT_EQ(4u, times(info, KITH_ENOMEM));
        EXPECT_EQ(0u, info.connections);
        no_large_pieces = false;
        const kith_socket d = kt_dial(at);
        EXPECT_TRUE(kt_echoes(d));
        for (const kith_socket &s : c)
            kt_close(s);
        kt_close(d);
        EXPECT_EQ(0, kith_listener_stop(pid, kt_long()));
    });
}

int
say_nothing(kith_socket s, void *)
{
    char byte;

    return kith_socket_recv(s, &byte, 1, 0, kt_long()) < 0 ? KITH_EFAILED : 0;
}

/* The accept has the connection, and is not over before the listener has been told to stop. */
TEST_P(ListenerOfASeam, OneThatWasAcceptedWhenTheDrainWasOverIsAskedToEndToo)
{
    const kith_pid pid = kt_start(kt_listener_of(say_nothing));
    const kith_sockaddr at = kt_name_of(pid);

    has_accepted = false;
    stopper = kith_self().id;
    /* By the system alone: no worker may be left to connect, and nothing else be waited for. */
    const int fd = kt_connect_fd(at);
    ASSERT_TRUE(kt_until([] { return has_accepted.load(); }));
    EXPECT_EQ(1, kith_listener_stop(pid, 0));
    close(fd);
}

TEST_P(Listener, GoesOnWhateverItsConnectionsDieOf)
{
    in_process([] {
        const kith_pid pid = kt_start(kt_listener_of([](kith_socket s, void *) {
            char c;

            if (kith_socket_recv(s, &c, 1, 0, kt_long()) != 1)
                return 0;
            if (c == 'k')
                kt_ignore(kith_exit_signal(kith_self(), of_kill));
            else if (c == 's')
                kith_exit(kith_reason_of(KITH_SHUTDOWN, 0, nullptr));
            return c == 'n' ? 0 : KITH_EPROTO;
        }));

        for (const char c : {'k', 's', 'n', 'e'}) {
            const kith_socket s = kt_dial(pid);

            EXPECT_EQ(1, kith_socket_send(s, &c, 1, 0, kt_long()));
            EXPECT_TRUE(kt_has_ended(s));
            kt_close(s);
        }
        EXPECT_TRUE(kt_eventually([=] { return kt_look(pid).connections == 0; }));
        EXPECT_EQ(4u, kt_look(pid).accepted);
        EXPECT_EQ(2u, kt_look(pid).failed) << "killed, and error";
        EXPECT_EQ(0, kith_listener_stop(pid, 0));
    });
}

/* ---- where they run ---- */

class ListenerOfFour : public kt_inets<> {
    kt_env four_{"KITH_WORKERS", "4"};
};

std::atomic<unsigned> births[KI_WORKERS_MAX];
std::atomic<int> here;

unsigned
worker_here()
{
    return ki_worker_self()->index;
}

/* Says on which worker it began. */
int
note_worker(kith_socket s, void *)
{
    births[worker_here()]++;
    return kt_echo(s, nullptr);
}

KT_INETS(ListenerOfFour);

TEST_P(ListenerOfFour, AWorkerThatComputesGetsNoNewConnections)
{
    const std::size_t n = kt_scale(400) + 20;
    std::atomic<int> busy = -1;
    std::atomic<bool> enough = false;

    for (std::atomic<unsigned> &b : births)
        b = 0;
    const kith_pid computes = spawn([&] {
        busy = static_cast<int>(worker_here());
        while (!enough)
            ;
    });
    ASSERT_TRUE(kt_until([&] { return busy >= 0; }));
    const kith_pid pid = kt_start(kt_listener_of(note_worker));
    const kith_sockaddr at = kt_name_of(pid);
    for (std::size_t i = 0; i < n; i++) {
        const kith_socket c = kt_dial(at);

        EXPECT_TRUE(kt_echoes(c));
        kt_close(c);
    }
    EXPECT_EQ(0u, births[busy]);
    unsigned all = 0;
    for (const std::atomic<unsigned> &b : births)
        all += b;
    EXPECT_EQ(n, all);
    enough = true;
    EXPECT_EQ(0, kith_wait(computes, nullptr, kt_long()));
    EXPECT_EQ(0, kith_listener_stop(pid, kt_long()));
}

/* Waits, without giving way, for the others of its group: so each is on a worker of its own. */
int
meet(kith_socket s, void *)
{
    const std::int64_t end = kt_now_ms() + kt_long();
    const int group = here++ / 4 + 1;

    births[worker_here()]++;
    while (here < 4 * group && kt_now_ms() < end)
        ;
    EXPECT_GE(here, 4 * group) << "no four connections run at a time";
    return kith_socket_send(s, "m", 1, 0, kt_long()) == 1 ? 0 : KITH_EFAILED;
}

TEST_P(ListenerOfFour, ConnectionsThatComputeSpreadOverAllWorkers)
{
    const int groups = 10;

    for (std::atomic<unsigned> &b : births)
        b = 0;
    here = 0;
    const kith_pid pid = kt_start(kt_listener_of(meet));
    const kith_sockaddr at = kt_name_of(pid);
    for (int i = 0; i < groups; i++) {
        kith_socket c[4];
        char byte;

        for (kith_socket &s : c)
            s = kt_dial(at);
        for (const kith_socket &s : c) {
            EXPECT_EQ(1, kith_socket_recv(s, &byte, 1, 0, kt_long()));
            kt_close(s);
        }
    }
    for (unsigned w = 0; w < 4; w++)
        EXPECT_EQ(static_cast<unsigned>(groups), births[w]) << "worker " << w;
    EXPECT_EQ(0, kith_listener_stop(pid, kt_long()));
}

}    // namespace
