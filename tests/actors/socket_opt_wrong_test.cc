/* SPDX-License-Identifier: Apache-2.0
 * socket_opt_wrong_test.cc -- options that are set and read wrongly, by name and by number: each
 * time a code, and what was there before is there still. */
#include "tests/support/options.h"

#include <climits>
#include <cstring>
#include <string>
#include <vector>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace
{

using WrongOption = kt_inets<>;

KT_INETS(WrongOption);

constexpr std::size_t huge = 1 << 20;

bool
varies(const ki_sockopt &row)
{
    return row.kind == KI_OPT_TEXT || row.kind == KI_OPT_BYTES;
}

std::string
what(const ki_sockopt &row, const kt_subject_kind &kind)
{
    return kt_name_of(row) + ", " + kind.name;
}

/* `body` for each row and socket, on one that is not asked for anything else. */
template <typename Body>
void
each_of_all(Body body)
{
    for (const kt_subject_kind &kind : kt_subjects()) {
        const kt_subject x(kind);

        for (const ki_sockopt &row : kt_system_rows())
            body(kind, x, row);
    }
}

std::string
before(const kt_subject &x, const ki_sockopt &row)
{
    return row.get ? kt_read(x.s, row) : "";
}

/* ---- lengths ---- */

TEST_F(WrongOption, OfAnotherLengthIsNeverSetByName)
{
    in_process([] {
        const std::string bytes(huge, '\0');

        each_of_all([&bytes](const kt_subject_kind &kind, const kt_subject &x,
                             const ki_sockopt &row) {
            const std::string was = before(x, row);
            const std::size_t len = row.len;
            const int rc = row.set ? KITH_EINVAL : KITH_ENOPROTOOPT;

            for (const std::size_t n : {std::size_t{0}, std::size_t{1}, len - 1, len + 1,
                                        huge, std::size_t{UINT32_MAX} + 1 + len, SIZE_MAX})
                if (n != len &&
                    (n > len || !varies(row))) { /* on 32 bits one wraps to len */
                    EXPECT_EQ(rc, kith_socket_setopt(x.s, row.id, bytes.data(), n))
                        << what(row, kind) << ' ' << n;
                }
            EXPECT_EQ(KITH_EINVAL, kith_socket_setopt(x.s, row.id, nullptr, len));
            EXPECT_EQ(KITH_EINVAL, kith_socket_setopt(x.s, row.id, nullptr, 0));
            EXPECT_EQ(was, before(x, row)) << what(row, kind);
        });
    });
}

TEST_F(WrongOption, HasNoRoomAndTouchesNone)
{
    in_process([] {
        each_of_all(
            [](const kt_subject_kind &kind, const kt_subject &x, const ki_sockopt &row) {
                std::string small(row.len, 'x');
                const int rc = row.get ? KITH_EINVAL : KITH_ENOPROTOOPT;

                for (const std::size_t cap :
                     {std::size_t{0}, std::size_t{1}, std::size_t{row.len} - 1})
                    if (!varies(row)) {
                        EXPECT_EQ(rc, kith_socket_getopt(x.s, row.id, small.data(), cap))
                            << what(row, kind) << ' ' << cap;
                    }
                EXPECT_EQ(std::string(row.len, 'x'), small) << what(row, kind);
                EXPECT_EQ(KITH_EINVAL, kith_socket_getopt(x.s, row.id, nullptr, row.len));
                EXPECT_EQ(KITH_EINVAL, kith_socket_getopt(x.s, row.id, nullptr, 0));
            });
    });
}

/* Its number, and where its last packet came in. */
bool
is_each_ones_own(const ki_sockopt &row)
{
    return row.id == KITH_OPT_SOCKET_COOKIE || row.id == KITH_OPT_SOCKET_INCOMING_CPU;
}

/* Any length goes to the system, which decides: so does it for a twin that it is asked for directly. */
TEST_F(WrongOption, OfAnyLengthByNumberIsWhatTheSystemMakesOfIt)
{
    in_process([] {
        const std::string zeros(huge, '\0');

        for (const kt_subject_kind &kind : kt_subjects()) {
            const kt_subject x(kind), twin(kind);
            const int fd = twin.fd();

            for (const ki_sockopt &row : kt_system_rows()) {
                const std::size_t len = row.get ? ki_sockopt_native_len(&row) : row.len;

                for (const std::size_t n :
                     {std::size_t{0}, std::size_t{1}, len - 1, len + 1, huge}) {
                    const std::string was = before(x, row);
                    const int rc = kith_socket_setopt_native(
                        x.s, row.native_level, row.native_number,
                        kith_iov_of(const_cast<char *>(zeros.data()), n));

                    EXPECT_EQ(kt_set_system(fd, row.native_level, row.native_number,
                                            zeros.data(), n),
                              rc)
                        << what(row, kind) << ' ' << n;
                    if (rc < 0) {
                        EXPECT_EQ(was, before(x, row)) << what(row, kind) << ' ' << n;
                    }
                    if (row.get && !is_each_ones_own(row)) {
                        EXPECT_EQ(kt_read_system(fd, row), kt_read_native(x.s, row))
                            << what(row, kind) << ' ' << n;
                    }
                }
                EXPECT_EQ(kt_set_system(fd, row.native_level, row.native_number, nullptr,
                                        0),
                          kith_socket_setopt_native(x.s, row.native_level,
                                                    row.native_number, {}))
                    << what(row, kind);
            }
        }
    });
}

TEST_P(WrongOption, BytesThatAreNowhereOrTooManyAreInvalid)
{
    by_process_and_thread([] {
        const kith_socket s = kt_open();
        char c = 1;

        for (const kith_iov v : {kith_iov_of(nullptr, 4), kith_iov_of(&c, SIZE_MAX),
                                 kith_iov_of(&c, std::size_t{INT_MAX} + 1)}) {
            EXPECT_EQ(KITH_EINVAL,
                      kith_socket_setopt_native(s, SOL_SOCKET, SO_KEEPALIVE, v));
            EXPECT_EQ(KITH_EINVAL,
                      kith_socket_getopt_native(s, SOL_SOCKET, SO_KEEPALIVE, v));
        }
        EXPECT_EQ(0, kith_socket_getopt_native(s, SOL_SOCKET, SO_KEEPALIVE, {}))
            << "no room is room for nothing";
        EXPECT_EQ(1, c);
        kt_close(s);
    });
}

/* ---- levels and numbers ---- */

TEST_F(WrongOption, OfALevelOrNumberThatIsNoneIsWhatTheSystemSays)
{
    by_process_and_thread([] {
        for (const kt_subject_kind &kind : kt_subjects()) {
            const kt_subject x(kind);
            const int fd = x.fd();
            const struct {
                int level, number;
            } pairs[] = {{-1, SO_KEEPALIVE},      {INT_MAX, SO_KEEPALIVE},
                         {INT_MIN, SO_KEEPALIVE}, {9999, SO_KEEPALIVE},
                         {SOL_SOCKET, -1},        {SOL_SOCKET, INT_MAX},
                         {SOL_SOCKET, 9999},      {IPPROTO_IP, -1},
                         {IPPROTO_IP, 9999},      {IPPROTO_IPV6, -1},
                         {IPPROTO_IPV6, 9999},    {IPPROTO_TCP, -1},
                         {IPPROTO_TCP, 9999},     {IPPROTO_UDP, 9999},
                         {IPPROTO_SCTP, 1}};

            for (const auto &p : pairs) {
                int v = 1, got = 77, system = 77;
                socklen_t len = sizeof system;
                const int rc =
                    kith_socket_setopt_native(x.s, p.level, p.number, KITH_IOV(v));
                const std::string where = std::string(kind.name) + ' ' +
                                          std::to_string(p.level) + ' ' +
                                          std::to_string(p.number);

                EXPECT_EQ(kt_set_system(fd, p.level, p.number, &v, sizeof v), rc) << where;
                EXPECT_TRUE(rc == KITH_ENOPROTOOPT || rc == KITH_EOPNOTSUPP ||
                            rc == KITH_EINVAL)
                    << where << ": " << kith_err_name(rc);
                EXPECT_LT(getsockopt(fd, p.level, p.number, &system, &len), 0) << where;
                EXPECT_LT(kith_socket_getopt_native(x.s, p.level, p.number, KITH_IOV(got)),
                          0)
                    << where;
                EXPECT_EQ(system, got) << where;
                EXPECT_EQ(std::string(4, '\0'),
                          kt_read(x.s, *ki_sockopt_find(KITH_OPT_SOCKET_KEEPALIVE)))
                    << where;
            }
        }
    });
}

/* A socket that lacks an option says so, by name as by number. */
TEST_P(WrongOption, OfAnotherKindOfSocketIsLacked)
{
    by_process_and_thread([] {
        const kith_socket stream = kt_open(), dgram = kt_dgram(),
                          local = kt_open(KITH_LOCAL);
        const struct {
            kith_socket s;
            kith_opt o;
        } cases[] = {{stream, KITH_OPT_UDP_CORK},      {stream, KITH_OPT_IP_HDRINCL},
                     {stream, KITH_OPT_IPV6_CHECKSUM}, {dgram, KITH_OPT_TCP_NODELAY},
                     {dgram, KITH_OPT_IP_NODEFRAG},    {local, KITH_OPT_TCP_NODELAY},
                     {local, KITH_OPT_UDP_CORK},       {local, KITH_OPT_IP_TTL},
                     {local, KITH_OPT_IPV6_V6ONLY}};

        for (const auto &c : cases) {
            const ki_sockopt &row = *ki_sockopt_find(c.o);
            int v = 1;
            const int set = kith_socket_setopt_int(c.s, c.o, v);

            EXPECT_TRUE(set == KITH_ENOPROTOOPT || set == KITH_EOPNOTSUPP)
                << kt_name_of(row) << ": " << kith_err_name(set);
            EXPECT_EQ(set, kith_socket_setopt_native(c.s, row.native_level,
                                                     row.native_number, KITH_IOV(v)))
                << kt_name_of(row);
        }
        for (const kith_socket each : {stream, dgram, local})
            kt_close(each);
    });
}

/* ---- values ---- */

struct Number {
    kith_opt o;
    std::vector<int> values;
};

const Number numbers[] = {
    {KITH_OPT_SOCKET_BUSY_POLL, {-1, INT_MIN}},
    {KITH_OPT_SOCKET_BINDTOIFINDEX, {-1}},
    {KITH_OPT_IP_TTL, {0, 256, -2, INT_MAX, INT_MIN}},
    {KITH_OPT_IP_MULTICAST_TTL, {256, -2, INT_MAX}},
    {KITH_OPT_IP_MINTTL, {-1, 256, INT_MAX}},
    {KITH_OPT_IP_MTU_DISCOVER, {-1, 6, INT_MAX}},
    {KITH_OPT_IPV6_UNICAST_HOPS, {-2, 256, INT_MAX}},
    {KITH_OPT_IPV6_MULTICAST_HOPS, {-2, 256, INT_MAX}},
    {KITH_OPT_IPV6_MTU_DISCOVER, {-1, 6, INT_MAX}},
    {KITH_OPT_IPV6_TCLASS, {-2, 256, INT_MAX}},
    {KITH_OPT_IPV6_MINHOPCOUNT, {-1, 256, INT_MAX}},
    {KITH_OPT_IPV6_MTU, {1, 1279}},
    {KITH_OPT_IPV6_ADDR_PREFERENCES, {0xffff}},
    {KITH_OPT_TCP_MAXSEG, {-1, 1, INT_MAX}},
    {KITH_OPT_TCP_KEEPIDLE, {-1, 0, 32768, INT_MAX}},
    {KITH_OPT_TCP_KEEPINTVL, {-1, 0, 32768, INT_MAX}},
    {KITH_OPT_TCP_KEEPCNT, {-1, 0, 128, INT_MAX}},
    {KITH_OPT_TCP_USER_TIMEOUT, {-1, INT_MIN}},
    {KITH_OPT_TCP_SYNCNT, {-1, 0, 128, INT_MAX}},
    {KITH_OPT_UDP_SEGMENT, {-1, 65536, INT_MAX}},
};

/* ... or the kind of socket can be asked for it, and not told. */
bool
refuses(int rc)
{
    return rc == KITH_EINVAL || rc == KITH_ENOPROTOOPT;
}

TEST_F(WrongOption, OfANumberThatCannotBeStaysAsItWas)
{
    by_process_and_thread([] {
        each_of_all([](const kt_subject_kind &kind, const kt_subject &x,
                       const ki_sockopt &row) {
            for (const Number &n : numbers) {
                const std::string was = before(x, row);

                if (n.o != row.id || kt_is_code(was))
                    continue;
                for (int v : n.values) {
                    const int rc = kith_socket_setopt_int(x.s, n.o, v);

                    EXPECT_TRUE(refuses(rc)) << what(row, kind) << ' ' << v << ": " << rc;
                    EXPECT_EQ(rc, kith_socket_setopt_native(x.s, row.native_level,
                                                            row.native_number, KITH_IOV(v)))
                        << what(row, kind) << ' ' << v;
                    EXPECT_EQ(was, before(x, row)) << what(row, kind) << ' ' << v;
                }
            }
        });
    });
}

/* The system takes it for the most that it allows. */
TEST_P(WrongOption, ABufferBelowNothingIsTheLargest)
{
    by_process_and_thread([] {
        for (const kith_opt o : {KITH_OPT_SOCKET_SNDBUF, KITH_OPT_SOCKET_RCVBUF}) {
            const kith_socket s = kt_open();
            int most = 0, v = 0;

            EXPECT_EQ(0, kith_socket_setopt_int(s, o, INT_MAX));
            EXPECT_EQ(0, kith_socket_getopt_int(s, o, &most));
            EXPECT_EQ(0, kith_socket_setopt_int(s, o, 1000));
            EXPECT_EQ(0, kith_socket_setopt_int(s, o, -1));
            EXPECT_EQ(0, kith_socket_getopt_int(s, o, &v));
            EXPECT_EQ(most, v);
            kt_close(s);
        }
    });
}

kith_sockaddr
address(const char *text)
{
    kith_sockaddr a = {};

    EXPECT_EQ(0, kith_sockaddr_parse(text, &a)) << text;
    return a;
}

/* A value of a struct that cannot be, and what is read of the option after it. */
template <typename T>
void
refused(int code, kith_socket s, kith_opt o, const T &v)
{
    const ki_sockopt &row = *ki_sockopt_find(o);
    const std::string was = row.get ? kt_read(s, row) : "";

    EXPECT_EQ(code, kith_socket_setopt(s, o, &v, sizeof v)) << kt_name_of(row);
    EXPECT_EQ(was, row.get ? kt_read(s, row) : "") << kt_name_of(row);
}

TEST_F(WrongOption, OfTimesAndTextsThatCannotBeStaysAsItWas)
{
    by_process_and_thread([] {
        const kith_socket s = kt_open(KITH_INET), d = kt_dgram(KITH_INET);
        const auto text = [s](kith_opt o, const std::string &v) {
            const ki_sockopt &row = *ki_sockopt_find(o);
            const std::string was = kt_read(s, row);
            const int rc = kith_socket_setopt(s, o, v.data(), v.size());

            EXPECT_EQ(was, kt_read(s, row)) << v;
            return rc;
        };

        refused(KITH_EINVAL, s, KITH_OPT_SOCKET_LINGER, kith_linger{true, -1});
        refused(KITH_EINVAL, s, KITH_OPT_SOCKET_LINGER, kith_linger{false, INT_MIN});
        refused(KITH_EINVAL, s, KITH_OPT_SOCKET_RCVTIMEO, kith_ms{-1});
        refused(KITH_EINVAL, s, KITH_OPT_SOCKET_SNDTIMEO, kith_ms{INT64_MIN});
        refused(KITH_EINVAL, d, KITH_OPT_IP_MULTICAST_IF,
                kith_multicast_if{address("::1"), 0});
        refused(KITH_EADDRNOTAVAIL, d, KITH_OPT_IP_MULTICAST_IF,
                kith_multicast_if{address("203.0.113.9"), 0});
        refused(KITH_EADDRNOTAVAIL, d, KITH_OPT_IP_MULTICAST_IF,
                kith_multicast_if{{}, INT_MAX});
        EXPECT_EQ(KITH_ENOENT, text(KITH_OPT_TCP_CONGESTION, "unknown"));
        EXPECT_EQ(KITH_EINVAL, text(KITH_OPT_TCP_CONGESTION, "sixteen-letters-"));
        EXPECT_EQ(KITH_EINVAL, text(KITH_OPT_TCP_CONGESTION, std::string("re\0no", 5)));
        EXPECT_EQ(KITH_ENODEV, text(KITH_OPT_SOCKET_BINDTODEVICE, "kith-none"));
        EXPECT_EQ(KITH_EINVAL, text(KITH_OPT_SOCKET_BINDTODEVICE, std::string(17, 'x')));
        EXPECT_EQ(KITH_EINVAL, text(KITH_OPT_IP_OPTIONS, std::string(41, '\1')));
        EXPECT_EQ(KITH_EINVAL, text(KITH_OPT_IP_OPTIONS, std::string("\7\2", 2)));
        kt_close(s);
        kt_close(d);
    });
}

/* A microsecond that is none is known to the system alone: it has its own code. */
TEST_P(WrongOption, ATimeThatTheSystemRefusesStaysAsItWas)
{
    by_process_and_thread([] {
        const kith_socket s = kt_open();
        timeval bad = {1, 1000000};

        EXPECT_EQ(KITH_EDOM,
                  kith_socket_setopt_native(s, SOL_SOCKET, SO_RCVTIMEO, KITH_IOV(bad)));
        EXPECT_EQ(kt_bytes(timeval{}),
                  kt_read(s, *ki_sockopt_find(KITH_OPT_SOCKET_RCVTIMEO)));
        kt_close(s);
    });
}

/* ---- groups and keys ---- */

struct Family {
    int domain, level;
    kith_opt join, leave, filter;
    kith_sockaddr group, source, alien;
};

std::vector<Family>
families()
{
    return {{KITH_INET, IPPROTO_IP, KITH_OPT_IP_ADD_MEMBERSHIP, KITH_OPT_IP_DROP_MEMBERSHIP,
             KITH_OPT_IP_MSFILTER, address("239.77.7.8"), address("127.0.0.1"),
             address("::1")},
            {KITH_INET6, IPPROTO_IPV6, KITH_OPT_IPV6_ADD_MEMBERSHIP,
             KITH_OPT_IPV6_DROP_MEMBERSHIP, KITH_OPT_IPV6_MSFILTER, address("ff15::78"),
             address("::1"), address("127.0.0.1")}};
}

constexpr std::uint32_t loopback = 1;

TEST_F(WrongOption, AGroupOfAnotherFamilyIsNotJoined)
{
    by_process_and_thread([] {
        for (const Family &f : families()) {
            const kith_socket s = kt_dgram(f.domain);
            const kith_mreq good = {f.group, loopback};
            kith_mreq bad = good;
            group_req native = {};

            for (const kith_sockaddr &a : {f.alien, address("unix:@x"), kith_sockaddr{}}) {
                bad.group = a;
                refused(KITH_EINVAL, s, f.join, bad);
            }
            bad.group.domain = 9999;
            refused(KITH_EINVAL, s, f.join, bad);
            bad = good, bad.ifindex = INT_MAX;
            refused(KITH_ENODEV, s, f.join, bad);
            bad.group = f.source, bad.ifindex = loopback;
            refused(KITH_EINVAL, s, f.join, bad);

            native.gr_interface = loopback;
            native.gr_group.ss_family = 77;
            EXPECT_LT(kith_socket_setopt_native(s, f.level, MCAST_JOIN_GROUP,
                                                KITH_IOV(native)),
                      0);
            EXPECT_LT(kith_socket_setopt(s, f.leave, &good, sizeof good), 0)
                << "nothing was joined";
            kt_close(s);
        }
    });
}

std::string
filter_of(kith_socket s, const Family &f)
{
    std::string bytes(GROUP_FILTER_SIZE(8), '\0');
    const kith_msfilter ask = {f.group, loopback, KITH_FILTER_INCLUDE, nullptr, 0};
    const std::string head = kt_native_of(*ki_sockopt_find(f.filter), kt_bytes(ask));
    const std::uint32_t most = 8;

    std::memcpy(bytes.data(), head.data(), head.size());
    std::memcpy(bytes.data() + offsetof(group_filter, gf_numsrc), &most, sizeof most);
    EXPECT_LT(0, kith_socket_getopt_native(s, f.level, MCAST_MSFILTER,
                                           kith_iov_of(bytes.data(), bytes.size())));
    return bytes;
}

TEST_F(WrongOption, AFilterWhoseCountLiesChangesNothing)
{
    by_process_and_thread([] {
        for (const Family &f : families()) {
            const kith_socket s = kt_dgram(f.domain);
            const kith_mreq group = {f.group, loopback};
            const kith_sockaddr sources[] = {f.source, f.alien};
            const kith_msfilter good = {f.group, loopback, KITH_FILTER_INCLUDE, sources, 1};
            const ki_sockopt &row = *ki_sockopt_find(f.filter);
            kith_msfilter bad;

            refused(KITH_EINVAL, s, f.filter, good); /* nobody has joined */
            EXPECT_EQ(0, kith_socket_setopt(s, f.join, &group, sizeof group));
            EXPECT_EQ(0, kith_socket_setopt(s, f.filter, &good, sizeof good));
            const std::string was = filter_of(s, f);

            for (const int mode : {0, 3, -1}) {
                bad = good, bad.mode = mode;
                refused(KITH_EINVAL, s, f.filter, bad);
            }
            bad = good, bad.sources = nullptr;
            refused(KITH_EINVAL, s, f.filter, bad);
            bad = good, bad.n_sources = 2;
            refused(KITH_EINVAL, s, f.filter, bad);
            bad = good, bad.n_sources = SIZE_MAX;
            refused(KITH_ENOBUFS, s, f.filter, bad);
            bad = good, bad.group = f.alien;
            refused(KITH_EINVAL, s, f.filter, bad);

            for (const std::uint32_t lie : {2u, 1000u, UINT32_MAX / 128, UINT32_MAX}) {
                std::string native = kt_native_of(row, kt_bytes(good));

                std::memcpy(native.data() + offsetof(group_filter, gf_numsrc), &lie,
                            sizeof lie);
                const int rc =
                    kith_socket_setopt_native(s, f.level, MCAST_MSFILTER,
                                              kith_iov_of(native.data(), native.size()));
                EXPECT_TRUE(rc == KITH_EINVAL || rc == KITH_ENOBUFS) << kith_err_name(rc);
            }
            EXPECT_EQ(was, filter_of(s, f));
            kt_close(s);
        }
    });
}

TEST_P(WrongOption, AKeyThatCannotBeIsNotKept)
{
    if (kith_supports(KITH_OPT_TCP_MD5SIG) != 1)
        GTEST_SKIP() << "needs a kernel with CONFIG_TCP_MD5SIG";
    by_process_and_thread([] {
        const kith_socket s = kt_open();
        const bool is_inet = kt_inet() == KITH_INET;
        const kith_md5sig good = {kt_loopback(), 0, 0, 3, "key"};
        const std::string none = kt_bytes(kith_md5sig{good.peer, 0, 0, 0, ""});
        kith_md5sig bad = good;
        tcp_md5sig native = {};

        bad.key_len = 81;
        refused(KITH_EINVAL, s, KITH_OPT_TCP_MD5SIG, bad);
        bad = good, bad.prefix_len = is_inet ? 33 : 129;
        refused(KITH_EINVAL, s, KITH_OPT_TCP_MD5SIG, bad);
        for (const kith_sockaddr &a : {address("unix:@x"), kith_sockaddr{}}) {
            bad = good, bad.peer = a;
            refused(KITH_EINVAL, s, KITH_OPT_TCP_MD5SIG, bad);
        }
        if (is_inet) {
            bad = good, bad.peer = address("fd00::9");
            refused(KITH_EINVAL, s, KITH_OPT_TCP_MD5SIG, bad);
        }

        native.tcpm_addr.ss_family = is_inet ? AF_INET : AF_INET6;
        native.tcpm_keylen = 81;
        EXPECT_EQ(KITH_EINVAL,
                  kith_socket_setopt_native(s, IPPROTO_TCP, TCP_MD5SIG, KITH_IOV(native)));
        EXPECT_EQ(KITH_ENOENT,
                  kith_socket_setopt(s, KITH_OPT_TCP_MD5SIG, none.data(), none.size()))
            << "there is none";
        kt_close(s);
    });
}

/* ---- sockets that are none ---- */

void
answers(int code, kith_socket s)
{
    int v = 1;
    char text[16];

    EXPECT_EQ(code, kith_socket_setopt_int(s, KITH_OPT_TCP_NODELAY, v));
    EXPECT_EQ(code, kith_socket_getopt_int(s, KITH_OPT_TCP_NODELAY, &v));
    EXPECT_EQ(code, kith_socket_setopt(s, KITH_OPT_TCP_CONGESTION, "reno", 4));
    EXPECT_EQ(code, kith_socket_getopt(s, KITH_OPT_TCP_CONGESTION, text, sizeof text));
    EXPECT_EQ(code, kith_socket_setopt_native(s, IPPROTO_TCP, TCP_NODELAY, KITH_IOV(v)));
    EXPECT_EQ(code, kith_socket_getopt_native(s, IPPROTO_TCP, TCP_NODELAY, KITH_IOV(v)));
    EXPECT_EQ(code, kith_socket_getopt_int(s, KITH_OPT_OTP_DOMAIN, &v));
    EXPECT_EQ(1, v) << "untouched";
}

TEST_P(WrongOption, OfAClosedOrUnknownSocketIsACode)
{
    by_process_and_thread([] {
        const kith_socket closed = kt_open();

        kt_close(closed);
        answers(KITH_ECLOSED, closed);
        for (int i = 0; i < 100; i++)
            kt_close(kt_open()); /* its place is another's now */
        answers(KITH_ECLOSED, closed);
        for (const kith_socket none : {kith_socket{0}, kith_socket{UINT64_MAX}})
            answers(KITH_EBADF, none);
    });
}

}    // namespace
