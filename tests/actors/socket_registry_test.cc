/* SPDX-License-Identifier: Apache-2.0
 * socket_registry_test.cc -- which sockets there are, and the table of them. */
#include "tests/support/sockets.h"

#include <algorithm>
#include <atomic>
#include <sstream>
#include <string>
#include <vector>

#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

namespace
{

struct kind {
    int domain, type, protocol;
};

constexpr kind kinds[] = {
    {KITH_INET, KITH_STREAM, KITH_TCP},  {KITH_INET, KITH_DGRAM, KITH_UDP},
    {KITH_INET6, KITH_STREAM, KITH_TCP}, {KITH_INET6, KITH_DGRAM, KITH_UDP},
    {KITH_LOCAL, KITH_STREAM, 0},        {KITH_LOCAL, KITH_DGRAM, 0},
    {KITH_LOCAL, KITH_SEQPACKET, 0},
};

kith_socket_filter
all()
{
    return KITH_SOCKET_FILTER_INIT;
}

kith_socket_filter
owned_by(kith_pid pid)
{
    kith_socket_filter f = all();

    f.owner = pid;
    return f;
}

std::ptrdiff_t
number_of(const kith_socket_filter &f = all())
{
    return kith_socket_number_of(&f);
}

std::vector<kith_socket>
which(const kith_socket_filter &f = all())
{
    std::vector<kith_socket> found(256);
    const std::ptrdiff_t n = kith_socket_which(&f, found.data(), found.size());

    EXPECT_GE(n, 0);
    EXPECT_LE(n, 256);
    found.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return found;
}

bool
lists(const std::vector<kith_socket> &v, kith_socket s)
{
    return std::count(v.begin(), v.end(), s) == 1;
}

kith_socket
open_listed(const kind &k, bool listed)
{
    kith_open_options o = KITH_OPEN_OPTIONS_INIT;
    kith_socket s = {};

    o.use_registry = listed;
    EXPECT_EQ(0, kith_socket_open(k.domain, k.type, 0, &o, &s));
    return s;
}

/* What kith_socket_print writes, by lines. */
std::vector<std::string>
table(const kith_socket_filter *f = nullptr)
{
    const int fd = memfd_create("table", MFD_CLOEXEC);
    std::vector<std::string> lines;
    std::string text;
    char buf[4096];
    ssize_t n;

    EXPECT_GE(fd, 0);
    EXPECT_EQ(0, kith_socket_print(fd, f));
    EXPECT_EQ(0, lseek(fd, 0, SEEK_SET));
    while ((n = read(fd, buf, sizeof buf)) > 0)
        text.append(buf, static_cast<std::size_t>(n));
    close(fd);
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);)
        lines.push_back(line);
    return lines;
}

std::vector<std::string>
words(const std::string &line)
{
    std::istringstream in(line);
    std::vector<std::string> all;

    for (std::string w; in >> w;)
        all.push_back(w);
    return all;
}

class SocketRegistry : public kt_inets<> {
  protected:
    void TearDown() override
    {
        kith_socket_use_registry(true);
        kt_inets::TearDown();
    }
};

/* ---- which, and how many ---- */

KT_INETS(SocketRegistry);

TEST_F(SocketRegistry, EachKindIsCountedFromItsOpeningToItsClose)
{
    by_process_and_thread([] {
        const kith_socket_filter mine = owned_by(kith_self());

        for (const kind &k : kinds) {
            kith_socket_filter same = all();
            kith_socket s;

            same.domain = k.domain;
            same.type = k.type;
            same.protocol = k.protocol;
            const std::ptrdiff_t before = number_of(), before_same = number_of(same);
            ASSERT_EQ(0, kith_socket_open(k.domain, k.type, 0, nullptr, &s));
            EXPECT_EQ(before + 1, number_of());
            EXPECT_EQ(before + 1, kith_socket_number_of(nullptr));
            EXPECT_EQ(before_same + 1, number_of(same));
            EXPECT_EQ(1, number_of(mine));
            EXPECT_TRUE(lists(which(), s));
            EXPECT_TRUE(lists(which(same), s));
            EXPECT_TRUE(lists(which(mine), s));
            kt_close(s);
            EXPECT_EQ(before, number_of());
            EXPECT_EQ(before_same, number_of(same));
            EXPECT_EQ(0, number_of(mine));
        }
    });
}

