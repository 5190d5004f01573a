/* SPDX-License-Identifier: Apache-2.0
 * socket_option_rows_test.cc -- every row of the table of options, on a socket of its kind: set,
 * read back, a wrong length, the wrong way. */
#include "core/seam.h"
#include "tests/support/sockets.h"

#include <atomic>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include <unistd.h>

namespace
{

using SocketOptionRow = kt_inets<>;

KT_INETS(SocketOptionRow);

std::string
name_of(kith_opt o)
{
    kith_opt_info info;

    return kith_opt_describe(o, &info) == 0 ? std::string(info.level) + "." + info.name
                                            : "?";
}

struct Kind {
    int domain, type, protocol;
};

constexpr int either = -1; /* that of the test */

const Kind tcp = {either, KITH_STREAM, 0}, udp = {either, KITH_DGRAM, 0},
           tcp4 = {KITH_INET, KITH_STREAM, 0}, udp4 = {KITH_INET, KITH_DGRAM, 0},
           udp6 = {KITH_INET6, KITH_DGRAM, 0}, tcp6 = {KITH_INET6, KITH_STREAM, 0},
           local = {KITH_LOCAL, KITH_STREAM, 0}, raw = {KITH_INET, KITH_RAW, 255},
           raw6 = {KITH_INET6, KITH_RAW, 255};

/* Those of kind int and bool that are set to `v` and read back as `v`. */
struct Row {
    kith_opt o;
    Kind kind;
    int v;
};

const Row rows[] = {
    {KITH_OPT_SOCKET_REUSEADDR, tcp, 1},
    {KITH_OPT_SOCKET_REUSEPORT, tcp, 1},
    {KITH_OPT_SOCKET_KEEPALIVE, tcp, 1},
    {KITH_OPT_SOCKET_BROADCAST, udp, 1},
    {KITH_OPT_SOCKET_OOBINLINE, tcp, 1},
    {KITH_OPT_SOCKET_DONTROUTE, udp, 1},
    {KITH_OPT_SOCKET_RCVLOWAT, tcp, 7},
    {KITH_OPT_SOCKET_BUSY_POLL, udp, 50},
    {KITH_OPT_SOCKET_DEBUG, tcp, 1},
    {KITH_OPT_SOCKET_MARK, udp, 0x1234},
    {KITH_OPT_SOCKET_PASSCRED, local, 1},
    {KITH_OPT_SOCKET_PEEK_OFF, local, 3},
    {KITH_OPT_SOCKET_PRIORITY, udp, 5},
    {KITH_OPT_SOCKET_RXQ_OVFL, udp, 1},
    {KITH_OPT_SOCKET_TIMESTAMP, udp, 1},
    {KITH_OPT_SOCKET_TIMESTAMPNS, udp, 1},
    {KITH_OPT_SOCKET_TIMESTAMPING, udp,
     KITH_TIMESTAMPING_RX_SOFTWARE | KITH_TIMESTAMPING_SOFTWARE},
    {KITH_OPT_SOCKET_INCOMING_CPU, udp, 0},
    {KITH_OPT_SOCKET_ZEROCOPY, tcp, 1},
    {KITH_OPT_SOCKET_MAX_PACING_RATE, tcp, 100000},
    {KITH_OPT_SOCKET_BINDTOIFINDEX, udp, 1},
    {KITH_OPT_SOCKET_PREFER_BUSY_POLL, udp, 1},
    {KITH_OPT_SOCKET_RCVMARK, udp, 1},

    {KITH_OPT_IP_TTL, udp4, 9},
    {KITH_OPT_IP_TOS, udp4, KITH_TOS_LOWDELAY},
    {KITH_OPT_IP_MULTICAST_TTL, udp4, 9},
    {KITH_OPT_IP_MULTICAST_LOOP, udp4, 0},
    {KITH_OPT_IP_MULTICAST_ALL, udp4, 0},
    {KITH_OPT_IP_FREEBIND, udp4, 1},
    {KITH_OPT_IP_HDRINCL, raw, 0}, /* which is 1 for IPPROTO_RAW */
    {KITH_OPT_IP_MINTTL, tcp4, 9},
    {KITH_OPT_IP_MTU_DISCOVER, udp4, KITH_PMTUD_DO},
    {KITH_OPT_IP_NODEFRAG, raw, 1},
    {KITH_OPT_IP_PKTINFO, udp4, 1},
    {KITH_OPT_IP_RECVERR, udp4, 1},
    {KITH_OPT_IP_RECVOPTS, udp4, 1},
    {KITH_OPT_IP_RECVORIGDSTADDR, udp4, 1},
    {KITH_OPT_IP_RECVTOS, udp4, 1},
    {KITH_OPT_IP_RECVTTL, udp4, 1},
    {KITH_OPT_IP_RETOPTS, udp4, 1},
    {KITH_OPT_IP_TRANSPARENT, udp4, 1},
    {KITH_OPT_IP_BIND_ADDRESS_NO_PORT, tcp4, 1},
    {KITH_OPT_IP_RECVFRAGSIZE, udp4, 1},
    {KITH_OPT_IP_RECVERR_RFC4884, udp4, 1},
    {KITH_OPT_IP_LOCAL_PORT_RANGE, tcp4, 40000 | 100 << 16}, /* 40000 to 100: see below */

    {KITH_OPT_IPV6_V6ONLY, udp6, 1},
    {KITH_OPT_IPV6_UNICAST_HOPS, udp6, 9},
    {KITH_OPT_IPV6_MULTICAST_IF, udp6, 1},
    {KITH_OPT_IPV6_MULTICAST_HOPS, udp6, 9},
    {KITH_OPT_IPV6_MULTICAST_LOOP, udp6, 0},
    {KITH_OPT_IPV6_MULTICAST_ALL, udp6, 0},
    {KITH_OPT_IPV6_CHECKSUM, raw6, 2},
    {KITH_OPT_IPV6_FLOWINFO, udp6, 1},
    {KITH_OPT_IPV6_RECVHOPLIMIT, udp6, 1},
    {KITH_OPT_IPV6_MTU_DISCOVER, udp6, KITH_PMTUD_DO},
    {KITH_OPT_IPV6_RECVERR, udp6, 1},
    {KITH_OPT_IPV6_RECVPKTINFO, udp6, 1},
    {KITH_OPT_IPV6_RECVTCLASS, udp6, 1},
    {KITH_OPT_IPV6_TCLASS, udp6, 0x28},
    {KITH_OPT_IPV6_FREEBIND, udp6, 1},
    {KITH_OPT_IPV6_TRANSPARENT, udp6, 1},
    {KITH_OPT_IPV6_AUTOFLOWLABEL, udp6, 0},
    {KITH_OPT_IPV6_DONTFRAG, udp6, 1},
    {KITH_OPT_IPV6_RECVPATHMTU, udp6, 1},
    {KITH_OPT_IPV6_RECVORIGDSTADDR, udp6, 1},
    {KITH_OPT_IPV6_MINHOPCOUNT, tcp6, 9},
    {KITH_OPT_IPV6_RECVFRAGSIZE, udp6, 1},
    {KITH_OPT_IPV6_RECVHOPOPTS, udp6, 1},
    {KITH_OPT_IPV6_RECVDSTOPTS, udp6, 1},
    {KITH_OPT_IPV6_RECVRTHDR, udp6, 1},
    {KITH_OPT_IPV6_RECVERR_RFC4884, udp6, 1},
    {KITH_OPT_IPV6_FLOWINFO_SEND, udp6, 1},

    {KITH_OPT_TCP_NODELAY, tcp, 1},
    {KITH_OPT_TCP_CORK, tcp, 1},
    {KITH_OPT_TCP_KEEPIDLE, tcp, 77},
    {KITH_OPT_TCP_KEEPINTVL, tcp, 7},
    {KITH_OPT_TCP_KEEPCNT, tcp, 3},
    {KITH_OPT_TCP_USER_TIMEOUT, tcp, 1234},
    {KITH_OPT_TCP_SYNCNT, tcp, 3},
    {KITH_OPT_TCP_DEFER_ACCEPT, tcp, 1},
    {KITH_OPT_TCP_FASTOPEN_CONNECT, tcp, 1},
    {KITH_OPT_TCP_NOTSENT_LOWAT, tcp, 4096},
    {KITH_OPT_TCP_WINDOW_CLAMP, tcp, 20000},
    {KITH_OPT_TCP_LINGER2, tcp, 9},
    {KITH_OPT_TCP_THIN_LINEAR_TIMEOUTS, tcp, 1},
    {KITH_OPT_TCP_SAVE_SYN, tcp, 1},
    {KITH_OPT_TCP_INQ, tcp, 1},
    {KITH_OPT_TCP_FASTOPEN_NO_COOKIE, tcp, 1},

    {KITH_OPT_UDP_CORK, udp, 1},
    {KITH_OPT_UDP_SEGMENT, udp, 512},
    {KITH_OPT_UDP_GRO, udp, 1},
    {KITH_OPT_UDP_NO_CHECK6_TX, udp6, 1},
    {KITH_OPT_UDP_NO_CHECK6_RX, udp6, 1},
};

/* Those that a test of their own below, or in another file, has. */
const kith_opt others[] = {
    KITH_OPT_SOCKET_SNDBUF,
    KITH_OPT_SOCKET_RCVBUF,
    KITH_OPT_SOCKET_LINGER,
    KITH_OPT_SOCKET_ERROR,
    KITH_OPT_SOCKET_TYPE,
    KITH_OPT_SOCKET_DOMAIN,
    KITH_OPT_SOCKET_PROTOCOL,
    KITH_OPT_SOCKET_ACCEPTCONN,
    KITH_OPT_SOCKET_BINDTODEVICE,
    KITH_OPT_SOCKET_PEERCRED,
    KITH_OPT_SOCKET_RCVBUFFORCE,
    KITH_OPT_SOCKET_SNDBUFFORCE,
    KITH_OPT_SOCKET_RCVTIMEO,
    KITH_OPT_SOCKET_SNDTIMEO,
    KITH_OPT_SOCKET_SNDLOWAT,
    KITH_OPT_SOCKET_COOKIE,
    KITH_OPT_IP_ADD_MEMBERSHIP,
    KITH_OPT_IP_DROP_MEMBERSHIP,
    KITH_OPT_IP_ADD_SOURCE_MEMBERSHIP,
    KITH_OPT_IP_DROP_SOURCE_MEMBERSHIP,
    KITH_OPT_IP_BLOCK_SOURCE,
    KITH_OPT_IP_UNBLOCK_SOURCE,
    KITH_OPT_IP_MSFILTER,
    KITH_OPT_IP_MULTICAST_IF,
    KITH_OPT_IP_MTU,
    KITH_OPT_IP_OPTIONS,
    KITH_OPT_IP_ROUTER_ALERT,
    KITH_OPT_IPV6_ADD_MEMBERSHIP,
    KITH_OPT_IPV6_DROP_MEMBERSHIP,
    KITH_OPT_IPV6_ADD_SOURCE_MEMBERSHIP,
    KITH_OPT_IPV6_DROP_SOURCE_MEMBERSHIP,
    KITH_OPT_IPV6_BLOCK_SOURCE,
    KITH_OPT_IPV6_UNBLOCK_SOURCE,
    KITH_OPT_IPV6_MSFILTER,
    KITH_OPT_IPV6_ADDRFORM,
    KITH_OPT_IPV6_DSTOPTS,
    KITH_OPT_IPV6_HOPOPTS,
    KITH_OPT_IPV6_MTU,
    KITH_OPT_IPV6_PKTOPTIONS,
    KITH_OPT_IPV6_ROUTER_ALERT,
    KITH_OPT_IPV6_RTHDR,
    KITH_OPT_IPV6_RTHDRDSTOPTS,
    KITH_OPT_IPV6_ADDR_PREFERENCES,
    KITH_OPT_TCP_MAXSEG,
    KITH_OPT_TCP_CONGESTION,
    KITH_OPT_TCP_INFO,
    KITH_OPT_TCP_MD5SIG,
    KITH_OPT_TCP_QUICKACK,
    KITH_OPT_TCP_FASTOPEN,
    KITH_OPT_TCP_SAVED_SYN,
};

kith_socket
open_of(const Kind &k)
{
    kith_socket s = {0};
    const int domain = k.domain == either ? kt_inet() : k.domain;
    const int rc = kith_socket_open(domain, k.type, k.protocol, nullptr, &s);

    EXPECT_EQ(0, rc) << kith_strerror(rc);
    return s;
}

int
get(kith_socket s, kith_opt o)
{
    int v = -12345;
    const int rc = kith_socket_getopt_int(s, o, &v);

    EXPECT_EQ(0, rc) << name_of(o) << ": " << kith_strerror(rc);
    return v;
}

/* Raw sockets and some options need a capability; the tests run as root, and say so elsewhere. */
bool
is_root()
{
    return geteuid() == 0;
}

#define NEEDS_ROOT() \
    if (!is_root()) \
    GTEST_SKIP() \
        << "needs root: CAP_NET_RAW for raw sockets, CAP_NET_ADMIN for some options"

/* Linux 5.9 to 6.3 brought them. */
bool
of_a_new_system(kith_opt o)
{
    return o == KITH_OPT_IP_LOCAL_PORT_RANGE || o == KITH_OPT_SOCKET_RCVMARK ||
           o == KITH_OPT_SOCKET_PREFER_BUSY_POLL || o == KITH_OPT_IP_RECVERR_RFC4884 ||
           o == KITH_OPT_IPV6_RECVERR_RFC4884;
}

TEST_P(SocketOptionRow, IsSetAndReadBack)
{
    NEEDS_ROOT();
    for (const Row &row : rows)
        by_process_and_thread([&row] {
            const kith_socket s = open_of(row.kind);
            int v = row.v;

            if (kith_supports(row.o) == 0) { /* an older system; or the number is wrong */
                EXPECT_TRUE(of_a_new_system(row.o)) << name_of(row.o);
                EXPECT_EQ(KITH_ENOPROTOOPT, kith_socket_setopt_int(s, row.o, v))
                    << name_of(row.o);
                kt_close(s);
                return;
            }
            if (row.o == KITH_OPT_IP_LOCAL_PORT_RANGE) {
                EXPECT_EQ(KITH_EINVAL, kith_socket_setopt_int(s, row.o, v))
                    << "the lowest above the highest";
                v = 40000 | 0 << 16; /* no highest */
            }
            EXPECT_NE(v, get(s, row.o)) << name_of(row.o) << ": the test shows nothing";
            EXPECT_EQ(0, kith_socket_setopt_int(s, row.o, v)) << name_of(row.o);
            EXPECT_EQ(v, get(s, row.o)) << name_of(row.o);
            kt_close(s);
        });
}

TEST_P(SocketOptionRow, OfAWrongLengthChangesNothing)
{
    NEEDS_ROOT();
    in_process([] {
        for (const Row &row : rows) {
            const kith_socket s = open_of(row.kind);
            unsigned char bytes[64] = {};

            if (kith_supports(row.o) == 1) {
                const int before = get(s, row.o);

                for (const std::size_t len : {0u, 1u, 2u, 3u, 5u, 8u, 64u})
                    EXPECT_EQ(KITH_EINVAL, kith_socket_setopt(s, row.o, bytes, len))
                        << name_of(row.o) << ' ' << len;
                for (const std::size_t cap : {0u, 1u, 2u, 3u})
                    EXPECT_EQ(KITH_EINVAL, kith_socket_getopt(s, row.o, bytes, cap))
                        << name_of(row.o) << ' ' << cap;
                EXPECT_EQ(before, get(s, row.o)) << name_of(row.o);
            }
            kt_close(s);
        }
    });
}

TEST_F(SocketOptionRow, IsInOneTestAtLeast)
{
    std::set<kith_opt> tested(std::begin(others), std::end(others));

    for (const Row &row : rows)
        tested.insert(row.o);
    for (std::size_t i = 0; kith_opt_at(i) >= 0; i++) {
        const kith_opt o = kith_opt_at(i);
        kith_opt_info info;

        ASSERT_EQ(0, kith_opt_describe(o, &info));
        if (std::strcmp(info.level, "otp") != 0 && kith_supports(o) == 1) {
            EXPECT_TRUE(tested.contains(o)) << name_of(o);
        }
    }
}

/* By those that this system lacks too, and on a socket of any kind. */
TEST_P(SocketOptionRow, GoesTheWayItSaysAndNoOther)
{
    in_process([] {
        const kith_socket s = open_of(tcp);
        std::vector<unsigned char> room(4096);

        for (std::size_t i = 0; kith_opt_at(i) >= 0; i++) {
            const kith_opt o = kith_opt_at(i);
            kith_opt_info info;

            ASSERT_EQ(0, kith_opt_describe(o, &info));
            if (!info.get) {
                EXPECT_EQ(KITH_ENOPROTOOPT,
                          kith_socket_getopt(s, o, room.data(), room.size()))
                    << name_of(o);
            }
            if (!info.set) {
                EXPECT_EQ(KITH_ENOPROTOOPT, kith_socket_setopt(s, o, room.data(), info.len))
                    << name_of(o);
            }
        }
        kt_close(s);
    });
}

/* How often the system was asked for an option. */
std::atomic<int> asked;
struct ki_seam real;

TEST_F(SocketOptionRow, ThatTheSystemLacksIsNeverAsked)
{
    real = ki_seam;
    asked = 0;
    ki_seam.setopt = [](int fd, int level, int number, const void *v, unsigned len) {
        asked++;
        return real.setopt(fd, level, number, v, len);
    };
    ki_seam.getopt = [](int fd, int level, int number, void *v, unsigned *len) {
        asked++;
        return real.getopt(fd, level, number, v, len);
    };
    by_process_and_thread([] {
        const kith_socket s = open_of(tcp4), s6 = open_of(tcp6);
        kith_accept_filter f = {};
        int v;

        for (const kith_opt o :
             {KITH_OPT_SOCKET_SETFIB, KITH_OPT_IP_DONTFRAG, KITH_OPT_IP_RECVIF,
              KITH_OPT_IP_RECVDSTADDR, KITH_OPT_IP_SENDSRCADDR, KITH_OPT_TCP_NOOPT,
              KITH_OPT_TCP_NOPUSH, KITH_OPT_IPV6_AUTH_LEVEL, KITH_OPT_IPV6_ESP_TRANS_LEVEL,
              KITH_OPT_IPV6_ESP_NETWORK_LEVEL, KITH_OPT_IPV6_IPCOMP_LEVEL,
              KITH_OPT_IPV6_FAITH, KITH_OPT_IPV6_PORTRANGE, KITH_OPT_IPV6_USE_MIN_MTU,
              KITH_OPT_IPV6_AUTHHDR, KITH_OPT_SCTP_EXPLICIT_EOR,
              KITH_OPT_SCTP_USE_EXT_RECVINFO}) {
            EXPECT_EQ(0, kith_supports(o)) << name_of(o);
            EXPECT_EQ(KITH_ENOPROTOOPT, kith_socket_setopt_int(s6, o, 1)) << name_of(o);
            EXPECT_EQ(KITH_ENOPROTOOPT, kith_socket_getopt_int(s6, o, &v)) << name_of(o);
        }
        EXPECT_EQ(0, kith_supports(KITH_OPT_SOCKET_ACCEPTFILTER));
        EXPECT_EQ(KITH_ENOPROTOOPT,
                  kith_socket_setopt(s, KITH_OPT_SOCKET_ACCEPTFILTER, &f, sizeof f));
        EXPECT_EQ(KITH_ENOPROTOOPT,
                  kith_socket_getopt(s, KITH_OPT_SOCKET_ACCEPTFILTER, &f, sizeof f));
        EXPECT_EQ(0, asked);
        EXPECT_EQ(1, get(s, KITH_OPT_SOCKET_SNDLOWAT));
        EXPECT_EQ(1, asked.exchange(0)) << "the test shows nothing";
        kt_close(s);
        kt_close(s6);
    });
    ki_seam.setopt = real.setopt;
    ki_seam.getopt = real.getopt;
}

/* ---- those that are not read as they were set ---- */

TEST_P(SocketOptionRow, TimesAreRoundedToTheSystemsTicksAtMost)
{
    by_process_and_thread([] {
        const kith_socket s = open_of(tcp);

        for (const kith_opt o : {KITH_OPT_SOCKET_RCVTIMEO, KITH_OPT_SOCKET_SNDTIMEO}) {
            kith_ms v = 61000, bad = -1, seen = -1;

            EXPECT_EQ(static_cast<std::ptrdiff_t>(sizeof seen),
                      kith_socket_getopt(s, o, &seen, sizeof seen));
            EXPECT_EQ(0, seen) << "no bound";
            EXPECT_EQ(0, kith_socket_setopt(s, o, &v, sizeof v));
            EXPECT_EQ(static_cast<std::ptrdiff_t>(sizeof seen),
                      kith_socket_getopt(s, o, &seen, sizeof seen));
            EXPECT_EQ(61000, seen);
            EXPECT_EQ(KITH_EINVAL, kith_socket_setopt(s, o, &bad, sizeof bad));
            EXPECT_EQ(KITH_EINVAL, kith_socket_setopt_int(s, o, 5)) << "no int";
            EXPECT_EQ(KITH_EINVAL, kith_socket_setopt(s, o, &v, 4));
        }
        kt_close(s);
    });
}

TEST_P(SocketOptionRow, ForcedBuffersPassTheSystemsBound)
{
    NEEDS_ROOT();
    by_process_and_thread([] {
        const kith_socket s = open_of(udp);
        const int much = 256 << 20; /* more than any bound */
        const struct {
            kith_opt plain, force;
        } pairs[] = {{KITH_OPT_SOCKET_RCVBUF, KITH_OPT_SOCKET_RCVBUFFORCE},
                     {KITH_OPT_SOCKET_SNDBUF, KITH_OPT_SOCKET_SNDBUFFORCE}};

        for (const auto &p : pairs) {
            EXPECT_EQ(0, kith_socket_setopt_int(s, p.plain, much));
            EXPECT_LT(get(s, p.plain), much);
            EXPECT_EQ(0, kith_socket_setopt_int(s, p.force, much));
            EXPECT_GE(get(s, p.plain), much);
        }
        kt_close(s);
    });
}

TEST_P(SocketOptionRow, TheLeastToSendIsReadAlone)
{
    by_process_and_thread([] {
        const kith_socket s = open_of(tcp);

        EXPECT_EQ(1, get(s, KITH_OPT_SOCKET_SNDLOWAT));
        EXPECT_EQ(KITH_ENOPROTOOPT, kith_socket_setopt_int(s, KITH_OPT_SOCKET_SNDLOWAT, 5));
        kt_close(s);
    });
}

TEST_P(SocketOptionRow, TheCookieIsTheSocketsOwn)
{
    by_process_and_thread([] {
        const kith_socket a = open_of(tcp), b = open_of(tcp);
        std::uint64_t one = 0, same = 0, other = 0;
        constexpr std::ptrdiff_t len = sizeof one;

        EXPECT_EQ(len, kith_socket_getopt(a, KITH_OPT_SOCKET_COOKIE, &one, sizeof one));
        EXPECT_EQ(len, kith_socket_getopt(a, KITH_OPT_SOCKET_COOKIE, &same, sizeof same));
        EXPECT_EQ(len, kith_socket_getopt(b, KITH_OPT_SOCKET_COOKIE, &other, sizeof other));
        EXPECT_NE(0u, one);
        EXPECT_EQ(one, same);
        EXPECT_NE(one, other);
        kt_close(a);
        kt_close(b);
    });
}

TEST_F(SocketOptionRow, ThePeersCredentialsAreOurOwn)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of(kt_domain::path);
        kith_credentials c = {};

