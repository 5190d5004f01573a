/* SPDX-License-Identifier: Apache-2.0
 * socket.h -- sockets that belong to processes.
 *
 * The opener or accepter owns a socket, and its death closes it. Anybody may use it. Each
 * call that waits takes a timeout, has a _start twin for a future, and ends by its answer,
 * timeout, cancel, close, or the death of who called. With KITH_NOWAIT it answers
 * KITH_ESELECT instead of waiting; a KITH_TAG_SELECT message then says when to repeat it.
 *
 * Every call may answer KITH_EBADF for an all-zero handle and KITH_ECLOSED for a socket
 * that is closed on this side; nothing else means that. Those two, the common codes and,
 * where it waits, the waiting codes (error.h) are not repeated below. Codes of the kernel's
 * come through as they are.
 *
 * Calls that wait for no peer (bind, listen, names, options, cancel, shutdown, give) run
 * one at a time on a socket. While it is busy with the call of another, or looked at by a
 * kith_dump, they suspend a process or a plain thread for that moment; then, and only then,
 * they answer KITH_EHANDLER in a handler, which may try again later.
 */
#ifndef KITH_SOCKET_H
#define KITH_SOCKET_H

#include <kith/base.h>
#include <kith/sockaddr.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Message flags. One that this system lacks is KITH_EOPNOTSUPP. */
enum {
    KITH_MSG_OOB = 0x0001,          /* urgent data */
    KITH_MSG_PEEK = 0x0002,         /* recv: leave what was read */
    KITH_MSG_WAITALL = 0x0004,      /* recv: all of `cap`, or a code */
    KITH_MSG_MORE = 0x0008,         /* send: more will follow, do not hurry */
    KITH_MSG_DONTROUTE = 0x0010,    /* send: to hosts on the same network only */
    KITH_MSG_NOSIGNAL = 0x0020,     /* send: no SIGPIPE; always so, here or not */
    KITH_MSG_EOR = 0x0040,          /* end of a record */
    KITH_MSG_TRUNC = 0x0080,        /* recv: answer a datagram's true length */
    KITH_MSG_CTRUNC = 0x0100,       /* control messages did not fit */
    KITH_MSG_ERRQUEUE = 0x0200,     /* recv: from the error queue */
    KITH_MSG_CONFIRM = 0x0400,      /* send: the neighbour is alive */
    KITH_MSG_CMSG_CLOEXEC = 0x0800, /* recv: passed descriptors close on exec; always so */
    KITH_MSG_NOTIFICATION = 0x2000, /* received: no message, but SCTP's word: sctp.h */
    KITH_MSG_QUEUE = 0x1000         /* send, KITH_NOWAIT: take all, send it when it goes */
};

enum { KITH_SHUT_READ = 1, KITH_SHUT_WRITE = 2, KITH_SHUT_BOTH = 3 };
/* Operations that can wait, as bits. */
enum { KITH_OP_RECV = 1, KITH_OP_SEND = 2, KITH_OP_ACCEPT = 4, KITH_OP_CONNECT = 8 };

typedef struct kith_open_options {
    size_t size;       /* sizeof(kith_open_options): an older caller's still works */
    const char *netns; /* a path of a network namespace; NULL = the program's own */
    int fd;            /* adopt this descriptor; -1 = a new one */
    bool dup;          /* adopt a copy. false: close forgets the descriptor, no more */
    bool debug;        /* as option KITH_OPT_OTP_DEBUG */
    bool use_registry; /* kith_socket_which and kith_socket_print tell of it */
} kith_open_options;

#define KITH_OPEN_OPTIONS_INIT \
    { \
        sizeof(kith_open_options), NULL, -1, true, false, true \
    }

