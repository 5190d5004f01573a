/* SPDX-License-Identifier: Apache-2.0
 * watch.h -- sockets that are watched, by the options debug and iow of level otp: a trace in the log,
 * a message to the owner when a counter wraps. By the claimant, as all of a socket's.
 *
 *   I1  While s->watch is not 0 each operation that is done, fails or has to wait comes by here, after
 *       it was counted.
 *   I2  With KI_WATCH_WRAPS rare->last holds the counters as they were when the last one came by: what
 *       is less than it was has wrapped. */
#ifndef KI_WATCH_H
#define KI_WATCH_H

#include "actors/rare.h"

enum { KI_WATCH_TRACE = 1, KI_WATCH_WRAPS = 2 };

/* ki_watch_set turns one of them on or off. 0 or KITH_ENOMEM, and nothing has changed. */
KI_NODISCARD int ki_watch_set(struct ki_socket *s, uint8_t bit, bool on);

/* ki_watch_open: s has been opened, to be traced or not; without memory it is not. */
void ki_watch_open(struct ki_socket *s, bool trace);

/* ki_watch_end: s closes. */
void ki_watch_end(struct ki_socket *s);

/* Of an operation: it is done; a call of the system failed; it goes into its queue. `dir` is the
 * queue at whose head it may have waited. */
void ki_watch_done(struct ki_socket *s, int which, size_t n, int dir);
void ki_watch_failed(struct ki_socket *s, int which, int code);
void ki_watch_accepted(struct ki_socket *s, uint64_t c);
void ki_watch_waits(struct ki_socket *s, struct ki_op *op);

/* ki_watch_stopped: an operation has left its queue, stopped with that code. */
void ki_watch_stopped(struct ki_socket *s, const struct ki_op *op, ptrdiff_t code);

/* ki_watch_line writes a line about s, if it is traced. */
KI_PRINTF(2, 3) void ki_watch_line(struct ki_socket *s, const char *fmt, ...);

/* ki_watch_call: a call of that name answered rc. */
static inline void
ki_watch_call(struct ki_socket *s, const char *what, int rc)
{
    if (ki_slow(s->watch & KI_WATCH_TRACE))
        ki_watch_line(s, "%s: %s", what, kith_err_name(rc < 0 ? rc : 0));
}

#endif
