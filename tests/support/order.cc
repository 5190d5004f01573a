/* SPDX-License-Identifier: Apache-2.0
 * order.cc -- what a member of the crowd does, and what it must not see. */
#include "tests/support/order.h"

#include "tests/support/runtime.h"

#include "core/slots.h"

#include <array>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

namespace
{

enum kind {
    SEND,
    SEND_NAME,
    SEND_ALIAS,
    LINK,
    UNLINK,
    MONITOR,
    DEMONITOR,
    EXIT,
    KILL,
    NAME,
    TIMER,
    CANCEL,
    ALIAS,
    UNALIAS,
    DEATH,
    /* and what was received */
    GOT_MESSAGE,
    GOT_ALIAS,
    GOT_SIGNAL,
    GOT_EXIT,
    GOT_DOWN,
    GOT_TIMER,
    KINDS
};

constexpr const char *kind_names[KINDS] = {"send",     "to name", "to alias",   "link",
                                           "unlink",   "monitor", "demonitor",  "exit",
                                           "kill",     "name",    "timer",      "cancel",
                                           "alias",    "unalias", "death",      "messages",
                                           "by alias", "signals", "link exits", "downs",
                                           "timeouts"};

enum fault {
    OUT_OF_ORDER,
    AFTER_DEATH,     /* something of one whose death was seen */
    WRONG_DOWN,      /* a second one, or after a demonitor */
    LOST_DOWN,       /* demonitor says that it has come, and it has not */
    WRONG_EXIT,      /* after an unlink, or a second one */
    LOST_EXIT,       /* the DOWN of a linked one is there, and no EXIT */
    LATE_REPLY,      /* by an alias that has ended */
    EARLY_TIMER,     /* before its time */
    CANCELLED_TIMER, /* after a cancel that said 0 */
    LOST_TIMER,      /* cancel says that it has come, and it has not */
    LIVING_TIMER,    /* of one whose DOWN is there */
    STRANGERS_TIMER, /* for somebody who had the record before */
    DEAD_NAME,       /* bound to one whose DOWN is there */
    TAKEN_NAME,      /* not free for the next one */
    BAD_CODE,        /* a call answers what it must not */
    FAULTS
};

constexpr const char *fault_names[FAULTS] = {
    "out of order", "after a death",    "wrong DOWN",  "lost DOWN",       "wrong EXIT",
    "lost EXIT",    "late reply",       "early timer", "cancelled timer", "lost timer",
    "living timer", "stranger's timer", "dead name",   "taken name",      "bad code"};

enum : std::uint64_t { TAG_DATA = 1, TAG_ALIAS, TAG_TIMER };

constexpr std::size_t monitors_max = 32, timers_max = 32, aliases_max = 4;
constexpr std::size_t records = 1 << 16, cancelled_max = 1 << 20;
constexpr std::uint64_t mean_life = 1500;

/* What a message carries: of which life, and its number in that. */
struct data {
    std::uint32_t life;
    std::uint64_t seq;
};

struct timer_data {
    kith_ms due;
    std::uint32_t life; /* to whom; 0: to a name */
};

/* One process after another takes a seat. */
struct given {
    std::uint32_t seat, life;
};

struct life {
    std::atomic<std::uint64_t> pid;
    std::uint32_t seat; /* set before the process runs */
};

struct peer {
    std::uint32_t life;   /* the latest that was heard of */
    std::uint64_t seq;    /* its last number */
    bool dead, ended;     /* its DOWN or EXIT came; its link's EXIT */
    std::uint32_t link;   /* the life that we have linked; 0: none. To higher seats only */
    std::uint64_t linked; /* its pid */
    std::uint32_t timer_life; /* to whom the last timer to that seat goes */
    kith_ref timer;
};

struct monitor {
    kith_ref ref;
    std::uint32_t life;
};

struct a_timer {
    kith_ref ref;
    std::uint32_t life; /* to whom */
    bool done;
};

struct an_alias {
    kith_ref ref;
    bool once;
};

struct member {
    std::uint32_t seat, life;
    std::uint64_t rng, seq, counted;
    bool traps, named, over;
    std::size_t n_monitors, n_timers, n_aliases;
    std::array<monitor, monitors_max> monitors;
    std::array<a_timer, timers_max> timers;
    std::array<an_alias, aliases_max> aliases;
    std::array<std::uint64_t, KINDS> counts;
    peer *peers; /* by seat */
};

struct world {
    explicit world(const kt_order_options &o)
        : options(o), seats(o.members), aliases(o.members), members(o.members),
          peers(o.members * o.members),
          lives(o.members * 4 + 1000 + o.signals / (mean_life / 16)), life_of(records),
          cancelled(cancelled_max)
    {
    }