/**
 * Open a socket; the caller owns it.
 *
 * An adopted descriptor is asked for domain, type and protocol; the arguments, which may be
 * 0 then, serve where the system cannot say.
 *
 * With `netns`, /var/run/netns/x or /proc/1234/ns/net say, the socket is made in that namespace
 * (Linux) and stays there, whoever uses it; no thread of the program's does. It needs
 * CAP_SYS_ADMIN, and waits for another thread.
 *
 * In the domain KITH_PACKET a protocol other than 0 is in the network's byte order here, as the
 * system wants it; or it is 0, and the address that is bound to says which.
 *
 * returns  0, and `*s` is the socket; or
 *          KITH_EINVAL  no such domain or type, or an adopted one does not tell;
 *          KITH_EAFNOSUPPORT, KITH_ESOCKTNOSUPPORT  this system has no such domain or type;
 *          KITH_EBUSY   the descriptor to adopt is one of ours;
 *          KITH_EOPNOTSUPP  `netns` is given and this system has no namespaces;
 *          KITH_ENOENT, KITH_EACCES, ...  `netns` is no file that can be read; KITH_EPERM  or
 *          none that the program may enter; KITH_EINVAL  no network namespace, or there is `fd`
 *          too; KITH_EHANDLER  in a handler, which has kith_socket_open_start;
 *          KITH_EPROTONOSUPPORT, KITH_EMFILE, KITH_ENFILE, ...  the kernel's.
 * context  any thread; never suspends. With `netns` a process or a plain thread; may suspend it.
 * owns     `extra` may be NULL; nothing of it is kept. With `dup` the descriptor stays the
 *          caller's, without it is lent until close.
 * source   OTP socket:open/4, and open/2 of a descriptor.
 */
KITH_API KITH_NODISCARD int
kith_socket_open(int domain, int type, int protocol, const kith_open_options *extra,
                 kith_socket *s);

/**
 * Begin an open on another thread; end it with kith_await_socket.
 *
 * returns  0, and `*f` is the future; or a code, and nothing goes on: KITH_EINVAL also when
 *          `extra` names a descriptor to adopt.
 * context  any thread; never suspends.
 * owns     `extra` may be NULL; nothing of it is kept, the path is copied. A socket whose future
 *          is cancelled, or dies with the caller, is closed.
 * source   OTP socket:open/4. Differs: there it is done on the caller's thread.
 */
KITH_API KITH_NODISCARD int
kith_socket_open_start(int domain, int type, int protocol, const kith_open_options *extra,
                       kith_future *f);

/**
 * Give a socket its own address.
 *
 * returns  0; or KITH_EADDRINUSE, KITH_EADDRNOTAVAIL, KITH_EACCES, KITH_EINVAL (it has one,
 *          `a` is no address, or one of inet for inet6), KITH_EAFNOSUPPORT (of another
 *          domain), ...
 * context  any thread; suspends only while the socket is busy.
 * source   OTP socket:bind/2. Differs: port 0 picks one, kith_socket_sockname tells it.
 */
KITH_API KITH_NODISCARD int
kith_socket_bind(kith_socket s, const kith_sockaddr *a);

/**
 * Let others connect to a socket.
 *
 * unit     backlog: connections that wait to be accepted; 0 = as many as the system allows.
 * returns  0; or KITH_ESTOPPED (a stop has begun), KITH_EADDRINUSE, KITH_EOPNOTSUPP,
 *          KITH_EINVAL, ...
 * context  any thread; suspends only while the socket is busy.
 * source   OTP socket:listen/2. Differs: the default there is 5.
 */
KITH_API KITH_NODISCARD int
kith_socket_listen(kith_socket s, int backlog);

