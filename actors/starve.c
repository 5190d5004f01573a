/* SPDX-License-Identifier: Apache-2.0
 * starve.c -- listeners that ran out of descriptors.
 *
 * The first accept that fails gets the code. After that the listener makes no accept call until
 * a cool-down of 10 ms, doubled up to 100, is over, or any socket here has been closed. Those that
 * cool down have their rare part. */
#include "core/thread.h"

#include "actors/socket.h"
#include "core/seam.h"

enum { COOL_MIN_MS = 10, COOL_MAX_MS = 100 };

static struct {
    pthread_mutex_t lock;
    struct ki_rare *head; /* [l] */
    _Atomic(uint32_t) n;  /* [a:l] a glance for every close */
} starved = {.lock = PTHREAD_MUTEX_INITIALIZER};

uint64_t
ki_starved_begin(struct ki_socket *s)
{
    s->cooldown_ms = !s->starved                        ? COOL_MIN_MS
                     : s->cooldown_ms * 2 > COOL_MAX_MS ? COOL_MAX_MS
                                                        : (uint16_t) (s->cooldown_ms * 2);
    s->starved = true;
    pthread_mutex_lock(&starved.lock);
    if (!s->rare->in_starved) {
        s->rare->in_starved = true;
        s->rare->starved_next = starved.head;
        starved.head = s->rare;
        ki_add_seq(&starved.n, 1);
    }
    pthread_mutex_unlock(&starved.lock);
    return ki_now_ns() + s->cooldown_ms * UINT64_C(1000000);
}

void
ki_starved_end(struct ki_socket *s)
{
    if (!s->starved)
        return;
    s->starved = false;
    pthread_mutex_lock(&starved.lock);
    for (struct ki_rare **at = &starved.head; *at; at = &(*at)->starved_next)
        if (*at == s->rare) {
            *at = s->rare->starved_next;
            s->rare->in_starved = false;
            ki_sub_seq(&starved.n, 1);
            break;
        }
    pthread_mutex_unlock(&starved.lock);
}

void
ki_starved_wake(void)
{
    if (ki_load_seq(&starved.n) == 0)
        return;
    pthread_mutex_lock(&starved.lock);
    for (struct ki_rare *r = starved.head; r; r = r->starved_next) {
        struct ki_socket *s = r->socket;

        /* As if its poller had seen something: pending's 0 -> nonzero owns the node. */
        if (ki_or_acq_rel(&s->pending, KI_READY_RETRY) == 0)
            ki_socket_push_event(s);
    }
    pthread_mutex_unlock(&starved.lock);
}
