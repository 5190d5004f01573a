/* SPDX-License-Identifier: Apache-2.0
 * sctp_value.h -- what options, control messages and notifications of SCTP hold.
 *
 * Most speak of an association: a connection with one peer, which a socket of type
 * KITH_SEQPACKET has many of. `assoc_id` says which. When an option is read it is filled in
 * before, as is the address where there is one, and the rest is the answer. On a socket of type
 * KITH_STREAM it does not matter, and 0 will do.
 *
 *     kith_sctp_rtoinfo rto = {.assoc_id = id};
 *
 *     n = kith_socket_getopt(s, KITH_OPT_SCTP_RTOINFO, &rto, sizeof rto);
 *
 * Times are in milliseconds. A zero in what is set leaves, in most, that part as it is.
 */
#ifndef KITH_SCTP_VALUE_H
#define KITH_SCTP_VALUE_H

#include <kith/base.h>
#include <kith/sockaddr.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An association's number, its socket's own. */
typedef int32_t kith_sctp_assoc_id;

enum {
    KITH_SCTP_FUTURE_ASSOC = 0,  /* those that are made later */
    KITH_SCTP_CURRENT_ASSOC = 1, /* those that are there: to set, of KITH_SEQPACKET */
    KITH_SCTP_ALL_ASSOC = 2      /* both */
};

/* ---- options ---- */

/* Where two names stand for one member, the second is what the reference calls it. */

/* Of KITH_OPT_SCTP_RTOINFO: how long an answer is waited for before it is sent again. */
typedef struct kith_sctp_rtoinfo {
    kith_sctp_assoc_id assoc_id;
    uint32_t initial, max, min;
} kith_sctp_rtoinfo;

/* Of KITH_OPT_SCTP_ASSOCINFO. */
typedef struct kith_sctp_assocparams {
    kith_sctp_assoc_id assoc_id;
    union {
        uint16_t asocmaxrxt; /* so often in vain, and the peer is gone */
        uint16_t max_rxt;
    };
    union {
        uint16_t number_peer_destinations; /* told, not set */
        uint16_t numbe_peer_destinations;
        uint16_t num_peer_dests;
    };
    uint32_t peer_rwnd, local_rwnd; /* bytes: the windows; told, not set */
    uint32_t cookie_life;
} kith_sctp_assocparams;

/* Of KITH_OPT_SCTP_INITMSG, and with the first message of an association to be made: what is
 * asked for when it begins. 0: the socket's own, or the system's. */
typedef struct kith_sctp_initmsg {
    union {
        uint16_t num_ostreams; /* streams to send on */
        uint16_t num_outstreams;
    };
    uint16_t max_instreams; /* those of the peer, at most */
    uint16_t max_attempts;
    uint16_t max_init_timeo;
} kith_sctp_initmsg;

/* Of KITH_OPT_SCTP_EVENTS: which notifications come (sctp.h), as messages of their own with
 * KITH_MSG_NOTIFICATION. `data_io` has each message bring a kith_sctp_sndrcvinfo. */
typedef struct kith_sctp_event_subscribe {
    union {
        bool data_io;
        bool data_in;
    };
    bool association;
    bool address;
    bool send_failure;
    bool peer_error;
    bool shutdown;
    bool partial_delivery;
    bool adaptation_layer;
    bool authentication;
    bool sender_dry;
    bool stream_reset;
    bool assoc_reset;
    bool stream_change;
    bool send_failure_event; /* as send_failure, with a kith_sctp_sndinfo */
} kith_sctp_event_subscribe;

/* Of KITH_OPT_SCTP_CONTEXT, _MAXSEG, _MAXBURST and others: a number of an association. */
typedef struct kith_sctp_assoc_value {
    kith_sctp_assoc_id assoc_id;
    uint32_t value;
} kith_sctp_assoc_value;

/* Of KITH_OPT_SCTP_DELAYED_ACK_TIME: what comes is acknowledged after `delay`, or after `freq`
 * packets; freq 1: at once. */
typedef struct kith_sctp_sack_info {
    kith_sctp_assoc_id assoc_id;
    uint32_t delay, freq;
} kith_sctp_sack_info;

/* Of KITH_OPT_SCTP_AUTH_ACTIVE_KEY and _AUTH_DELETE_KEY. */
typedef struct kith_sctp_authkeyid {
    kith_sctp_assoc_id assoc_id;
    uint16_t keynumber;
} kith_sctp_authkeyid;