/**
 * Connect a socket to a peer.
 *
 * A timeout or cancel leaves the attempt to the kernel: close the socket, or call again. After an
 * attempt that has failed the socket may connect anew, there or elsewhere.
 *
 * An address of the domain KITH_UNSPEC parts the socket from its peer: a datagram socket then
 * receives from everybody, and its next connect takes the source address that leads there; what
 * it was bound to stays, but for a port that the system had picked. A TCP connection is reset, an attempt given up. Local streams keep their peer: KITH_EINVAL.
 *
 * unit     timeout: milliseconds. With KITH_NOWAIT, call again after the message.
 * returns  0; or
 *          KITH_ETIMEOUT, KITH_ECANCELED, KITH_ESELECT;
 *          KITH_EALREADY  another connects it at this moment;
 *          KITH_ECONNREFUSED, KITH_EHOSTUNREACH, KITH_ETIMEDOUT, ...  the kernel's.
 * context  a process or a plain thread; may suspend it.
 * source   OTP socket:connect/3.
 */
KITH_API KITH_NODISCARD int
kith_socket_connect(kith_socket s, const kith_sockaddr *a, kith_ms timeout);

/**
 * Begin a connect; the future's result is what kith_socket_connect would answer.
 *
 * returns  0, and `*f` is the future; or a code, and nothing goes on.
 * context  any thread; never suspends.
 * owns     `a` is copied.
 */
KITH_API KITH_NODISCARD int
kith_socket_connect_start(kith_socket s, const kith_sockaddr *a, kith_ms timeout,
                          kith_future *f);

/**
 * Accept a connection; the caller owns it.
 *
 * Any number may wait on one listening socket; they are served in their order.
 *
 * unit     timeout: milliseconds.
 * returns  0, and `*c` is the connection; or
 *          KITH_ETIMEOUT, KITH_ECANCELED, KITH_ESELECT, KITH_ESTOPPED (a stop has begun),
 *          KITH_EINVAL (it does not listen);
 *          KITH_EMFILE, KITH_ENFILE  no descriptor is left; the connection waits on.
 * context  a process or a plain thread; may suspend it.
 * owns     the connection is the caller's.
 * source   OTP socket:accept/2.
 */
KITH_API KITH_NODISCARD int
kith_socket_accept(kith_socket s, kith_ms timeout, kith_socket *c);

/**
 * Begin an accept; end it with kith_await_socket.
 *
 * returns  0, and `*f` is the future; or a code, and nothing goes on.
 * context  any thread; never suspends.
 * owns     a connection whose future is cancelled, or dies with the caller, is closed.
 */
KITH_API KITH_NODISCARD int
kith_socket_accept_start(kith_socket s, kith_ms timeout, kith_future *f);

/**
 * Start a process that owns a socket before it runs.
 *
 * returns  0; or KITH_EPERM (`s` is not the caller's), or a code of kith_spawn.
 * context  any thread; suspends only while the socket is busy.
 * owns     `arg` is copied; after a code `s` is still the caller's; `pid` may be NULL.
 */
KITH_API KITH_NODISCARD int
kith_socket_spawn(kith_socket s, kith_conn fn, const void *arg, size_t len, kith_pid *pid);

/**
 * Give a socket to another process, with a message that says so.
 *
 * The message has `tag` and the kith_socket as its body. No byte is lost; operations that
 * wait stay their callers'.
 *
 * returns  0; or, with nothing changed and nothing sent,
 *          KITH_EPERM    the caller is not the owner;
 *          KITH_EINVAL   the tag has the system's bit;
 *          KITH_ENOPROC  the receiver is dead or unknown. Its mailbox's cap does not count.
 * context  any thread; suspends only while the socket is busy.
 * owns     after 0 the socket is the receiver's.
 * source   OTP socket:setopt(S, {otp, controlling_process}, Pid). Differs: the message.
 */
KITH_API KITH_NODISCARD int
kith_socket_give(kith_socket s, kith_pid to, uint64_t tag);

