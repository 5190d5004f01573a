/* SPDX-License-Identifier: Apache-2.0
 * sctp.h -- what sockets of SCTP can do beside the others.
 *
 * A socket {KITH_INET, KITH_STREAM, KITH_SCTP} is one association with one peer, and works as
 * one of TCP, but: what is sent at once arrives as one message, of option sndbuf's length at most,
 * whose last part has KITH_MSG_EOR; there are streams side by side; either end may have many
 * addresses; and no half can be shut down alone.
 *
 * One of type KITH_SEQPACKET has any number of peers. It listens and connects, and then sends and
 * receives with their addresses, or by association, which the messages tell:
 *
 *     kith_sctp_event_subscribe on = {.data_io = true, .association = true};
 *
 *     rc = kith_socket_setopt(s, KITH_OPT_SCTP_EVENTS, &on, sizeof on);
 *     n = kith_socket_recvmsg(s, &p, 0, KITH_INFINITY);
 *     if (p.flags & KITH_MSG_NOTIFICATION)
 *         rc = kith_sctp_notification_parse(buf, (size_t) n, &event);
 *     else
 *         info = KITH_CTRL(&p, KITH_CMSG_SCTP_SNDRCV, kith_sctp_sndrcvinfo);
 *
 * Where the system has no SCTP no such socket can be opened: kith_supports_socket tells. The
 * socket itself is asked for each association, so of one that is not of SCTP the calls here
 * answer KITH_ENOPROTOOPT or KITH_EOPNOTSUPP.
 */
#ifndef KITH_SCTP_H
#define KITH_SCTP_H

#include <kith/base.h>
#include <kith/sctp_value.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- notifications ---- */

enum {
    KITH_SCTP_ASSOC_CHANGE = 1,
    KITH_SCTP_PEER_ADDR_CHANGE = 2,
    KITH_SCTP_SEND_FAILED = 3,
    KITH_SCTP_REMOTE_ERROR = 4,
    KITH_SCTP_SHUTDOWN_EVENT = 5, /* the peer has sent its last */
    KITH_SCTP_PARTIAL_DELIVERY = 6,
    KITH_SCTP_ADAPTATION_INDICATION = 7,
    KITH_SCTP_AUTHENTICATION = 8,
    KITH_SCTP_SENDER_DRY = 9, /* all that was sent has arrived */
    KITH_SCTP_STREAM_RESET = 10,
    KITH_SCTP_ASSOC_RESET = 11,
    KITH_SCTP_STREAM_CHANGE = 12,
    KITH_SCTP_SEND_FAILED_EVENT = 13
};

enum {
    KITH_SCTP_COMM_UP = 0,
    KITH_SCTP_COMM_LOST = 1,
    KITH_SCTP_RESTART = 2,
    KITH_SCTP_SHUTDOWN_COMP = 3,
    KITH_SCTP_CANT_STR_ASSOC = 4 /* it was not made */
};

typedef struct kith_sctp_assoc_change {
    uint16_t state; /* KITH_SCTP_COMM_UP... */
    uint16_t error; /* of the protocol's causes */
    uint16_t outbound_streams, inbound_streams;
} kith_sctp_assoc_change;

enum {
    KITH_SCTP_ADDR_AVAILABLE = 0,
    KITH_SCTP_ADDR_UNREACHABLE = 1,
    KITH_SCTP_ADDR_REMOVED = 2,
    KITH_SCTP_ADDR_ADDED = 3,
    KITH_SCTP_ADDR_MADE_PRIM = 4,
    KITH_SCTP_ADDR_CONFIRMED = 5,
    KITH_SCTP_ADDR_POTENTIALLY_FAILED = 6
};

typedef struct kith_sctp_paddr_change {
    kith_sockaddr addr;
    int32_t state; /* KITH_SCTP_ADDR_AVAILABLE... */
    int32_t error;
} kith_sctp_paddr_change;

/* flags: 0, it never left; 1, it did. Of a KITH_SCTP_SEND_FAILED_EVENT some of `info` is 0. */
typedef struct kith_sctp_send_failed {
    uint32_t error;
    kith_sctp_sndrcvinfo info;
} kith_sctp_send_failed;

typedef struct kith_sctp_partial_delivery {
    uint32_t indication; /* 0: the rest will not come */
    uint32_t stream, seq;
} kith_sctp_partial_delivery;

typedef struct kith_sctp_authentication {
    uint16_t keynumber, altkeynumber;
    uint32_t
        indication; /* 0: the key is in use; 1: it is free; 2: the peer signs nothing */
} kith_sctp_authentication;

/* flags: 4, refused; 8, failed. */
typedef struct kith_sctp_assoc_reset {
    uint32_t local_tsn, remote_tsn;
} kith_sctp_assoc_reset;

typedef struct kith_sctp_stream_change {
    uint16_t instrms, outstrms;
} kith_sctp_stream_change;