        EXPECT_EQ(KITH_OPT_SOCKET_PEEKCRED, KITH_OPT_SOCKET_PEERCRED);
        EXPECT_EQ(static_cast<std::ptrdiff_t>(sizeof c),
                  kith_socket_getopt(p.near, KITH_OPT_SOCKET_PEERCRED, &c, sizeof c));
        EXPECT_EQ(getpid(), c.pid);
        EXPECT_EQ(geteuid(), c.uid);
        EXPECT_EQ(getegid(), c.gid);
        EXPECT_EQ(KITH_EINVAL,
                  kith_socket_getopt(p.near, KITH_OPT_SOCKET_PEERCRED, &c, sizeof c - 1));
        kt_close(p);
    });
}

std::string
text_of(kith_socket s, kith_opt o)
{
    char text[64];
    const std::ptrdiff_t n = kith_socket_getopt(s, o, text, sizeof text);

    if (n < 0)
        return kith_err_name(static_cast<int>(n));
    EXPECT_EQ(std::strlen(text), static_cast<std::size_t>(n));
    return text;
}

TEST_P(SocketOptionRow, ADeviceIsBoundByItsName)
{
    NEEDS_ROOT();
    by_process_and_thread([] {
        const kith_socket s = open_of(udp);
        const kith_opt o = KITH_OPT_SOCKET_BINDTODEVICE;
        char small[2];

        EXPECT_EQ("", text_of(s, o));
        EXPECT_EQ(0, kith_socket_setopt(s, o, "lo", 2));
        EXPECT_EQ("lo", text_of(s, o));
        EXPECT_EQ(KITH_EINVAL, kith_socket_getopt(s, o, small, sizeof small));
        EXPECT_EQ(KITH_ENODEV, kith_socket_setopt(s, o, "kith-none", 9));
        EXPECT_EQ(KITH_EINVAL, kith_socket_setopt(s, o, "sixteen-letters-", 16));
        EXPECT_EQ(KITH_EINVAL, kith_socket_setopt(s, o, "lo\0x", 4));
        EXPECT_EQ("lo", text_of(s, o));
        EXPECT_EQ(0, kith_socket_setopt(s, o, "", 0));
        EXPECT_EQ("", text_of(s, o));
        EXPECT_EQ(0, kith_socket_setopt(s, o, "lo", sizeof "lo")) << "with its NUL";
        EXPECT_EQ("lo", text_of(s, o));
        kt_close(s);
    });
}