    kt_order_options options;
    std::vector<std::atomic<std::uint32_t>> seats;   /* who sits there */
    std::vector<std::atomic<std::uint64_t>> aliases; /* the last one of that seat */
    std::vector<member> members;
    std::vector<peer> peers;
    std::vector<life> lives;                           /* from 1 on */
    std::vector<std::atomic<std::uint32_t>> life_of;   /* by the record's index */
    std::vector<std::atomic<std::uint64_t>> cancelled; /* refs, by their remainder */
    std::array<std::atomic<std::uint64_t>, KINDS> counts{};
    std::array<std::atomic<std::uint64_t>, FAULTS> faults{};
    std::atomic<std::uint64_t> done{0}, trace{0};
    std::atomic<std::uint32_t> n_lives{0};
};

std::unique_ptr<world> w;

/* ---- small things ---- */

std::uint64_t
mix(std::uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

std::uint64_t
below(member &m, std::uint64_t n)
{
    m.rng += 0x9e3779b97f4a7c15;
    return mix(m.rng) % n;
}

void
note(std::uint64_t a, std::uint64_t b, std::uint64_t c)
{
    if (w->options.clock != nullptr) /* then nobody else writes it */
        w->trace = mix(w->trace * 31 + mix(a + 1) + mix(b + 2) * 3 + mix(c + 3) * 5);
}

void
wrong(member &m, fault f)
{
    if (w->faults[f]++ == 0)
        std::fprintf(stderr, "order: %s: seat %u, life %u, number %llu\n", fault_names[f],
                     m.seat, m.life, static_cast<unsigned long long>(m.seq));
}

void
count(member &m, kind k)
{
    m.counts[k]++;
    if (k < GOT_MESSAGE && ++m.counted == 64) {
        w->done += 64;
        m.counted = 0;
    }
}

int
may(member &m, int rc, int other = 0, int another = 0)
{
    if (rc < 0 && rc != KITH_ENOPROC && rc != other && rc != another)
        wrong(m, BAD_CODE);
    return rc;
}

std::string
name_of(std::uint32_t seat)
{
    return "m" + std::to_string(seat); /* short: no memory of its own */
}

/* The life of a pid, if nobody has its record since; 0: somebody has. */
std::uint32_t
life_of(kith_pid pid)
{
    const std::uint32_t l = w->life_of[ki_id_index(pid.id) % records];

    return l != 0 && w->lives[l].pid == pid.id ? l : 0;
}

peer &
peer_of(member &m, std::uint32_t l)
{
    return m.peers[w->lives[l].seat];
}

/* A reason that says who gave it to whom (0: to all), and which number that was: others die of it
 * too, the giver among them. */
kith_reason
reason_of(const char *what, const data &d, std::uint32_t to)
{
    char text[32];

    std::snprintf(text, sizeof text, "%s %u %u", what, d.life, to);
    return kith_reason_of(KITH_USER, static_cast<int>(d.seq), text);
}

/* The life that gave it, if it is the one of that pid, to that one; 0: it is another's. */
std::uint32_t
given_by(const kith_reason &why, const char *what, kith_pid pid, std::uint32_t to)
{
    char format[32];
    unsigned l = 0, whom = 0;

    std::snprintf(format, sizeof format, "%s %%u %%u", what);
    if (why.kind != KITH_USER || std::sscanf(why.text, format, &l, &whom) != 2 ||
        whom != to || l >= w->lives.size() || w->lives[l].pid != pid.id)
        return 0;
    return l;
}

/* The peer's entry if that life is the latest heard of, or now becomes it. */
peer *
current(member &m, std::uint32_t l)
{
    peer &p = peer_of(m, l);

    if (l < p.life)
        return nullptr;
    if (l > p.life) {
        p.life = l;
        p.seq = 0;
        p.dead = p.ended = false;
    }
    return &p;
}

/* Near seats more often: their pairs have a history. */
std::uint32_t
some_seat(member &m)
{
    const std::size_t n = w->options.members;

    return static_cast<std::uint32_t>(below(m, 2) ? below(m, n)
                                                  : (m.seat + n + below(m, 17) - 8) % n);
}

/* ---- what comes ---- */

void
numbered(member &m, std::uint32_t l, std::uint64_t seq)
{
    peer *p = current(m, l);

    note(l, seq, 0);
    if (p == nullptr)
        return;
    if (p->dead)
        wrong(m, AFTER_DEATH);
    if (seq <= p->seq)
        wrong(m, OUT_OF_ORDER);
    p->seq = seq;
}

void
got_data(member &m, const kith_msg *msg)
{
    const data *d = KITH_BODY(msg, data);

    if (d == nullptr) {
        wrong(m, BAD_CODE);
        return;
    }
    numbered(m, d->life, d->seq);
    if (msg->tag == TAG_DATA) {
        count(m, GOT_MESSAGE);
        return;
    }
    count(m, GOT_ALIAS);
    for (std::size_t i = 0; i < m.n_aliases; i++)
        if (m.aliases[i].ref.id == msg->ref.id) {
            if (m.aliases[i].once)
                m.aliases[i] = m.aliases[--m.n_aliases];
            return;
        }
    wrong(m, LATE_REPLY);
}

void
got_timer(member &m, const kith_msg *msg)
{
    const timer_data *d = KITH_BODY(msg, timer_data);

    count(m, GOT_TIMER);
    if (d == nullptr) {
        wrong(m, BAD_CODE);
        return;
    }
    note(d->life, static_cast<std::uint64_t>(d->due), msg->tag);
    if (kith_deadline(0) < d->due)
        wrong(m, EARLY_TIMER);
    if (d->life != 0 && d->life != m.life)
        wrong(m, STRANGERS_TIMER);
    if (w->cancelled[msg->ref.id % cancelled_max] == msg->ref.id)
        wrong(m, CANCELLED_TIMER);
    for (a_timer &t : m.timers)
        if (t.ref.id == msg->ref.id)
            t.done = true;
}

/* A link's EXIT. Only the lower seat of a pair links and unlinks, so it knows. */
void
got_link_exit(member &m, const kith_down *d)
{
    const bool real = d->why.kind != KITH_NOPROC;
    std::uint32_t l = life_of(d->pid);

    count(m, GOT_EXIT);
    note(static_cast<std::uint64_t>(d->why.kind), 0, 1);
    if (l == 0) /* of ours? */
        for (std::size_t i = 0; i < w->options.members; i++)
            if (m.peers[i].link != 0 && m.peers[i].linked == d->pid.id)
                l = m.peers[i].link;
    if (l == 0)
        return;
    peer &p = peer_of(m, l);
    if (w->lives[l].seat > m.seat) {
        if (p.link != l)
            wrong(m, WRONG_EXIT);
        else
            p.link = 0;
    }
    if (real && current(m, l) != nullptr) {
        if (p.ended)
            wrong(m, WRONG_EXIT);
        p.dead = p.ended = true;
        if (given_by(d->why, "end", d->pid, 0) != 0 &&
            static_cast<std::uint64_t>(d->why.code) < p.seq)
            wrong(m, OUT_OF_ORDER);
    }
}

void
got_exit(member &m, const kith_msg *msg)
{
    const kith_down *d = KITH_BODY(msg, kith_down);

    const std::uint32_t l = given_by(d->why, "signal", d->pid, m.life);

    if (l == 0) {
        got_link_exit(m, d);
        return;
    }
    count(m, GOT_SIGNAL);
    numbered(m, l, static_cast<std::uint64_t>(d->why.code));
}

void
got_down(member &m, const kith_msg *msg)
{
    const kith_down *d = KITH_BODY(msg, kith_down);
    std::uint32_t l = 0;

    count(m, GOT_DOWN);
    note(static_cast<std::uint64_t>(d->why.kind), 0, 2);
    for (std::size_t i = 0; i < m.n_monitors; i++)
        if (m.monitors[i].ref.id == msg->ref.id) {
            l = m.monitors[i].life;
            m.monitors[i] = m.monitors[--m.n_monitors];
        }
    if (l == 0) {
        wrong(m, WRONG_DOWN);
        return;
    }
    if (kith_whereis(name_of(w->lives[l].seat).c_str()).id == d->pid.id)
        wrong(m, DEAD_NAME);
    peer &p = peer_of(m, l);
    if (p.timer_life == l && kith_read_timer(p.timer, nullptr) != KITH_ENOENT)
        wrong(m, LIVING_TIMER);
    if (d->why.kind == KITH_NOPROC || current(m, l) == nullptr)
        return;
    p.dead = true;
    if (given_by(d->why, "end", d->pid, 0) != 0 &&
        static_cast<std::uint64_t>(d->why.code) < p.seq)
        wrong(m, OUT_OF_ORDER);
}

void
got(member &m, const kith_msg *msg)
{
    switch (msg->tag) {
    case KITH_TAG_EXIT:
        got_exit(m, msg);
        break;
    case KITH_TAG_DOWN:
        got_down(m, msg);
        break;
    case KITH_TAG_TIMEOUT:
    case TAG_TIMER:
        got_timer(m, msg);
        break;
    default:
        got_data(m, msg);
    }
}

/* All that has come; then what is still expected is lost. Not of the one that is being unlinked. */
void
drain(member &m, const peer *unlinked = nullptr)
{
    const kith_msg *msg;

    while (kith_receive(&msg, 0) == 0)
        got(m, msg);
    for (std::size_t i = m.seat + 1; i < w->options.members; i++) {
        peer &p = m.peers[i];

        if (&p != unlinked && p.link != 0 && p.link == p.life && p.dead) {
            if (m.traps) /* else a normal one passes by */
                wrong(m, LOST_EXIT);
            p.link = 0;
        }
    }
}

/* It must be there. What it says is not looked at: it overtakes here what was sent earlier. */
void
take_ref(member &m, kith_ref ref, fault f)
{
    const kith_msg *msg;

    if (kith_receive_ref(ref, &msg, 0) != 0)
        wrong(m, f);
}

/* ---- what it does ---- */

data
next_number(member &m)
{
    return {m.life, ++m.seq};
}

/* Who sits there now; 0: nobody yet. */
std::uint32_t
sitter(std::uint32_t seat)
{
    return w->seats[seat];
}

kith_pid
pid_of(std::uint32_t l)
{
    return {w->lives[l].pid};
}

void
send(member &m, std::uint32_t seat)
{
    const std::uint64_t n = below(m, 20);

    if (n < 14) {
        const data d = next_number(m);
        may(m, kith_send(pid_of(sitter(seat)), TAG_DATA, &d, sizeof d));
        count(m, SEND);
    } else if (n < 16) {
        const data d = next_number(m);
        may(m, kith_send_name(name_of(seat).c_str(), TAG_DATA, &d, sizeof d), KITH_ENOENT);
        count(m, SEND_NAME);
    } else if (const kith_ref a = {w->aliases[seat]}; a.id != 0) {
        const data d = next_number(m);
        may(m, kith_send_alias(a, TAG_ALIAS, &d, sizeof d, 0));
        count(m, SEND_ALIAS);
    }
}

void
link_or_not(member &m, std::uint32_t seat)
{
    const std::uint32_t l = sitter(seat);
    peer &p = m.peers[seat];

    if (seat <= m.seat)
        return;
    if (p.link == 0) {
        const kith_pid pid = pid_of(l);

        p.linked = pid.id;
        p.link = l;
        if (may(m, kith_link(pid)) != 0)
            p.link = 0;
        count(m, LINK);
    } else if (below(m, 2)) {
        may(m, kith_unlink({p.linked}));
        count(m, UNLINK);
        drain(m, &p); /* what was received before the unlink may be there */
        p.link = 0;
    }
}

void
monitor_or_not(member &m, std::uint32_t seat)
{
    const std::uint32_t l = sitter(seat);

    if (m.n_monitors < monitors_max && below(m, 3) != 0) {
        monitor &n = m.monitors[m.n_monitors];

        n.life = l;
        if (may(m, kith_monitor(pid_of(l), &n.ref)) == 0)
            m.n_monitors++;
        count(m, MONITOR);
    } else if (m.n_monitors > 0) {
        const std::size_t i = below(m, m.n_monitors);
        const kith_ref ref = m.monitors[i].ref;
        const bool of_itself = m.monitors[i].life == m.life; /* a ref, and no monitor */
        const bool flush = below(m, 2);

        const int was = kith_demonitor(ref, KITH_INFO | (flush ? KITH_FLUSH : 0));
        count(m, DEMONITOR);
        note(static_cast<std::uint64_t>(was), flush, 3);
        if (was == 0 && !flush && !of_itself)
            take_ref(m, ref, LOST_DOWN);
        m.monitors[i] = m.monitors[--m.n_monitors];
    }
}

void
new_timer(member &m, std::uint32_t seat)
{
    const std::uint32_t l = below(m, 2) ? m.life : sitter(seat);
    const auto after = static_cast<kith_ms>(below(m, 4));
    timer_data d = {kith_deadline(after), l};
    a_timer &t = m.timers[m.n_timers++ % timers_max];
    const std::uint64_t how = below(m, 8);
    kith_ref ref = {0};
    int rc;

    if (how == 0) {
        d.life = 0;
        rc = kith_send_after_name(after, name_of(seat).c_str(), TAG_TIMER, KITH_IOV(d),
                                  &ref);
    } else if (how < 3) {
        rc = kith_start_timer(after, pid_of(l), KITH_IOV(d), &ref);
    } else if (how < 5) {
        rc = kith_send_at(d.due, pid_of(l), TAG_TIMER, KITH_IOV(d), &ref);
    } else {
        d.due +=
            below(m, 4) == 0 ? 100000 : 0; /* some are there to die with their receiver */
        rc = kith_send_at(d.due, pid_of(l), TAG_TIMER, KITH_IOV(d), &ref);
    }
    count(m, TIMER);
    t = {ref, d.life, rc != 0};
    if (may(m, rc) == 0 && d.life != 0 && d.life != m.life) {
        peer &p = peer_of(m, l);

        p.timer = ref;
        p.timer_life = l;
    }
}

void
cancel_timer(member &m)
{
    a_timer &t = m.timers[below(m, timers_max)];

    if (t.ref.id == 0)
        return;
    const int rc = kith_cancel_timer(t.ref, nullptr);
    count(m, CANCEL);
    note(static_cast<std::uint64_t>(rc), 0, 4);
    if (rc == 0)
        w->cancelled[t.ref.id % cancelled_max] = t.ref.id;
    else if (rc != KITH_ENOENT)
        wrong(m, BAD_CODE);
    else if (t.life == m.life && !t.done)
        take_ref(m, t.ref, LOST_TIMER);
    t.ref = {0};
}

void
alias_or_not(member &m)
{
    if (m.n_aliases < aliases_max && below(m, 3) != 0) {
        an_alias &a = m.aliases[m.n_aliases];

        a.once = below(m, 2);
        if (may(m, kith_alias(a.once ? KITH_ALIAS_ONCE : KITH_ALIAS, &a.ref)) == 0) {
            m.n_aliases++;
            w->aliases[m.seat] = a.ref.id;
        }
        count(m, ALIAS);
    } else if (m.n_aliases > 0) {
        const kith_ref ref = m.aliases[below(m, m.n_aliases)].ref;

        may(m, kith_unalias(ref),
            KITH_ENOENT); /* once, and its message is in the mailbox */
        count(m, UNALIAS);
        drain(m); /* what was received before may be there */
        for (std::size_t i = 0; i < m.n_aliases; i++)
            if (m.aliases[i].ref.id == ref.id)
                m.aliases[i] = m.aliases[--m.n_aliases];
    }
}

void
name_or_not(member &m)
{
    const std::string name = name_of(m.seat);
    const int rc =
        m.named ? kith_unregister(name.c_str()) : kith_register(name.c_str(), kith_self());

    count(m, NAME);
    if (rc == KITH_EEXIST)
        wrong(m, TAKEN_NAME);
    else if (rc != 0)
        wrong(m, BAD_CODE);
    m.named = !m.named;
}

void
exit_signal(member &m, std::uint32_t seat)
{
    const std::uint32_t l = sitter(seat);
    const kith_pid pid = pid_of(l);

    if (seat == m.seat)
        return;
    if (below(m, 60) == 0) {
        may(m, kith_exit_signal(pid, kith_reason_of(KITH_KILL, 0, nullptr)));
        count(m, KILL);
        return;
    }
    const data d = next_number(m);
    may(m, kith_exit_signal(pid, reason_of("signal", d, l)));
    count(m, EXIT);
}

void
step(member &m)
{
    const std::uint32_t seat = some_seat(m);
    const std::uint64_t what = below(m, 100);
    const kith_msg *msg;

    if (sitter(seat) == 0)
        return;
    note(m.seat, what, seat);
    if (what < 50)
        send(m, seat);
    else if (what < 60)
        link_or_not(m, seat);
    else if (what < 70)
        monitor_or_not(m, seat);
    else if (what < 78)
        new_timer(m, seat);
    else if (what < 82)
        cancel_timer(m);
    else if (what < 86)
        alias_or_not(m);
    else if (what < 90)
        exit_signal(m, seat);
    else if (what < 92)
        name_or_not(m);
    else if (what < 96)
        kith_yield();
    else if (what < 97 && kith_receive(&msg, 1) == 0)
        got(m, msg);
    for (int i = 0; i < 2 && kith_receive(&msg, 0) == 0; i++)
        got(m, msg);
}

void
settle(member &m)
{
    for (std::size_t i = 0; i < KINDS; i++)
        w->counts[i] += m.counts[i];
    m.counts = {};
    w->done += m.counted;
    m.counted = 0;
}

/* A kill leaves the counts to the next one on the seat. */
member &
take_seat(const given &g)
{
    const std::size_t n = w->options.members;
    member &m = w->members[g.seat];

    settle(m);
    m = {};
    m.seat = g.seat;
    m.life = g.life;
    m.rng = mix(w->options.seed + g.life * UINT64_C(0x9e3779b97f4a7c15));
    m.peers = &w->peers[g.seat * n];
    std::memset(static_cast<void *>(m.peers), 0, n * sizeof(peer));
    m.traps = below(m, 8) != 0;
    kith_flag_trap_exit(m.traps);
    w->lives[g.life].pid = kith_self().id;
    w->life_of[ki_id_index(kith_self().id) % records] = g.life;
    w->seats[g.seat] = g.life;
    return m;
}

int
live(void *arg)
{
    member &m = take_seat(*static_cast<given *>(arg));

    name_or_not(m);
    for (std::uint64_t left = below(m, 2 * mean_life); left > 0; left--) {
        if (w->done >= w->options.signals)
            break;
        step(m);
    }
    drain(m);
    count(m, DEATH);
    if (below(m, 3) == 0)
        return 0;
    kith_exit(reason_of("end", next_number(m), 0));
}

/* ---- who looks after them ---- */

struct keeper {
    std::vector<kith_ref> refs; /* by seat; 0: nobody sits there */
    std::size_t alive = 0;
    std::uint64_t wrong_downs = 0, failed = 0;
};

void
seat_one(keeper &k, std::uint32_t seat)
{
    const given g = {seat, ++w->n_lives};

    if (g.life >= w->lives.size()) {
        k.failed++;
        return;
    }
    w->lives[g.life].seat = seat;
    if (kith_spawn_monitor(live, &g, sizeof g, nullptr, &k.refs[seat]) == 0)
        k.alive++;
    else
        k.failed++;
}

void
bury(keeper &k, const kith_msg *m)
{
    for (std::uint32_t seat = 0; seat < k.refs.size(); seat++)
        if (m->tag == KITH_TAG_DOWN && k.refs[seat].id == m->ref.id) {
            k.refs[seat] = {0};
            k.alive--;
            if (w->done < w->options.signals)
                seat_one(k, seat);
            return;
        }
    k.wrong_downs++;
}

/* With a clock nobody sleeps: the keeper runs in turn with the others, and time goes on. */
int
keep(void *arg)
{
    keeper &k = **static_cast<keeper **>(arg);
    kt_virtual_clock *clock = w->options.clock;
    const kith_msg *m;

    for (std::uint32_t seat = 0; seat < k.refs.size(); seat++)
        seat_one(k, seat);
    while (k.alive > 0) {
        const int rc = kith_receive(&m, clock != nullptr ? 0 : KITH_INFINITY);

        if (rc == 0) {
            bury(k, m);
        } else if (clock != nullptr) {
            clock->advance_ns(20'000);
            kith_yield();
        }
    }
    return 0;
}

kt_order_result
result_of(const keeper &k)
{
    kt_order_result r;

    for (std::size_t i = 0; i < FAULTS; i++)
        if (w->faults[i] != 0)
            r.faults +=
                std::string(fault_names[i]) + " " + std::to_string(w->faults[i]) + "; ";
    if (k.wrong_downs != 0)
        r.faults += "wrong DOWN of a birth " + std::to_string(k.wrong_downs) + "; ";
    if (k.failed != 0)
        r.faults += "no birth " + std::to_string(k.failed) + "; ";
    r.all_kinds = true;
    for (std::size_t i = 0; i < KINDS; i++) {
        r.summary += std::string(kind_names[i]) + " " + std::to_string(w->counts[i]) + ", ";
        r.all_kinds = r.all_kinds && w->counts[i] != 0;
    }
    r.summary += "lives " + std::to_string(w->n_lives);
    r.done = w->done;
    r.trace = w->trace;
    return r;
}

}    // namespace

kt_order_result
kt_order_run(const kt_order_options &o)
{
    keeper k, *arg = &k;
    kith_ref ref;

    w = std::make_unique<world>(o);
    k.refs.resize(o.members);
    const int rc = kith_spawn_monitor(keep, &arg, sizeof arg, nullptr, &ref);
    EXPECT_EQ(0, rc) << kith_strerror(rc);
    if (rc == 0) {
        const kith_msg *m;
        EXPECT_EQ(0, kith_receive_ref(ref, &m, KITH_INFINITY));
    }
    EXPECT_TRUE(kt_until([] { return kt_processes() == 0; }));
    for (member &m : w->members)
        settle(m);
    kt_order_result r = result_of(k);
    w.reset();
    return r;
}
