/* SPDX-License-Identifier: Apache-2.0
 * listener.h -- what a listener is started with, what it is asked, and what it knows. */
#ifndef KI_LISTENER_H
#define KI_LISTENER_H

#include "actors/conns.h"
#include "actors/model.h"
#include "actors/proc.h"

/* The calls to it; a program cannot make them by itself. */
#define KI_LISTENER_TAG (KITH_TAG_SYSTEM + 0x4c00)

enum ki_listener_call {
    KI_LISTENER_STOP, /* body kith_ms, the drain; answers int, how many were ended */
    KI_LISTENER_INFO, /* answers struct kith_listener_info */
    KI_LISTENER_NAME  /* answers kith_sockaddr */
};

/* The argument of its process; its own. */
struct ki_listening {
    kith_listener opt; /* with all defaults filled in, but for `arg` and `spawn` */
    kith_spawn_options spawn;
    kith_sockaddr where; /* unless opt.fd is a descriptor */
    const void *site;    /* what reports say has spawned the connections */
    char arg[];          /* opt.len bytes */
};

/* A kith_listener_stop that waits. */
struct ki_listener_waiter {
    struct ki_listener_waiter *next;
    kith_from from;
};

/* On its process's stack; that process alone touches it. */
struct ki_listener {
    const struct ki_listening *given;
    kith_pid starter;
    kith_socket socket;      /* zero: closed */
    kith_accepted *accepted; /* of servers: each gets a copy, with its bytes */
    struct ki_conns conns;
    size_t under_way; /* accepts */
    struct kith_listener_info info;
    kith_ms born, paused_at;
    kith_ms rest_until, sweep_at, end_at; /* deadlines; KITH_INFINITY: none */
    bool asked;                           /* the drain is over: all were asked to end */
    bool stopped;                         /* with the runtime: no accept will succeed */
    bool ending;
    kith_reason why; /* it ends so */
    int ended;       /* connections that had to be asked to */
    struct ki_listener_waiter *waiters;
};

enum { KI_LISTENER_SOON_MS = 10 }; /* until what failed for want of memory is tried again */

static inline bool
ki_listener_is_full(const struct ki_listener *l)
{
    const size_t max = l->given->opt.max_conns;

    return max != 0 && l->conns.n >= max;
}

/* ki_listener_count: one more in *n, and under its code. serve.c */
void ki_listener_count(struct ki_listener *l, uint64_t *n, int code);

/* ki_listener_serve has a process made for an accepted connection, or refuses it. serve.c */
void ki_listener_serve(struct ki_listener *l, kith_socket s);

/* ki_listener_ask_all: the drain is over; asks all to end. serve.c */
void ki_listener_ask_all(struct ki_listener *l, kith_ms now);

/* ki_listener_sweep looks at all connections: which are idle, which have had their time to end; and
 * says when to do so again. serve.c */
void ki_listener_sweep(struct ki_listener *l, kith_ms now);

/* ki_listener_spawn starts one without waiting until it listens; `b` says by whose leave. 0, or a
 * code of kith_listener_start's. listen.c */
int ki_listener_spawn(const char *where, const kith_listener *theirs,
                      const kith_spawn_options *o, struct ki_birth b, kith_pid *pid);

/* ki_listener_run is the process's function. listener.c */
int ki_listener_run(void *listening);

/* ki_listener_open opens the socket: it listens. 0, or a code, and there is none. By its owner.
 * listen.c */
KI_NODISCARD int ki_listener_open(const struct ki_listening *l, kith_socket *s);

#endif
