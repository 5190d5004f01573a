/* SPDX-License-Identifier: Apache-2.0
 * os_linux_netns.c -- a socket in another network namespace, by a thread that ends behind it.
 *
 * A thread that enters a namespace and cannot come back would make the sockets of others in the
 * wrong one. So no thread that does anything else ever enters one: each socket has a thread of
 * its own, which ends whatever happens. */
#define _GNU_SOURCE
#include "core/netns.h"

#include <kith/error.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include "core/error.h"
#include "core/os.h"
#include "core/sock.h"
#include "core/thread.h"

struct visit {
    const char *path;
    int domain, type, protocol;
    int result;
};

/* O_NONBLOCK: a path of a pipe would else be waited for. */
static int
open_file(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    return fd < 0 ? ki_error_of_errno(errno) : fd;
}

static int
enter(int there)
{
    int r = setns(there, CLONE_NEWNET);

    return r < 0 ? ki_error_of_errno(errno) : 0;
}

/* On the thread of its own. It goes home first, so that nobody is there any more when the answer
 * is; if it cannot, it ends all the same. */
static int
socket_there(const struct visit *v, int there)
{
    int home = open_file("/proc/thread-self/ns/net");
    int rc = enter(there);

    if (rc == 0) {
        rc = ki_sock_socket(v->domain, v->type, v->protocol);
        if (home >= 0)
            (void) enter(home);
    }
    if (home >= 0)
        (void) ki_sock_close(home);
    return rc;
}

static void *
visit(void *arg)
{
    struct visit *v = arg;
    int there = open_file(v->path);

    ki_os_thread_name("kith-netns");
    v->result = there;
    if (there >= 0) {
        v->result = socket_there(v, there);
        (void) ki_sock_close(there);
    }
    return NULL;
}

int
ki_netns_socket(const char *path, int domain, int type, int protocol)
{
    struct visit v = {.path = path, .domain = domain, .type = type, .protocol = protocol};
    pthread_t t;

    if (ki_os_thread(&t, visit, &v) < 0)
        return KITH_ENOMEM;
    (void) pthread_join(t, NULL);
    return v.result;
}
