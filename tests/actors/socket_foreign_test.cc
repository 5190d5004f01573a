/* SPDX-License-Identifier: Apache-2.0
 * socket_foreign_test.cc -- options as other systems have them: where this system's rows and calls are
 * replaced by another's, that one is told the level, number, length and bytes that its headers
 * ask for, and nothing of what it lacks. */
#include "core/seam.h"
#include "core/sockopt_foreign.h"
#include "tests/support/sockets.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

namespace
{

/* ---- what those systems say of themselves ---- */

/* The bytes of a value. */
template <typename T>
std::string
of(const T &v)
{
    return {reinterpret_cast<const char *>(&v), sizeof v};
}

std::string
hex(const std::string &digits)
{
    std::string out;

    for (std::size_t i = 0; i < digits.size(); i += 2)
        out += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
    return out;
}

std::string
linger(int seconds)
{
    kith_linger v;

    std::memset(static_cast<void *>(&v), 0, sizeof v);
    v.on = true;
    v.seconds = seconds;
    return of(v);
}

std::string
padded(std::string s, std::size_t len)
{
    s.resize(len);
    return s;
}

/* Values of the longer kinds: a struct accept_filter_arg, which is a name of 16 bytes and an argument;
 * a struct timeval of 61.5 s; an extension header of one PadN. */
const std::string on = of(1), filter = padded("httpready", 16) + padded("", 240),
                  a_minute = hex(sizeof(timeval) == 16 ? "3d0000000000000020a1070000000000"
                                                       : "3d00000020a10700"),
                  padding = hex("3a00010400000000");

/* What is asked for by `macro`: the value here, its bytes there, and how many are asked for when
 * it is read; 0: as many. Bytes are those of a machine that has the lowest first. */
struct Option {
    const char *macro;
    kith_opt o;
    int number;
    std::string value, native;
    std::size_t room = 0;
};

struct Header {
    const char *name, *source; /* a repository, and a file of it */
    ki_system system;
    int level;
    std::vector<Option> options;

