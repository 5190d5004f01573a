/* SPDX-License-Identifier: Apache-2.0
 * sockopt_system.c -- any bytes given to the running system as options of real sockets.
 *
 * Of two sockets that are alike one is told by the option's name, and the other by the number and
 * the bytes that this means; or one through kith, and the other by the system alone. Both answer the
 * same, are the same afterwards, and as they were before when it was refused.
 *
 * All of it in a network of its own, which nothing leaves; where there can be none nothing is done. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>

#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <kith/kith.h>

#include "tests/fuzz/value.h"

enum { ROOM = 4096 };

static bool is_apart;

#ifdef __linux__
static void
put(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    if (!f)
        return;
    (void) fputs(text, f);
    (void) fclose(f);
}

/* As a root without the rights of the whole machine, so that no name has the system look for a
 * module; programs that are run from here can do the same. */
static bool
become_another_root(void)
{
    char user[40], group[40];

    (void) snprintf(user, sizeof user, "0 %u 1", (unsigned) geteuid());
    (void) snprintf(group, sizeof group, "0 %u 1", (unsigned) getegid());
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
        return false;
    put("/proc/self/setgroups", "deny");
    put("/proc/self/uid_map", user);
    put("/proc/self/gid_map", group);
    return true;
}

/* Before there are threads. */
__attribute__((constructor)) static void
go_apart(void)
{
    is_apart = become_another_root() || unshare(CLONE_NEWNET) == 0;
}
#endif

static void
stop(void)
{
    FUZZ_CHECK(kith_stop(0, 1000) == 0);
}

static void
start(void)
{
    static bool started;

    if (started)
        return;
    started = true;
    FUZZ_CHECK(kith_start(NULL) == 0);
    FUZZ_CHECK(atexit(stop) == 0);
}

/* ---- twins ---- */

struct twins {
    kith_socket a, b;
    int fd; /* b's */
};

static kith_socket
open_kind(unsigned kind)
{
    static const struct {
        int domain, type, protocol;
    } kinds[] = {{KITH_INET, KITH_STREAM, 0},  {KITH_INET6, KITH_STREAM, 0},
                 {KITH_INET, KITH_DGRAM, 0},   {KITH_INET6, KITH_DGRAM, 0},
                 {KITH_LOCAL, KITH_STREAM, 0}, {KITH_LOCAL, KITH_DGRAM, 0},
                 {KITH_INET, KITH_RAW, 255},   {KITH_INET6, KITH_RAW, 255}};
    kith_socket s;

    kind %= sizeof kinds / sizeof *kinds;
    FUZZ_CHECK(kith_socket_open(kinds[kind].domain, kinds[kind].type, kinds[kind].protocol,
                                NULL, &s) == 0);
    return s;
}

/* What an option is: its length or a code, and its bytes. */
struct reading {
    ptrdiff_t n;
    unsigned char bytes[ROOM];
};

static void
read_named(kith_socket s, const struct ki_sockopt *row, struct reading *r)
{
    memset(r, 0, sizeof *r);
    r->n = kith_socket_getopt(s, row->id, r->bytes, row->len);
}

static void
read_native(kith_socket s, const struct ki_sockopt *row, struct reading *r)
{
    memset(r, 0, sizeof *r);
    r->n = kith_socket_getopt_native(s, row->native_level, row->native_number,
                                     kith_iov_of(r->bytes, ki_sockopt_native_len(row)));
}

static void
read_system(int fd, const struct ki_sockopt *row, struct reading *r)
{
    socklen_t len = ki_sockopt_native_len(row);

    memset(r, 0, sizeof *r);
    r->n = getsockopt(fd, row->native_level, row->native_number, r->bytes, &len) < 0
               ? -errno
               : (ptrdiff_t) len;
}

static bool
is_same(const struct reading *x, const struct reading *y)
{
    return x->n == y->n && (x->n < 0 || memcmp(x->bytes, y->bytes, (size_t) x->n) == 0);
}

/* Some tell of the socket itself, or of this moment. */
static bool
is_comparable(const struct ki_sockopt *row)
{
    return row->get && row->id != KITH_OPT_SOCKET_COOKIE &&
           row->kind != KI_OPT_CONNECTION && row->kind != KI_OPT_ERROR;
}

static void
are_alike(const struct twins *t, const struct ki_sockopt *row)
{
    static struct reading x, y;

    read_named(t->a, row, &x);
    read_named(t->b, row, &y);
    FUZZ_CHECK(is_same(&x, &y));
    read_native(t->a, row, &x);
    read_system(t->fd, row, &y);
    FUZZ_CHECK(is_same(&x, &y));
}

/* ---- what they are told ---- */

static int
by_name(const struct twins *t, const struct ki_sockopt *row, const unsigned char *data,
        size_t len, bool any)
{
    struct fuzz_value value = fuzz_value_of(row, data, len, any);
    const int rc = kith_socket_setopt(t->a, row->id, value.v, value.len);
    struct ki_optval native;
    const int made = ki_sockopt_encode(row, value.v, value.len, &native);

    if (made < 0) {
        FUZZ_CHECK(rc == made);
    } else {
        FUZZ_CHECK(rc == kith_socket_setopt_native(t->b, row->native_level,
                                                   row->native_number,
                                                   kith_iov_of(native.data, native.len)));
        ki_optval_drop(&native);
    }
    fuzz_value_drop(&value);
    return rc;
}

static int
by_number(const struct twins *t, const struct ki_sockopt *row, const unsigned char *data,
          size_t len)
{
    unsigned char *block = fuzz_block(data, len, len);
    const int rc = kith_socket_setopt_native(t->a, row->native_level, row->native_number,
                                             kith_iov_of(block + 1, len)),
              system = setsockopt(t->fd, row->native_level, row->native_number, block + 1,
                                  (socklen_t) len) < 0
                           ? -errno
                           : 0;

    FUZZ_CHECK(rc == system);
    free(block);
    return rc;
}

static void
tell(const struct twins *t, const struct ki_sockopt *row, unsigned way,
     const unsigned char *data, size_t len)
{
    static struct reading before, after;
    int rc;

    if (row->kind == KI_OPT_OTP || row->native_number < 0)
        return;
    read_named(t->a, row, &before);
    rc = way & 1 ? by_number(t, row, data, len) : by_name(t, row, data, len, way & 2);
    if (!is_comparable(row))
        return;
    are_alike(t, row);
    read_named(t->a, row, &after);
    if (rc < 0)
        FUZZ_CHECK(is_same(&before, &after));
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
    struct twins t;

    if (len < 1 || !is_apart)
        return 0;
    start();
    t.a = open_kind(data[0]);
    t.b = open_kind(data[0]);
    FUZZ_CHECK(kith_socket_getopt_int(t.b, KITH_OPT_OTP_FD, &t.fd) == 0);
    data++, len--;
    while (len >= 4) {
        const struct ki_sockopt *row =
            ki_sockopt_find((1 + data[1] % 7) << 8 | (data[2] & 0x3f));
        const size_t n = data[3] < len - 4 ? data[3] : len - 4;

        if (row)
            tell(&t, row, data[0], data + 4, n);
        data += 4 + n, len -= 4 + n;
    }
    FUZZ_CHECK(kith_socket_close(t.a) == 0);
    FUZZ_CHECK(kith_socket_close(t.b) == 0);
    return 0;
}
