/* SPDX-License-Identifier: Apache-2.0
 * net.h -- the common openings in one call.
 *
 *     rc = kith_tcp_listen("[::]:7777", &listener);
 *     rc = kith_tcp_connect("example.org:80", 5000, &s);
 *
 * A name is resolved on the side pool, never on a thread that runs processes, within the
 * same timeout.
 */
#ifndef KITH_NET_H
#define KITH_NET_H

#include <kith/base.h>
#include <kith/sockaddr.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Find the addresses of a host.
 *
 * unit     timeout: milliseconds.
 * returns  how many were written to `out`, at most `cap` and at most 16, in the order in
 *          which they should be tried, with the port set; or
 *          KITH_EAI_NONAME  no such host;
 *          KITH_EAI_AGAIN, KITH_EAI_FAIL, KITH_EAI_...  the resolver's;
 *          KITH_ETIMEOUT    no answer in time;
 *          KITH_EINVAL      an empty name, or one of more than 255 bytes, or `cap` is 0;
 *          or a waiting code (error.h).
 * context  a process or a plain thread; may suspend it.
 * owns     `out` is the caller's again when the call returns, whatever it answers.
 * source   OTP net:getaddrinfo/1.
 */
KITH_API KITH_NODISCARD int
kith_resolve(const char *host, uint16_t port, kith_sockaddr *out, size_t cap,
             kith_ms timeout);

/**
 * Open a socket that listens; the caller owns it.
 *
 * `where` is a text of kith_sockaddr_parse, no name: "0.0.0.0:7777", "[::]:7777",
 * "unix:/path". The address may be taken over from connections that linger; a path must be
 * free.
 *
 * returns  0, and `*s` is the socket; or KITH_EINVAL (no such address), KITH_EADDRINUSE,
 *          KITH_EACCES, KITH_EMFILE, ..., or a common code (error.h).
 * context  any thread, also a handler; never suspends.
 * owns     the socket is the caller's.
 * source   OTP gen_tcp:listen/2.
 */
KITH_API KITH_NODISCARD int
kith_tcp_listen(const char *where, kith_socket *s);

/**
 * Open a socket and connect it; the caller owns it.
 *
 * `where` is a text of kith_sockaddr_parse, or "host:port". The addresses of a host are
 * tried in their order.
 *
 * unit     timeout: milliseconds, for all of it.
 * returns  0, and `*s` is connected; or KITH_ETIMEOUT, KITH_EINVAL (no such address, or
 *          `timeout` is KITH_NOWAIT: use kith_socket_connect), a code of kith_resolve, of kith_socket_connect (the last address'), or a waiting
 *          code (error.h). Then no socket is left.
 * context  a process or a plain thread; may suspend it.
 * owns     the socket is the caller's.
 * source   OTP gen_tcp:connect/4.
 */
KITH_API KITH_NODISCARD int
kith_tcp_connect(const char *where, kith_ms timeout, kith_socket *s);

#ifdef __cplusplus
}
#endif

#endif
