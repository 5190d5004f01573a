/* SPDX-License-Identifier: Apache-2.0
 * linger.c -- closes that may take their time. */
#include "actors/linger.h"

#include "actors/socket.h"
#include "core/offload.h"
#include "core/sock.h"

struct linger_job {
    struct ki_job job;
    int fd;
    char *rest; /* NULL: none */
    size_t len;
};

static void
linger(struct ki_job *j)
{
    struct linger_job *l = ki_container_of(j, struct linger_job, job);

    if (l->rest) {
        ki_sock_send_lingering(l->fd, l->rest, l->len);
        ki_mem_free(l->rest, l->len);
    }
    (void) ki_seam.close(l->fd);
    ki_mem_free(l, sizeof *l);
    ki_starved_wake();
}

bool
ki_linger_close(int fd, char *rest, size_t len)
{
    struct linger_job *l = ki_mem_alloc(sizeof *l);

    if (!l)
        return false;
    *l = (struct linger_job){.job.run = linger, .fd = fd, .rest = rest, .len = len};
    if (ki_offload_submit(&l->job) == 0)
        return true;
    ki_mem_free(l, sizeof *l);
    return false;
}
