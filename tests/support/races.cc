/* SPDX-License-Identifier: Apache-2.0
 * races.cc -- both sides aim at the same moment. */
#include "tests/support/races.h"

#include <chrono>
#include <vector>

namespace
{

enum { GO = 1, DID = 2 };

std::int64_t
now_ns()
{
    using namespace std::chrono;
    return duration_cast<nanoseconds>(steady_clock::now().time_since_epoch()).count();
}

/* Lets the others run until then. Both sides look at the same clock. */
void
until_ns(std::int64_t then)
{
    while (now_ns() < then)
        kith_yield();
}

/* A partner that sends the number of the round as a byte, each time at the moment it is told. */
void
send_when_told(kith_socket s, std::uint64_t rounds)
{
    for (std::uint64_t i = 0; i < rounds; i++) {
        const char c = static_cast<char>(i);

        until_ns(static_cast<std::int64_t>(kt_number(kt_receive())));
        ASSERT_EQ(1, kith_socket_send(s, &c, 1, 0, KITH_INFINITY));
    }
}

int
tell(kith_pid partner, std::int64_t when)
{
    return kt_send(partner, GO, static_cast<std::uint64_t>(when));
}

struct order {
    kith_socket socket;
    std::int64_t when;
};

/* A partner that does `act` to a socket, each time at the moment it is told, and says so. */
void
act_when_told(std::uint64_t rounds, void (*act)(kith_socket))
{
    for (std::uint64_t i = 0; i < rounds; i++) {
        const kith_msg *m = kt_receive();
        const order *o = m != nullptr ? KITH_BODY(m, order) : nullptr;

        ASSERT_NE(nullptr, o);
        const kith_pid from = m->from;
        until_ns(o->when);
        act(o->socket);
        ASSERT_EQ(0, kt_send(from, DID, i));
    }
}

int
read_one(void *arg)
{
    char c;
    const std::ptrdiff_t n =
        kith_socket_recv(*static_cast<kith_socket *>(arg), &c, 1, 0, KITH_INFINITY);

    return n == 1 ? 0 : static_cast<int>(n);
}

}    // namespace

void
kt_races::by_several(std::size_t total, const body &race, std::size_t several)
{
    const kith_ms patience = kt_patience(60000) * static_cast<kith_ms>(1 + total / 100001);
    std::mt19937_64 rng = kt_rng();
    std::vector<kith_pid> pids;

    for (std::size_t i = 0; i < several; i++) {
        const std::uint64_t seed = rng();

        pids.push_back(spawn([=, &race] { race(total / several + 1, seed); }));
    }
    for (const kith_pid &pid : pids)
        EXPECT_EQ(0, kith_wait(pid, nullptr, patience));
}

void
kt_races::expect_both(const char *ended)
{
    const bool full = kt_scale_factor() >= 1 && !kt_asan && !kt_tsan;
    const std::size_t least = full ? (ended_ + completed_) / 20 : 1;

    RecordProperty(ended, static_cast<int>(ended_));
    RecordProperty("completed", static_cast<int>(completed_));
    EXPECT_GE(ended_, least) << ended << "; " << completed_ << " completed: no race";
    EXPECT_GE(completed_, least) << "completed; " << ended_ << ' ' << ended << ": no race";
}

/* ---- with a cancel ---- */

void
kt_races::cancel_rounds(std::uint64_t rounds, std::uint64_t seed)
{
    const kt_pair p = kt_pair_import();
    const kith_pid sender = spawn([=] { send_when_told(p.near, rounds); });
    kt_aim aim(seed);

    for (std::uint64_t i = 0; i < rounds; i++) {
        kith_future f;
        char c = 0;

        ASSERT_EQ(0, kith_socket_recv_start(p.far, &c, 1, 0, KITH_INFINITY, &f));
        const std::int64_t begin = now_ns();
        ASSERT_EQ(0, tell(sender, aim.sender_at(begin)));
        until_ns(aim.ender_at(begin));
        const int rc = kith_cancel(f);
        if (rc == 0) {
            ASSERT_EQ(1, kith_socket_recv(p.far, &c, 1, 0, KITH_INFINITY));
        } else {
            ASSERT_EQ(KITH_EALREADY, rc);
            ASSERT_EQ(1, kith_await(f, KITH_INFINITY));
        }
        ASSERT_EQ(static_cast<char>(i), c);
        count(rc != 0);
        aim.moves(rc != 0);
    }
    EXPECT_EQ(0, kith_wait(sender, nullptr, kt_long()));
    kt_close(p);
}

void
kt_races::cancel_against_completion(std::size_t total)
{
    by_several(total, [this](std::uint64_t rounds, std::uint64_t seed) {
        cancel_rounds(rounds, seed);
    });
    expect_both("cancelled");
}

/* ---- with its timeout ---- */

/* A timeout of 1 ms is over at the second full millisecond from now: timers have that grain. */
std::int64_t
end_of_one_ms(std::int64_t now)
{
    constexpr std::int64_t ms = 1'000'000;

    return (now + 2 * ms - 1) / ms * ms;
}