TEST_F(SocketRegistry, AFilterPassesWhatItNamesAndNothingElse)
{
    by_process_and_thread([] {
        std::vector<kith_socket> opened;

        for (const kind &k : kinds) {
            kith_socket s;

            ASSERT_EQ(0, kith_socket_open(k.domain, k.type, 0, nullptr, &s));
            opened.push_back(s);
        }
        const auto expect = [&](const kith_socket_filter &f, auto is) {
            const std::vector<kith_socket> found = which(f);

            for (std::size_t i = 0; i < opened.size(); i++)
                EXPECT_EQ(is(kinds[i]), lists(found, opened[i])) << i;
        };
        for (const int domain : {KITH_INET, KITH_INET6, KITH_LOCAL}) {
            kith_socket_filter f = all();
            f.domain = domain;
            expect(f, [&](const kind &k) { return k.domain == domain; });
        }
        for (const int type : {KITH_STREAM, KITH_DGRAM, KITH_SEQPACKET, KITH_RAW}) {
            kith_socket_filter f = all();
            f.type = type;
            expect(f, [&](const kind &k) { return k.type == type; });
        }
        for (const int protocol : {KITH_TCP, KITH_UDP, KITH_SCTP}) {
            kith_socket_filter f = all();
            f.protocol = protocol;
            expect(f, [&](const kind &k) { return k.protocol == protocol; });
        }
        kith_socket_filter both = all();
        both.domain = KITH_INET6;
        both.type = KITH_DGRAM;
        expect(both, [](const kind &k) {
            return k.domain == KITH_INET6 && k.type == KITH_DGRAM;
        });
        for (const kith_socket s : opened)
            kt_close(s);
    });
}

TEST_F(SocketRegistry, AFilterByStateAsksForAllItsBits)
{
    by_process_and_thread([] {
        for (const kt_domain d : kt_all_domains) {
            const kt_place place(d);
            const kith_socket l = kt_listen(place);
            const kt_pair p = kt_connect(l);
            kith_socket_filter f = owned_by(kith_self());

            f.state = KITH_STATE_LISTENING;
            EXPECT_EQ(1, number_of(f));
            EXPECT_TRUE(lists(which(f), l));
            f.state = KITH_STATE_CONNECTED;
            EXPECT_EQ(2, number_of(f));
            f.state = KITH_STATE_CONNECTED | KITH_STATE_WRITE_SHUT;
            EXPECT_EQ(0, number_of(f));
            ASSERT_EQ(0, kith_socket_shutdown(p.near, KITH_SHUT_WRITE));
            EXPECT_EQ(1, number_of(f));
            EXPECT_TRUE(lists(which(f), p.near));
            kt_close(p);
            kt_close(l);
        }
    });
}

TEST_P(SocketRegistry, TheOwnerIsWhoeverHasItNow)
{
    in_process([this] {
        const kith_socket s = kt_open();
        std::atomic<bool> go{false};
        const kith_pid other = spawn([&] { kt_eventually([&] { return go.load(); }); });

        EXPECT_EQ(1, number_of(owned_by(kith_self())));
        EXPECT_EQ(0, number_of(owned_by(other)));
        ASSERT_EQ(0, kith_socket_give(s, other, 1));
        EXPECT_EQ(0, number_of(owned_by(kith_self())));
        EXPECT_EQ(1, number_of(owned_by(other)));
        go = true;
        ASSERT_EQ(0, kith_wait(other, nullptr, kt_long()));
        EXPECT_EQ(0, number_of(owned_by(other)));
    });
}

TEST_F(SocketRegistry, WhatDoesNotFitIsCountedAllTheSame)
{
    by_process_and_thread([] {
        const kith_socket_filter mine = owned_by(kith_self());
        const kith_socket a = kt_open(KITH_INET), b = kt_open(KITH_INET6);
        kith_socket out[3] = {{77}, {77}, {77}};

        EXPECT_EQ(2, kith_socket_which(&mine, nullptr, 0));
        EXPECT_EQ(2, kith_socket_which(&mine, out, 1));
        EXPECT_TRUE(out[0] == a || out[0] == b);
        EXPECT_EQ(77u, out[1].id);
        EXPECT_EQ(2, kith_socket_which(&mine, out, 3));
        EXPECT_FALSE(out[0] == out[1]);
        EXPECT_EQ(77u, out[2].id);
        EXPECT_EQ(KITH_EINVAL, kith_socket_which(&mine, nullptr, 1));
        kt_close(a);
        kt_close(b);
    });
}

