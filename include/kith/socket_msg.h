/* SPDX-License-Identifier: Apache-2.0
 * socket_msg.h -- packets: bytes in pieces, an address, control messages, descriptors.
 *
 * One struct goes both ways. To send, fill in what you have and leave the rest zero:
 *
 *     int ttl = 4;
 *     kith_cmsg c = kith_cmsg_of(KITH_CMSG_IP_TTL, &ttl, sizeof ttl);
 *     kith_packet p = {.addr = to, .iov = &v, .n_iov = 1, .ctrl = &c, .n_ctrl = 1};
 *
 *     n = kith_socket_sendmsg(s, &p, 0, KITH_INFINITY);
 *
 * To receive, say where each part may go; what came is written there:
 *
 *     kith_cmsg c[4];
 *     char space[KITH_CTRL_SPACE];
 *     kith_packet p = {.iov = &v, .n_iov = 1, .ctrl = c, .ctrl_cap = 4,
 *                      .ctrl_space = KITH_IOV(space)};
 *
 *     n = kith_socket_recvmsg(s, &p, 0, KITH_INFINITY);
 *     ttl = KITH_CTRL(&p, KITH_CMSG_IP_TTL, int);      (a pointer, or NULL: there was none)
 *
 * A control message that kith knows has `level` KITH_CMSG_LEVEL, a `type` of the list below,
 * and a decoded value. Every other one keeps the system's level, type and bytes, both ways.
 */
#ifndef KITH_SOCKET_MSG_H
#define KITH_SOCKET_MSG_H

#include <kith/base.h>
#include <kith/sctp_value.h>
#include <kith/sockaddr.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The level of those below; every other is a system's. */
enum { KITH_CMSG_LEVEL = -1 };

/* R: is received, S: can be sent. What this system lacks is refused when sent. */
enum {
    KITH_CMSG_SOCKET_TIMESTAMP = 0x100,    /* R kith_timestamp: option timestamp */
    KITH_CMSG_SOCKET_TIMESTAMPNS = 0x101,  /* R kith_timestamp: in nanoseconds */
    KITH_CMSG_SOCKET_TIMESTAMPING = 0x102, /* R kith_timestamping */
    KITH_CMSG_SOCKET_RIGHTS = 0x103, /* RS descriptors: stand in `fds`, never in `ctrl` */
    KITH_CMSG_SOCKET_CREDENTIALS = 0x104, /* RS kith_credentials: option passcred */
    KITH_CMSG_SOCKET_RXQ_OVFL = 0x105,    /* R uint32_t: datagrams dropped so far */
    KITH_CMSG_SOCKET_MARK = 0x106,        /* RS uint32_t */
    KITH_CMSG_SOCKET_PRIORITY = 0x107,    /* RS int */

    KITH_CMSG_IP_TOS = 0x200,         /* RS int, 0..255: option recvtos */
    KITH_CMSG_IP_TTL = 0x201,         /* RS int, 1..255: option recvttl */
    KITH_CMSG_IP_PKTINFO = 0x202,     /* RS kith_pktinfo: option pktinfo */
    KITH_CMSG_IP_ORIGDSTADDR = 0x203, /* R kith_sockaddr: option recvorigdstaddr */
    KITH_CMSG_IP_RECVERR = 0x204,     /* R kith_sock_error: option recverr, errqueue */
    KITH_CMSG_IP_RECVOPTS = 0x205,    /* R bytes, the header's options: option recvopts */
    KITH_CMSG_IP_RETOPTS = 0x206,     /* RS bytes: option retopts */

    KITH_CMSG_IPV6_TCLASS = 0x300,      /* RS int, 0..255: option recvtclass */
    KITH_CMSG_IPV6_HOPLIMIT = 0x301,    /* RS int, 0..255: option recvhoplimit */
    KITH_CMSG_IPV6_PKTINFO = 0x302,     /* RS kith_pktinfo: option recvpktinfo */
    KITH_CMSG_IPV6_ORIGDSTADDR = 0x303, /* R kith_sockaddr: option recvorigdstaddr */
    KITH_CMSG_IPV6_RECVERR = 0x304,     /* R kith_sock_error: option recverr, errqueue */
    KITH_CMSG_IPV6_FLOWINFO = 0x305, /* RS uint32_t, 20 bits and class: option flowinfo */
    KITH_CMSG_IPV6_RTHDR = 0x306,    /* RS bytes of the header */
    KITH_CMSG_IPV6_HOPOPTS = 0x307,  /* RS bytes of the header */
    KITH_CMSG_IPV6_DSTOPTS = 0x308,  /* RS bytes of the header */