TEST_P(SocketOptionRow, CongestionIsChosenByItsName)
{
    by_process_and_thread([] {
        const kith_socket s = open_of(tcp);
        const kith_opt o = KITH_OPT_TCP_CONGESTION;

        EXPECT_EQ(0, kith_socket_setopt(s, o, "cubic", 5));
        EXPECT_EQ("cubic", text_of(s, o));
        EXPECT_EQ(0, kith_socket_setopt(s, o, "reno", 4));
        EXPECT_EQ("reno", text_of(s, o));
        EXPECT_EQ(KITH_ENOENT, kith_socket_setopt(s, o, "kith-none", 9));
        EXPECT_EQ("reno", text_of(s, o));
        EXPECT_EQ(KITH_EINVAL, kith_socket_setopt_int(s, o, 1));
        kt_close(s);
    });
}

TEST_F(SocketOptionRow, HeaderOptionsAreBytes)
{
    NEEDS_ROOT();
    by_process_and_thread([] {
        const kith_socket s = open_of(udp4), s6 = open_of(udp6);
        unsigned char record[] = {7, 7, 4, 0, 0, 0, 0, 0},
                      padding[] = {0, 0, 1, 4, 0, 0, 0, 0}, out[64], small[3];
        constexpr std::ptrdiff_t len = sizeof record;

        EXPECT_EQ(0, kith_socket_getopt(s, KITH_OPT_IP_OPTIONS, out, sizeof out));
        EXPECT_EQ(0, kith_socket_setopt(s, KITH_OPT_IP_OPTIONS, record, sizeof record));
        EXPECT_EQ(len, kith_socket_getopt(s, KITH_OPT_IP_OPTIONS, out, sizeof out));
        EXPECT_EQ(0, std::memcmp(record, out, sizeof record));
        EXPECT_EQ(KITH_EINVAL, kith_socket_getopt(s, KITH_OPT_IP_OPTIONS, small, 3));
        EXPECT_EQ(KITH_EINVAL, kith_socket_setopt(s, KITH_OPT_IP_OPTIONS, out, 41));

        for (const kith_opt o :
             {KITH_OPT_IPV6_HOPOPTS, KITH_OPT_IPV6_DSTOPTS, KITH_OPT_IPV6_RTHDRDSTOPTS}) {
            EXPECT_EQ(0, kith_socket_getopt(s6, o, out, sizeof out)) << name_of(o);
            EXPECT_EQ(0, kith_socket_setopt(s6, o, padding, sizeof padding)) << name_of(o);
            EXPECT_EQ(len, kith_socket_getopt(s6, o, out, sizeof out)) << name_of(o);
            EXPECT_EQ(0, std::memcmp(padding, out, sizeof padding)) << name_of(o);
            EXPECT_EQ(KITH_EINVAL, kith_socket_getopt(s6, o, small, 3)) << name_of(o);
            EXPECT_EQ(KITH_EINVAL, kith_socket_setopt(s6, o, out, 3)) << name_of(o);
            EXPECT_EQ(0, kith_socket_setopt(s6, o, out, 0)) << name_of(o) << ": none again";
            EXPECT_EQ(0, kith_socket_getopt(s6, o, out, sizeof out)) << name_of(o);
        }
        EXPECT_EQ(0, kith_socket_getopt(s6, KITH_OPT_IPV6_RTHDR, out, sizeof out));
        EXPECT_EQ(KITH_EINVAL, kith_socket_setopt(s6, KITH_OPT_IPV6_RTHDR, out, 3));
        kt_close(s);
        kt_close(s6);
    });
}

