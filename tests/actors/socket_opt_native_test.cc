/* SPDX-License-Identifier: Apache-2.0
 * socket_opt_native_test.cc -- options by the system's numbers and bytes, and the same by name: all
 * rows of the table, on sockets of all kinds. */
#include "tests/support/options.h"

#include "core/offload.h"

#include <atomic>
#include <climits>
#include <set>
#include <string>
#include <vector>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace
{

using NativeOption = kt_inets<>;

KT_INETS(NativeOption);

int
set(kith_socket s, const ki_sockopt &row, const std::string &v)
{
    return kith_socket_setopt(s, row.id, v.data(), v.size());
}

int
set_native(kith_socket s, const ki_sockopt &row, std::string native)
{
    return kith_socket_setopt_native(s, row.native_level, row.native_number,
                                     kith_iov_of(native.data(), native.size()));
}

/* Whoever was read nowhere, or set nowhere, was not tested. */
template <typename Predicate>
void
expect_all(const std::set<kith_opt> &seen, Predicate of_interest, const char *what)
{
    for (const ki_sockopt &row : kt_system_rows())
        if (of_interest(row) && geteuid() == 0) {
            EXPECT_TRUE(seen.contains(row.id)) << kt_name_of(row) << what;
        }
}

TEST_F(NativeOption, IsReadAsByItsNameAndAsTheSystemTellsIt)
{
    std::set<kith_opt> seen;

    by_process_and_thread([&seen] {
        for (const kt_subject_kind &kind : kt_subjects()) {
            const kt_subject x(kind);

            for (const ki_sockopt &row : kt_system_rows()) {
                if (!row.get)
                    continue;
                const std::string v = kt_read_native(x.s, row);

                EXPECT_EQ(v, kt_read(x.s, row)) << kt_name_of(row) << ", " << kind.name;
                EXPECT_EQ(v, kt_read_system(x.fd(), row))
                    << kt_name_of(row) << ", " << kind.name;
                if (!kt_is_code(v))
                    seen.insert(row.id);
            }
        }
    });
    expect_all(
        seen, [](const ki_sockopt &row) { return row.get; }, " was read nowhere");
}

/* One socket is told by name and its twin by number: both answer the same, and are then the same.
 * Answers the rows that were brought to another value than they had. */
void
tell_twins(const kt_subject_kind &kind, const ki_sockopt &row, std::set<kith_opt> *changed)
{
    const kt_subject a(kind), b(kind);

    for (const std::string &v : kt_values_of(row)) {
        const std::string before = kt_read(a.s, row);
        const int rc = set(a.s, row, v);
        const std::string where =
            kt_name_of(row) + ", " + kind.name + ", " + testing::PrintToString(v);

        EXPECT_EQ(rc, set_native(b.s, row, kt_native_of(row, v))) << where;
        EXPECT_EQ(kt_read(a.s, row), kt_read_native(a.s, row)) << where;
        EXPECT_EQ(kt_read(a.s, row), kt_read(b.s, row)) << where;
        if (rc < 0) {
            EXPECT_EQ(before, kt_read(a.s, row)) << where;
        } else if (before != kt_read(a.s, row)) {
            changed->insert(row.id);
        }
    }
}

TEST_F(NativeOption, IsSetAsByItsName)
{
    std::set<kith_opt> changed;

    in_process([&changed] {
        for (const kt_subject_kind &kind : kt_subjects())
            for (const ki_sockopt &row : kt_system_rows())
                if (row.get && row.set)
                    tell_twins(kind, row, &changed);
    });
    /* Nobody may set the first on Linux; the second is read as the route's; the third is a header of
     * segment routing, which not every kernel has. */
    for (const kith_opt o :
         {KITH_OPT_SOCKET_SNDLOWAT, KITH_OPT_IPV6_MTU, KITH_OPT_IPV6_RTHDR})
        changed.insert(o);
    expect_all(
        changed, [](const ki_sockopt &row) { return row.get && row.set; },
        " was set nowhere");
}

/* ---- those that are only set ---- */

struct Family {
    int domain;
    kith_opt add, drop, add_source, drop_source, filter;
    kith_sockaddr group, source, other;
};

kith_sockaddr
address(const char *text)
{
    kith_sockaddr a = {};

    EXPECT_EQ(0, kith_sockaddr_parse(text, &a)) << text;
    return a;
}

std::vector<Family>
families()
{
    return {{KITH_INET, KITH_OPT_IP_ADD_MEMBERSHIP, KITH_OPT_IP_DROP_MEMBERSHIP,
             KITH_OPT_IP_ADD_SOURCE_MEMBERSHIP, KITH_OPT_IP_DROP_SOURCE_MEMBERSHIP,
             KITH_OPT_IP_MSFILTER, address("239.77.7.7"), address("127.0.0.1"),
             address("127.0.0.2")},
            {KITH_INET6, KITH_OPT_IPV6_ADD_MEMBERSHIP, KITH_OPT_IPV6_DROP_MEMBERSHIP,
             KITH_OPT_IPV6_ADD_SOURCE_MEMBERSHIP, KITH_OPT_IPV6_DROP_SOURCE_MEMBERSHIP,
             KITH_OPT_IPV6_MSFILTER, address("ff15::77"), address("::1"),
             address("fd00::1")}};
}

constexpr std::uint32_t loopback = 1; /* its device's number */

/* What one way has joined the other leaves, and then there is nothing to leave. */
void
join_and_leave(int domain, kith_opt join, kith_opt leave, const std::string &v)
{
    const kith_socket s = kt_dgram(domain);
    const ki_sockopt &in = *ki_sockopt_find(join), &out = *ki_sockopt_find(leave);

    EXPECT_EQ(0, set(s, in, v));
    EXPECT_EQ(0, set_native(s, out, kt_native_of(out, v)));
    const int none = set(s, out, v);
    EXPECT_LT(none, 0) << kt_name_of(out);
    EXPECT_EQ(0, set_native(s, in, kt_native_of(in, v)));
    EXPECT_EQ(0, set(s, out, v));
    EXPECT_EQ(none, set_native(s, out, kt_native_of(out, v))) << kt_name_of(out);
    kt_close(s);
}

TEST_F(NativeOption, AMembershipIsOneByEitherWay)
{
    by_process_and_thread([] {
        for (const Family &f : families()) {
            join_and_leave(f.domain, f.add, f.drop, kt_bytes(kith_mreq{f.group, loopback}));
            join_and_leave(f.domain, f.add_source, f.drop_source,
                           kt_bytes(kith_mreq_source{f.group, f.source, loopback}));
        }
    });
}

/* The filter of a group is read by number alone: the question stands in what the answer overwrites. */
std::string
filter_of(kith_socket s, const ki_sockopt &row, const std::string &like)
{
    std::string bytes = like;
    const std::ptrdiff_t n =
        kith_socket_getopt_native(s, row.native_level, row.native_number,
                                  kith_iov_of(bytes.data(), bytes.size()));

    EXPECT_EQ(static_cast<std::ptrdiff_t>(like.size()), n);
    return bytes;
}

TEST_F(NativeOption, AFilterIsOneByEitherWay)
{
    by_process_and_thread([] {
        for (const Family &f : families()) {
            const kith_socket s = kt_dgram(f.domain);
            const ki_sockopt &row = *ki_sockopt_find(f.filter);
            const kith_sockaddr sources[] = {f.source, f.other};
            const std::string by_name =
                kt_bytes(kith_msfilter{f.group, loopback, KITH_FILTER_INCLUDE, sources, 2});
            const std::string by_number =
                kt_native_of(row, kt_bytes(kith_msfilter{f.group, loopback,
                                                         KITH_FILTER_EXCLUDE, sources, 2}));

            EXPECT_EQ(0, set(s, *ki_sockopt_find(f.add),
                             kt_bytes(kith_mreq{f.group, loopback})));
            EXPECT_EQ(0, set(s, row, by_name));
            EXPECT_EQ(kt_native_of(row, by_name),
                      filter_of(s, row, kt_native_of(row, by_name)));
            EXPECT_EQ(0, set_native(s, row, by_number));
            EXPECT_EQ(by_number, filter_of(s, row, by_number));
            kt_close(s);
        }
    });
}

TEST_P(NativeOption, AKeyIsOneByEitherWay)
{
    if (kith_supports(KITH_OPT_TCP_MD5SIG) != 1)
        GTEST_SKIP() << "needs a kernel with CONFIG_TCP_MD5SIG";
    by_process_and_thread([] {
        const kith_socket s = kt_open();
        const ki_sockopt &row = *ki_sockopt_find(KITH_OPT_TCP_MD5SIG);
        kith_md5sig v = {kt_loopback(), 0, 0, 3, "key"};
        const std::string key = kt_bytes(v);

        v.key_len = 0;
        const std::string none = kt_bytes(v);
        EXPECT_EQ(0, set(s, row, key));
        EXPECT_EQ(0, set_native(s, row, kt_native_of(row, none)));
        EXPECT_EQ(KITH_ENOENT, set(s, row, none));
        EXPECT_EQ(0, set_native(s, row, kt_native_of(row, key)));
        EXPECT_EQ(0, set(s, row, none));
        EXPECT_EQ(KITH_ENOENT, set_native(s, row, kt_native_of(row, none)));
        kt_close(s);
    });
}

/* Of the others that are only set another one tells: a forced buffer by its size. */
TEST_F(NativeOption, WhatIsOnlySetIsAnsweredAlike)
{
    in_process([] {
        for (const kt_subject_kind &kind : kt_subjects())
            for (const kith_opt o : {KITH_OPT_SOCKET_RCVBUFFORCE,
                                     KITH_OPT_SOCKET_SNDBUFFORCE, KITH_OPT_IP_ROUTER_ALERT,
                                     KITH_OPT_IPV6_ROUTER_ALERT, KITH_OPT_IPV6_ADDRFORM}) {
                const ki_sockopt &row = *ki_sockopt_find(o);
                const kt_subject a(kind), b(kind);

                for (const int v : {int{KITH_INET}, int{KITH_INET6}, 100000}) {
                    const bool is_domain = o == KITH_OPT_IPV6_ADDRFORM;
                    const int rc = set(a.s, row, kt_bytes(v));
                    const std::string native = kt_native_of(row, kt_bytes(v));

                    if (is_domain && v == 100000) {
                        EXPECT_EQ(KITH_EINVAL, rc) << "no domain";
                        continue;
                    }
                    EXPECT_EQ(rc, set_native(b.s, row, native))
                        << kt_name_of(row) << ", " << kind.name << ' ' << v;
                    for (const kith_opt seen :
                         {KITH_OPT_SOCKET_RCVBUF, KITH_OPT_SOCKET_SNDBUF})
                        EXPECT_EQ(kt_read(a.s, *ki_sockopt_find(seen)),
                                  kt_read(b.s, *ki_sockopt_find(seen)));
                }
            }
    });
}

/* A mapped connection, which is the one that can become one of inet. */
TEST_F(NativeOption, AConnectionsFamilyIsChangedByEitherWay)
{
    by_process_and_thread([] {
        const kith_socket l = kt_listen(kt_place(kt_domain::inet));
        const ki_sockopt &row = *ki_sockopt_find(KITH_OPT_IPV6_ADDRFORM);

        for (const bool native : {false, true}) {
            const kith_socket s = kt_open(KITH_INET6);
            kith_sockaddr name = kt_name_of(l), mapped = address("::ffff:127.0.0.1");
            int domain = 0;

            mapped.inet6.port = kith_sockaddr_port(&name);
            EXPECT_EQ(0, kith_socket_connect(s, &mapped, kt_long()));
            EXPECT_EQ(0, native ? set_native(s, row, kt_bytes(AF_INET))
                                : set(s, row, kt_bytes(int{KITH_INET})));
            EXPECT_EQ(0, kith_socket_getopt_int(s, KITH_OPT_SOCKET_DOMAIN, &domain));
            EXPECT_EQ(KITH_INET, domain);
            kt_close(s);
        }
        kt_close(l);
    });
}

/* ---- what only one of them can say ---- */

/* The system counts in ticks, of which there may be more than fit in 64 bits of milliseconds. */
TEST_P(NativeOption, ATimeTooLongForAnyNumberIsReadAsALongOne)
{
    if (sizeof(timeval{}.tv_sec) < sizeof(kith_ms))
        return; /* then none is too long */

    by_process_and_thread([] {
        for (const long hz : {100, 250, 300, 1000}) {
            const kith_socket s = kt_open();
            timeval t = {LONG_MAX / hz - 2, 0};
            kith_ms v = -1;

            EXPECT_EQ(0,
                      kith_socket_setopt_native(s, SOL_SOCKET, SO_RCVTIMEO, KITH_IOV(t)));
            EXPECT_EQ(static_cast<std::ptrdiff_t>(sizeof v),
                      kith_socket_getopt(s, KITH_OPT_SOCKET_RCVTIMEO, &v, sizeof v));
            EXPECT_TRUE(v == 0 || v > INT64_MAX / 2000)
                << hz << ": none, if the system's ticks are longer; " << v;
            kt_close(s);
        }
    });
}

/* By name no such time can be set. The system takes it for one without an end, and says so by a
 * number below 0. */
TEST_P(NativeOption, ALingerWithoutAnEndHoldsUpNobody)
{
    const kt_pair p = kt_narrow_pair();
    linger native = {1, -1};
    kith_linger told = {};
    std::atomic<bool> closed = false;

    EXPECT_EQ(0,
              kith_socket_setopt_native(p.near, SOL_SOCKET, SO_LINGER, KITH_IOV(native)));
    EXPECT_EQ(static_cast<std::ptrdiff_t>(sizeof told),
              kith_socket_getopt(p.near, KITH_OPT_SOCKET_LINGER, &told, sizeof told));
    EXPECT_GT(told.seconds, 0);
    EXPECT_GT(kt_fill(p.near), 0u);
    const kith_pid closer = spawn([&] {
        kt_close(p.near);
        closed = true;
    });
    EXPECT_TRUE(kt_until([&] { return closed.load(); })) << "it waits for the peer";
    EXPECT_EQ(1u, ki_offload_busy()) << "beside the workers somebody lingers";
    kt_close(p.far);
    EXPECT_EQ(0, kith_wait(closer, nullptr, kt_long()));
    EXPECT_TRUE(kt_until([] { return ki_offload_busy() == 0; }));
}

}    // namespace
