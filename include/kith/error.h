/* SPDX-License-Identifier: Apache-2.0
 * error.h -- the one table of codes, and the reasons processes die of.
 *
 * A call answers 0 or a count, or a code below 0. There is no errno: a process may fall
 * asleep on one thread and wake on another. A code is an integer, so it can be returned,
 * stored, sent and switched over:
 *
 *     if ((rc = kith_tcp_listen("[::]:80", &s)) < 0)
 *         printf("cannot listen: %s\n", kith_strerror(rc));
 *
 * The common codes, which any call may answer and which are not repeated below each:
 *     KITH_ENOTRUNNING  kith_start has not been called yet
 *     KITH_ESTOPPED     the runtime is stopping or has stopped
 *     KITH_EFORKED      this is a forked child: the runtime stayed with the parent
 *     KITH_ENOMEM       out of memory; nothing was changed
 * The waiting codes, which any call that can wait may answer besides:
 *     KITH_EHANDLER     called in a handler, which must not wait; always, not only when it
 *                       would have waited. Only those calls that wait for nothing but a
 *                       busy socket (socket.h) answer it when they would have waited
 *     KITH_EKILLED      the caller has been killed; only its deferred functions see this
 */
#ifndef KITH_ERROR_H
#define KITH_ERROR_H

#include <kith/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* X(name, value, the Erlang atom, sentence). The system's errors, under Linux' numbers on
 * every system, so that a program may store and send them. */
#define KITH_ERRNO_TABLE(X) \
    X(EPERM, -1, "eperm", "operation not permitted") \
    X(ENOENT, -2, "enoent", "no such file, name or timer") \
    X(EINTR, -4, "eintr", "interrupted system call") \
    X(EIO, -5, "eio", "input or output error") \
    X(ENXIO, -6, "enxio", "no such device or address") \
    X(E2BIG, -7, "e2big", "argument list too long") \
    X(EBADF, -9, "ebadf", "bad handle or descriptor") \
    X(EAGAIN, -11, "eagain", "resource temporarily unavailable") \
    X(ENOMEM, -12, "enomem", "out of memory") \
    X(EACCES, -13, "eacces", "permission denied") \
    X(EFAULT, -14, "efault", "bad address in memory") \
    X(EBUSY, -16, "ebusy", "device or resource busy") \
    X(EEXIST, -17, "eexist", "it exists already") \
    X(ENODEV, -19, "enodev", "no such device") \
    X(ENOTDIR, -20, "enotdir", "not a directory") \
    X(EISDIR, -21, "eisdir", "is a directory") \
    X(EINVAL, -22, "einval", "invalid argument") \
    X(ENFILE, -23, "enfile", "too many open files in the system") \
    X(EMFILE, -24, "emfile", "too many open files in this program") \
    X(ENOTTY, -25, "enotty", "inappropriate request for a device") \
    X(EFBIG, -27, "efbig", "file too large") \
    X(ENOSPC, -28, "enospc", "no space left") \
    X(ESPIPE, -29, "espipe", "illegal seek") \
    X(EROFS, -30, "erofs", "read-only file system") \
    X(EPIPE, -32, "epipe", "broken pipe: our sending side is shut") \
    X(EDOM, -33, "edom", "argument out of domain") \
    X(ERANGE, -34, "erange", "value out of range") \
    X(EDEADLK, -35, "edeadlk", "it would wait for itself") \
    X(ENAMETOOLONG, -36, "enametoolong", "name too long") \
    X(ENOSYS, -38, "enosys", "function not implemented") \
    X(ELOOP, -40, "eloop", "too many symbolic links") \
    X(ENODATA, -61, "enodata", "no data available") \
    X(ENONET, -64, "enonet", "machine is not on the network") \
    X(EPROTO, -71, "eproto", "protocol error") \
    X(EBADMSG, -74, "ebadmsg", "bad message") \
    X(EOVERFLOW, -75, "eoverflow", "value too large") \
    X(EILSEQ, -84, "eilseq", "illegal byte sequence") \
    X(EUSERS, -87, "eusers", "too many users") \
    X(ENOTSOCK, -88, "enotsock", "not a socket") \
    X(EDESTADDRREQ, -89, "edestaddrreq", "destination address required") \
    X(EMSGSIZE, -90, "emsgsize", "message too long") \
    X(EPROTOTYPE, -91, "eprototype", "wrong protocol for this type of socket") \
    X(ENOPROTOOPT, -92, "enoprotoopt", "option not available") \
    X(EPROTONOSUPPORT, -93, "eprotonosupport", "protocol not supported") \
    X(ESOCKTNOSUPPORT, -94, "esocktnosupport", "socket type not supported") \
    X(EOPNOTSUPP, -95, "eopnotsupp", "operation not supported") \
    X(EPFNOSUPPORT, -96, "epfnosupport", "protocol family not supported") \
    X(EAFNOSUPPORT, -97, "eafnosupport", "address family not supported") \
    X(EADDRINUSE, -98, "eaddrinuse", "address already in use") \
    X(EADDRNOTAVAIL, -99, "eaddrnotavail", "address not available here") \
    X(ENETDOWN, -100, "enetdown", "network is down") \
    X(ENETUNREACH, -101, "enetunreach", "network unreachable") \
    X(ENETRESET, -102, "enetreset", "network dropped the connection") \
    X(ECONNABORTED, -103, "econnaborted", "connection aborted") \
    X(ECONNRESET, -104, "econnreset", "connection reset by the peer") \
    X(ENOBUFS, -105, "enobufs", "no buffer space available") \
    X(EISCONN, -106, "eisconn", "already connected") \
    X(ENOTCONN, -107, "enotconn", "not connected") \
    X(ESHUTDOWN, -108, "eshutdown", "cannot send after a shutdown") \
    X(ETOOMANYREFS, -109, "etoomanyrefs", "too many descriptors in flight") \
    X(ETIMEDOUT, -110, "etimedout", "the system gave up on the peer") \
    X(ECONNREFUSED, -111, "econnrefused", "connection refused") \
    X(EHOSTDOWN, -112, "ehostdown", "host is down") \
    X(EHOSTUNREACH, -113, "ehostunreach", "host unreachable") \
    X(EALREADY, -114, "ealready", "already under way or already done") \
    X(EINPROGRESS, -115, "einprogress", "operation in progress") \
    X(ESTALE, -116, "estale", "stale file handle") \
    X(EDQUOT, -122, "edquot", "disk quota exceeded") \
    X(ECANCELED, -125, "ecanceled", "operation cancelled")

