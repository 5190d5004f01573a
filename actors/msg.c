/* SPDX-License-Identifier: Apache-2.0
 * msg.c -- sending. */
#include "actors/msg.h"

#include <string.h>

#include "actors/limit.h"
#include "actors/op.h"
#include "actors/proc.h"

struct ki_msg *
ki_msg_new(uint64_t tag, size_t len)
{
    struct ki_msg *m;

    if (ki_slow(len > UINT32_MAX - sizeof *m))
        return NULL;
    m = ki_slab_alloc(ki_slab_here(), sizeof *m + len);
    if (ki_slow(!m))
        return NULL;
    /* The size it is freed by: pub is the user's until it is sent, who may make it shorter. */
    m->node = (struct ki_node){.kind = KI_N_MSG, .aux = (uint32_t) (sizeof *m + len)};
    m->pub = (kith_msg){.tag = tag, .data = m + 1, .len = len};
    return m;
}

/* Frees what the message lies in. */
static void
free_embedded(struct ki_msg *m)
{
    switch (m->node.flags & KI_MSG_EMBEDDED) {
    case KI_MSG_OF_OP:
        ki_op_free_msg(m);
        break;
    case KI_MSG_OF_MONITOR:
        ki_monitor_free_msg(m);
        break;
    case KI_MSG_OF_TIMER:
        ki_timer_free_msg(m);
        break;
    default:
        ki_link_free_msg(m);
        break;
    }
}

void
ki_msg_free(struct ki_msg *m)
{
    if (ki_slow(m->node.flags & KI_MSG_EMBEDDED))
        free_embedded(m);
    else
        ki_slab_free(ki_slab_here(), m, m->node.aux);
}

bool
ki_msg_post(struct ki_proc *to, uint64_t to_id, struct ki_msg *m)
{
    m->node.to = to_id;
    return ki_sched_post(ki_proc_task(to), &m->node, KI_MBOX_DEAD | KI_MBOX_EXITING);
}

int
ki_msg_push(struct ki_proc *self, struct ki_proc *p, kith_pid to, struct ki_msg *m)
{
    if (ki_slow(!ki_msg_post(p, to.id, m))) {
        ki_limit_refund(p, m);
        ki_msg_free(m);
        return KITH_ENOPROC;
    }
    ki_proc_charge(self, 1);
    return 0;
}

static int
post_or_free(struct ki_proc *self, kith_pid to, struct ki_msg *m)
{
    struct ki_proc *p = ki_proc_find(to);

    m->pub.from.id = ki_proc_id(self);
    if (ki_slow(!p)) {
        ki_msg_free(m);
        return KITH_ENOPROC;
    }
    if (ki_slow(ki_limit_is_on(p))) {
        int rc = ki_limit_take(p, m);

        if (rc != 0) {
            ki_msg_free(m); /* before what may kill the caller */
            ki_limit_exceeded(p, to.id);
            return rc < 0 ? rc : 0;
        }
    }
    return ki_msg_push(self, p, to, m);
}

int
ki_msg_send(struct ki_proc *self, kith_pid to, struct ki_msg *m)
{
    return post_or_free(self, to, m);
}

int
kith_send(kith_pid to, uint64_t tag, const void *data, size_t len)
{
    struct ki_proc *self;
    struct ki_msg *m;
    int rc = ki_enter(&self);

    if (ki_slow(rc < 0))
        return rc;
    if (ki_slow((tag & KITH_TAG_SYSTEM) != 0 || (len != 0 && data == NULL)))
        return KITH_EINVAL;
    m = ki_msg_new(tag, len);
    if (ki_slow(!m))
        return KITH_ENOMEM;
    if (len)
        memcpy(m->pub.data, data, len);
    return post_or_free(self, to, m);
}

/* In a forked child another thread may have held the allocator's lock as it was left behind. */
static bool
is_forked(void)
{
    return ki_load_rlx(&ki_runtime.state) == KI_STATE_FORKED;
}

kith_msg *
kith_msg_new(uint64_t tag, size_t len)
{
    struct ki_msg *m = (tag & KITH_TAG_SYSTEM) || is_forked() ? NULL : ki_msg_new(tag, len);

    return m ? &m->pub : NULL;
}

/* A ref that a receiver may ask for by kith_receive_ref. */
static bool
has_record(kith_ref ref)
{
    const unsigned kind = ki_id_kind(ref.id);

    return kind == KI_KIND_REF || kind == KI_KIND_TIMER;
}

int
kith_send_msg(kith_pid to, kith_msg *pub)
{
    struct ki_proc *self;
    int rc = ki_enter(&self);

    if (!pub)
        return rc < 0 ? rc : KITH_EINVAL;
    struct ki_msg *m = ki_msg_of(pub);
    if (rc == 0 && (pub->tag & KITH_TAG_SYSTEM) != 0)
        rc = KITH_EINVAL; /* a kept message of the system's stays where it is */
    if (rc < 0) {
        kith_msg_free(pub);
        return rc;
    }
    m->node.kind = ki_slow(has_record(pub->ref)) ? KI_N_REF : KI_N_MSG;
    return post_or_free(self, to, m);
}

void
kith_msg_free(kith_msg *m)
{
    if (m && !is_forked())
        ki_msg_free(ki_msg_of(m));
}

const void *
kith_msg_body(const kith_msg *m, size_t len)
{
    return m && m->len == len ? m->data : NULL;
}
