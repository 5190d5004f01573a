/* SPDX-License-Identifier: Apache-2.0
 * chat.c -- rooms and users as processes: names, monitors, and a slow reader who holds up nobody.
 *
 * Run:  ./chat 127.0.0.1:7000     then, in several terminals:  nc 127.0.0.1 7000
 * See:  type /nick ann, /join tea, hello; /who, /leave, /quit. ^C ends it in order.
 *
 * Who is who: each connection is a `user`, who reads and owns the socket, and linked to it a
 * `writer`, who sends. A room is a server that is registered by its name, knows its members'
 * writers, monitors them, and ends with the last. It never waits: a writer's mailbox has a cap,
 * and what a slow reader has no room for is dropped; the writer says how much was missed. */
#include <kith/kith.h>
#include <stdio.h>
#include <string.h>

enum {
    SAY = 1, /* tags: of casts to a room, and of messages to writers */
    LEAVE,
    JOIN, /* of calls to a room */
    WHO,
    NOTE, /* from a user to its own writer */
    WORD_MAX = 24,
    TEXT_MAX = 400,
    MEMBERS_MAX = 1000,
    WAITING_MAX = 64,   /* lines that a reader may be behind */
    KERNEL_MAX = 16384, /* and bytes of lines in the kernel */
    SEND_MS = 60000     /* one who takes nothing for so long has gone */
};

/* What users say, and what rooms tell their writers. */
struct line {
    uint64_t number; /* of the room's lines: a gap says how many were missed */
    kith_pid writer; /* whose user says it */
    char room[WORD_MAX + 1], nick[WORD_MAX + 1], text[TEXT_MAX + 1];
};

/* ---- a room ---- */

struct room {
    char name[WORD_MAX + 1];
    uint64_t lines;
    size_t n;
    struct member {
        kith_pid writer;
        kith_ref monitor;
        char nick[WORD_MAX + 1];
    } member[MEMBERS_MAX];
};

static void
tell_all(struct room *r, const char *nick, const char *text)
{
    struct line l = {.number = ++r->lines};

    memcpy(l.room, r->name, sizeof l.room);
    snprintf(l.nick, sizeof l.nick, "%s", nick);
    snprintf(l.text, sizeof l.text, "%s", text);
    for (size_t i = 0; i < r->n; i++)
        kith_send(r->member[i].writer, SAY, &l, sizeof l); /* full: its policy drops it */
}

static int
join(struct room *r, const struct line *who)
{
    struct member *m = &r->member[r->n];
    int rc;

    if (r->n == MEMBERS_MAX)
        return KITH_EUSERS;
    rc = kith_monitor(who->writer, &m->monitor);
    if (rc < 0)
        return rc;
    m->writer = who->writer;
    memcpy(m->nick, who->nick, sizeof m->nick);
    memcpy(r->name, who->room, sizeof r->name);
    r->n++;
    tell_all(r, m->nick, "has come");
    return 0;
}

static void
leave(struct room *r, kith_pid writer)
{
    char nick[WORD_MAX + 1];
    size_t i = 0;

    while (i < r->n && r->member[i].writer.id != writer.id)
        i++;
    if (i == r->n)
        return;
    kith_demonitor(r->member[i].monitor, KITH_FLUSH);
    memcpy(nick, r->member[i].nick, sizeof nick);
    r->member[i] = r->member[--r->n];
    tell_all(r, nick, "has gone");
}

static void
list(const struct room *r, char text[TEXT_MAX + 1])
{
    size_t len = (size_t) snprintf(text, TEXT_MAX, "%zu here:", r->n);

    for (size_t i = 0; i < r->n && len < TEXT_MAX; i++)
        len += (size_t) snprintf(text + len, TEXT_MAX - len, " %s", r->member[i].nick);
}

static int
room_call(void *state, kith_from from, const kith_msg *m)
{
    struct room *r = state;
    char text[TEXT_MAX + 1];
    int rc = m->tag == JOIN ? join(r, KITH_BODY(m, struct line)) : 0;

    if (rc < 0) {
        kith_reply_error(from, rc);
        return r->n ? KITH_CONTINUE : KITH_DONE;
    }
    list(r, text);
    kith_reply(from, text, strlen(text) + 1);
    return KITH_CONTINUE;
}

