/* SPDX-License-Identifier: Apache-2.0
 * soak_test.cc -- two minutes of everything at once, by a printed seed; and nothing is left.
 *
 * In each round some hundred processes live short lives: they spawn, link, monitor, kill, send,
 * call, set timers, open, connect, accept, give and close sockets at random, each other's too, and
 * die in the middle of it. Then all of them end, and what is in use is counted: processes, sockets,
 * descriptors, records, bytes. The first rounds may grow, to what the worst moment needs. */
#include "tests/support/bytes.h"
#include "tests/support/sockets.h"

#include "actors/runtime.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <fstream>
#include <initializer_list>
#include <vector>

#include <unistd.h>

namespace
{

constexpr std::size_t population = 300, seats = 256;

std::int64_t
resident_bytes()
{
    std::ifstream statm("/proc/self/statm");
    std::int64_t size = 0, resident = 0;

    statm >> size >> resident;
    return resident * sysconf(_SC_PAGESIZE);
}

/* ---- who lives, and what they know of each other ---- */

struct world {
    std::array<std::atomic<std::uint64_t>, seats> pids, sockets;
    kith_socket listener;
    kith_sockaddr address;
    std::atomic<bool> over;
    std::atomic<std::uint64_t> steps, spawned, killed, opened, closed, accepted, deferred;
    std::atomic<const char *> wrong_call; /* the first that answered what it must not */
    std::atomic<std::int64_t> wrong_code;
};

world w;

/* Numbers without memory of their own: a process that is killed cleans up nothing. */
struct dice {
    std::uint64_t state;

    std::uint64_t below(std::uint64_t n)
    {
        std::uint64_t z = state += 0x9e3779b97f4a7c15;

        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return (z ^ (z >> 31)) % n;
    }

    kith_pid pid()
    {
        return {w.pids[below(seats)]};
    }

    kith_socket socket()
    {
        return {w.sockets[below(seats)]};
    }