    friend std::ostream &operator<<(std::ostream &out, const Header &h)
    {
        return out << h.source;
    }
};

const Header headers[] = {
    {"FreebsdSocket",
     "freebsd/freebsd-src sys/sys/socket.h",
     KI_FREEBSD,
     0xffff,
     {
         {"SO_DEBUG", KITH_OPT_SOCKET_DEBUG, 0x0001, of(1), hex("01000000")},
         {"SO_ACCEPTCONN", KITH_OPT_SOCKET_ACCEPTCONN, 0x0002, on, hex("01000000")},
         {"SO_REUSEADDR", KITH_OPT_SOCKET_REUSEADDR, 0x0004, on, hex("01000000")},
         {"SO_KEEPALIVE", KITH_OPT_SOCKET_KEEPALIVE, 0x0008, on, hex("01000000")},
         {"SO_DONTROUTE", KITH_OPT_SOCKET_DONTROUTE, 0x0010, on, hex("01000000")},
         {"SO_BROADCAST", KITH_OPT_SOCKET_BROADCAST, 0x0020, on, hex("01000000")},
         {"SO_LINGER", KITH_OPT_SOCKET_LINGER, 0x0080, linger(5), hex("0100000005000000")},
         {"SO_OOBINLINE", KITH_OPT_SOCKET_OOBINLINE, 0x0100, on, hex("01000000")},
         {"SO_REUSEPORT", KITH_OPT_SOCKET_REUSEPORT, 0x0200, on, hex("01000000")},
         {"SO_TIMESTAMP", KITH_OPT_SOCKET_TIMESTAMP, 0x0400, on, hex("01000000")},
         {"SO_ACCEPTFILTER", KITH_OPT_SOCKET_ACCEPTFILTER, 0x1000, filter, filter},
         {"SO_SNDBUF", KITH_OPT_SOCKET_SNDBUF, 0x1001, of(70000), hex("70110100")},
         {"SO_RCVBUF", KITH_OPT_SOCKET_RCVBUF, 0x1002, of(70000), hex("70110100")},
         {"SO_SNDLOWAT", KITH_OPT_SOCKET_SNDLOWAT, 0x1003, of(7), hex("07000000")},
         {"SO_RCVLOWAT", KITH_OPT_SOCKET_RCVLOWAT, 0x1004, of(7), hex("07000000")},
         {"SO_SNDTIMEO", KITH_OPT_SOCKET_SNDTIMEO, 0x1005, of(kith_ms{61500}), a_minute},
         {"SO_RCVTIMEO", KITH_OPT_SOCKET_RCVTIMEO, 0x1006, of(kith_ms{61500}), a_minute},
         {"SO_TYPE", KITH_OPT_SOCKET_TYPE, 0x1008, of(KITH_SEQPACKET), hex("05000000")},
         {"SO_SETFIB", KITH_OPT_SOCKET_SETFIB, 0x1014, of(3), hex("03000000")},
         {"SO_PROTOCOL", KITH_OPT_SOCKET_PROTOCOL, 0x1016, of(6), hex("06000000")},
         {"SO_MAX_PACING_RATE", KITH_OPT_SOCKET_MAX_PACING_RATE, 0x1018, of(70000),
          hex("70110100")},
     }},
    {"FreebsdIp",
     "freebsd/freebsd-src sys/netinet/in.h",
     KI_FREEBSD,
     0,
     {
         {"IP_OPTIONS", KITH_OPT_IP_OPTIONS, 1, hex("01010100"), hex("01010100"), 2048},
         {"IP_HDRINCL", KITH_OPT_IP_HDRINCL, 2, on, hex("01000000")},
         {"IP_TOS", KITH_OPT_IP_TOS, 3, of(16), hex("10000000")},
         {"IP_TTL", KITH_OPT_IP_TTL, 4, of(64), hex("40000000")},
         {"IP_RECVOPTS", KITH_OPT_IP_RECVOPTS, 5, on, hex("01000000")},
         {"IP_RECVRETOPTS", KITH_OPT_IP_RETOPTS, 6, on, hex("01000000")},
         {"IP_RECVDSTADDR", KITH_OPT_IP_RECVDSTADDR, 7, on, hex("01000000")},
         {"IP_MULTICAST_TTL", KITH_OPT_IP_MULTICAST_TTL, 10, of(5), hex("05000000")},
         {"IP_MULTICAST_LOOP", KITH_OPT_IP_MULTICAST_LOOP, 11, on, hex("01000000")},
         {"IP_RECVIF", KITH_OPT_IP_RECVIF, 20, on, hex("01000000")},
         {"IP_RECVORIGDSTADDR", KITH_OPT_IP_RECVORIGDSTADDR, 27, on, hex("01000000")},
         {"IP_RECVTTL", KITH_OPT_IP_RECVTTL, 65, on, hex("01000000")},
         {"IP_MINTTL", KITH_OPT_IP_MINTTL, 66, of(255), hex("ff000000")},
         {"IP_DONTFRAG", KITH_OPT_IP_DONTFRAG, 67, on, hex("01000000")},
         {"IP_RECVTOS", KITH_OPT_IP_RECVTOS, 68, on, hex("01000000")},
     }},
    {"FreebsdIpv6",
     "freebsd/freebsd-src sys/netinet6/in6.h",
     KI_FREEBSD,
     41,
     {
         {"IPV6_UNICAST_HOPS", KITH_OPT_IPV6_UNICAST_HOPS, 4, of(64), hex("40000000")},
         {"IPV6_MULTICAST_IF", KITH_OPT_IPV6_MULTICAST_IF, 9, of(2), hex("02000000")},
         {"IPV6_MULTICAST_HOPS", KITH_OPT_IPV6_MULTICAST_HOPS, 10, of(5), hex("05000000")},
         {"IPV6_MULTICAST_LOOP", KITH_OPT_IPV6_MULTICAST_LOOP, 11, on, hex("01000000")},
         {"IPV6_PORTRANGE", KITH_OPT_IPV6_PORTRANGE, 14, of(2), hex("02000000")},
         {"IPV6_CHECKSUM", KITH_OPT_IPV6_CHECKSUM, 26, of(2), hex("02000000")},
         {"IPV6_V6ONLY", KITH_OPT_IPV6_V6ONLY, 27, on, hex("01000000")},
         {"IPV6_RTHDRDSTOPTS", KITH_OPT_IPV6_RTHDRDSTOPTS, 35, padding, padding, 2048},
         {"IPV6_RECVPKTINFO", KITH_OPT_IPV6_RECVPKTINFO, 36, on, hex("01000000")},
         {"IPV6_RECVHOPLIMIT", KITH_OPT_IPV6_RECVHOPLIMIT, 37, on, hex("01000000")},
         {"IPV6_RECVRTHDR", KITH_OPT_IPV6_RECVRTHDR, 38, on, hex("01000000")},
         {"IPV6_RECVHOPOPTS", KITH_OPT_IPV6_RECVHOPOPTS, 39, on, hex("01000000")},
         {"IPV6_RECVDSTOPTS", KITH_OPT_IPV6_RECVDSTOPTS, 40, on, hex("01000000")},
         {"IPV6_USE_MIN_MTU", KITH_OPT_IPV6_USE_MIN_MTU, 42, of(1), hex("01000000")},
         {"IPV6_RECVPATHMTU", KITH_OPT_IPV6_RECVPATHMTU, 43, on, hex("01000000")},
         {"IPV6_HOPOPTS", KITH_OPT_IPV6_HOPOPTS, 49, padding, padding, 2048},
         {"IPV6_DSTOPTS", KITH_OPT_IPV6_DSTOPTS, 50, padding, padding, 2048},
         {"IPV6_RTHDR", KITH_OPT_IPV6_RTHDR, 51, padding, padding, 2048},
         {"IPV6_RECVTCLASS", KITH_OPT_IPV6_RECVTCLASS, 57, on, hex("01000000")},
         {"IPV6_AUTOFLOWLABEL", KITH_OPT_IPV6_AUTOFLOWLABEL, 59, on, hex("01000000")},
         {"IPV6_TCLASS", KITH_OPT_IPV6_TCLASS, 61, of(40), hex("28000000")},
         {"IPV6_DONTFRAG", KITH_OPT_IPV6_DONTFRAG, 62, on, hex("01000000")},
         {"IPV6_RECVORIGDSTADDR", KITH_OPT_IPV6_RECVORIGDSTADDR, 72, on, hex("01000000")},
     }},
    {"Freebsd10Ipv6",
     "freebsd/freebsd-src sys/netinet6/in6.h of FreeBSD 10",
     KI_FREEBSD,
     41,
     {
         {"IPV6_FAITH", KITH_OPT_IPV6_FAITH, 29, on, hex("01000000")},
     }},
    {"FreebsdTcp",
     "freebsd/freebsd-src sys/netinet/tcp.h",
     KI_FREEBSD,
     6,
     {
         {"TCP_NODELAY", KITH_OPT_TCP_NODELAY, 1, on, hex("01000000")},
         {"TCP_MAXSEG", KITH_OPT_TCP_MAXSEG, 2, of(1400), hex("78050000")},
         {"TCP_NOPUSH", KITH_OPT_TCP_NOPUSH, 4, on, hex("01000000")},
         {"TCP_NOOPT", KITH_OPT_TCP_NOOPT, 8, on, hex("01000000")},
         {"TCP_CONGESTION", KITH_OPT_TCP_CONGESTION, 64, "cubic", hex("637562696300"), 16},
         {"TCP_KEEPIDLE", KITH_OPT_TCP_KEEPIDLE, 256, of(77), hex("4d000000")},
         {"TCP_KEEPINTVL", KITH_OPT_TCP_KEEPINTVL, 512, of(7), hex("07000000")},
         {"TCP_KEEPCNT", KITH_OPT_TCP_KEEPCNT, 1024, of(3), hex("03000000")},
         {"TCP_FASTOPEN", KITH_OPT_TCP_FASTOPEN, 1025, of(5), hex("05000000")},
     }},
    {"FreebsdSctp",
     "freebsd/freebsd-src sys/netinet/sctp.h",
     KI_FREEBSD,
     132,
     {
         {"SCTP_NODELAY", KITH_OPT_SCTP_NODELAY, 0x04, on, hex("01000000")},
         {"SCTP_AUTOCLOSE", KITH_OPT_SCTP_AUTOCLOSE, 0x05, of(30), hex("1e000000")},
         {"SCTP_ADAPTATION_LAYER", KITH_OPT_SCTP_ADAPTION_LAYER, 0x08, of(77),
          hex("4d000000")},
         {"SCTP_DISABLE_FRAGMENTS", KITH_OPT_SCTP_DISABLE_FRAGMENTS, 0x09, on,
          hex("01000000")},
         {"SCTP_I_WANT_MAPPED_V4_ADDR", KITH_OPT_SCTP_I_WANT_MAPPED_V4_ADDR, 0x0d, on,
          hex("01000000")},
         {"SCTP_FRAGMENT_INTERLEAVE", KITH_OPT_SCTP_FRAGMENT_INTERLEAVE, 0x10, of(2),
          hex("02000000")},
         {"SCTP_PARTIAL_DELIVERY_POINT", KITH_OPT_SCTP_PARTIAL_DELIVERY_POINT, 0x11,
          of(4096), hex("00100000")},
         {"SCTP_AUTH_CHUNK", KITH_OPT_SCTP_AUTH_CHUNK, 0x12, of(0x83), hex("83")},
         {"SCTP_USE_EXT_RCVINFO", KITH_OPT_SCTP_USE_EXT_RECVINFO, 0x17, on,
          hex("01000000")},
         {"SCTP_AUTO_ASCONF", KITH_OPT_SCTP_AUTH_ASCONF, 0x18, on, hex("01000000")},
         {"SCTP_EXPLICIT_EOR", KITH_OPT_SCTP_EXPLICIT_EOR, 0x1b, on, hex("01000000")},
         {"SCTP_RECVRCVINFO", KITH_OPT_SCTP_RECVRCVINFO, 0x1f, on, hex("01000000")},
         {"SCTP_RECVNXTINFO", KITH_OPT_SCTP_RECVNXTINFO, 0x20, on, hex("01000000")},
     }},
    {"MacosSocket",
     "apple-oss-distributions/xnu bsd/sys/socket.h",
     KI_MACOS,
     0xffff,
     {
         {"SO_DEBUG", KITH_OPT_SOCKET_DEBUG, 0x0001, of(1), hex("01000000")},
         {"SO_ACCEPTCONN", KITH_OPT_SOCKET_ACCEPTCONN, 0x0002, on, hex("01000000")},
         {"SO_REUSEADDR", KITH_OPT_SOCKET_REUSEADDR, 0x0004, on, hex("01000000")},
         {"SO_KEEPALIVE", KITH_OPT_SOCKET_KEEPALIVE, 0x0008, on, hex("01000000")},
         {"SO_DONTROUTE", KITH_OPT_SOCKET_DONTROUTE, 0x0010, on, hex("01000000")},
         {"SO_BROADCAST", KITH_OPT_SOCKET_BROADCAST, 0x0020, on, hex("01000000")},
         {"SO_OOBINLINE", KITH_OPT_SOCKET_OOBINLINE, 0x0100, on, hex("01000000")},
         {"SO_REUSEPORT", KITH_OPT_SOCKET_REUSEPORT, 0x0200, on, hex("01000000")},
         {"SO_TIMESTAMP", KITH_OPT_SOCKET_TIMESTAMP, 0x0400, on, hex("01000000")},
         {"SO_SNDBUF", KITH_OPT_SOCKET_SNDBUF, 0x1001, of(70000), hex("70110100")},
         {"SO_RCVBUF", KITH_OPT_SOCKET_RCVBUF, 0x1002, of(70000), hex("70110100")},
         {"SO_SNDLOWAT", KITH_OPT_SOCKET_SNDLOWAT, 0x1003, of(7), hex("07000000")},
         {"SO_RCVLOWAT", KITH_OPT_SOCKET_RCVLOWAT, 0x1004, of(7), hex("07000000")},
         {"SO_SNDTIMEO", KITH_OPT_SOCKET_SNDTIMEO, 0x1005, of(kith_ms{61500}), a_minute},
         {"SO_RCVTIMEO", KITH_OPT_SOCKET_RCVTIMEO, 0x1006, of(kith_ms{61500}), a_minute},
         {"SO_TYPE", KITH_OPT_SOCKET_TYPE, 0x1008, of(KITH_SEQPACKET), hex("05000000")},
         {"SO_LINGER_SEC", KITH_OPT_SOCKET_LINGER, 0x1080, linger(5),
          hex("0100000005000000")},
         {"SO_BINDTODEVICE", KITH_OPT_SOCKET_BINDTODEVICE, 0x1134, "en0", hex("656e3000"),
          16},
     }},
    {"MacosIp",
     "apple-oss-distributions/xnu bsd/netinet/in.h",
     KI_MACOS,
     0,
     {
         {"IP_OPTIONS", KITH_OPT_IP_OPTIONS, 1, hex("01010100"), hex("01010100"), 2048},
         {"IP_HDRINCL", KITH_OPT_IP_HDRINCL, 2, on, hex("01000000")},
         {"IP_TOS", KITH_OPT_IP_TOS, 3, of(16), hex("10000000")},
         {"IP_TTL", KITH_OPT_IP_TTL, 4, of(64), hex("40000000")},
         {"IP_RECVOPTS", KITH_OPT_IP_RECVOPTS, 5, on, hex("01000000")},
         {"IP_RECVRETOPTS", KITH_OPT_IP_RETOPTS, 6, on, hex("01000000")},
         {"IP_RECVDSTADDR", KITH_OPT_IP_RECVDSTADDR, 7, on, hex("01000000")},
         {"IP_MULTICAST_TTL", KITH_OPT_IP_MULTICAST_TTL, 10, of(5), hex("05000000")},
         {"IP_MULTICAST_LOOP", KITH_OPT_IP_MULTICAST_LOOP, 11, on, hex("01000000")},
         {"IP_RECVIF", KITH_OPT_IP_RECVIF, 20, on, hex("01000000")},
         {"IP_RECVTTL", KITH_OPT_IP_RECVTTL, 24, on, hex("01000000")},
         {"IP_RECVPKTINFO", KITH_OPT_IP_PKTINFO, 26, on, hex("01000000")},
         {"IP_RECVTOS", KITH_OPT_IP_RECVTOS, 27, on, hex("01000000")},
         {"IP_DONTFRAG", KITH_OPT_IP_DONTFRAG, 28, on, hex("01000000")},
     }},
    {"MacosIpv6",
     "apple-oss-distributions/xnu bsd/netinet6/in6.h",
     KI_MACOS,
     41,
     {
         {"IPV6_UNICAST_HOPS", KITH_OPT_IPV6_UNICAST_HOPS, 4, of(64), hex("40000000")},
         {"IPV6_MULTICAST_IF", KITH_OPT_IPV6_MULTICAST_IF, 9, of(2), hex("02000000")},
         {"IPV6_MULTICAST_HOPS", KITH_OPT_IPV6_MULTICAST_HOPS, 10, of(5), hex("05000000")},
         {"IPV6_MULTICAST_LOOP", KITH_OPT_IPV6_MULTICAST_LOOP, 11, on, hex("01000000")},
         {"IPV6_PORTRANGE", KITH_OPT_IPV6_PORTRANGE, 14, of(2), hex("02000000")},
         {"IPV6_CHECKSUM", KITH_OPT_IPV6_CHECKSUM, 26, of(2), hex("02000000")},
         {"IPV6_V6ONLY", KITH_OPT_IPV6_V6ONLY, 27, on, hex("01000000")},
         {"IPV6_2292PKTOPTIONS", KITH_OPT_IPV6_PKTOPTIONS, 25, padding, padding, 2048},
         {"IPV6_FAITH", KITH_OPT_IPV6_FAITH, 29, on, hex("01000000")},
         {"IPV6_RECVTCLASS", KITH_OPT_IPV6_RECVTCLASS, 35, on, hex("01000000")},
         {"IPV6_TCLASS", KITH_OPT_IPV6_TCLASS, 36, of(40), hex("28000000")},
         {"IPV6_RECVHOPLIMIT", KITH_OPT_IPV6_RECVHOPLIMIT, 37, on, hex("01000000")},
         {"IPV6_RECVRTHDR", KITH_OPT_IPV6_RECVRTHDR, 38, on, hex("01000000")},
         {"IPV6_RECVHOPOPTS", KITH_OPT_IPV6_RECVHOPOPTS, 39, on, hex("01000000")},
         {"IPV6_RECVDSTOPTS", KITH_OPT_IPV6_RECVDSTOPTS, 40, on, hex("01000000")},
         {"IPV6_USE_MIN_MTU", KITH_OPT_IPV6_USE_MIN_MTU, 42, of(1), hex("01000000")},
         {"IPV6_RECVPATHMTU", KITH_OPT_IPV6_RECVPATHMTU, 43, on, hex("01000000")},
         {"IPV6_3542HOPOPTS", KITH_OPT_IPV6_HOPOPTS, 49, padding, padding, 2048},
         {"IPV6_3542DSTOPTS", KITH_OPT_IPV6_DSTOPTS, 50, padding, padding, 2048},
         {"IPV6_3542RTHDR", KITH_OPT_IPV6_RTHDR, 51, padding, padding, 2048},
         {"IPV6_RTHDRDSTOPTS", KITH_OPT_IPV6_RTHDRDSTOPTS, 57, padding, padding, 2048},
         {"IPV6_AUTOFLOWLABEL", KITH_OPT_IPV6_AUTOFLOWLABEL, 59, on, hex("01000000")},
         {"IPV6_RECVPKTINFO", KITH_OPT_IPV6_RECVPKTINFO, 61, on, hex("01000000")},
         {"IPV6_DONTFRAG", KITH_OPT_IPV6_DONTFRAG, 62, on, hex("01000000")},
     }},
    {"MacosTcp",
     "apple-oss-distributions/xnu bsd/netinet/tcp.h",
     KI_MACOS,
     6,
     {
         {"TCP_NODELAY", KITH_OPT_TCP_NODELAY, 0x01, on, hex("01000000")},
         {"TCP_MAXSEG", KITH_OPT_TCP_MAXSEG, 0x02, of(1400), hex("78050000")},
         {"TCP_NOPUSH", KITH_OPT_TCP_NOPUSH, 0x04, on, hex("01000000")},
         {"TCP_NOOPT", KITH_OPT_TCP_NOOPT, 0x08, on, hex("01000000")},
         {"TCP_KEEPALIVE", KITH_OPT_TCP_KEEPIDLE, 0x10, of(77), hex("4d000000")},
         {"TCP_KEEPINTVL", KITH_OPT_TCP_KEEPINTVL, 0x101, of(7), hex("07000000")},
         {"TCP_KEEPCNT", KITH_OPT_TCP_KEEPCNT, 0x102, of(3), hex("03000000")},
         {"TCP_FASTOPEN", KITH_OPT_TCP_FASTOPEN, 0x105, of(5), hex("05000000")},
         {"TCP_NOTSENT_LOWAT", KITH_OPT_TCP_NOTSENT_LOWAT, 0x201, of(4096),
          hex("00100000")},
     }},
    {"OpenbsdIpv6",
     "openbsd/src sys/netinet6/in6.h",
     KI_OPENBSD,
     41,
     {
         {"IPV6_AUTH_LEVEL", KITH_OPT_IPV6_AUTH_LEVEL, 53, of(1), hex("01000000")},
         {"IPV6_ESP_TRANS_LEVEL", KITH_OPT_IPV6_ESP_TRANS_LEVEL, 54, of(1),
          hex("01000000")},
         {"IPV6_ESP_NETWORK_LEVEL", KITH_OPT_IPV6_ESP_NETWORK_LEVEL, 55, of(2),
          hex("02000000")},
         {"IPV6_IPCOMP_LEVEL", KITH_OPT_IPV6_IPCOMP_LEVEL, 60, of(2), hex("02000000")},
     }},
};

/* ---- a system that is not there ---- */

/* How it was asked, and how often. */
struct Asked {
    int times = 0, level = -1, number = -1;
    std::size_t len = 0;
    std::string bytes;
};

Asked set, got;
std::string answer; /* to a read */
ki_sockopt rows[0x800];

void
live_on(ki_system system)
{
    for (std::size_t i = 0; const ki_sockopt *row = ki_sockopt_at(i); i++)
        ki_sockopt_on(row, system, &rows[row->id]);
}

class AnotherSystem : public kt_sockets {
  protected:
    void SetUp() override
    {
        real_ = ki_seam;
        ki_seam.opt_row = [](kith_opt o) -> const ki_sockopt * { return &rows[o]; };
        ki_seam.setopt = [](int, int level, int number, const void *v, unsigned len) {
            set = {set.times + 1, level, number, len, {static_cast<const char *>(v), len}};
            return 0;
        };
        ki_seam.getopt = [](int, int level, int number, void *v, unsigned *len) {
            got = {got.times + 1, level, number, *len, ""};
            *len = static_cast<unsigned>(std::min<std::size_t>(*len, answer.size()));
            std::memcpy(v, answer.data(), *len);
            return 0;
        };
        set = got = {};
        kt_sockets::SetUp();
    }