/* The room ends with its last member. */
static int
room_cast(void *state, const kith_msg *m)
{
    struct room *r = state;
    const struct line *l = KITH_BODY(m, struct line);

    if (m->tag == SAY)
        tell_all(r, l->nick, l->text);
    else
        leave(r, l->writer);
    return r->n ? KITH_CONTINUE : KITH_DONE;
}

/* A member has died. */
static int
room_info(void *state, const kith_msg *m)
{
    struct room *r = state;

    if (m->tag == KITH_TAG_DOWN)
        leave(r, KITH_BODY(m, kith_down)->pid);
    return r->n ? KITH_CONTINUE : KITH_DONE;
}

static const kith_server room = {
    .state_size = sizeof(struct room),
    .call = room_call,
    .cast = room_cast,
    .info = room_info,
};

/* The room of that name, a new one if there is none. */
static int
find_room(const char *name, kith_pid *pid)
{
    kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;
    int rc;

    *pid = kith_whereis(name);
    if (pid->id)
        return 0;
    o.name = name;
    rc = kith_server_start(&room, &o, NULL, 0, pid);
    return rc == KITH_EEXIST ? 0 : rc; /* somebody else was first: zero, look again */
}

/* ---- a writer ---- */

static int
put(kith_socket s, const char *nick, const char *text)
{
    char out[WORD_MAX + TEXT_MAX + 8];
    int n = *nick ? snprintf(out, sizeof out, "%s: %s\n", nick, text)
                  : snprintf(out, sizeof out, "* %s\n", text);
    ptrdiff_t sent = kith_socket_send(s, out, (size_t) n, 0, SEND_MS);

    return sent < 0 ? (int) sent : 0;
}

/* Lines of the room where the reader was already, and which came while it was behind. */
static int
tell_missed(kith_socket s, const struct line *last, const struct line *now)
{
    char text[64];

    if (strcmp(last->room, now->room) != 0 || now->number <= last->number + 1)
        return 0;
    snprintf(text, sizeof text, "you missed %llu lines",
             (unsigned long long) (now->number - last->number - 1));
    return put(s, "", text);
}

/* Linked to its user: they go together. */
static int
writer(void *arg)
{
    kith_socket s = *(kith_socket *) arg;
    struct line last = {0};
    const kith_msg *m;
    int rc = 0;

    while (rc == 0 && (rc = kith_receive(&m, KITH_INFINITY)) == 0) {
        const struct line *l = KITH_BODY(m, struct line);

        if (m->tag == SAY) {
            rc = tell_missed(s, &last, l);
            last = *l;
        }
        if (rc == 0)
            rc = put(s, l->nick, l->text);
    }
    kith_exit(kith_reason_of(KITH_SHUTDOWN, 0, NULL));
}

/* ---- a user ---- */

struct user {
    kith_socket socket;
    struct line me; /* who, in which room; text is what is said */
};

static void
note(struct user *u, const char *text)
{
    struct line l = {.writer = u->me.writer};

    snprintf(l.text, sizeof l.text, "%s", text);
    kith_send(u->me.writer, NOTE, &l, sizeof l);
}

static void
leave_room(struct user *u)
{
    kith_pid pid = u->me.room[0] ? kith_whereis(u->me.room) : (kith_pid){0};

    if (pid.id)
        kith_cast(pid, LEAVE, &u->me, sizeof u->me);
    u->me.room[0] = '\0';
}

/* A room may end between the look and the call: then there is a new one. */
static void
join_room(struct user *u, const char *name)
{
    char text[TEXT_MAX + 1];
    ptrdiff_t n = KITH_ENOPROC;

    leave_room(u);
    snprintf(u->me.room, sizeof u->me.room, "%s", name);
    for (int i = 0; i < 1000 && n == KITH_ENOPROC; i++) {
        kith_pid pid;
        int rc = find_room(u->me.room, &pid);

        n = rc < 0 ? rc : kith_call(pid, JOIN, KITH_IOV(u->me), KITH_IOV(text), 5000);
    }
    if (n < 0)
        u->me.room[0] = '\0';
    note(u, n < 0 ? kith_strerror((int) n) : text);
}

static void
who(struct user *u)
{
    char text[TEXT_MAX + 1];
    kith_pid pid = kith_whereis(u->me.room);
    ptrdiff_t n = kith_call(pid, WHO, kith_iov_of(NULL, 0), KITH_IOV(text), 5000);

    note(u, n < 0 ? "you are in no room" : text);
}