    KITH_CMSG_UDP_SEGMENT =
        0x500, /* S int, bytes: cut what is sent into datagrams of this size */
    KITH_CMSG_UDP_GRO =
        0x501, /* R int, bytes: what came is made of datagrams of this size */

    KITH_CMSG_SCTP_INIT = 0x600,    /* S kith_sctp_initmsg: of the association it makes */
    KITH_CMSG_SCTP_SNDRCV = 0x601,  /* RS kith_sctp_sndrcvinfo: option events, data_io */
    KITH_CMSG_SCTP_SNDINFO = 0x602, /* S kith_sctp_sndinfo */
    KITH_CMSG_SCTP_RCVINFO = 0x603, /* R kith_sctp_rcvinfo: option recvrcvinfo */
    KITH_CMSG_SCTP_NXTINFO = 0x604, /* R kith_sctp_nxtinfo: option recvnxtinfo */
    KITH_CMSG_SCTP_PRINFO = 0x605,  /* S kith_sctp_prinfo */
    KITH_CMSG_SCTP_AUTHINFO = 0x606 /* S int, 0..65535: the key to sign with */
};

/* A moment on the system's clock since 1970. nanoseconds: 0..999,999,999. */
typedef struct kith_timestamp {
    int64_t seconds;
    int32_t nanoseconds;
} kith_timestamp;

/* Of a socket with option timestamping. All zero: that clock did not say. */
typedef struct kith_timestamping {
    kith_timestamp software;
    kith_timestamp hardware;
} kith_timestamping;

typedef struct kith_credentials {
    int32_t pid;
    uint32_t uid, gid;
} kith_credentials;

/* Received: the address in the packet's header, the address of this machine that took it, and the
 * interface. Sent: `local` is the address to send from and `ifindex` the interface; 0 = the
 * system's choice, for both. Ports are 0. */
typedef struct kith_pktinfo {
    kith_sockaddr dst;
    kith_sockaddr local;
    uint32_t ifindex;
} kith_pktinfo;

enum {
    KITH_ORIGIN_NONE = 0,
    KITH_ORIGIN_LOCAL = 1,
    KITH_ORIGIN_ICMP = 2,
    KITH_ORIGIN_ICMP6 = 3,
    KITH_ORIGIN_TIMESTAMPING = 4, /* no error: a packet of ours was sent */
    KITH_ORIGIN_ZEROCOPY = 5      /* no error: memory is free again */
};

/* What the error queue tells of a packet that was sent before. */
typedef struct kith_sock_error {
    int code;   /* KITH_ECONNREFUSED, KITH_EMSGSIZE...; 0: no error */
    int origin; /* KITH_ORIGIN_...; or the system's number */
    int type;   /* of the ICMP message */
    int icmp_code;
    uint32_t info; /* with EMSGSIZE: the path's greatest size */
    uint32_t data;
    kith_sockaddr offender; /* who said so; domain 0: unknown */
} kith_sock_error;

/* A control message. Received ones lie in the packet's ctrl_space, aligned for any value. */
typedef struct kith_cmsg {
    int level, type;
    void *data;
    size_t len;
} kith_cmsg;

/* Room for the usual control messages of one packet, decoded. */
#define KITH_CTRL_SPACE 1024

typedef struct kith_packet {
    kith_sockaddr addr; /* of the peer; domain 0: none */
    kith_iov *iov;
    size_t n_iov;
    unsigned flags;        /* received: KITH_MSG_EOR, _TRUNC, _CTRUNC, _OOB... */
    unsigned native_flags; /* received: the system's own, all of them */
    kith_cmsg *ctrl;       /* sent: n_ctrl; received: room for ctrl_cap, and n_ctrl came */
    size_t ctrl_cap, n_ctrl;
    kith_iov ctrl_space; /* received: where the values go */
    int *fds;            /* sent: n_fds; received: room for fds_cap, and n_fds came */
    size_t fds_cap, n_fds;
    ptrdiff_t
        result; /* of kith_socket_sendmmsg, kith_socket_recvmmsg: bytes of this packet */
} kith_packet;

