/* SPDX-License-Identifier: Apache-2.0
 * socket_info.h -- what can be seen of sockets.
 *
 *     struct kith_socket_info info = KITH_SOCKET_INFO_INIT;
 *
 *     if (kith_socket_info(s, &info) == 0 && (info.state & KITH_STATE_CONNECTED))
 *         printf("%llu bytes came\n", (unsigned long long) info.counters.read_byte);
 */
#ifndef KITH_SOCKET_INFO_H
#define KITH_SOCKET_INFO_H

#include <kith/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a socket has been through, as bits. */
enum {
    KITH_STATE_BOUND = 0x01,      /* it was given an address */
    KITH_STATE_LISTENING = 0x02,  /* it takes connections */
    KITH_STATE_CONNECTING = 0x04, /* an attempt is under way */
    KITH_STATE_CONNECTED = 0x08,  /* it has a peer, or had one */
    KITH_STATE_READ_SHUT = 0x10,  /* shut down here, for reading */
    KITH_STATE_WRITE_SHUT = 0x20, /* shut down here, for writing */
    KITH_STATE_ENDED = 0x40 /* the peer's end was seen: what it sent may still be read */
};

/* Where its descriptor is from. */
enum kith_socket_origin {
    KITH_OPENED,   /* kith_socket_open */
    KITH_ACCEPTED, /* kith_socket_accept */
    KITH_IMPORTED, /* kith_socket_open with .fd: a copy of that one */
    KITH_BORROWED  /* the same without .dup: that one itself, which close leaves open */
};

/* All begin at 0 when the socket is made, and wrap. An operation is a read or a send that did what
 * was asked of it (a read of a stream: what was there), a packet, or an accept. What was looked at
 * with KITH_MSG_PEEK is counted when it is read. */
struct kith_socket_counters {
    uint64_t read_pkg;     /* operations */
    uint64_t read_pkg_max; /* bytes of the largest */
    uint64_t read_byte;    /* bytes, also of operations that did not get all they wanted */
    uint64_t read_tries;   /* calls of the system */
    uint64_t read_waits;   /* operations that had to wait */
    uint64_t
        read_fails; /* calls of the system that failed; nothing there yet is no failure */
    uint64_t write_pkg, write_pkg_max, write_byte, write_tries, write_waits, write_fails;
    uint64_t acc_success, acc_fails, acc_tries, acc_waits;
    /* Tries: turns on the thread that reads the file, of a megabyte at most. */
    uint64_t sendfile_pkg, sendfile_pkg_max, sendfile_byte, sendfile_tries, sendfile_waits,
        sendfile_fails;
};

/* Those counters by number, in their order. */
enum kith_counter {
    KITH_COUNTER_READ_PKG,
    KITH_COUNTER_READ_PKG_MAX, /* does not wrap */
    KITH_COUNTER_READ_BYTE,
    KITH_COUNTER_READ_TRIES,
    KITH_COUNTER_READ_WAITS,
    KITH_COUNTER_READ_FAILS,
    KITH_COUNTER_WRITE_PKG,
    KITH_COUNTER_WRITE_PKG_MAX, /* the same */
    KITH_COUNTER_WRITE_BYTE,
    KITH_COUNTER_WRITE_TRIES,
    KITH_COUNTER_WRITE_WAITS,
    KITH_COUNTER_WRITE_FAILS,
    KITH_COUNTER_ACC_SUCCESS,
    KITH_COUNTER_ACC_FAILS,
    KITH_COUNTER_ACC_TRIES,
    KITH_COUNTER_ACC_WAITS,
    KITH_COUNTER_SENDFILE_PKG,
    KITH_COUNTER_SENDFILE_PKG_MAX, /* the same */
    KITH_COUNTER_SENDFILE_BYTE,
    KITH_COUNTER_SENDFILE_TRIES,
    KITH_COUNTER_SENDFILE_WAITS,
    KITH_COUNTER_SENDFILE_FAILS
};

/* Of KITH_TAG_COUNTER_WRAP, which the owner of a socket with option KITH_OPT_OTP_IOW gets. */
typedef struct kith_counter_wrap {
    kith_socket socket;
    int counter; /* enum kith_counter */
} kith_counter_wrap;

/* A moment's picture. */
struct kith_socket_info {
    size_t size;                /* sizeof(struct kith_socket_info) */
    int domain, type, protocol; /* KITH_INET..., KITH_STREAM..., KITH_TCP... */
    unsigned state;             /* KITH_STATE_ bits */
    enum kith_socket_origin origin;
    kith_pid owner;
    int fd; /* its descriptor, which stays kith's */
    /* Operations that wait. */
    size_t n_readers, n_writers, n_acceptors, n_connecters;
    struct kith_socket_counters counters;
};