static void
say(struct user *u, const char *text)
{
    snprintf(u->me.text, sizeof u->me.text, "%s", text);
    if (!u->me.room[0] ||
        kith_cast(kith_whereis(u->me.room), SAY, &u->me, sizeof u->me) < 0)
        note(u, "join a room first: /join NAME");
}

/* false: the user wants to go. */
static bool
obey(struct user *u, char *line)
{
    char *word = strchr(line, ' ');

    if (*line != '/') {
        say(u, line);
        return true;
    }
    if (word)
        *word++ = '\0';
    bool good = word && *word && strlen(word) <= WORD_MAX;
    if (strcmp(line, "/nick") == 0 && good && !u->me.room[0])
        snprintf(u->me.nick, sizeof u->me.nick, "%s", word);
    else if (strcmp(line, "/join") == 0 && good)
        join_room(u, word);
    else if (strcmp(line, "/leave") == 0)
        leave_room(u);
    else if (strcmp(line, "/who") == 0)
        who(u);
    else if (strcmp(line, "/quit") == 0)
        return false;
    else
        note(u, "/nick NAME (in no room), /join ROOM, /leave, /who, /quit");
    return true;
}

/* Obeys all whole lines and answers how many bytes are left. A line that fills the buffer is one. */
static ptrdiff_t
obey_all(struct user *u, char *buf, size_t n, size_t cap)
{
    char *start = buf, *end;

    while ((end = memchr(start, '\n', (size_t) (buf + n - start))) != NULL) {
        *end = '\0';
        if (end > start && end[-1] == '\r')
            end[-1] = '\0';
        if (!obey(u, start))
            return -1;
        start = end + 1;
    }
    size_t left = (size_t) (buf + n - start);
    if (left == cap) {
        buf[cap - 1] = '\0';
        return obey(u, buf) ? 0 : -1;
    }
    memmove(buf, start, left);
    return (ptrdiff_t) left;
}

static int
user(kith_socket s, void *arg)
{
    struct user u = {.socket = s};
    kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;
    char buf[TEXT_MAX];
    ptrdiff_t have = 0, n = 0;
    int rc;

    (void) arg;
    o.link = true;
    o.mailbox_cap = WAITING_MAX;
    o.mailbox_policy = KITH_MAILBOX_DROP;
    rc = kith_socket_setopt_int(s, KITH_OPT_SOCKET_SNDBUF, KERNEL_MAX);
    if (rc == 0)
        rc = kith_spawn_opt(&o, writer, &s, sizeof s, &u.me.writer);
    if (rc < 0)
        return rc;
    snprintf(u.me.nick, sizeof u.me.nick, "guest%u", (unsigned) (kith_self().id & 0xffff));
    note(&u, "welcome: /nick NAME, /join ROOM");
    while (have >= 0 && (n = kith_socket_recv(s, buf + have, sizeof buf - (size_t) have, 0,
                                              KITH_INFINITY)) > 0)
        have = obey_all(&u, buf, (size_t) (have + n), sizeof buf);
    kith_exit(
        kith_reason_of(KITH_SHUTDOWN, 0, NULL)); /* the writer, too; rooms see it die */
}

static int
server(void *where)
{
    kith_socket listener, conn;
    int rc = kith_tcp_listen(where, &listener);

    while (rc == 0 && (rc = kith_socket_accept(listener, KITH_INFINITY, &conn)) == 0)
        rc = kith_socket_spawn(conn, user, NULL, 0, NULL);
    return rc == KITH_ESTOPPED ? 0 : rc;
}

int
main(int argc, char **argv)
{
    kith_options o = KITH_OPTIONS_INIT;
    const char *where = argc > 1 ? argv[1] : "127.0.0.1:7000";
    int rc;

    if (argc > 2 || *where == '-') {
        fprintf(stderr,
                "usage: chat [ADDRESS]     127.0.0.1:7000, [::1]:7000, unix:/tmp/chat\n");
        return strcmp(where, "--help") != 0 ? 2 : 0;
    }
    o.stop_on_sigterm = true;
    o.drain = 100;
    rc = kith_main(server, where, strlen(where) + 1, &o);
    if (rc < 0)
        fprintf(stderr, "chat: cannot serve %s: %s\n", where, kith_strerror(rc));
    return rc < 0;
}