/* Of KITH_OPT_SCTP_AUTH_KEY. */
typedef struct kith_sctp_authkey {
    kith_sctp_assoc_id assoc_id;
    uint16_t keynumber;
    uint16_t key_len;
    const void *key;
} kith_sctp_authkey;

/* Of KITH_OPT_SCTP_LOCAL_AUTH_CHUNKS and _PEER_AUTH_CHUNKS: which kinds of chunk have to be
 * signed. */
typedef struct kith_sctp_authchunks {
    kith_sctp_assoc_id assoc_id;
    uint32_t n;
    uint8_t chunks[256];
} kith_sctp_authchunks;

enum { KITH_SCTP_HMAC_SHA1 = 1, KITH_SCTP_HMAC_SHA256 = 3 };

/* Of KITH_OPT_SCTP_HMAC_IDENT: how signatures may be made, the best first. */
typedef struct kith_sctp_hmacalgo {
    uint32_t n;
    uint16_t idents[8]; /* KITH_SCTP_HMAC_... */
} kith_sctp_hmacalgo;

/* Of KITH_OPT_SCTP_PRIMARY_ADDR, the peer's address to send to; of _SET_PEER_PRIMARY_ADDR, the
 * one of ours that the peer shall send to. */
typedef struct kith_sctp_prim {
    kith_sctp_assoc_id assoc_id;
    kith_sockaddr addr;
} kith_sctp_prim;

enum {
    KITH_SCTP_INACTIVE = 0,
    KITH_SCTP_POTENTIALLY_FAILED = 1,
    KITH_SCTP_ACTIVE = 2,
    KITH_SCTP_UNCONFIRMED = 3,
    KITH_SCTP_UNKNOWN = 0xffff
};

/* Of KITH_OPT_SCTP_GET_PEER_ADDR_INFO: how it stands with one address of a peer's. */
typedef struct kith_sctp_paddrinfo {
    kith_sctp_assoc_id assoc_id;
    int32_t state; /* KITH_SCTP_ACTIVE... */
    kith_sockaddr address;
    uint32_t cwnd;      /* bytes that may be under way */
    uint32_t srtt, rto; /* there and back, smoothed; and when it is sent again */
    uint32_t mtu;
} kith_sctp_paddrinfo;

/* Of kith_sctp_paddrparams.flags: what is switched; without one of a pair it stays. */
enum {
    KITH_SCTP_HB_ENABLE = 0x001,
    KITH_SCTP_HB_DISABLE = 0x002,
    KITH_SCTP_HB_DEMAND = 0x004, /* one at once */
    KITH_SCTP_PMTUD_ENABLE = 0x008,
    KITH_SCTP_PMTUD_DISABLE = 0x010,
    KITH_SCTP_SACKDELAY_ENABLE = 0x020,
    KITH_SCTP_SACKDELAY_DISABLE = 0x040,
    KITH_SCTP_HB_TIME_IS_ZERO = 0x080,
    KITH_SCTP_IPV6_FLOWLABEL = 0x100, /* ipv6_flowlabel is meant */
    KITH_SCTP_DSCP = 0x200            /* dscp is */
};

/* Of KITH_OPT_SCTP_PEER_ADDR_PARAMS: how an address of a peer's is looked after. Domain 0: all of
 * the association's. */
typedef struct kith_sctp_paddrparams {
    kith_sctp_assoc_id assoc_id;
    uint32_t flags; /* KITH_SCTP_HB_ENABLE... */
    kith_sockaddr address;
    uint32_t hbinterval; /* between heartbeats */
    uint16_t pathmaxrxt; /* so often in vain, and another address is taken */
    uint8_t dscp;
    uint32_t pathmtu;
    uint32_t sackdelay;
    uint32_t ipv6_flowlabel;
} kith_sctp_paddrparams;

enum { KITH_SCTP_RESET_INCOMING = 1, KITH_SCTP_RESET_OUTGOING = 2 };

/* Of KITH_OPT_SCTP_RESET_STREAMS: those streams count from 0 again. n 0: all of them. */
typedef struct kith_sctp_reset_streams {
    kith_sctp_assoc_id assoc_id;
    uint16_t flags; /* KITH_SCTP_RESET_... */
    uint16_t n;
    const uint16_t *streams;
} kith_sctp_reset_streams;