/**
 * Read what is there from a connected socket.
 *
 * Waits until at least one byte is there, then takes what fits; with KITH_MSG_WAITALL it
 * waits until `cap` bytes are in. With KITH_MSG_OOB it waits for urgent data, with
 * KITH_MSG_ERRQUEUE for the error queue: those who do stand in queues of their own, and
 * take no turn from those who wait for bytes.
 *
 * unit     timeout: milliseconds; 0 tries once.
 * returns  bytes read, 1..cap (WAITALL: cap); 0 when the peer has ended, or for an empty
 *          datagram, which ends nothing; or
 *          KITH_ETIMEOUT, KITH_ECANCELED, KITH_ESELECT;
 *          KITH_EOF        with WAITALL: the peer ended before `cap` bytes. After these
 *                          four kith_partial() tells how many bytes lie in `buf`;
 *          KITH_EINVAL     `cap` is 0, on every type of socket;
 *          KITH_ECONNRESET, ...  the kernel's.
 * context  a process or a plain thread; may suspend it.
 * owns     `buf` is the caller's again when the call returns, whatever it answers.
 * source   OTP socket:recv/4. Differs: bytes land in the caller's buffer, no binary.
 */
KITH_API KITH_NODISCARD ptrdiff_t
kith_socket_recv(kith_socket s, void *buf, size_t cap, unsigned flags, kith_ms timeout);

/**
 * Begin a read; the future's result is what kith_socket_recv would answer.
 *
 * returns  0, and `*f` is the future; or a code, and nothing goes on.
 * context  any thread; never suspends.
 * owns     `buf` is lent until the future has ended.
 */
KITH_API KITH_NODISCARD int
kith_socket_recv_start(kith_socket s, void *buf, size_t cap, unsigned flags,
                       kith_ms timeout, kith_future *f);

/**
 * Receive a datagram, and the address it came from.
 *
 * unit     timeout: milliseconds; 0 tries once.
 * returns  as kith_socket_recv; `*from` has domain 0 where the system tells no address, as for
 *          a stream.
 * context  a process or a plain thread; may suspend it.
 * owns     `buf` and `from` (which may be NULL) are the caller's again when the call returns.
 * source   OTP socket:recvfrom/4.
 */
KITH_API KITH_NODISCARD ptrdiff_t
kith_socket_recvfrom(kith_socket s, void *buf, size_t cap, kith_sockaddr *from,
                     unsigned flags, kith_ms timeout);

/**
 * Begin a recvfrom; the future's result is what kith_socket_recvfrom would answer.
 *
 * returns  0, and `*f` is the future; or a code, and nothing goes on.
 * context  any thread; never suspends.
 * owns     `buf` and `from` are lent until the future has ended.
 */
KITH_API KITH_NODISCARD int
kith_socket_recvfrom_start(kith_socket s, void *buf, size_t cap, kith_sockaddr *from,
                           unsigned flags, kith_ms timeout, kith_future *f);

/**
 * Read what is there into memory of the library's, of the right size.
 *
 * It reads as much as option KITH_OPT_OTP_RCVBUF says: one read of its size; or with n of that
 * size up to n of them, all but the first without waiting, until one is not full. Of packets, and
 * with flags, it is one read.
 *
 * unit     timeout: milliseconds; 0 tries once.
 * returns  bytes read, and `*data` are they; 0, and `*data` is NULL, when the peer has ended, or
 *          for an empty datagram; or
 *          KITH_EINVAL  `data` is NULL, or a flag is KITH_MSG_WAITALL or KITH_MSG_TRUNC;
 *          a code as kith_socket_recv. An error that comes after some bytes were read leaves them
 *          in `*data`, and kith_partial() tells how many; else that is NULL.
 * context  a process or a plain thread; may suspend it.
 * owns     `*data` is the caller's, to kith_free, and dies with it at the latest.
 * source   OTP socket:recv(S, 0). Differs: there is no _start form, as the memory is the caller's.
 */
KITH_API KITH_NODISCARD ptrdiff_t
kith_socket_recv_new(kith_socket s, void **data, unsigned flags, kith_ms timeout);