TEST_P(SocketOptionRow, TheMtuIsThatOfTheRoute)
{
    by_process_and_thread([] {
        const kith_socket s = open_of(udp);
        const kith_opt o = kt_inet() == KITH_INET ? KITH_OPT_IP_MTU : KITH_OPT_IPV6_MTU;
        const kith_sockaddr to = kt_loopback(9);
        int v;

        EXPECT_EQ(KITH_ENOTCONN, kith_socket_getopt_int(s, o, &v));
        ASSERT_EQ(0, kith_socket_connect(s, &to, kt_long()));
        EXPECT_GE(get(s, o), 1280);
        kt_close(s);
    });
}

TEST_F(SocketOptionRow, ARouterAlertIsOfRawSockets)
{
    NEEDS_ROOT();
    by_process_and_thread([] {
        const kith_socket s = open_of(udp4), r = open_of(raw), s6 = open_of(udp6),
                          r6 = open_of(raw6);

        EXPECT_EQ(KITH_EINVAL, kith_socket_setopt_int(s, KITH_OPT_IP_ROUTER_ALERT, 1));
        EXPECT_EQ(KITH_EINVAL, kith_socket_setopt_int(r, KITH_OPT_IP_ROUTER_ALERT, 1))
            << "it would hear nothing: one that only sends";
        EXPECT_EQ(KITH_ENOPROTOOPT,
                  kith_socket_setopt_int(s6, KITH_OPT_IPV6_ROUTER_ALERT, 1));
        EXPECT_EQ(0, kith_socket_setopt_int(r6, KITH_OPT_IPV6_ROUTER_ALERT, 1));
        for (const kith_socket each : {s, r, s6, r6})
            kt_close(each);
    });
}

