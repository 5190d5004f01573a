/* SPDX-License-Identifier: Apache-2.0
 * wire.h -- the chunks that go between associations, as a raw socket beside them hears them.
 *
 *   kt_wire wire(KITH_INET);                   // hears what goes from here on
 *   wire.sent(s, KT_SCTP_DATA)                 // what s has sent of that kind, in its order
 *   wire.say(chunk, type, "...");              // one more, in the name of who has sent that one
 *
 * It hears all of a machine's, by the loopback, and so needs root. What an end has sent and another
 * has taken was heard before. */
#ifndef KT_SCTP_WIRE_H
#define KT_SCTP_WIRE_H

#include "tests/sctp/sctp.h"

#include <cstdint>
#include <string>
#include <vector>

#include <unistd.h>

#define KT_NEEDS_WIRE() \
    if (geteuid() != 0) \
    GTEST_SKIP() << "needs root: CAP_NET_RAW to hear what others send"

enum kt_chunk_type : std::uint8_t {
    KT_SCTP_DATA = 0,
    KT_SCTP_SACK = 3,
    KT_SCTP_HEARTBEAT = 4,
    KT_SCTP_AUTH = 15
};

struct kt_chunk {
    unsigned packet;        /* chunks of one packet have one number */
    std::string ip;         /* IPv4's header; of IPv6 there is none */
    std::uint16_t from, to; /* ports */
    std::uint32_t tag;
    std::uint8_t type;
    std::string body; /* behind its length */
};

class kt_wire {
  public:
    explicit kt_wire(int domain);
    ~kt_wire();
    kt_wire(const kt_wire &) = delete;
    kt_wire &operator=(const kt_wire &) = delete;

    /* All that was heard. */
    const std::vector<kt_chunk> &heard();

    std::vector<kt_chunk> sent(kith_socket s, kt_chunk_type type);

    void say(const kt_chunk &as, std::uint8_t type, const std::string &body);

  private:
    void divide(const std::string &packet);

    int domain_,
        raw_; /* a descriptor: what is there is heard at once, whatever a poller knows */
    unsigned packets_ = 0;
    std::vector<kt_chunk> heard_;
};

/* The number of two bytes in the network's order. */
std::uint16_t kt_two_bytes(const std::string &bytes, std::size_t at);

#endif