TEST_F(SocketRegistry, AFilterThatMakesNoSenseIsRefused)
{
    by_process_and_thread([] {
        kith_socket_filter f = all();

        f.size = 0;
        EXPECT_EQ(KITH_EINVAL, number_of(f));
        EXPECT_EQ(KITH_EINVAL, kith_socket_print(1, &f));
        f.size = sizeof f + 1;
        EXPECT_EQ(KITH_EINVAL, number_of(f));
        f = all();
        f.state = 0x8000;
        EXPECT_EQ(KITH_EINVAL, number_of(f));
        f.size = offsetof(kith_socket_filter, state); /* an older caller's */
        EXPECT_GE(number_of(f), 0);
    });
}

/* ---- not in the registry ---- */

TEST_F(SocketRegistry, OnlyThoseThatWantToAreListed)
{
    by_process_and_thread([] {
        const kith_socket_filter mine = owned_by(kith_self());
        std::ptrdiff_t listed = 0;
        std::vector<kith_socket> opened;

        for (const kind &k : kinds)
            for (const bool yes : {true, false, true}) {
                const kith_socket s = open_listed(k, yes);

                opened.push_back(s);
                listed += yes;
                EXPECT_EQ(listed, number_of(mine));
                EXPECT_EQ(yes, lists(which(mine), s));
            }
        for (const kith_socket s : opened)
            kt_close(s);
        EXPECT_EQ(0, number_of(mine));
    });
}

TEST_P(SocketRegistry, TheSwitchIsForOpeningsWithoutOptions)
{
    by_process_and_thread([] {
        const kith_socket_filter mine = owned_by(kith_self());

        kith_socket_use_registry(false);
        const kith_socket hidden = kt_open(), shown = open_listed(kinds[0], true);
        kith_socket_use_registry(true);
        const kith_socket usual = kt_open();
        const std::vector<kith_socket> found = which(mine);

        EXPECT_FALSE(lists(found, hidden));
        EXPECT_TRUE(lists(found, shown));
        EXPECT_TRUE(lists(found, usual));
        for (const kith_socket s : {hidden, shown, usual})
            kt_close(s);
    });
}

TEST_F(SocketRegistry, AcceptedOnesAreWhereTheirListenerIs)
{
    for (const bool listed : {true, false})
        for (const kt_domain d : kt_all_domains)
            by_process_and_thread([listed, d] {
                const kt_place place(d);
                const kith_socket l = open_listed({place.domain(), KITH_STREAM, 0}, listed);

                ASSERT_EQ(0, kith_socket_bind(l, &place.address()));
                ASSERT_EQ(0, kith_socket_listen(l, 8));
                const kt_pair p = kt_connect(l);
                const std::vector<kith_socket> found = which(owned_by(kith_self()));
                EXPECT_EQ(listed, lists(found, l));
                EXPECT_EQ(listed, lists(found, p.far));
                EXPECT_TRUE(lists(found, p.near));
                kt_close(p);
                kt_close(l);
            });
}

TEST_F(SocketRegistry, AnAdoptedOneMayStayOutToo)
{
    by_process_and_thread([] {
        int fds[2];

        ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
        for (const bool listed : {true, false}) {
            kith_open_options o = KITH_OPEN_OPTIONS_INIT;
            kith_socket s;

            o.fd = fds[0];
            o.use_registry = listed;
            ASSERT_EQ(0, kith_socket_open(0, 0, 0, &o, &s));
            EXPECT_EQ(listed ? 1 : 0, number_of(owned_by(kith_self())));
            kt_close(s);
        }
        close(fds[0]);
        close(fds[1]);
    });
}

/* In Erlang the registry keeps the monitors, so that of such a one a monitor is of nobody. */
TEST_F(SocketRegistry, OneOutsideIsMonitoredLikeAnyOther)
{
    by_process_and_thread([] {
        for (const kind &k : kinds) {
            const kith_socket s = open_listed(k, false);
            const kith_msg *m = nullptr;
            kith_ref ref;

            ASSERT_EQ(0, kith_socket_monitor(s, &ref));
            kt_close(s);
            ASSERT_EQ(0, kith_receive_ref(ref, &m, kt_long()));
            EXPECT_EQ(KITH_NORMAL, kt_down(m).why.kind);
        }
    });
}

/* ---- while all runs on ---- */

TEST_F(SocketRegistry, WhatStaysIsFoundWhileOthersComeAndGo)
{
    in_process([this] {
        const kith_socket s = kt_open(KITH_INET6);
        std::vector<kith_pid> busy;
        std::atomic<int> left{4};

        for (int i = 0; i < 4; i++)
            busy.push_back(spawn([&] {
                for (int k = 0; k < 200; k++)
                    kt_close(kt_open(k % 2 ? KITH_INET : KITH_LOCAL));
                left--;
            }));
        kith_socket_filter f = all();
        f.domain = KITH_INET6;
        do {
            kith_socket found = {};

            ASSERT_EQ(1, kith_socket_which(&f, &found, 1));
            ASSERT_EQ(s.id, found.id);
            kith_yield();
        } while (left > 0);
        for (const kith_pid pid : busy)
            ASSERT_EQ(0, kith_wait(pid, nullptr, kt_long()));
        kt_close(s);
    });
}

