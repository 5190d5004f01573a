/* SPDX-License-Identifier: Apache-2.0
 * socket_opt.h -- options of sockets.
 *
 * An option is one name, so that level, number and kind cannot disagree. Those of kind int
 * and bool (which travels as an int, 0 or 1) have calls of their own:
 *
 *     rc = kith_socket_setopt_int(s, KITH_OPT_TCP_NODELAY, 1);
 *
 * The others go by address and length. Of an option not listed here the native calls take
 * the system's own numbers.
 *
 * While the socket is busy with the call of another, a call here suspends a process or a
 * plain thread for that moment, and answers KITH_EHANDLER in a handler.
 */
#ifndef KITH_SOCKET_OPT_H
#define KITH_SOCKET_OPT_H

#include <kith/base.h>
#include <kith/socket_value.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One of KITH_OPT_... */
typedef int kith_opt;

/* The reference's names. G: can be read, S: can be set. A row never changes its number. */
enum {
    KITH_OPT_SOCKET_REUSEADDR = 0x100,  /* GS bool */
    KITH_OPT_SOCKET_REUSEPORT = 0x101,  /* GS bool */
    KITH_OPT_SOCKET_KEEPALIVE = 0x102,  /* GS bool */
    KITH_OPT_SOCKET_SNDBUF = 0x103,     /* GS int, bytes; Linux doubles it */
    KITH_OPT_SOCKET_RCVBUF = 0x104,     /* GS int, bytes; Linux doubles it */
    KITH_OPT_SOCKET_LINGER = 0x105,     /* GS kith_linger */
    KITH_OPT_SOCKET_ERROR = 0x106,      /* G int: a KITH_E code or 0; reading clears it */
    KITH_OPT_SOCKET_TYPE = 0x107,       /* G int: KITH_STREAM... */
    KITH_OPT_SOCKET_DOMAIN = 0x108,     /* G int: KITH_INET... */
    KITH_OPT_SOCKET_PROTOCOL = 0x109,   /* G int: KITH_TCP... */
    KITH_OPT_SOCKET_ACCEPTCONN = 0x10a, /* G bool: it listens */
    KITH_OPT_SOCKET_BROADCAST = 0x10b,  /* GS bool */
    KITH_OPT_SOCKET_OOBINLINE = 0x10c,  /* GS bool */
    KITH_OPT_SOCKET_DONTROUTE = 0x10d,  /* GS bool */
    KITH_OPT_SOCKET_RCVLOWAT = 0x10e,   /* GS int, bytes */

    KITH_OPT_IP_TTL = 0x200,                    /* GS int, 1..255 */
    KITH_OPT_IP_TOS = 0x201,                    /* GS int, 0..255 */
    KITH_OPT_IP_ADD_MEMBERSHIP = 0x202,         /* S kith_mreq */
    KITH_OPT_IP_DROP_MEMBERSHIP = 0x203,        /* S kith_mreq */
    KITH_OPT_IP_ADD_SOURCE_MEMBERSHIP = 0x204,  /* S kith_mreq_source */
    KITH_OPT_IP_DROP_SOURCE_MEMBERSHIP = 0x205, /* S kith_mreq_source */
    KITH_OPT_IP_BLOCK_SOURCE = 0x206,           /* S kith_mreq_source; of a group joined */
    KITH_OPT_IP_UNBLOCK_SOURCE = 0x207,         /* S kith_mreq_source */
    KITH_OPT_IP_MSFILTER = 0x208,               /* S kith_msfilter */
    KITH_OPT_IP_MULTICAST_IF = 0x209,           /* GS kith_multicast_if */
    KITH_OPT_IP_MULTICAST_TTL = 0x20a,          /* GS int, 0..255; 1 unless set */
    KITH_OPT_IP_MULTICAST_LOOP = 0x20b,         /* GS bool: this machine hears it too */
    KITH_OPT_IP_MULTICAST_ALL =
        0x20c, /* GS bool: hear groups that others here joined (Linux: yes) */

    KITH_OPT_IPV6_V6ONLY = 0x300,                 /* GS bool; before bind */
    KITH_OPT_IPV6_UNICAST_HOPS = 0x301,           /* GS int, 1..255; -1 = the default */
    KITH_OPT_IPV6_ADD_MEMBERSHIP = 0x302,         /* S kith_mreq */
    KITH_OPT_IPV6_DROP_MEMBERSHIP = 0x303,        /* S kith_mreq */
    KITH_OPT_IPV6_ADD_SOURCE_MEMBERSHIP = 0x304,  /* S kith_mreq_source */
    KITH_OPT_IPV6_DROP_SOURCE_MEMBERSHIP = 0x305, /* S kith_mreq_source */
    KITH_OPT_IPV6_BLOCK_SOURCE = 0x306,   /* S kith_mreq_source; of a group joined */
    KITH_OPT_IPV6_UNBLOCK_SOURCE = 0x307, /* S kith_mreq_source */
    KITH_OPT_IPV6_MSFILTER = 0x308,       /* S kith_msfilter */
    KITH_OPT_IPV6_MULTICAST_IF =
        0x309, /* GS int: an interface's number; 0 = the system chooses */
    KITH_OPT_IPV6_MULTICAST_HOPS = 0x30a, /* GS int, 0..255; -1 = the default, 1 */
    KITH_OPT_IPV6_MULTICAST_LOOP = 0x30b, /* GS bool: this machine hears it too */
    KITH_OPT_IPV6_MULTICAST_ALL =
        0x30c, /* GS bool: hear groups that others here joined (Linux: yes) */
    /* The same by another name. */
    KITH_OPT_IPV6_JOIN_GROUP = KITH_OPT_IPV6_ADD_MEMBERSHIP,
    KITH_OPT_IPV6_LEAVE_GROUP = KITH_OPT_IPV6_DROP_MEMBERSHIP,