/**
 * Send all of some bytes to a connected socket.
 *
 * With KITH_NOWAIT it sends what goes at once.
 *
 * With KITH_MSG_QUEUE too it takes all: what does not go at once is copied, and the library sends
 * it in its turn, whoever owns the socket and whatever becomes of the caller. It waits for nothing
 * and may be called in a handler. So much is taken, and one send more, as option
 * KITH_OPT_OTP_SNDQUEUE says. If it cannot be sent the next call with KITH_MSG_QUEUE answers why;
 * a send of 0 bytes without it waits until all before it has gone. A shutdown to write comes after
 * it; a close drops what has not gone, unless option linger gives it time.
 *
 * unit     timeout: milliseconds; 0 sends what goes at once.
 * returns  `len` (KITH_NOWAIT: 1..len, or 0 when len is 0); or
 *          KITH_ESELECT  nothing went; with KITH_MSG_QUEUE: all was taken, and a message comes
 *                        when it has gone, until when it is better to send no more;
 *          KITH_EFULL    (KITH_MSG_QUEUE) too much waits already, and nothing was taken;
 *          KITH_EINVAL, KITH_EOPNOTSUPP  (KITH_MSG_QUEUE) another timeout; not of bytes;
 *          KITH_ETIMEOUT, KITH_ECANCELED, KITH_EPIPE, KITH_ECONNRESET, ...: kith_partial()
 *          tells how many bytes went.
 * context  a process or a plain thread; may suspend it. With KITH_MSG_QUEUE any thread; suspends
 *          only while the socket is busy.
 * owns     `buf` is the caller's again when the call returns, whatever it answers.
 * source   OTP socket:send/4. Differs: answers all or a code; KITH_MSG_QUEUE is kith's.
 */
KITH_API KITH_NODISCARD ptrdiff_t
kith_socket_send(kith_socket s, const void *buf, size_t len, unsigned flags,
                 kith_ms timeout);

/**
 * Begin a send; the future's result is what kith_socket_send would answer.
 *
 * returns  0, and `*f` is the future; or a code, and nothing goes on.
 * context  any thread; never suspends.
 * owns     `buf` is lent until the future has ended.
 */
KITH_API KITH_NODISCARD int
kith_socket_send_start(kith_socket s, const void *buf, size_t len, unsigned flags,
                       kith_ms timeout, kith_future *f);

/**
 * Send a datagram to an address.
 *
 * unit     timeout: milliseconds; 0 tries once.
 * returns  `len`; or
 *          KITH_ETIMEOUT, KITH_ECANCELED, KITH_ESELECT: the peer's queue, or our own, is full;
 *          KITH_EINVAL  `to` is NULL or no address; KITH_EAFNOSUPPORT  of another domain;
 *          KITH_EMSGSIZE, KITH_ECONNREFUSED, KITH_ENOENT, KITH_EISCONN, ...  the kernel's.
 * context  a process or a plain thread; may suspend it.
 * owns     `buf` is the caller's again when the call returns, whatever it answers.
 * source   OTP socket:sendto/5.
 */
KITH_API KITH_NODISCARD ptrdiff_t
kith_socket_sendto(kith_socket s, const void *buf, size_t len, const kith_sockaddr *to,
                   unsigned flags, kith_ms timeout);

/**
 * Begin a sendto; the future's result is what kith_socket_sendto would answer.
 *
 * returns  0, and `*f` is the future; or a code, and nothing goes on.
 * context  any thread; never suspends.
 * owns     `buf` is lent until the future has ended; `to` is copied.
 */
KITH_API KITH_NODISCARD int
kith_socket_sendto_start(kith_socket s, const void *buf, size_t len,
                         const kith_sockaddr *to, unsigned flags, kith_ms timeout,
                         kith_future *f);