    void TearDown() override
    {
        kt_sockets::TearDown();
        ki_seam.opt_row = real_.opt_row;
        ki_seam.setopt = real_.setopt;
        ki_seam.getopt = real_.getopt;
    }

  private:
    struct ki_seam real_;
};

using SocketForeign = kt_inets<AnotherSystem>;

KT_INETS(SocketForeign);

class SocketForeignHeader : public AnotherSystem,
                            public testing::WithParamInterface<Header> {};

INSTANTIATE_TEST_SUITE_P(, SocketForeignHeader, testing::ValuesIn(headers),
                         [](const auto &info) { return std::string(info.param.name); });

std::string
row_name(kith_opt o)
{
    const ki_sockopt *row = ki_sockopt_find(o);

    return std::string(row->level) + "." + row->name;
}

void
expect_set(kith_socket s, const Header &h, const Option &x)
{
    const int before = set.times,
              rc = kith_socket_setopt(s, x.o, x.value.data(), x.value.size());

    if (!ki_seam.opt_row(x.o)->set) {
        EXPECT_EQ(KITH_ENOPROTOOPT, rc) << x.macro;
        EXPECT_EQ(before, set.times) << x.macro;
        return;
    }
    EXPECT_EQ(0, rc) << x.macro;
    EXPECT_EQ(before + 1, set.times) << x.macro;
    EXPECT_EQ(h.level, set.level) << x.macro;
    EXPECT_EQ(x.number, set.number) << x.macro;
    EXPECT_EQ(x.native.size(), set.len) << x.macro;
    EXPECT_EQ(x.native, set.bytes) << x.macro;
}

void
expect_got(kith_socket s, const Header &h, const Option &x)
{
    std::string v(4096, 'x');
    const int before = got.times;

    answer = x.native;
    const std::ptrdiff_t n = kith_socket_getopt(s, x.o, v.data(), v.size());

    if (!ki_seam.opt_row(x.o)->get) {
        EXPECT_EQ(KITH_ENOPROTOOPT, n) << x.macro;
        EXPECT_EQ(before, got.times) << x.macro;
        return;
    }
    ASSERT_EQ(static_cast<std::ptrdiff_t>(x.value.size()), n) << x.macro;
    EXPECT_EQ(x.value, v.substr(0, x.value.size())) << x.macro;
    EXPECT_EQ(before + 1, got.times) << x.macro;
    EXPECT_EQ(h.level, got.level) << x.macro;
    EXPECT_EQ(x.number, got.number) << x.macro;
    EXPECT_EQ(x.room ? x.room : x.native.size(), got.len) << x.macro;
}

TEST_P(SocketForeignHeader, IsWhatThatSystemIsTold)
{
    live_on(GetParam().system);
    by_process_and_thread([] {
        const kith_socket s = kt_open(KITH_INET);

        for (const Option &x : GetParam().options) {
            expect_set(s, GetParam(), x);
            expect_got(s, GetParam(), x);
        }
        kt_close(s);
    });
}

/* struct ip_mreqn {multiaddr, address, ifindex} when set, struct in_addr when read: freebsd-src
 * sys/netinet/in.h and in_mcast.c, xnu bsd/netinet/in.h and in_mcast.c; of inet alone. */
TEST_F(SocketForeign, AMulticastInterfaceIsSetByItsNumberAndReadAsAnAddress)
{
    for (const ki_system system : {KI_FREEBSD, KI_MACOS}) {
        live_on(system);
        by_process_and_thread([] {
            const kith_socket s = kt_open(KITH_INET);
            kith_multicast_if v = {};

            v.local.domain = KITH_INET;
            v.local.inet.addr[0] = 127;
            v.local.inet.addr[3] = 1;
            v.ifindex = 3;
            EXPECT_EQ(0, kith_socket_setopt(s, KITH_OPT_IP_MULTICAST_IF, &v, sizeof v));
            EXPECT_EQ(0, set.level);
            EXPECT_EQ(9, set.number);
            EXPECT_EQ(hex("000000007f00000103000000"), set.bytes);

            answer = hex("0a000001");
            EXPECT_EQ(static_cast<std::ptrdiff_t>(sizeof v),
                      kith_socket_getopt(s, KITH_OPT_IP_MULTICAST_IF, &v, sizeof v));
            EXPECT_EQ(9, got.number);
            EXPECT_EQ(4u, got.len);
            EXPECT_EQ(answer, of(v.local.inet.addr));
            kt_close(s);
        });
    }
}

/* Each option that can be told has its place above. */
TEST_F(SocketForeign, NothingIsToldThatNoHeaderAsksFor)
{
    for (const ki_system system : {KI_FREEBSD, KI_MACOS, KI_OPENBSD}) {
        live_on(system);
        for (std::size_t i = 0; const ki_sockopt *row = ki_sockopt_at(i); i++) {
            const kith_opt o = row->id;
            const bool is_above = std::ranges::any_of(headers, [=](const Header &h) {
                return h.system == system &&
                       std::ranges::any_of(h.options,
                                           [=](const Option &x) { return x.o == o; });
            });

            EXPECT_EQ(rows[o].native_number >= 0,
                      is_above || (o == KITH_OPT_IP_MULTICAST_IF && system != KI_OPENBSD))
                << row_name(o) << " on " << system;
        }
    }
}

/* What it has by another number or in another form than ours is not done by something like it. */
TEST_P(SocketForeign, WhatItLacksItIsNotAskedFor)
{
    for (const ki_system system : {KI_FREEBSD, KI_MACOS, KI_OPENBSD}) {
        live_on(system);
        by_process_and_thread([=] {
            const kith_socket s = kt_open();
            std::string room(8192, '\0');

            for (std::size_t i = 0; const ki_sockopt *row = ki_sockopt_at(i); i++) {
                const kith_opt o = row->id;

                if (row->kind == KI_OPT_OTP || rows[o].native_number >= 0)
                    continue;
                EXPECT_EQ(0, kith_supports(o)) << row_name(o) << " on " << system;
                EXPECT_EQ(KITH_ENOPROTOOPT, kith_socket_setopt(s, o, room.data(), row->len))
                    << row_name(o) << " on " << system;
                EXPECT_EQ(KITH_ENOPROTOOPT,
                          kith_socket_getopt(s, o, room.data(), room.size()))
                    << row_name(o) << " on " << system;
            }
            kt_close(s);
        });
    }
    EXPECT_EQ(0, set.times);
    EXPECT_EQ(0, got.times);
}

TEST_F(SocketForeign, WhatItHasIsSupported)
{
    live_on(KI_FREEBSD);
    in_process([] {
        answer = hex("00000000");
        EXPECT_EQ(1, kith_supports(KITH_OPT_IP_DONTFRAG));
        EXPECT_EQ(0, got.level);
        EXPECT_EQ(67, got.number);
        EXPECT_EQ(1, got.times);
        EXPECT_EQ(1, kith_supports(KITH_OPT_SOCKET_SETFIB)) << "which is set alone";
        EXPECT_EQ(0xffff, set.level);
        EXPECT_EQ(0x1014, set.number);
    });
}

/* FreeBSD's IP_SENDSRCADDR is what a control message is sent as (sys/netinet/in.h), and has the
 * number of an option, IP_RECVDSTADDR. */
TEST_P(SocketForeign, ASourceAddressIsNoOptionAnywhere)
{
    for (const ki_system system : {KI_LINUX, KI_FREEBSD, KI_MACOS, KI_OPENBSD}) {
        live_on(system);
        in_process([] {
            const kith_socket s = kt_open();
            int v = 1;

            EXPECT_EQ(0, kith_supports(KITH_OPT_IP_SENDSRCADDR));
            EXPECT_EQ(KITH_ENOPROTOOPT,
                      kith_socket_setopt_int(s, KITH_OPT_IP_SENDSRCADDR, v));
            EXPECT_EQ(KITH_ENOPROTOOPT,
                      kith_socket_getopt_int(s, KITH_OPT_IP_SENDSRCADDR, &v));
            kt_close(s);
        });
    }
    EXPECT_EQ(0, set.times);
    EXPECT_EQ(0, got.times);
}

}    // namespace