/* ---- the table ---- */

TEST_F(SocketRegistry, TheTableHasALineForEach)
{
    by_process_and_thread([] {
        for (const kt_domain d : kt_all_domains) {
            const kt_place place(d);
            const kith_socket l = kt_listen(place), o = kt_open(place.domain());
            const kt_pair p = kt_connect(l);
            const kith_socket_filter mine = owned_by(kith_self());
            const kith_sockaddr name = kt_name_of(l);
            char c;

            ASSERT_EQ(3, kith_socket_send(p.near, "abc", 3, 0, kt_long()));
            ASSERT_EQ(1, kith_socket_recv(p.far, &c, 1, 0, kt_long()));
            const std::vector<std::string> lines = table(&mine);
            ASSERT_EQ(5u, lines.size());
            EXPECT_EQ(0u, lines[0].find("Domain  Type      Protocol    FD Owner"));
            for (const kith_socket s : {l, o, p.near, p.far}) {
                int fd = -1;

                ASSERT_EQ(0, kith_socket_getopt_int(s, KITH_OPT_OTP_FD, &fd));
                const auto line =
                    std::find_if(lines.begin() + 1, lines.end(), [&](const auto &text) {
                        return words(text)[3] == std::to_string(fd);
                    });
                ASSERT_NE(lines.end(), line) << fd;
                const std::vector<std::string> w = words(*line);
                ASSERT_EQ(10u, w.size()) << *line;
                EXPECT_EQ(d == kt_domain::inet    ? "inet"
                          : d == kt_domain::inet6 ? "inet6"
                                                  : "local",
                          w[0]);
                EXPECT_EQ("stream", w[1]);
                EXPECT_EQ(place.domain() == KITH_LOCAL ? "default" : "tcp", w[2]);
                EXPECT_EQ('<', w[4][0]);
                EXPECT_EQ(s == p.far ? "1" : "0", w[7]);
                EXPECT_EQ(s == p.near ? "3" : "0", w[8]);
                EXPECT_EQ(s == l ? "LISTENING" : s == o ? "OPEN" : "CONNECTED", w[9]);
                if (s == l) {
                    EXPECT_EQ(kt_text(name), w[5]);
                    EXPECT_EQ("-", w[6]);
                }
                if (s == p.near) {
                    EXPECT_EQ(kt_text(name), w[6]);
                }
            }
            for (const kith_socket s : {l, o})
                kt_close(s);
            kt_close(p);
        }
    });
}

TEST_P(SocketRegistry, TheTableMayBeLong)
{
    by_process_and_thread([] {
        std::vector<kith_socket> many;

        for (int i = 0; i < 300; i++)
            many.push_back(kt_open());
        const std::vector<std::string> lines = table();
        EXPECT_EQ(301u, lines.size());
        for (const std::string &line : lines)
            EXPECT_GT(words(line).size(), 9u);
        for (const kith_socket s : many)
            kt_close(s);
        EXPECT_EQ(1u, table().size());
    });
}

TEST_P(SocketRegistry, AWordForEachState)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of();
        const kith_sockaddr any = kt_loopback();
        const kith_socket b = kt_dgram();
        char c;

        ASSERT_EQ(0, kith_socket_bind(b, &any));
        kt_close(p.near);
        ASSERT_EQ(0, kith_socket_recv(p.far, &c, 1, 0, kt_long()));
        kith_socket_filter f = owned_by(kith_self());
        f.type = KITH_DGRAM;
        EXPECT_EQ("BOUND", words(table(&f).back()).back());
        EXPECT_EQ("udp", words(table(&f).back())[2]);
        f.type = KITH_STREAM;
        EXPECT_EQ("ENDED", words(table(&f).back()).back());
        kt_close(p.far);
        kt_close(b);
    });
}

TEST_F(SocketRegistry, ADescriptorThatCannotBeWrittenToIsACode)
{
    by_process_and_thread([] {
        int ends[2];

        EXPECT_EQ(KITH_EBADF, kith_socket_print(-1, nullptr));
        ASSERT_EQ(0, pipe(ends));
        close(ends[0]);
        EXPECT_EQ(KITH_EPIPE, kith_socket_print(ends[1], nullptr));
        close(ends[1]);
    });
}

}    // namespace
