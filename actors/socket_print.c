/* SPDX-License-Identifier: Apache-2.0
 * socket_print.c -- the registry as a table for people.
 *
 * The caller glances at each socket and asks it for its addresses, as kith_socket_sockname does; only
 * the writes are done beside the workers, which do not wait for the descriptor. */
#include <string.h>

#include "actors/registry.h"
#include "actors/text.h"
#include "core/os.h"
#include "core/sockaddr.h"

enum { BUFFER = 16384, ROW = 2048 };

/* The process's memory: it may be killed while it waits for a socket. */
struct table {
    int fd;
    struct ki_text text; /* in buf */
    char buf[BUFFER];
};

static int
write_out(void *table)
{
    const struct table *t = table;

    return ki_os_write(t->fd, t->text.at, t->text.len);
}

static int
flush(struct table *t)
{
    int rc = kith_blocking(write_out, t);

    t->text = ki_text_in(t->buf, sizeof t->buf);
    return rc;
}

static int
add_row(struct table *t, const char *const cell[10])
{
    int rc = t->text.cap - t->text.len < ROW ? flush(t) : 0;

    ki_text_add(&t->text, "%-7s %-9s %-8s %5s %-12s %-22s %-22s %12s %12s  %s\n", cell[0],
                cell[1], cell[2], cell[3], cell[4], cell[5], cell[6], cell[7], cell[8],
                cell[9]);
    return rc;
}

/* ---- words ---- */

/* In `text` when it has no name. */
static const char *
name_or(const char *name, int number, char text[16])
{
    struct ki_text t = ki_text_in(text, 16);

    ki_text_add(&t, "%d", number);
    return name ? name : text;
}

/* As Erlang calls what was left to the system and has no name. */
static const char *
protocol_word(int protocol, char text[16])
{
    return protocol == KITH_PROTO_DEFAULT
               ? "default"
               : name_or(kith_protocol_name(protocol), protocol, text);
}

static const char *
state_word(uint32_t state)
{
    return state & KITH_STATE_LISTENING    ? "LISTENING"
           : state & KITH_STATE_CONNECTING ? "CONNECTING"
           : state & KITH_STATE_ENDED      ? "ENDED"
           : state & KITH_STATE_CONNECTED  ? "CONNECTED"
           : state & KITH_STATE_BOUND      ? "BOUND"
                                           : "OPEN";
}

/* ---- addresses ---- */

struct addresses {
    char local[KITH_SOCKADDR_TEXT], peer[KITH_SOCKADDR_TEXT];
};

/* "-": it has none. */
static void
ask_address(int (*get)(int fd, void *addr, unsigned *len), int fd, char *text)
{
    struct ki_native_addr native = {.len = sizeof native.bytes};
    kith_sockaddr a;

    text[0] = '\0';
    if (get(fd, native.bytes, &native.len) >= 0 &&
        ki_sockaddr_from_native(&native, &a) == 0)
        (void) kith_sockaddr_print(&a, text, KITH_SOCKADDR_TEXT);
    if (!text[0])
        memcpy(text, "-", 2);
}

static int
do_addresses(struct ki_socket *s, void *arg)
{
    struct addresses *a = arg;

    ask_address(ki_seam.sockname, ki_socket_fd(s), a->local);
    ask_address(ki_seam.peername, ki_socket_fd(s), a->peer);
    return 0;
}

/* ---- the table ---- */

static int
add_socket(struct table *t, const struct ki_socket_glance *g)
{
    char domain[16], type[16], protocol[16], fd[16], owner[32], received[24], sent[24];
    struct addresses a;
    struct ki_text x = ki_text_in(fd, sizeof fd);
    int rc = ki_socket_call_self((kith_socket){g->id}, do_addresses, &a);

    if (rc < 0)
        return rc == KITH_ECLOSED ? 0 : rc; /* closed: it has gone meanwhile */
    ki_text_add(&x, "%d", g->fd);
    x = ki_text_in(owner, sizeof owner);
    ki_text_add(&x, "<%u.%u>", ki_id_index(g->owner), ki_id_generation(g->owner));
    x = ki_text_in(received, sizeof received);
    ki_text_add(&x, "%llu", (unsigned long long) g->received);
    x = ki_text_in(sent, sizeof sent);
    ki_text_add(&x, "%llu", (unsigned long long) g->sent);
    return add_row(
        t, (const char *const[]){name_or(kith_domain_name(g->domain), g->domain, domain),
                                 name_or(kith_type_name(g->type), g->type, type),
                                 protocol_word(g->protocol, protocol), fd, owner, a.local,
                                 a.peer, received, sent, state_word(g->state)});
}

static int
add_all(struct table *t, const kith_socket_filter *f)
{
    struct ki_socket_glance g;
    uint32_t i = 0;
    int rc = add_row(t, (const char *const[]){"Domain", "Type", "Protocol", "FD", "Owner",
                                              "Local Address", "Remote Address", "Recv",
                                              "Sent", "State"});

    while (rc == 0 && ki_registry_next(&i, f, &g))
        rc = add_socket(t, &g);
    return rc < 0 ? rc : flush(t);
}

int
kith_socket_print(int fd, const kith_socket_filter *f)
{
    kith_socket_filter ours;
    struct ki_proc *self;
    struct table *t;
    int rc = ki_enter_waiting(&self);

    if (rc == 0)
        rc = ki_registry_filter(&ours, f);
    if (rc < 0)
        return rc;
    t = kith_alloc(sizeof *t);
    if (!t)
        return KITH_ENOMEM;
    t->fd = fd;
    t->text = ki_text_in(t->buf, sizeof t->buf);
    rc = add_all(t, &ours);
    kith_free(t);
    return rc;
}