/**
 * Make a control message of a type that kith knows.
 *
 * returns  the message.
 * context  any thread, with or without a runtime; never suspends.
 * owns     nothing is copied; `data` stays the caller's.
 */
static inline kith_cmsg
kith_cmsg_of(int type, const void *data, size_t len)
{
    kith_cmsg c;

    c.level = KITH_CMSG_LEVEL;
    c.type = type;
    c.data = kith_iov_of(data, len).base;
    c.len = len;
    return c;
}

/**
 * Find the value of a control message that came with a packet.
 *
 * returns  the first value of this type, if it has `len` bytes (0: any number); else NULL.
 * context  any thread, with or without a runtime; never suspends.
 * owns     it lies in the packet's ctrl_space.
 */
KITH_API const void *
kith_packet_ctrl(const kith_packet *p, int type, size_t len);

#define KITH_CTRL(p, type, T) ((const T *) kith_packet_ctrl((p), (type), sizeof(T)))

/**
 * Send all of some pieces to a connected socket, in their order, as one.
 *
 * unit     timeout: milliseconds; 0 sends what goes at once.
 * returns  the sum of the pieces, and codes, as kith_socket_send.
 * context  a process or a plain thread; may suspend it.
 * owns     pieces and bytes are the caller's again when the call returns.
 * source   OTP socket:sendv/3. Differs: answers all or a code.
 */
KITH_API KITH_NODISCARD ptrdiff_t
kith_socket_sendv(kith_socket s, const kith_iov *iov, size_t n, unsigned flags,
                  kith_ms timeout);

/**
 * Begin a sendv; the future's result is what kith_socket_sendv would answer.
 *
 * returns  0, and `*f` is the future; or a code, and nothing goes on.
 * context  any thread; never suspends.
 * owns     the pieces, `iov` itself too, are lent until the future has ended.
 */
KITH_API KITH_NODISCARD int
kith_socket_sendv_start(kith_socket s, const kith_iov *iov, size_t n, unsigned flags,
                        kith_ms timeout, kith_future *f);

/**
 * Send one packet: bytes in pieces, with an address, control messages and descriptors.
 *
 * On a stream all bytes go, however many pieces there are, and what is sent besides goes with
 * the first of them. A datagram goes whole or not at all.
 *
 * unit     timeout: milliseconds; 0 tries once.
 * returns  the sum of the pieces (KITH_NOWAIT on a stream: what went); or
 *          KITH_ESELECT  nothing went;
 *          KITH_ETIMEOUT, KITH_ECANCELED, KITH_EPIPE, KITH_ECONNRESET, ...: kith_partial()
 *          tells how many bytes went;
 *          KITH_EINVAL   a piece or a control message makes no sense, or a wrong length;
 *          KITH_ENOPROTOOPT  a control message that this system lacks or that is only received;
 *          KITH_EMSGSIZE  more control messages than option otp sndctrlbuf allows, or the
 *          kernel's: the datagram is too long;
 *          KITH_EAFNOSUPPORT, KITH_ENOTCONN, KITH_EDESTADDRREQ, KITH_ETOOMANYREFS, ...
 * context  a process or a plain thread; may suspend it.
 * owns     all of `p` is the caller's again when the call returns; descriptors are sent as copies.
 * source   OTP socket:sendmsg/4. Differs: answers all or a code.
 */
KITH_API KITH_NODISCARD ptrdiff_t
kith_socket_sendmsg(kith_socket s, const kith_packet *p, unsigned flags, kith_ms timeout);

/**
 * Begin a sendmsg; the future's result is what kith_socket_sendmsg would answer.
 *
 * returns  0, and `*f` is the future; or a code, and nothing goes on.
 * context  any thread; never suspends.
 * owns     `p` and all it points to is lent until the future has ended.
 */
KITH_API KITH_NODISCARD int
kith_socket_sendmsg_start(kith_socket s, const kith_packet *p, unsigned flags,
                          kith_ms timeout, kith_future *f);

