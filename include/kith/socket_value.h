/* SPDX-License-Identifier: Apache-2.0
 * socket_value.h -- what options of sockets hold, when it is more than a number. */
#ifndef KITH_SOCKET_VALUE_H
#define KITH_SOCKET_VALUE_H

#include <kith/base.h>
#include <kith/sockaddr.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Of KITH_OPT_OTP_RCVBUF: kith_socket_recv_new reads up to `n` times `size` bytes. It is read in the
 * form in which it was set last. */
typedef struct kith_rcvbuf {
    size_t n;    /* 1 or more */
    size_t size; /* bytes of each; 0 = the default, 8,192 */
} kith_rcvbuf;

/* Of KITH_OPT_SOCKET_LINGER: how long the system tries to send the rest after a close. */
typedef struct kith_linger {
    bool on;
    int seconds; /* with `on`: 0 resets the connection */
} kith_linger;

/* ---- plain numbers that have names ---- */

/* Of KITH_OPT_IP_MTU_DISCOVER and KITH_OPT_IPV6_MTU_DISCOVER. */
enum {
    KITH_PMTUD_DONT = 0,      /* never asks for it: packets may be cut on the way */
    KITH_PMTUD_WANT = 1,      /* as each route says */
    KITH_PMTUD_DO = 2,        /* always: what is too long is KITH_EMSGSIZE */
    KITH_PMTUD_PROBE = 3,     /* the same, and ignores what the path's MTU is said to be */
    KITH_PMTUD_INTERFACE = 4, /* the interface's own MTU, never asks */
    KITH_PMTUD_OMIT = 5       /* the same, but cuts what is longer */
};

/* Of KITH_OPT_IP_TOS. */
enum {
    KITH_TOS_LOWDELAY = 0x10,
    KITH_TOS_THROUGHPUT = 0x08,
    KITH_TOS_RELIABILITY = 0x04,
    KITH_TOS_MINCOST = 0x02,
    KITH_TOS_LOWDELEY = KITH_TOS_LOWDELAY /* as the reference writes it */
};

/* Of KITH_OPT_SOCKET_TIMESTAMPING, Linux' bits: which moments, and by which clock. */
enum {
    KITH_TIMESTAMPING_TX_HARDWARE = 0x01,
    KITH_TIMESTAMPING_TX_SOFTWARE = 0x02,
    KITH_TIMESTAMPING_RX_HARDWARE = 0x04,
    KITH_TIMESTAMPING_RX_SOFTWARE = 0x08,
    KITH_TIMESTAMPING_SOFTWARE = 0x10,
    KITH_TIMESTAMPING_RAW_HARDWARE = 0x40,
    KITH_TIMESTAMPING_OPT_ID = 0x80,
    KITH_TIMESTAMPING_TX_SCHED = 0x100,
    KITH_TIMESTAMPING_TX_ACK = 0x200
};

/* ---- TCP ---- */

enum {
    KITH_TCP_ESTABLISHED = 1,
    KITH_TCP_SYN_SENT = 2,
    KITH_TCP_SYN_RECV = 3,
    KITH_TCP_FIN_WAIT1 = 4,
    KITH_TCP_FIN_WAIT2 = 5,
    KITH_TCP_TIME_WAIT = 6,
    KITH_TCP_CLOSE = 7,
    KITH_TCP_CLOSE_WAIT = 8,
    KITH_TCP_LAST_ACK = 9,
    KITH_TCP_LISTEN = 10,
    KITH_TCP_CLOSING = 11
};

/* Of KITH_OPT_TCP_INFO: what the system knows of a connection. What an older system does not
 * tell is 0. Members are only added at the end. */
typedef struct kith_tcp_info {
    uint8_t state;                      /* KITH_TCP_... */
    uint8_t retransmits;                /* of what waits for its answer now */
    uint8_t probes, backoff;            /* of an idle or closed window */
    bool timestamps, sack, wscale, ecn; /* what both ends agreed on */
    uint8_t snd_wscale, rcv_wscale;
    uint32_t rto_us, ato_us;
    uint32_t rtt_us, rttvar_us,
        min_rtt_us; /* there and back: smoothed, its spread, the least */
    uint32_t snd_mss, rcv_mss, advmss, pmtu; /* bytes */
    uint32_t unacked, sacked, lost,
        retrans;                     /* segments under way now; a listener: unacked is
                                                how many wait to be accepted */
    uint32_t snd_cwnd, snd_ssthresh; /* segments */
    uint32_t rcv_space, rcv_ssthresh, snd_wnd;                       /* bytes */
    uint32_t last_data_sent_ms, last_data_recv_ms, last_ack_recv_ms; /* ago */
    uint32_t total_retrans; /* segments, all along */
    uint32_t segs_out, segs_in, data_segs_out, data_segs_in;
    uint64_t bytes_sent, bytes_acked, bytes_received, bytes_retrans, notsent_bytes;
    uint64_t delivery_rate, pacing_rate; /* bytes a second; UINT64_MAX: no bound */
} kith_tcp_info;

/* Of KITH_OPT_TCP_MD5SIG: what passes between here and a peer is signed (RFC 2385), and what
 * comes without is dropped. Set before listen or connect. */
typedef struct kith_md5sig {
    kith_sockaddr peer; /* its port does not matter */
    uint8_t prefix_len; /* so many bits of the address count; 0: all */
    uint32_t ifindex;   /* 0: any */
    uint8_t key_len;    /* 0: no key for this peer any more */
    uint8_t key[80];
} kith_md5sig;

/* Of KITH_OPT_SOCKET_ACCEPTFILTER (FreeBSD): texts. */
typedef struct kith_accept_filter {
    char name[16], arg[240];
} kith_accept_filter;

/* ---- multicast, IPv4 and IPv6 alike ---- */

/* A group, on one interface. ifindex 0: an IPv6 group's scope_id says which; else the system
 * chooses. */
typedef struct kith_mreq {
    kith_sockaddr group; /* its port does not matter, nor do those of sources */
    uint32_t ifindex;
} kith_mreq;

/* What one source sends to a group. */
typedef struct kith_mreq_source {
    kith_sockaddr group, source;
    uint32_t ifindex;
} kith_mreq_source;

enum {
    KITH_FILTER_INCLUDE =
        1, /* hear the sources of the list; an empty list leaves the group */
    KITH_FILTER_EXCLUDE = 2 /* hear all but those */
};

/* All at once: whom to hear of a group that was joined. The system bounds the list (Linux: 10
 * for IPv4, 64 for IPv6, unless it was told otherwise); a longer one is KITH_ENOBUFS. */
typedef struct kith_msfilter {
    kith_sockaddr group;
    uint32_t ifindex;
    int mode; /* KITH_FILTER_... */
    const kith_sockaddr *sources;
    size_t n_sources;
} kith_msfilter;

/* Of KITH_OPT_IP_MULTICAST_IF: where multicast leaves, by number, or by an address that the
 * interface has; all zero: the system chooses. Reading answers the address alone (Linux). */
typedef struct kith_multicast_if {
    kith_sockaddr local; /* KITH_INET; domain 0: none */
    uint32_t ifindex;
} kith_multicast_if;

#ifdef __cplusplus
}
#endif

#endif
