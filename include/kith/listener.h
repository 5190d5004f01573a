/* SPDX-License-Identifier: Apache-2.0
 * listener.h -- a process that takes connections and has a process for each.
 *
 *     static int echo(kith_socket s, void *arg);
 *
 *     kith_listener l = KITH_LISTENER_INIT;
 *
 *     l.conn = echo;
 *     l.max_conns = 5000;
 *     rc = kith_listener_start("[::]:7777", &l, &pid);
 *
 * Each connection owns its socket before it runs and is a child of the listener that nobody
 * restarts: whatever one dies of, the others go on, and none outlives the listener. The
 * newcomer runs on whichever thread is free first.
 *
 * At its maximum the listener accepts no more: further clients wait in the system's
 * backlog, none is dropped, and the next comes in when one has gone. Out of descriptors it
 * waits too, at no cost, until there is one.
 *
 * A listener is linked to its starter and ends with it, as in order as when it is stopped
 * with no time to drain; KITH_KILL ends it at once. Whoever hears of its death can have
 * the address. To others' exit signals it does not listen.
 */
#ifndef KITH_LISTENER_H
#define KITH_LISTENER_H

#include <kith/base.h>
#include <kith/process.h>
#include <kith/server.h>
#include <kith/sockaddr.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What `init` of a connection's server gets as its `arg`. */
typedef struct kith_accepted {
    kith_socket socket; /* the server's own */
    kith_sockaddr peer; /* domain 0: it was gone already */
    const void *arg;    /* the server's copy of the listener's `arg`; NULL: there is none */
} kith_accepted;

typedef struct kith_listener {
    size_t size;               /* sizeof(kith_listener): an older caller's still works */
    kith_conn conn;            /* what runs for each connection, with its socket and arg; */
    const kith_server *server; /* or this, instead, whose init gets a kith_accepted */
    const void *arg;           /* each connection has its own copy of these bytes */
    size_t len;
    size_t max_conns; /* at a time; 0 = no limit */
    int acceptors;    /* accepts under way at a time; 0 = 16 */
    int backlog;      /* of those that wait; 0 = as many as the system allows */
    bool reuse_addr;  /* take over what a dead listener has left: a port on which its
                         connections linger, a path at which nobody listens */
    bool reuse_port;  /* share the port with others who say so too */
    int fd; /* listen with a copy of this descriptor, at no other address; -1: none */
    kith_ms idle_timeout; /* without a byte either way; 0 or KITH_INFINITY: for ever */
    kith_ms shutdown;     /* from asked to end to killed; 0 = 5,000; or KITH_INFINITY, or
                             KITH_BRUTAL_KILL (supervisor.h) */
    const kith_spawn_options *spawn; /* of each connection, without link, monitor, give and
                                        name; NULL = the usual */
} kith_listener;

#define KITH_LISTENER_INIT \
    { \
        sizeof(kith_listener), NULL, NULL, NULL, 0, 0, 0, 0, true, false, -1, 0, 0, NULL \
    }

enum { KITH_LISTENER_CODES = 8 };

/* How often a code came; code 0: the row is not used. */
typedef struct kith_listener_count {
    int code;
    uint64_t n;
} kith_listener_count;

/* A moment's picture; counts from the start on. */
struct kith_listener_info {
    size_t size;            /* sizeof(struct kith_listener_info) */
    kith_sockaddr address;  /* that it has, or had */
    size_t connections;     /* that live */
    bool paused;            /* at its maximum */
    bool draining;          /* asked to end: takes no connection any more */
    kith_ms up, paused_for; /* milliseconds since the start, and since it is paused */
    uint64_t accepted;      /* connections, those that were refused among them */
    uint64_t refused;       /* closed, because no process could be made for them */
    uint64_t failed;        /* died of something else than normal and shutdown */
    uint64_t idle;          /* ended for being idle */
    uint64_t errors;        /* accepts that failed, KITH_EMFILE and its like among them */
    /* `refused` and `errors` by their codes; one that finds no row counts in these alone. */
    kith_listener_count codes[KITH_LISTENER_CODES];
};

#define KITH_LISTENER_INFO_INIT \
    { \
        sizeof(struct kith_listener_info), {0, {{{0, 0, 0, 0}, 0}}}, 0, false, false, 0, \
            0, 0, 0, 0, 0, 0, \
        { \
            { \
                0, 0 \
            } \
        } \
    }

/**
 * Start a listener, linked to the caller, and wait until it listens.
 *
 * `where` is a text of kith_sockaddr_parse, no name: "0.0.0.0:7777", "[::]:7777",
 * "unix:/path". With `l->fd`, as a service manager passes one, it is not looked at and may
 * be NULL; that descriptor stays the caller's, and while it is open the port does not go
 * with the listener: clients wait for the next.
 *
 * A connection that was idle for `idle_timeout`, and at most a quarter of it longer, gets
 * an exit signal shutdown with the code KITH_ETIMEOUT, which closes its socket; one that
 * traps exits hears of it as a message. Whoever is asked to end and still lives after
 * `shutdown` is killed.
 *
 * returns  0; or, and there is no listener then,
 *          KITH_EINVAL      no such address, not just one of `conn` and `server`, or
 *                           another option that makes no sense;
 *          KITH_EADDRINUSE, KITH_EACCES, KITH_EMFILE, ...  of kith_socket_open, bind, listen;
 *          KITH_EBUSY       `l->fd` is a socket of kith's own;
 *          KITH_EKILLED     it was killed before it listened;
 *          or a code of kith_spawn or a waiting code (error.h).
 * context  a process or a plain thread; may suspend it.
 * owns     all of `l` is copied but `l->server`, which is lent for the listener's life and
 *          that of its connections; `pid` may be NULL.
 * source   Erlang has none; as ranch:start_listener/5.
 */
KITH_API KITH_NODISCARD int
kith_listener_start(const char *where, const kith_listener *l, kith_pid *pid);

/**
 * Stop a listener: no new connections from now on, and those there are have time to end.
 *
 * Clients are refused at once; whoever had connected before is served still. After `drain`
 * those that live get an exit signal shutdown, and those that live `shutdown` later are
 * killed. The listener dies with reason normal, also when the caller dies meanwhile. A
 * second call can only make the time shorter.
 *
 * unit     drain: milliseconds.
 * returns  how many connections had to be ended, and the listener is dead; or
 *          KITH_ENOPROC  it was, or something else has ended it;  or a waiting code.
 * context  a process or a plain thread; may suspend it.
 */
KITH_API int
kith_listener_stop(kith_pid listener, kith_ms drain);

/**
 * Look at a listener.
 *
 * returns  0; or
 *          KITH_ENOPROC   dead or unknown;
 *          KITH_EINVAL    `info->size` was not set;
 *          KITH_ETIMEOUT  no answer in 5 s: it is none, or the machine is overloaded;
 *          or a waiting code (error.h).
 * context  a process or a plain thread; may suspend it.
 * owns     `info` is filled up to the size its caller knows.
 */
KITH_API KITH_NODISCARD int
kith_listener_info(kith_pid listener, struct kith_listener_info *info);

/**
 * Tell where a listener listens; with port 0 it has found one.
 *
 * returns  0, and `*a` is the address; or a code of kith_listener_info.
 * context  a process or a plain thread; may suspend it.
 */
KITH_API KITH_NODISCARD int
kith_listener_sockname(kith_pid listener, kith_sockaddr *a);

#ifdef __cplusplus
}
#endif

#endif