/* kith's own codes, and the name resolver's, away from every errno. */
#define KITH_OWN_ERROR_TABLE(X) \
    X(ECLOSED, -10001, "closed", "closed on this side") \
    X(ENOPROC, -10002, "noproc", "no such process") \
    X(ESELECT, -10003, "select", "not now: a select message will come") \
    X(ETIMEOUT, -10004, "timeout", "the caller's time is over") \
    X(EOF, -10005, "eof", "the peer ended before all was there") \
    X(EFULL, -10006, "full", "the mailbox is full, or the queue") \
    X(EKILLED, -10007, "killed", "the caller has been killed") \
    X(EHANDLER, -10008, "handler", "a handler must not wait") \
    X(ENOTRUNNING, -10009, "not_running", "the runtime has not been started") \
    X(ESTOPPED, -10010, "stopped", "the runtime is stopping or has stopped") \
    X(EFORKED, -10011, "forked", "the runtime stayed with the parent of this fork") \
    X(ESTUCK, -10012, "stuck", "a thread is stuck in the user's code") \
    X(EFAILED, -10013, "failed", "a failure with no code of its own") \
    X(EAI_NONAME, -11001, "nxdomain", "no such host") \
    X(EAI_AGAIN, -11002, "try_again", "the name server does not answer now") \
    X(EAI_FAIL, -11003, "no_recovery", "the name server failed") \
    X(EAI_NODATA, -11004, "no_data", "the host has no address of this kind") \
    X(EAI_FAMILY, -11005, "efamily", "the resolver does not know this domain") \
    X(EAI_SERVICE, -11006, "eservice", "no such service") \
    X(EAI_SOCKTYPE, -11007, "esocktype", "the resolver does not know this socket type") \
    X(EAI_SYSTEM, -11008, "esystem", "the resolver failed in a system call")

/* All of them. */
#define KITH_ERROR_TABLE(X) KITH_ERRNO_TABLE(X) KITH_OWN_ERROR_TABLE(X)

/* KITH_EPERM = -1 and so on, a constant for each row. */
#define KITH_ERROR_CONSTANT(name, value, atom, sentence) KITH_##name = value,
enum kith_error { KITH_ERROR_TABLE(KITH_ERROR_CONSTANT) };
#undef KITH_ERROR_CONSTANT

/**
 * Give a code's sentence, for people.
 *
 * returns  a text without a full stop; "success" for 0, "unknown code" if there is no row.
 * context  any thread, with or without a runtime; never suspends.
 * owns     a constant; nobody frees it.
 */
KITH_API const char *
kith_strerror(int code);

/**
 * Give a code's name in Erlang's spelling: "econnrefused", "closed", "timeout".
 *
 * returns  the atom's text; "ok" for 0, "unknown" if there is no row.
 * context  any thread, with or without a runtime; never suspends.
 * owns     a constant; nobody frees it.
 */
KITH_API const char *
kith_err_name(int code);

/* Why a process died, or is asked to. */
enum {
    KITH_NORMAL,       /* it ended; links ignore this unless they trap exits */
    KITH_SHUTDOWN,     /* asked to end in order */
    KITH_KILL,         /* as a signal: dies, trapping or not; seen by others as KILLED */
    KITH_KILLED,       /* died of KILL */
    KITH_NOPROC,       /* was not there when linked or monitored */
    KITH_NOCONNECTION, /* cannot be reached */
    KITH_ERROR,        /* failed; `code` says with what */
    KITH_USER          /* `code` and `text` are the user's own */
};

/* A value without pointers: a copy is the whole. `text` always ends with a NUL. */
typedef struct kith_reason {
    int32_t kind; /* KITH_NORMAL .. KITH_USER */
    int32_t code; /* of KITH_ERROR a KITH_E code, of KITH_USER what you like, else 0 */
    char text[24];
} kith_reason;

/**
 * Make a reason.
 *
 * A text longer than 23 bytes is cut; NULL is the empty text.
 *
 * returns  the reason.
 * context  any thread, with or without a runtime; never suspends.
 * owns     the text is copied.
 */
KITH_API kith_reason
kith_reason_of(int kind, int code, const char *text);

#ifdef __cplusplus
}
#endif

#endif