TEST_F(SocketOptionRow, AddressPreferencesAreBits)
{
    by_process_and_thread([] {
        const kith_socket s = open_of(udp6);
        const int tmp = 0x0001, home = 0x0400; /* PREFER_SRC_TMP, PREFER_SRC_HOME */

        EXPECT_EQ(0, kith_socket_setopt_int(s, KITH_OPT_IPV6_ADDR_PREFERENCES, tmp | home));
        EXPECT_EQ(tmp, get(s, KITH_OPT_IPV6_ADDR_PREFERENCES) & tmp);
        EXPECT_EQ(KITH_EINVAL,
                  kith_socket_setopt_int(s, KITH_OPT_IPV6_ADDR_PREFERENCES, 0xffff));
        kt_close(s);
    });
}

TEST_F(SocketOptionRow, AMappedConnectionBecomesOneOfInet)
{
    by_process_and_thread([] {
        const kith_socket l = kt_listen(kt_place(kt_domain::inet)), s = open_of(tcp6);
        const kith_sockaddr name = kt_name_of(l);
        kith_sockaddr mapped = {};
        kith_socket far = {};
        int domain = 0;

        EXPECT_EQ(KITH_ENOTCONN,
                  kith_socket_setopt_int(s, KITH_OPT_IPV6_ADDRFORM, KITH_INET));
        EXPECT_EQ(KITH_EINVAL, kith_socket_setopt_int(s, KITH_OPT_IPV6_ADDRFORM, 99));
        ASSERT_EQ(0, kith_sockaddr_parse("::ffff:127.0.0.1", &mapped));
        mapped.inet6.port = kith_sockaddr_port(&name);
        ASSERT_EQ(0, kith_socket_connect(s, &mapped, kt_long()));
        ASSERT_EQ(0, kith_socket_accept(l, kt_long(), &far));
        EXPECT_EQ(0, kith_socket_setopt_int(s, KITH_OPT_IPV6_ADDRFORM, KITH_INET));
        domain = get(s, KITH_OPT_SOCKET_DOMAIN);
        EXPECT_EQ(KITH_INET, domain);
        EXPECT_EQ(KITH_INET, kt_name_of(s).domain);
        for (const kith_socket each : {l, s, far})
            kt_close(each);
    });
}

