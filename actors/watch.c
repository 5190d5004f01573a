/* SPDX-License-Identifier: Apache-2.0
 * watch.c -- the trace of a socket, and the wraps of its counters. */
#include "actors/watch.h"

#include <string.h>

#include "actors/log.h"
#include "actors/msg.h"
#include "actors/socket.h"
#include "core/seam.h"

/* ---- on and off ---- */

/* Operations that wait already do not know since when. */
static void
forget_since(struct ki_socket *s)
{
    for (int dir = 0; dir < KI_DIRS; dir++)
        for (struct ki_op *op = ki_queue_first(s, dir); op; op = op->q_next)
            op->since_ns = 0;
}

/* I2 */
static int
set_wraps(struct ki_socket *s, bool on)
{
    struct ki_rare *r = s->rare;

    if (on && !r->last) {
        r->last = ki_mem_alloc(sizeof *r->last);
        if (!r->last)
            return KITH_ENOMEM;
        ki_tally_read(s, r->last);
    } else if (!on && r->last) {
        ki_mem_free(r->last, sizeof *r->last);
        r->last = NULL;
    }
    return 0;
}

int
ki_watch_set(struct ki_socket *s, uint8_t bit, bool on)
{
    const uint8_t watch = (uint8_t) (on ? s->watch | bit : s->watch & ~bit);

    if (!ki_rare(s) || (bit == KI_WATCH_WRAPS && set_wraps(s, on) < 0))
        return KITH_ENOMEM;
    if (bit == KI_WATCH_TRACE && on)
        forget_since(s);
    if (watch && !s->watch)
        ki_tally_open(s);
    else if (!watch && s->watch)
        ki_tally_shut(s);
    s->watch = watch;
    if (bit == KI_WATCH_TRACE)
        ki_watch_line(s, "is traced");
    return 0;
}

void
ki_watch_open(struct ki_socket *s, bool trace)
{
    if (trace && ki_watch_set(s, KI_WATCH_TRACE, true) == 0)
        ki_watch_line(s, "open");
}

void
ki_watch_end(struct ki_socket *s)
{
    ki_watch_line(s, "close");
    s->watch = 0;
}

/* ---- the trace ---- */

static struct ki_text *
begin_line(struct ki_socket *s)
{
    const uint64_t id = ki_socket_id(s);
    struct ki_text *t =
        s->watch & KI_WATCH_TRACE ? ki_log_begin(KI_LOG_USER, KITH_LOG_NOTICE) : NULL;

    if (t)
        ki_text_add(t, "kith: socket <%u.%u> fd %d ", ki_id_index(id), ki_id_generation(id),
                    ki_socket_fd(s));
    return t;
}

static void
end_line(struct ki_text *t)
{
    ki_text_end(t);
    ki_log_end(t);
}

void
ki_watch_line(struct ki_socket *s, const char *fmt, ...)
{
    struct ki_text *t = begin_line(s);
    va_list ap;

    if (!t)
        return;
    va_start(ap, fmt);
    ki_text_vadd(t, fmt, ap);
    va_end(ap);
    end_line(t);
}

static const char *
verb(int which)
{
    static const char *const verbs[] = {[KI_TALLY_READ] = "recv",
                                        [KI_TALLY_WRITE] = "send",
                                        [KI_TALLY_ACCEPT] = "accept",
                                        [KI_TALLY_FILE] = "sendfile"};

    return verbs[which];
}

static const char *
verb_of(const struct ki_op *op)
{
    const int which = ki_tally_of(&op->io);

    if (op->io.kind == KI_OP_SENDFILE)
        return verb(KI_TALLY_FILE);
    return which < 0 ? "connect" : verb(which);
}

/* The one that is served stands at the head of its queue, if it has waited. */
static void
add_wait(struct ki_text *t, const struct ki_op *op)
{
    if (op && op->since_ns)
        ki_text_add(t, " after %llu us",
                    (unsigned long long) (ki_now_ns() - op->since_ns) / 1000);
}

/* ---- the counters ---- */

static void
tell_owner(struct ki_socket *s, int counter)
{
    struct ki_msg *m = ki_msg_new(KITH_TAG_COUNTER_WRAP, sizeof(kith_counter_wrap));
    const kith_counter_wrap body = {.socket = {ki_socket_id(s)}, .counter = counter};

    if (!m)
        return;
    memcpy(m->pub.data, &body, sizeof body);
    if (!ki_msg_post(s->owner, ki_load_rlx(&s->owner_id), m))
        ki_msg_free(m);
}

/* I2. The counters are numbers of one kind in one row. */
static void
look_for_wraps(struct ki_socket *s)
{
    enum { N = sizeof(struct kith_socket_counters) / sizeof(uint64_t) };
    struct kith_socket_counters c;
    uint64_t now[N], last[N];

    _Static_assert(N == KITH_COUNTER_SENDFILE_FAILS + 1, "a number for each counter");
    if (!(s->watch & KI_WATCH_WRAPS))
        return;
    ki_tally_read(s, &c);
    memcpy(now, &c, sizeof now);
    memcpy(last, s->rare->last, sizeof last);
    *s->rare->last = c;
    for (int i = 0; i < N; i++)
        if (now[i] < last[i])
            tell_owner(s, i);
}

/* ---- what comes by ---- */

void
ki_watch_done(struct ki_socket *s, int which, size_t n, int dir)
{
    struct ki_text *t = begin_line(s);

    if (t) {
        ki_text_add(t, "%s: %zu bytes", verb(which), n);
        add_wait(t, ki_queue_first(s, dir));
        end_line(t);
    }
    look_for_wraps(s);
}

void
ki_watch_failed(struct ki_socket *s, int which, int code)
{
    ki_watch_line(s, "%s: %s", verb(which), kith_err_name(code));
    look_for_wraps(s);
}

void
ki_watch_accepted(struct ki_socket *s, uint64_t c)
{
    struct ki_text *t = begin_line(s);

    if (t) {
        ki_text_add(t, "accept: socket <%u.%u>", ki_id_index(c), ki_id_generation(c));
        add_wait(t, s->queue[KI_DIR_READ].head);
        end_line(t);
    }
    look_for_wraps(s);
}

void
ki_watch_waits(struct ki_socket *s, struct ki_op *op)
{
    if (s->watch & KI_WATCH_TRACE) {
        op->since_ns = ki_now_ns();
        ki_watch_line(s, "%s waits", verb_of(op));
    }
    look_for_wraps(s);
}

void
ki_watch_stopped(struct ki_socket *s, const struct ki_op *op, ptrdiff_t code)
{
    struct ki_text *t = begin_line(s);

    if (!t)
        return;
    ki_text_add(t, "%s: %s", verb_of(op), kith_err_name((int) code));
    add_wait(t, op);
    end_line(t);
}