    kith_ms moment()
    {
        return static_cast<kith_ms>(below(3));
    }
};

/* A call answers a count, one of `codes`, or what anything may answer when a handle is of somebody
 * who has gone: that is the game here. */
std::int64_t
may(const char *call, std::int64_t rc, std::initializer_list<int> codes = {})
{
    constexpr int usual[] = {KITH_ENOPROC, KITH_ETIMEOUT, KITH_ECLOSED, KITH_EBADF,
                             KITH_ECANCELED};

    if (rc >= 0 || std::find(codes.begin(), codes.end(), rc) != codes.end() ||
        std::find(std::begin(usual), std::end(usual), rc) != std::end(usual))
        return rc;
    const char *none = nullptr;
    if (w.wrong_call.compare_exchange_strong(none, call))
        w.wrong_code = rc;
    return rc;
}

int live(void *arg);

/* By a process; the test's own thread spawns without strings attached. */
void
spawn_one(dice &d, bool bound = true)
{
    kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;
    const std::uint64_t seed = d.below(UINT64_MAX);
    kith_ref ref;
    kith_pid pid;

    if (kt_processes() >= population)
        return;
    o.link = bound && d.below(4) == 0;
    o.monitor = bound && d.below(4) == 0 ? &ref : nullptr;
    o.mailbox_cap = d.below(8) == 0 ? 4 : 0;
    o.mailbox_policy = static_cast<int>(d.below(3));
    if (may("spawn", kith_spawn_opt(&o, live, &seed, sizeof seed, &pid)) == 0) {
        w.spawned++;
        w.pids[d.below(seats)] = pid.id;
    }
}

void
with_processes(dice &d)
{
    const kith_msg *m;
    kith_ref ref;

    switch (d.below(9)) {
    case 0:
        may("link", kith_link(d.pid()));
        break;
    case 1:
        may("unlink", kith_unlink(d.pid()));
        break;
    case 2:
        may("monitor", kith_monitor(d.pid(), &ref));
        if (d.below(2))
            may("demonitor", kith_demonitor(ref, d.below(2) ? KITH_FLUSH : 0));
        break;
    case 3: {
        const int kind = d.below(2) ? KITH_KILL : KITH_SHUTDOWN;

        w.killed +=
            may("exit_signal", kith_exit_signal(d.pid(), kith_reason_of(kind, 0, ""))) == 0;
        break;
    }
    case 4:
        may("wait", kith_wait(d.pid(), nullptr, d.moment()), {KITH_EDEADLK});
        break;
    case 5:
        may("register", kith_register("a name", kith_self()), {KITH_EEXIST, KITH_EALREADY});
        break;
    case 6:
        may("unregister", kith_unregister("a name"), {KITH_ENOENT});
        break;
    case 7:
        may("receive", kith_receive(&m, d.moment()));
        break;
    default:
        spawn_one(d);
    }
}

void
with_messages(dice &d)
{
    const std::size_t len = d.below(16) == 0 ? 20000 : d.below(200);
    char *bytes = static_cast<char *>(kith_alloc(len + 1));
    const kith_msg *m;
    kith_ref timer;
    kith_future f;

    switch (d.below(6)) {
    case 0:
        may("send_after", kith_send_after(d.moment(), d.pid(), 1, {bytes, len}, &timer));
        if (d.below(2))
            may("cancel_timer", kith_cancel_timer(timer, nullptr), {KITH_ENOENT});
        break;
    case 1:
        may("call", kith_call(d.pid(), 1, {bytes, len}, {bytes, len}, d.moment()),
            {KITH_EDEADLK});
        break;
    case 2:
        if (may("call_start",
                kith_call_start(d.pid(), 1, {bytes, len}, {nullptr, 0}, d.moment(), &f),
                {KITH_EDEADLK}) == 0 &&
            d.below(2))
            kith_future_to_mailbox(f);
        break;
    case 3:
        may("send_name", kith_send_name("a name", 1, bytes, len),
            {KITH_ENOENT, KITH_EFULL});
        break;
    case 4:
        if (kith_receive(&m, 0) == 0 && d.below(2))
            may("send_msg", kith_send_msg(d.pid(), kith_msg_keep(m)),
                {KITH_EFULL, KITH_EINVAL});
        break;
    default:
        may("send", kith_send(d.pid(), 1, bytes, len), {KITH_EFULL});
    }
    kith_free(bytes);
}

constexpr std::initializer_list<int> of_the_peer = {KITH_ECONNRESET, KITH_EPIPE,
                                                    KITH_ENOTCONN,
                                                    KITH_EINVAL}, /* it listens */
    no_descriptor = {KITH_EMFILE, KITH_ENFILE};

/* An operation that goes on: awaited, cancelled, sent to the mailbox, or left alone. What it reads
 * into lives as long as the process. */
void
start_one(dice &d)
{
    char *bytes = static_cast<char *>(kith_alloc(100));
    kith_future f;

    if (may("recv_start",
            kith_socket_recv_start(d.socket(), bytes, 100, 0, d.moment() + 1, &f)) != 0)
        return;
    switch (d.below(4)) {
    case 0:
        may("await", kith_await(f, d.moment()), of_the_peer);
        break;
    case 1:
        may("cancel", kith_cancel(f), {KITH_EALREADY});
        break;
    case 2:
        kith_future_to_mailbox(f);
        break;
    default:
        break;
    }
}

void
with_sockets(dice &d)
{
    char bytes[512] = {};
    kith_socket s;

    switch (d.below(11)) {
    case 0:
        if (may("open", kith_socket_open(KITH_LOCAL, KITH_STREAM, 0, nullptr, &s),
                no_descriptor) != 0)
            break;
        w.opened++;
        w.sockets[d.below(seats)] = s.id;
        may("connect", kith_socket_connect(s, &w.address, d.moment()), {KITH_ECONNREFUSED});
        break;
    case 1:
        if (may("accept", kith_socket_accept(w.listener, d.moment(), &s), no_descriptor) ==
            0) {
            w.accepted++;
            w.sockets[d.below(seats)] = s.id;
        }
        break;
    case 2:
        w.closed += may("close", kith_socket_close(d.socket())) == 0;
        break;
    case 3:
    case 4:
        may("recv", kith_socket_recv(d.socket(), bytes, sizeof bytes, 0, d.moment()),
            of_the_peer);
        break;
    case 5:
    case 6:
        may("send", kith_socket_send(d.socket(), bytes, sizeof bytes, 0, d.moment()),
            of_the_peer);
        break;
    case 7:
        may("socket_cancel", kith_socket_cancel(d.socket(), KITH_OP_RECV | KITH_OP_SEND));
        break;
    case 8:
        may("give", kith_socket_give(d.socket(), d.pid(), 1), {KITH_EPERM});
        break;
    case 9:
        may("shutdown", kith_socket_shutdown(d.socket(), KITH_SHUT_WRITE), of_the_peer);
        break;
    default:
        start_one(d);
    }
}

int
live(void *arg)
{
    dice d = {*static_cast<std::uint64_t *>(arg)};

    kith_flag_trap_exit(d.below(2));
    if (d.below(2))
        may("defer", kith_defer([](void *) { w.deferred++; }, nullptr));
    for (std::uint64_t left = d.below(200); left > 0 && !w.over; left--) {
        w.steps++;
        switch (d.below(8)) {
        case 0:
        case 1:
            with_messages(d);
            break;
        case 2:
        case 3:
            with_processes(d);
            break;
        case 4:
            if (d.below(2))
                kith_yield();
            else
                may("sleep", kith_sleep(d.moment()));
            break;
        default:
            with_sockets(d);
        }
    }
    if (d.below(8) == 0)
        kith_exit(kith_reason_of(KITH_USER, 1, "enough"));
    return d.below(2) ? 0 : KITH_EIO;
}

/* ---- what is in use when nobody lives ---- */

ki_slots *const tables[] = {&ki_runtime.procs, &ki_runtime.sockets, &ki_runtime.ops,
                            &ki_runtime.monitors, &ki_runtime.timers};

struct usage {
    std::size_t processes, sockets;
    std::int64_t records; /* bytes of all records, used and free */
    std::int64_t bytes;   /* all others */
    std::int64_t resident;
};

std::size_t
open_sockets()
{
    std::size_t n = 0;

    for (std::uint32_t i = 0;; i++) {
        const auto *s = reinterpret_cast<ki_socket *>(ki_slots_at(&ki_runtime.sockets, i));

        if (s == nullptr)
            return n;
        const std::uint64_t word = ki_load_seq(&s->task.mbox);
        n += word != 0 && (word & KI_MBOX_DEAD) == 0;
    }
}

usage
look(const kt_bytes &bytes)
{
    usage u = {kt_processes(), open_sockets(), 0, bytes.in_use(), resident_bytes()};

    for (const ki_slots *t : tables)
        u.records +=
            ki_load_seq(&t->n_chunks) * KI_SLOTS_CHUNK * static_cast<std::int64_t>(t->size);
    u.bytes -= u.records;
    return u;
}

/* Once it is stopped: the workers have given theirs back. */
std::size_t
records_in_use(ki_slots *t)
{
    std::size_t n = ki_load_seq(&t->n_chunks) * KI_SLOTS_CHUNK;

    for (const ki_slot *s = t->free; s != nullptr; s = s->free_next)
        n--;
    return n;
}

class Soak : public kt_sockets {
  protected:
    usage a_round(std::int64_t ms, dice &d);