TEST_P(SocketOptionRow, AConnectionTellsWhatItIsAndHasDone)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of();
        kith_tcp_info info = {};
        constexpr std::ptrdiff_t len = sizeof info;
        char buf[5];

        ASSERT_EQ(5, kith_socket_send(p.near, "hello", 5, 0, kt_long()));
        ASSERT_EQ(5, kith_socket_recv(p.far, buf, 5, KITH_MSG_WAITALL, kt_long()));
        EXPECT_EQ(len, kith_socket_getopt(p.far, KITH_OPT_TCP_INFO, &info, sizeof info));
        EXPECT_EQ(KITH_TCP_ESTABLISHED, info.state);
        EXPECT_EQ(5u, info.bytes_received);
        EXPECT_GT(info.rcv_mss, 0u);
        EXPECT_EQ(len, kith_socket_getopt(p.near, KITH_OPT_TCP_INFO, &info, sizeof info));
        EXPECT_EQ(5u, info.bytes_sent);
        EXPECT_EQ(1u, info.data_segs_out);
        EXPECT_GT(info.snd_mss, 500u);
        EXPECT_GT(info.rto_us, 0u);
        EXPECT_GT(info.snd_cwnd, 0u);
        EXPECT_EQ(KITH_EINVAL,
                  kith_socket_getopt(p.near, KITH_OPT_TCP_INFO, &info, sizeof info - 1));
        kt_close(p.far);
        EXPECT_EQ(0, kith_socket_recv(p.near, buf, 5, 0, kt_long()));
        EXPECT_EQ(len, kith_socket_getopt(p.near, KITH_OPT_TCP_INFO, &info, sizeof info));
        EXPECT_EQ(KITH_TCP_CLOSE_WAIT, info.state);
        kt_close(p.near);
    });
}