/**
 * Receive one packet.
 *
 * Waits until something is there. Flags are those of kith_socket_recv; with KITH_MSG_ERRQUEUE it
 * waits for the error queue, and then takes no turn from those who wait for bytes.
 *
 * Received descriptors close on exec, and are the caller's to close. Those that find no room in
 * `fds` are closed; control messages that find no room in `ctrl`, ctrl_space or the option otp
 * rcvctrlbuf are dropped; both show as KITH_MSG_CTRUNC in p->flags.
 *
 * unit     timeout: milliseconds; 0 tries once.
 * returns  bytes read; 0 when the peer has ended, for an empty datagram, or for no pieces; with
 *          KITH_MSG_TRUNC a datagram's true length; or
 *          KITH_ETIMEOUT, KITH_ECANCELED, KITH_ESELECT, KITH_EOF  as kith_socket_recv;
 *          KITH_EINVAL   a part of `p` is missing;
 *          KITH_ECONNRESET, ...  the kernel's.
 * context  a process or a plain thread; may suspend it.
 * owns     all of `p` is the caller's again when the call returns. After a code only what
 *          kith_partial() tells was written.
 * source   OTP socket:recvmsg/5.
 */
KITH_API KITH_NODISCARD ptrdiff_t
kith_socket_recvmsg(kith_socket s, kith_packet *p, unsigned flags, kith_ms timeout);

/**
 * Begin a recvmsg; the future's result is what kith_socket_recvmsg would answer.
 *
 * returns  0, and `*f` is the future; or a code, and nothing goes on.
 * context  any thread; never suspends.
 * owns     `p` and all it points to is lent until the future has ended. Descriptors that come for
 *          a future that was cancelled are closed.
 */
KITH_API KITH_NODISCARD int
kith_socket_recvmsg_start(kith_socket s, kith_packet *p, unsigned flags, kith_ms timeout,
                          kith_future *f);

/**
 * Send many packets, in their order, with as few calls of the system as it allows.
 *
 * unit     timeout: milliseconds, for all of them; 0 sends what goes at once.
 * returns  `n` (KITH_NOWAIT: how many went, 1..n), and each packet's `result` is its bytes; or a
 *          code of kith_socket_sendmsg, of the first packet that did not go: kith_partial() tells
 *          how many packets went before it. KITH_EINVAL too when `n` is 0.
 * context  a process or a plain thread; may suspend it.
 * owns     the packets are the caller's again when the call returns.
 * source   OTP socket:sendmmsg/4. Differs: answers all or a code.
 */
KITH_API KITH_NODISCARD int
kith_socket_sendmmsg(kith_socket s, kith_packet *p, size_t n, unsigned flags,
                     kith_ms timeout);

/**
 * Begin a sendmmsg; the future's result is what kith_socket_sendmmsg would answer.
 *
 * returns  0, and `*f` is the future; or a code, and nothing goes on.
 * context  any thread; never suspends.
 * owns     the packets and all they point to are lent until the future has ended.
 */
KITH_API KITH_NODISCARD int
kith_socket_sendmmsg_start(kith_socket s, kith_packet *p, size_t n, unsigned flags,
                           kith_ms timeout, kith_future *f);

/**
 * Receive many packets: waits for one, and takes what else is there.
 *
 * With KITH_MSG_WAITALL it waits until all `n` have come.
 *
 * unit     timeout: milliseconds; 0 tries once.
 * returns  how many came, 1..n, and each one's `result` is its bytes; or a code of
 *          kith_socket_recvmsg: kith_partial() tells how many came before (WAITALL). KITH_EINVAL
 *          too when `n` is 0.
 * context  a process or a plain thread; may suspend it.
 * owns     the packets are the caller's again when the call returns.
 * source   OTP socket:recvmmsg/6.
 */
KITH_API KITH_NODISCARD int
kith_socket_recvmmsg(kith_socket s, kith_packet *p, size_t n, unsigned flags,
                     kith_ms timeout);

/**
 * Begin a recvmmsg; the future's result is what kith_socket_recvmmsg would answer.
 *
 * returns  0, and `*f` is the future; or a code, and nothing goes on.
 * context  any thread; never suspends.
 * owns     the packets and all they point to are lent until the future has ended. Descriptors
 *          that come for a future that was cancelled are closed.
 */
KITH_API KITH_NODISCARD int
kith_socket_recvmmsg_start(kith_socket s, kith_packet *p, size_t n, unsigned flags,
                           kith_ms timeout, kith_future *f);

#ifdef __cplusplus
}
#endif

#endif