/**
 * Send the bytes of a file to a connected stream socket.
 *
 * It takes its turn among those that send, and reads the file on another thread, so that no disk
 * holds up a worker. The file's own offset is neither used nor moved.
 *
 * unit     offset: bytes from the file's start. count: bytes; 0 = to the file's end.
 *          timeout: milliseconds; 0 sends what goes at once.
 * returns  bytes that went: `count`, or less when the file ended before (KITH_NOWAIT: 1 or more of
 *          them); or
 *          KITH_ETIMEOUT, KITH_ECANCELED, KITH_EPIPE, KITH_ECONNRESET, ...: kith_partial()
 *          tells how many bytes went;
 *          KITH_ESELECT     nothing went;
 *          KITH_EINVAL      `fd` is not open for reading, or a number is too big;
 *          KITH_ESPIPE, KITH_EISDIR  `fd` is no regular file;
 *          KITH_EOPNOTSUPP  the socket is none of type stream; KITH_EIO, ...  the file's;
 *          KITH_EMFILE, KITH_ENFILE, KITH_ENOMEM  no descriptor, thread or memory is left for it;
 *          KITH_ESTOPPED    a stop has ended those threads.
 * context  a process or a plain thread; may suspend it. Cancel, timeout and close wait out a read
 *          of the disk that runs, of a megabyte at most.
 * owns     `fd` stays the caller's, who may close it when the call returns, and before: a copy
 *          of it is used.
 * source   OTP socket:sendfile/5. Differs: a plain descriptor; several may wait in their order.
 */
KITH_API KITH_NODISCARD ptrdiff_t
kith_socket_sendfile(kith_socket s, int fd, uint64_t offset, size_t count, kith_ms timeout);

/**
 * Begin a sendfile; the future's result is what kith_socket_sendfile would answer.
 *
 * returns  0, and `*f` is the future; or a code, and nothing goes on.
 * context  any thread; never suspends.
 * owns     `fd` stays the caller's, who may close it at once.
 */
KITH_API KITH_NODISCARD int
kith_socket_sendfile_start(kith_socket s, int fd, uint64_t offset, size_t count,
                           kith_ms timeout, kith_future *f);

/**
 * End the waiting of everybody in some operations: they get KITH_ECANCELED.
 *
 * The caller's own KITH_TAG_SELECT messages of these operations are gone: none is in its mailbox
 * when this returns, nor comes later. Those of others come with KITH_ECANCELED.
 *
 * returns  0, also when nobody waited; or KITH_EINVAL for unknown bits.
 * context  any thread; suspends only while the socket is busy.
 * source   OTP socket:cancel/2. Differs: names operations, not one select.
 */
KITH_API int
kith_socket_cancel(kith_socket s, unsigned ops);

/**
 * End one or both directions of a connection; the socket stays open.
 *
 * returns  0; or KITH_ENOTCONN, KITH_EINVAL (no such `how`), ...
 * context  any thread; suspends only while the socket is busy.
 * source   OTP socket:shutdown/2.
 */
KITH_API KITH_NODISCARD int
kith_socket_shutdown(kith_socket s, int how);

/**
 * Tell a socket's own address.
 *
 * returns  0, and `*a` is the address; or a code of the kernel's.
 * context  any thread; suspends only while the socket is busy.
 * source   OTP socket:sockname/1.
 */
KITH_API KITH_NODISCARD int
kith_socket_sockname(kith_socket s, kith_sockaddr *a);

/**
 * Tell the peer's address.
 *
 * returns  0, and `*a` is the address; or KITH_ENOTCONN, ...
 * context  any thread; suspends only while the socket is busy.
 * source   OTP socket:peername/1.
 */
KITH_API KITH_NODISCARD int
kith_socket_peername(kith_socket s, kith_sockaddr *a);

/**
 * Close a socket. Every operation that waits on it is answered KITH_ECLOSED, once.
 *
 * When it has returned, descriptor and port are free and nothing touches the callers'
 * buffers; with a linger time, or in a handler, the close goes on after the return.
 *
 * returns  0; a second close KITH_ECLOSED.
 * context  any thread; waits out system calls that run, no longer.
 * source   OTP socket:close/1. Differs: anybody may; does not wait for linger.
 */
KITH_API int
kith_socket_close(kith_socket s);

#ifdef __cplusplus
}
#endif

#endif