enum {
    KITH_SCTP_EMPTY = 0,
    KITH_SCTP_CLOSED = 1,
    KITH_SCTP_COOKIE_WAIT = 2,
    KITH_SCTP_COOKIE_ECHOED = 3,
    KITH_SCTP_ESTABLISHED = 4,
    KITH_SCTP_SHUTDOWN_PENDING = 5,
    KITH_SCTP_SHUTDOWN_SENT = 6,
    KITH_SCTP_SHUTDOWN_RECEIVED = 7,
    KITH_SCTP_SHUTDOWN_ACK_SENT = 8
};

/* Of KITH_OPT_SCTP_STATUS. */
typedef struct kith_sctp_status {
    kith_sctp_assoc_id assoc_id;
    int32_t state;                /* KITH_SCTP_ESTABLISHED... */
    uint32_t rwnd;                /* bytes: the peer's window */
    uint16_t unackdata, penddata; /* chunks that wait: for an answer, to be read */
    uint16_t instrms, outstrms;   /* streams */
    uint32_t fragmentation_point; /* bytes: a longer message is cut */
    kith_sctp_paddrinfo primary;  /* the address that is sent to */
} kith_sctp_status;

/* ---- messages ---- */

enum {
    KITH_SCTP_UNORDERED = 0x001, /* sent and received: may overtake others */
    KITH_SCTP_ADDR_OVER = 0x002, /* sent: to the packet's address, not to the primary */
    KITH_SCTP_ABORT = 0x004,     /* sent to one of many: ends it; the text is the reason */
    KITH_SCTP_SACK_IMMEDIATELY = 0x008, /* sent: to be acknowledged at once */
    KITH_SCTP_SENDALL = 0x040,          /* sent: to all associations of the socket */
    KITH_SCTP_EOF = 0x200 /* sent to one of many, without bytes: shuts it down */
};

/* Of KITH_CMSG_SCTP_SNDRCV and KITH_OPT_SCTP_DEFAULT_SEND_PARAM: what goes with a message. */
typedef struct kith_sctp_sndrcvinfo {
    uint16_t stream;
    uint16_t ssn;         /* received: its number in the stream */
    uint16_t flags;       /* KITH_SCTP_UNORDERED... */
    uint32_t ppid;        /* the user's to choose; arrives as the same four bytes */
    uint32_t context;     /* sent: told if it fails; received: KITH_OPT_SCTP_CONTEXT */
    uint32_t timetolive;  /* sent: given up after so long; 0: never */
    uint32_t tsn, cumtsn; /* received: numbers of its bytes */
    kith_sctp_assoc_id assoc_id;
} kith_sctp_sndrcvinfo;

/* Of KITH_CMSG_SCTP_SNDINFO and KITH_OPT_SCTP_DEFAULT_SNDINFO. */
typedef struct kith_sctp_sndinfo {
    uint16_t sid, flags;
    uint32_t ppid, context;
    kith_sctp_assoc_id assoc_id;
} kith_sctp_sndinfo;

/* Of KITH_CMSG_SCTP_RCVINFO: option recvrcvinfo. */
typedef struct kith_sctp_rcvinfo {
    uint16_t sid, ssn, flags;
    uint32_t ppid, tsn, cumtsn, context;
    kith_sctp_assoc_id assoc_id;
} kith_sctp_rcvinfo;

/* Of KITH_CMSG_SCTP_NXTINFO, of the message behind this one: option recvnxtinfo. */
typedef struct kith_sctp_nxtinfo {
    uint16_t sid, flags;
    uint32_t ppid;
    uint32_t length; /* bytes */
    kith_sctp_assoc_id assoc_id;
} kith_sctp_nxtinfo;

enum {
    KITH_SCTP_PR_NONE = 0x00,
    KITH_SCTP_PR_TTL = 0x10, /* given up after `value` milliseconds */
    KITH_SCTP_PR_RTX = 0x20, /* after so many times */
    KITH_SCTP_PR_PRIO = 0x30 /* when one of a lower number needs the room */
};

/* Of KITH_CMSG_SCTP_PRINFO. */
typedef struct kith_sctp_prinfo {
    uint16_t policy; /* KITH_SCTP_PR_... */
    uint32_t value;
} kith_sctp_prinfo;

#ifdef __cplusplus
}
#endif

#endif