#define KITH_SOCKET_INFO_INIT \
    { \
        sizeof(struct kith_socket_info), 0, 0, 0, 0, KITH_OPENED, {0}, -1, 0, 0, 0, 0, \
        { \
            0 \
        } \
    }

/**
 * Look at a socket.
 *
 * All of it is of one moment.
 *
 * returns  0, and `*info` is filled; or
 *          KITH_EINVAL  `info->size` was not set;
 *          KITH_EBADF, KITH_ECLOSED;  or a common code (error.h).
 * context  any thread; suspends only while the socket is busy.
 * owns     `info` is filled up to the size its caller knows.
 * source   OTP socket:info/1. Differs: of a closed socket there is nothing to see any more; waits
 *          are counted, and no byte twice.
 */
KITH_API KITH_NODISCARD int
kith_socket_info(kith_socket s, struct kith_socket_info *info);

/* Which sockets: all that is set has to hold. Sockets that were opened with .use_registry false, and
 * those that they accepted, are not in the registry. */
typedef struct kith_socket_filter {
    size_t size;    /* sizeof(kith_socket_filter): an older caller's still works */
    kith_pid owner; /* {0}: whoever it is */
    int domain, type, protocol; /* 0: whatever it is */
    unsigned state;             /* KITH_STATE_ bits, all of which it must have */
} kith_socket_filter;

#define KITH_SOCKET_FILTER_INIT \
    { \
        sizeof(kith_socket_filter), {0}, 0, 0, 0, 0 \
    }

/**
 * Tell which sockets are in the registry.
 *
 * No process keeps it: the call looks at each socket, while others come and go.
 *
 * returns  how many match, of which the first `cap` are in `out`; or KITH_EINVAL (the filter makes
 *          no sense, `out` is NULL with a `cap`), or a common code (error.h).
 * context  any thread; never suspends.
 * owns     `f` may be NULL: all of them. The sockets stay whose they are.
 * source   OTP socket:which_sockets/1. Differs: a filter is a struct, no function.
 */
KITH_API KITH_NODISCARD ptrdiff_t
kith_socket_which(const kith_socket_filter *f, kith_socket *out, size_t cap);

/**
 * Tell how many sockets are in the registry.
 *
 * returns  how many match; or as kith_socket_which.
 * context  any thread; never suspends.
 * owns     `f` may be NULL: all of them.
 * source   OTP socket:number_of/0. Differs: takes a filter.
 */
KITH_API KITH_NODISCARD ptrdiff_t
kith_socket_number_of(const kith_socket_filter *f);

/**
 * Say whether sockets that are opened from now on without kith_open_options are in the registry;
 * at first they are.
 *
 * returns  nothing.
 * context  any thread; never suspends.
 * source   OTP socket:use_registry/1.
 */
KITH_API void
kith_socket_use_registry(bool on);

/**
 * Write the sockets of the registry as a table: domain, type, protocol, descriptor, owner, addresses,
 * bytes and state, each socket a line.
 *
 * returns  0; or KITH_EINVAL (the filter makes no sense), KITH_EBADF, KITH_EPIPE, ... of the
 *          descriptor.
 * context  a process or a plain thread; suspends it until all is written, beside the workers.
 * owns     `f` may be NULL: all of them. `fd` stays the caller's.
 * source   OTP socket:i/0, i/1.
 */
KITH_API KITH_NODISCARD int
kith_socket_print(int fd, const kith_socket_filter *f);

/* Sockets that are not closed, of all kinds and of some. */
struct kith_socket_counts {
    size_t size; /* sizeof(struct kith_socket_counts) */
    size_t sockets;
    size_t inet, inet6, local;       /* by domain */
    size_t stream, dgram, seqpacket; /* by type */
    size_t tcp, udp, sctp;           /* by protocol */
};

#define KITH_SOCKET_COUNTS_INIT \
    { \
        sizeof(struct kith_socket_counts), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 \
    }

/**
 * Count all sockets of the program, in the registry or not.
 *
 * unit     time: it looks at each socket; meanwhile others come and go.
 * returns  0, and `*counts` is filled; or KITH_EINVAL (`counts->size` was not set), or a common
 *          code (error.h).
 * context  any thread; never suspends.
 * owns     `counts` is filled up to the size its caller knows.
 * source   OTP socket:info/0.
 */
KITH_API KITH_NODISCARD int
kith_socket_counts(struct kith_socket_counts *counts);

#ifdef __cplusplus
}
#endif

#endif