void
kt_races::timeout_rounds(std::uint64_t rounds, std::uint64_t seed)
{
    const kt_pair p = kt_pair_import();
    const kith_pid sender = spawn([=] { send_when_told(p.near, rounds); });
    std::mt19937_64 rng(seed);
    kt_aim aim(seed, 50'000);

    for (std::uint64_t i = 0; i < rounds; i++) {
        kith_future f;
        std::ptrdiff_t n;
        char c = 0;

        /* The timeout cannot be moved: the sender aims at it. */
        ASSERT_EQ(0, tell(sender, end_of_one_ms(now_ns()) - aim.ns()));
        if (rng() % 2) {
            n = kith_socket_recv(p.far, &c, 1, 0, 1);
        } else {
            ASSERT_EQ(0, kith_socket_recv_start(p.far, &c, 1, 0, 1, &f));
            n = kith_await(f, KITH_INFINITY);
        }
        if (n == KITH_ETIMEOUT)
            ASSERT_EQ(1, kith_socket_recv(p.far, &c, 1, 0, KITH_INFINITY));
        else
            ASSERT_EQ(1, n);
        ASSERT_EQ(static_cast<char>(i), c);
        count(n == 1);
        aim.moves(n == 1);
    }
    EXPECT_EQ(0, kith_wait(sender, nullptr, kt_long()));
    kt_close(p);
}

void
kt_races::timeout_against_completion(std::size_t total)
{
    by_several(
        total,
        [this](std::uint64_t rounds, std::uint64_t seed) { timeout_rounds(rounds, seed); },
        kt_scale(250));
    expect_both("timed_out");
}

/* ---- with a close ---- */

void
kt_races::close_rounds(std::uint64_t rounds, std::uint64_t seed)
{
    const kith_pid closer =
        spawn([=] { act_when_told(rounds, [](kith_socket s) { kt_close(s); }); });
    const kith_pid sender = spawn([=] {
        act_when_told(rounds, [](kith_socket s) {
            const std::ptrdiff_t n = kith_socket_send(s, "x", 1, 0, KITH_INFINITY);

            EXPECT_TRUE(n == 1 || n == KITH_EPIPE) << n;
        });
    });
    kt_aim aim(seed);

    for (std::uint64_t i = 0; i < rounds; i++) {
        const kt_pair p = kt_pair_import();
        const std::int64_t begin = now_ns();
        const order to_close = {p.far, aim.ender_at(begin)};
        const order to_send = {p.near, aim.sender_at(begin)};
        char c = 0;

        ASSERT_EQ(0, kith_send(closer, GO, &to_close, sizeof to_close));
        ASSERT_EQ(0, kith_send(sender, GO, &to_send, sizeof to_send));
        const std::ptrdiff_t n = kith_socket_recv(p.far, &c, 1, 0, KITH_INFINITY);
        ASSERT_TRUE(n == 1 || n == KITH_ECLOSED) << n;
        ASSERT_EQ(n == 1 ? 'x' : 0, c);
        count(n == 1);
        aim.moves(n == 1);
        ASSERT_EQ(DID, static_cast<int>(kt_receive()->tag));
        ASSERT_EQ(DID, static_cast<int>(kt_receive()->tag));
        kt_close(p.near);
    }
    EXPECT_EQ(0, kith_wait(closer, nullptr, kt_long()));
    EXPECT_EQ(0, kith_wait(sender, nullptr, kt_long()));
}

void
kt_races::close_against_completion(std::size_t total)
{
    by_several(total, [this](std::uint64_t rounds, std::uint64_t seed) {
        close_rounds(rounds, seed);
    });
    expect_both("closed");
}

/* ---- with the caller's death ---- */

void
kt_races::kill_rounds(std::uint64_t rounds, std::uint64_t seed)
{
    const kt_pair p = kt_pair_import();
    const kith_reason of_kill = kith_reason_of(KITH_KILL, 0, nullptr);
    std::mt19937_64 rng(seed);
    kt_aim aim(seed);

    for (std::uint64_t i = 0; i < rounds; i++) {
        kith_pid reader;
        kith_ref ref;
        char c = 0;

        ASSERT_EQ(0, kith_spawn_monitor(read_one, &p.far, sizeof p.far, &reader, &ref));
        until_ns(now_ns() + static_cast<std::int64_t>(rng() % 2000));
        const std::int64_t begin = now_ns();
        if (aim.ns() >= 0) {
            ASSERT_EQ(1, kith_socket_send(p.near, "a", 1, 0, KITH_INFINITY));
        }
        until_ns(aim.ender_at(begin));
        kt_ignore(kith_exit_signal(reader, of_kill));
        until_ns(aim.sender_at(begin));
        if (aim.ns() < 0) {
            ASSERT_EQ(1, kith_socket_send(p.near, "a", 1, 0, KITH_INFINITY));
        }
        ASSERT_EQ(1, kith_socket_send(p.near, "b", 1, 0, KITH_INFINITY));

        const kith_reason why = kt_why(ref);
        ASSERT_TRUE(why.kind == KITH_NORMAL || why.kind == KITH_KILLED) << why;
        count(why.kind == KITH_NORMAL);
        aim.moves(why.kind == KITH_NORMAL);
        /* The reader had the first byte, or nobody; the second is ours. */
        do
            ASSERT_EQ(1, kith_socket_recv(p.far, &c, 1, 0, kt_long()));
        while (c != 'b');
    }
    kt_close(p);
}

void
kt_races::kill_against_completion(std::size_t total)
{
    by_several(total, [this](std::uint64_t rounds, std::uint64_t seed) {
        kill_rounds(rounds, seed);
    });
    expect_both("killed");
}