TEST_P(SocketOptionRow, AListenerKeepsTheFirstPacketIfAsked)
{
    by_process_and_thread([] {
        const kith_socket l = kt_listen_here();
        unsigned char syn[512];

        ASSERT_EQ(0, kith_socket_setopt_int(l, KITH_OPT_TCP_SAVE_SYN, 1));
        const kt_pair p = kt_connect(l);
        const std::ptrdiff_t n =
            kith_socket_getopt(p.far, KITH_OPT_TCP_SAVED_SYN, syn, sizeof syn);

        EXPECT_GE(n, kt_inet() == KITH_INET ? 40 : 60) << "its headers";
        EXPECT_EQ(kt_inet() == KITH_INET ? 4 : 6, syn[0] >> 4);
        EXPECT_EQ(0, kith_socket_getopt(p.far, KITH_OPT_TCP_SAVED_SYN, syn, sizeof syn))
            << "once";
        kt_close(p);
        kt_close(l);
    });
}

TEST_P(SocketOptionRow, OthersOfTcpAreTaken)
{
    by_process_and_thread([] {
        const kith_socket l = kt_listen_here(), s = open_of(tcp);
        const kt_pair p = kt_connect(l);
        unsigned char out[64];

        EXPECT_EQ(0, kith_socket_setopt_int(p.near, KITH_OPT_TCP_QUICKACK, 0));
        EXPECT_EQ(0, get(p.near, KITH_OPT_TCP_QUICKACK));
        EXPECT_EQ(0, kith_socket_setopt_int(p.near, KITH_OPT_TCP_QUICKACK, 1));
        EXPECT_EQ(1, get(p.near, KITH_OPT_TCP_QUICKACK));
        EXPECT_EQ(0, kith_socket_setopt_int(l, KITH_OPT_TCP_FASTOPEN, 5));
        EXPECT_EQ(5, get(l, KITH_OPT_TCP_FASTOPEN));
        EXPECT_EQ(0, kith_socket_setopt_int(s, KITH_OPT_TCP_MAXSEG, 700));
        EXPECT_EQ(KITH_EINVAL, kith_socket_setopt_int(s, KITH_OPT_TCP_MAXSEG, 1));
        if (kt_inet() == KITH_INET6) {
            EXPECT_LE(0, kith_socket_getopt(p.near, KITH_OPT_IPV6_PKTOPTIONS, out,
                                            sizeof out));
        }
        kt_close(p);
        kt_close(l);
        kt_close(s);
    });
}

TEST_F(SocketOptionRow, NamesOfTwoSpellingsAreOneOption)
{
    EXPECT_EQ(KITH_OPT_IPV6_JOIN_GROUP, kith_opt_find("ipv6", "join_group"));
    EXPECT_EQ(KITH_OPT_IPV6_ADD_MEMBERSHIP, kith_opt_find("ipv6", "add_membership"));
    EXPECT_EQ(KITH_OPT_IPV6_JOIN_GROUP, KITH_OPT_IPV6_ADD_MEMBERSHIP);
    EXPECT_EQ(KITH_OPT_IPV6_HOPLIMIT, kith_opt_find("ipv6", "recvhoplimit"));
    EXPECT_EQ(KITH_TOS_LOWDELAY, KITH_TOS_LOWDELEY);
    EXPECT_EQ(KITH_ENOENT, kith_opt_find("ipv6", "nothing"));
    EXPECT_EQ(KITH_ENOENT, kith_opt_find(nullptr, "ttl"));
    EXPECT_EQ(KITH_ENOENT, kith_opt_find("ip", nullptr));
}

}    // namespace