    KITH_OPT_TCP_NODELAY = 0x400,      /* GS bool */
    KITH_OPT_TCP_CORK = 0x401,         /* GS bool */
    KITH_OPT_TCP_MAXSEG = 0x402,       /* GS int, bytes */
    KITH_OPT_TCP_KEEPIDLE = 0x403,     /* GS int, seconds */
    KITH_OPT_TCP_KEEPINTVL = 0x404,    /* GS int, seconds */
    KITH_OPT_TCP_KEEPCNT = 0x405,      /* GS int, probes */
    KITH_OPT_TCP_USER_TIMEOUT = 0x406, /* GS int, milliseconds; 0 = the default */

    KITH_OPT_OTP_FD = 0x700,                  /* G int: the descriptor; it stays kith's */
    KITH_OPT_OTP_RCVBUF = 0x701,              /* GS int, bytes */
    KITH_OPT_OTP_CONTROLLING_PROCESS = 0x702, /* GS kith_pid: the owner */
    KITH_OPT_OTP_DOMAIN = 0x703,              /* G int: KITH_INET... */
    KITH_OPT_OTP_TYPE = 0x704,                /* G int: KITH_STREAM... */
    KITH_OPT_OTP_PROTOCOL = 0x705             /* G int: KITH_TCP... */
};

/**
 * Set an option.
 *
 * returns  0; or
 *          KITH_EINVAL      no such option, `len` is not that of its kind, no such value;
 *          KITH_ENOPROTOOPT this system or kind of socket lacks it, or it is read only;
 *          KITH_EPERM       not the owner (otp options), or not allowed;
 *          KITH_EBADF, KITH_ECLOSED;  any other code is the kernel's.
 * context  any thread; suspends only while the socket is busy.
 * owns     `len` bytes of `v` are copied.
 * source   OTP socket:setopt/3.
 */
KITH_API KITH_NODISCARD int
kith_socket_setopt(kith_socket s, kith_opt o, const void *v, size_t len);

/**
 * Read an option.
 *
 * returns  the value's length; or
 *          KITH_EINVAL      no such option, or `cap` is too small;
 *          KITH_ENOPROTOOPT this system or this kind of socket lacks it;
 *          KITH_EAFNOSUPPORT, KITH_ESOCKTNOSUPPORT  a domain or type kith has no name for;
 *          KITH_EBADF, KITH_ECLOSED;  any other code is the kernel's.
 * context  any thread; suspends only while the socket is busy.
 * owns     `v` is the caller's.
 * source   OTP socket:getopt/2.
 */
KITH_API KITH_NODISCARD ptrdiff_t
kith_socket_getopt(kith_socket s, kith_opt o, void *v, size_t cap);

/**
 * Set an option of kind int or bool.
 *
 * returns  as kith_socket_setopt; another kind: KITH_EINVAL.
 * context  any thread; suspends only while the socket is busy.
 * source   OTP socket:setopt/3.
 */
KITH_API KITH_NODISCARD int
kith_socket_setopt_int(kith_socket s, kith_opt o, int v);

/**
 * Read an option of kind int or bool.
 *
 * returns  0, and `*v` is the value; or as kith_socket_getopt; another kind: KITH_EINVAL.
 * context  any thread; suspends only while the socket is busy.
 * owns     `v` is the caller's.
 * source   OTP socket:getopt/2.
 */
KITH_API KITH_NODISCARD int
kith_socket_getopt_int(kith_socket s, kith_opt o, int *v);

/**
 * Set an option by the system's own level and number, as raw bytes.
 *
 * returns  0; or a code of the kernel's.
 * context  any thread; suspends only while the socket is busy.
 * owns     the bytes of `v` are read, no more.
 * source   OTP socket:setopt_native/3.
 */
KITH_API KITH_NODISCARD int
kith_socket_setopt_native(kith_socket s, int level, int number, kith_iov v);

/**
 * Read an option by the system's own level and number, as raw bytes.
 *
 * What stands in `v` before is given to the system, which some options look at.
 *
 * returns  the length the system gave; or a code of the kernel's.
 * context  any thread; suspends only while the socket is busy.
 * owns     the bytes of `v` are the caller's.
 * source   OTP socket:getopt_native/3.
 */
KITH_API KITH_NODISCARD ptrdiff_t
kith_socket_getopt_native(kith_socket s, int level, int number, kith_iov v);

#ifdef __cplusplus
}
#endif

#endif
