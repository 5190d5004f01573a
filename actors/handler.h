/* SPDX-License-Identifier: Apache-2.0
 * handler.h -- processes that are driven by their messages: what servers and state machines share.
 *
 * Without a stack the worker calls back for each message and nothing may wait; with one the loop
 * is the process's function. What is done with a message is the behaviour's. */
#ifndef KI_HANDLER_H
#define KI_HANDLER_H

#include "actors/proc.h"

struct ki_handler;

/* What a kind of handler does; each answers KITH_CONTINUE or how it ends, as users' callbacks. */
struct ki_behaviour {
    size_t size; /* of its record, which begins with a ki_handler */

    /* Runs first; a code or KITH_IGNORE: it does not come to life. */
    int (*init)(struct ki_handler *h, void *arg);

    /* The next of what it has to do before any mail is looked at. */
    int (*own)(struct ki_handler *h);

    /* One message, which is p->received. */
    int (*message)(struct ki_handler *h, struct ki_msg *m);

    /* No message has come for as long as it has said. */
    int (*idle)(struct ki_handler *h);

    /* It dies, and init had succeeded. */
    void (*terminate)(struct ki_handler *h, kith_reason why);

    /* Frees what hangs on the record. NULL: nothing does. */
    void (*fini)(struct ki_handler *h);
};

struct ki_handler {
    const struct ki_behaviour *does;
    size_t size;     /* of the allocation */
    uint64_t parent; /* the linked starter, whose exit ends it; 0: none */
    kith_ms idle_ms; /* call `idle` when so long nothing comes; KITH_INFINITY: never */
    bool ready;      /* init has succeeded */
    bool has_own;    /* call `own` first */
    bool sleeps;     /* with a stack: without one until the next message */
};

/* ki_handler_new makes a record, zero behind its head, with `state_size` bytes behind it: the
 * user's (ki_handler_state). NULL: no memory. */
struct ki_handler *ki_handler_new(const struct ki_behaviour *does, size_t state_size);

static inline void *
ki_handler_state(struct ki_handler *h)
{
    return (char *) h + (h->does->size + 15) / 16 * 16; /* aligned for anything */
}

/* With a stack a handler's argument has a pointer to its record before it, and in front of what
 * init gets so much room that this is aligned for anything. */
enum { KI_HANDLER_ROOM = 16 };

/* How a handler is to be started. */
struct ki_handler_start {
    struct ki_handler *h; /* NULL: there was no memory. Gone, whatever the answer */
    bool with_stack;
    kith_fn name; /* what reports call one without a stack by */
    const kith_spawn_options *o;
    const void *arg;
    size_t len;
};

/* ki_handler_spawn starts one and does not wait for its init; `b` says by whose leave (site,
 * start_op). 0, or a code of kith_spawn_opt.
 * ki_handler_start waits: p waits, and `*pid` is written on success. */
int ki_handler_spawn(const struct ki_handler_start *s, struct ki_birth b, kith_pid *pid);
int ki_handler_start(struct ki_proc *p, const struct ki_handler_start *s, const void *site,
                     const char *what, kith_pid *pid);

/* ki_handler_current finds the handler of this behaviour whose callback is running: 0; or
 * KITH_EPERM, the caller is in none, or a common code. */
int ki_handler_current(const struct ki_behaviour *does, struct ki_handler **h);

/* ki_handler_terminate runs the terminate callback, if init had succeeded. exit.c, step 2. */
void ki_handler_terminate(struct ki_proc *p);

extern const struct ki_task_type ki_handler_task_type, ki_handler_high_task_type;

/* The tag of kith_server_stop's message; its body is the reason. */
#define KI_TAG_STOP (KITH_TAG_SYSTEM + 0x100)

#endif