  private:
    kt_bytes bytes_;
    kt_place place_{kt_domain::abstract};
};

usage
Soak::a_round(std::int64_t ms, dice &d)
{
    const std::int64_t end = kt_now_ms() + ms;

    for (std::size_t i = 0; i < seats; i++) {
        w.pids[i] = ki_id_make(KI_KIND_PID, 1, 1'000'000); /* nobody */
        w.sockets[i] = 0;
    }
    w.over = false;
    w.address = place_.address();
    w.listener = kt_listen(place_);
    while (kt_now_ms() < end) {
        for (std::size_t n = kt_processes(); n < population / 2; n++)
            spawn_one(d, false);
        kt_pause_ms(1);
    }
    w.over = true;
    EXPECT_TRUE(kt_until([] { return kt_processes() == 0; }, 20000)) << "they do not end";
    kt_close(w.listener);
    EXPECT_TRUE(kt_until([] { return open_sockets() == 0; })) << "sockets stay open";
    return look(bytes_);
}

TEST_F(Soak, LeavesNothingBehind)
{
    constexpr std::int64_t kibibyte = 1024;
    const auto ms = static_cast<std::int64_t>(kt_scale(120'000));
    const int rounds = 24, first = rounds / 2; /* of those that must not grow */
    const std::size_t descriptors = kt_descriptors().size();
    std::vector<usage> after;
    dice d = {kt_seed()};

    for (int i = 0; i < rounds && !HasFailure(); i++) {
        const usage u = a_round(ms / rounds, d);

        std::printf("%2d: %llu steps; KiB: %lld of records, %lld others, %lld resident\n",
                    i, static_cast<unsigned long long>(w.steps),
                    static_cast<long long>(u.records / kibibyte),
                    static_cast<long long>(u.bytes / kibibyte),
                    static_cast<long long>(u.resident / kibibyte));
        EXPECT_EQ(0u, u.processes);
        EXPECT_EQ(0u, u.sockets);
        EXPECT_TRUE(kt_until([&] { return kt_descriptors().size() == descriptors; }))
            << kt_descriptors().size() << " descriptors, not " << descriptors;
        EXPECT_EQ(nullptr, w.wrong_call.load())
            << w.wrong_call << " answers " << kith_err_name(static_cast<int>(w.wrong_code));
        after.push_back(u);
    }
    ASSERT_FALSE(HasFailure());

    std::printf("%llu spawned, %llu killed, %llu opened, %llu accepted, %llu closed\n",
                static_cast<unsigned long long>(w.spawned),
                static_cast<unsigned long long>(w.killed),
                static_cast<unsigned long long>(w.opened),
                static_cast<unsigned long long>(w.accepted),
                static_cast<unsigned long long>(w.closed));
    for (const auto *n :
         {&w.spawned, &w.killed, &w.opened, &w.accepted, &w.closed, &w.deferred})
        EXPECT_GT(*n, 1000u);
    /* A moment worse than all before it may come late; it costs a slab of a size or two. */
    EXPECT_LE(after.back().bytes, after[first].bytes + 128 * kibibyte);
    if (!kt_asan && !kt_tsan) { /* which keep what is freed */
        EXPECT_LE(after.back().resident, after[first].resident + 4096 * kibibyte);
    }

    ASSERT_EQ(0, kith_stop(0, kt_long()));
    for (ki_slots *t : tables)
        EXPECT_EQ(0u, records_in_use(t)) << t->name;
    ASSERT_EQ(0, kith_start(nullptr));
}

}    // namespace