typedef struct kith_sctp_notification {
    int type; /* KITH_SCTP_ASSOC_CHANGE...; of a newer system: the number it has there */
    uint16_t flags;
    kith_sctp_assoc_id assoc_id;
    union { /* of that type */
        kith_sctp_assoc_change assoc_change;
        kith_sctp_paddr_change paddr_change;
        kith_sctp_send_failed send_failed;
        uint16_t remote_error; /* the protocol's cause */
        kith_sctp_partial_delivery partial_delivery;
        uint32_t adaptation; /* the peer's indication */
        kith_sctp_authentication authentication;
        kith_sctp_assoc_reset assoc_reset;
        kith_sctp_stream_change stream_change;
    };
    const void
        *data;  /* behind it: the reason of an end, the message that failed, the error's */
    size_t len; /* bytes; of a stream reset they are uint16_t, the streams; none: all */
} kith_sctp_notification;

/**
 * Read a notification: what came with KITH_MSG_NOTIFICATION.
 *
 * returns  0; or KITH_EINVAL: those bytes are none, or not a whole one, and `*n` is undefined;
 *          KITH_EOPNOTSUPP: this system has no SCTP.
 * context  any thread, with or without a runtime; never suspends.
 * owns     n->data points into the bytes, which stay the caller's.
 * source   OTP socket's notifications of SCTP, which its receives decode.
 */
KITH_API KITH_NODISCARD int
kith_sctp_notification_parse(const void *bytes, size_t len, kith_sctp_notification *n);

/* ---- many addresses ---- */

enum { KITH_SCTP_BINDX_ADD = 1, KITH_SCTP_BINDX_REMOVE = 2 };

/**
 * Give a socket more addresses of its own, or take some away.
 *
 * They all have one port, 0 at first. Associations that are there hear of it if option auth_asconf
 * is on.
 *
 * returns  0; or KITH_EINVAL (no address, more than 1,024, another port, or the last one would go),
 *          KITH_EADDRINUSE, KITH_EADDRNOTAVAIL, KITH_EACCES, ...
 * context  any thread; suspends only while the socket is busy.
 * source   OTP socket:bind/3.
 */
KITH_API KITH_NODISCARD int
kith_sctp_bindx(kith_socket s, const kith_sockaddr *a, size_t n, int how);

/**
 * Make an association with a peer that has several addresses: one that answers is enough.
 *
 * It waits as kith_socket_connect does, which also goes on with it after a timeout.
 *
 * unit     timeout: milliseconds. With KITH_NOWAIT, call kith_socket_connect with the first of
 *          the addresses after the message.
 * returns  0, or a code of kith_socket_connect; KITH_EINVAL for no address or more than 1,024;
 *          KITH_EALREADY while another attempt is under way.
 *          `*assoc` is the association when the attempt has begun.
 * context  a process or a plain thread; may suspend it.
 * owns     `assoc` may be NULL.
 * source   OTP socket:connectx of SCTP, experimental there.
 */
KITH_API KITH_NODISCARD int
kith_sctp_connectx(kith_socket s, const kith_sockaddr *peer, size_t n, kith_ms timeout,
                   kith_sctp_assoc_id *assoc);

/**
 * Begin a connectx; the future's result is what kith_sctp_connectx would answer.
 *
 * returns  0, and `*f` is the future; or a code, and nothing goes on.
 * context  any thread; suspends only while the socket is busy.
 * owns     the addresses are copied; `assoc` may be NULL, and is set when it returns.
 */
KITH_API KITH_NODISCARD int
kith_sctp_connectx_start(kith_socket s, const kith_sockaddr *peer, size_t n,
                         kith_ms timeout, kith_sctp_assoc_id *assoc, kith_future *f);

/**
 * Tell the addresses of a peer's.
 *
 * returns  how many there are; up to `cap` of them stand in `a`; or KITH_EINVAL: no such
 *          association; KITH_ENOMEM; ...
 * context  any thread; suspends only while the socket is busy.
 * owns     `a` is the caller's; NULL with cap 0.
 * source   OTP socket:peernames of SCTP, experimental there.
 */
KITH_API KITH_NODISCARD ptrdiff_t
kith_sctp_peer_addresses(kith_socket s, kith_sctp_assoc_id assoc, kith_sockaddr *a,
                         size_t cap);

/**
 * Tell the addresses of this end; those of no association: what the socket is bound to.
 *
 * returns  as kith_sctp_peer_addresses.
 * context  any thread; suspends only while the socket is busy.
 * owns     `a` is the caller's; NULL with cap 0.
 * source   OTP socket:socknames of SCTP, experimental there.
 */
KITH_API KITH_NODISCARD ptrdiff_t
kith_sctp_local_addresses(kith_socket s, kith_sctp_assoc_id assoc, kith_sockaddr *a,
                          size_t cap);

/* ---- one out of many ---- */

/**
 * Make a socket of its own of one association; the caller owns it.
 *
 * What has come for it and was not read yet comes there. It is of type KITH_SEQPACKET still, and
 * hears of its peer's end by notifications alone.
 *
 * returns  0, and `*one` is the socket; or
 *          KITH_EINVAL  no such association, or a socket of type KITH_STREAM;
 *          KITH_EMFILE, KITH_ENFILE, KITH_ENOMEM, ...
 * context  a process or a plain thread; suspends it for a moment.
 * source   OTP socket:peeloff of SCTP, experimental there; gen_sctp:peeloff/2.
 */
KITH_API KITH_NODISCARD int
kith_sctp_peeloff(kith_socket s, kith_sctp_assoc_id assoc, kith_socket *one);

#ifdef __cplusplus
}
#endif

#endif
