/* SPDX-License-Identifier: Apache-2.0
 * death_scale_test.cc -- many deaths at once, deaths without memory, and sockets that are on
 * their way to who dies. */
#include "tests/support/deaths.h"
#include "tests/support/sockets.h"

#include "core/seam.h"

#include <atomic>
#include <vector>

namespace
{

using DeathScale = kt_deaths;
using DeathSockets = kt_sockets;

const kith_reason of_kill = {KITH_KILL, 0, ""};

TEST_F(DeathScale, ChainsFallFromOneEnd)
{
    chains_fall(kt_procs(20000) / 1000 * 1000, 1000);
}

TEST_F(DeathScale, ManyLinksAndMonitorsOnEachAreAllHeardOnce)
{
    all_are_heard(kt_scale(1000), 50);
}

/* ---- every allocation fails ---- */

std::atomic<bool> no_memory;
std::atomic<std::size_t> asked_for_memory;
struct ki_seam real;    // what stood there before

class DeathWithoutMemory : public kt_sockets {
  protected:
    void SetUp() override
    {
        real = ki_seam;
        no_memory = false;
        asked_for_memory = 0;
        ki_seam.alloc = [](std::size_t size, std::size_t align) -> void * {
            if (!no_memory)
                return real.alloc(size, align);
            asked_for_memory++;
            return nullptr;
        };
        kt_sockets::SetUp();
    }

    void TearDown() override
    {
        kt_sockets::TearDown();
        ki_seam.alloc = real.alloc;
    }
};

/* A process with sockets, and watchers that hear of it and of them in each way there is. */
TEST_F(DeathWithoutMemory, EverySignalIsDelivered)
{
    static constexpr std::size_t watchers = 40, sockets = 5;
    struct world {
        kith_pid doomed;
        kith_socket s[sockets];
        std::atomic<std::size_t> ready, exits, downs, socket_exits, socket_downs, wrong;
    };
    static world w;

    w.ready = w.exits = w.downs = w.socket_exits = w.socket_downs = w.wrong = 0;
    w.doomed = spawn_result([] {
        const kith_msg *m;
        kith_ref alias;

        for (kith_socket &s : w.s)
            if (const int rc = kith_socket_open(KITH_INET, KITH_STREAM, 0, nullptr, &s);
                rc < 0)
                return rc;
        if (const int rc = kith_alias(0, &alias); rc < 0)
            return rc;
        w.ready++;
        const int rc = kith_receive_tag(1, &m, KITH_INFINITY);
        no_memory = true;
        return rc < 0 ? rc : KITH_ECANCELED;
    });
    ASSERT_TRUE(kt_until([] { return w.ready == 1; }));
    for (std::size_t i = 0; i < watchers; i++)
        spawn([i] {
            const unsigned first = i % 2 * KITH_PRIORITY;
            const unsigned flags = first | (i % 3 != 0) * KITH_ALIAS;
            const kith_msg *m;
            kith_ref ref;

            kith_flag_trap_exit(true);
            ASSERT_EQ(0, kith_link_opt(w.doomed, first));
            ASSERT_EQ(0, kith_monitor_opt(w.doomed, flags, &ref));
            for (const kith_socket s : w.s) {
                ASSERT_EQ(0, kith_socket_link(s));
                ASSERT_EQ(0, kith_socket_monitor(s, &ref));
            }
            w.ready++;
            for (std::size_t left = 2 + 2 * sockets; left > 0; left--) {
                const int rc = kith_receive(&m, KITH_INFINITY);
                const auto *d = rc == 0 ? KITH_BODY(m, kith_down) : nullptr;

                if (d == nullptr || d->why.code != KITH_ECANCELED)
                    w.wrong++;
                else if (m->tag == KITH_TAG_EXIT)
                    (d->socket.id ? w.socket_exits : w.exits)++;
                else
                    (d->socket.id ? w.socket_downs : w.downs)++;
            }
        });
    ASSERT_TRUE(kt_until([] { return w.ready == 1 + watchers; }));
    ASSERT_EQ(0, kith_send(w.doomed, 1, nullptr, 0));

    EXPECT_TRUE(kt_until([] {
        return w.exits + w.downs + w.socket_exits + w.socket_downs + w.wrong ==
               watchers * (2 + 2 * sockets);
    }));
    no_memory = false;
    EXPECT_EQ(0u, asked_for_memory);
    EXPECT_EQ(0u, w.wrong);
    EXPECT_EQ(watchers, w.exits);
    EXPECT_EQ(watchers, w.downs);
    EXPECT_EQ(watchers * sockets, w.socket_exits);
    EXPECT_EQ(watchers * sockets, w.socket_downs);
}

/* What a link needs for its end is there before it is said to be: without memory it is refused, and
 * nothing of it is left on either side. */
TEST_F(DeathWithoutMemory, ALinkThatCouldNotBeToldIsRefused)
{
    in_process([] {
        struct kith_process_info info = KITH_PROCESS_INFO_INIT;
        const kith_socket s = kt_open(KITH_INET);
        const auto wait = [](void *) {
            const kith_msg *m;
            return kith_receive(&m, KITH_INFINITY);
        };
        const kith_msg *m;
        kith_pid pid;

        kith_flag_trap_exit(true);
        ASSERT_EQ(0, kith_spawn(wait, nullptr, 0, &pid));
        no_memory = true;
        while (kith_alloc(450) != nullptr) /* what caches hold of that size; dies with us */
            ;
        const int rc[3] = {kith_link(pid), kith_socket_link(s),
                           kith_spawn_link(wait, nullptr, 0, nullptr)};
        no_memory = false;
        for (const int code : rc)
            EXPECT_EQ(KITH_ENOMEM, code);
        ASSERT_EQ(0, kith_process_info(kith_self(), &info));
        EXPECT_EQ(0u, info.n_links);
        ASSERT_EQ(0, kith_process_info(pid, &info));
        EXPECT_EQ(0u, info.n_links);

        ASSERT_EQ(0, kith_link(pid));
        ASSERT_EQ(0, kith_exit_signal(pid, of_kill));
        ASSERT_EQ(0, kith_receive(&m, KITH_INFINITY));
        EXPECT_EQ(KITH_KILLED, kt_down(m).why.kind);
        kt_close(s);
        EXPECT_EQ(KITH_ETIMEOUT, kith_receive(&m, 0));
    });
}

/* ---- sockets on their way ---- */

/* Sockets are handed to processes that are killed in that moment: each is closed by who dies with
 * it, or stays with who could not give it. */
TEST_F(DeathSockets, AHandOverIntoADyingProcessLosesNone)
{
    static std::atomic<std::size_t> given, kept;
    static std::atomic<std::uint64_t> heir;
    static std::atomic<int> done;
    const std::size_t before = kt_descriptors().size();
    std::mt19937_64 rng = kt_rng();
    const std::size_t rounds = kt_scale(3000);

    given = kept = 0;
    heir = 0;
    done = 0;
    for (int g = 0; g < 3; g++)
        spawn([rounds, seed = rng()] {
            std::mt19937_64 dice(seed);
            kith_socket s = {0};

            while (!heir)
                kith_yield();
            for (std::size_t r = 0; r < rounds; r++) {
                if (!s.id) {
                    ASSERT_EQ(0, kith_socket_open(KITH_INET, KITH_STREAM, 0, nullptr, &s));
                }
                const int rc = kith_socket_give(s, {heir}, 1);
                if (rc == 0) {
                    given++;
                    s.id = 0;
                } else {
                    ASSERT_EQ(KITH_ENOPROC, rc);
                    ASSERT_EQ(kith_self(), kt_owner(s)) << "it is still ours";
                    kept++;
                    kith_yield();
                }
                if (dice() % 4 == 0)
                    kith_yield();
            }
            if (s.id) {
                ASSERT_EQ(0, kith_socket_close(s));
            }
            done++;
        });
    spawn([seed = rng()] {
        std::mt19937_64 dice(seed);

        while (done < 3) {
            kith_pid pid;
            const auto inherit = [](void *arg) -> int {
                const kith_msg *m;
                for (std::size_t n = *static_cast<std::size_t *>(arg); n > 0; n--)
                    if (const int rc = kith_receive(&m, KITH_INFINITY); rc < 0)
                        return rc;
                return 0;
            };
            const std::size_t n = 1 + dice() % 10;
            ASSERT_EQ(0, kith_spawn(inherit, &n, sizeof n, &pid));
            struct kith_process_info info = KITH_PROCESS_INFO_INIT;
            /* The first, and some of the others, are left alone until they have been given what they
             * wait for: so there are gives that succeed, whoever runs when. */
            const bool patient = !heir || dice() % 4 == 0;
            heir = pid.id;
            for (std::size_t i = dice() % 8; i > 0; i--)
                kith_yield();
            while (patient && done < 3 && kith_process_info(pid, &info) == 0)
                kith_yield();
            kt_ignore(kith_exit_signal(pid, of_kill));
        }
    });
    EXPECT_TRUE(kt_until([] { return kt_processes() == 0; }, 30000));
    EXPECT_GT(given, 0u);
    EXPECT_TRUE(kt_until([=] { return kt_descriptors().size() == before; }));
}

/* Connections are accepted by processes that are killed in that moment. */
TEST_F(DeathSockets, AnAcceptIntoADyingProcessLosesNone)
{
    static kith_socket listener;
    static kith_sockaddr address;
    static std::atomic<std::size_t> accepted, connected;
    const std::size_t before = kt_descriptors().size();
    std::mt19937_64 rng = kt_rng();
    const std::size_t rounds = kt_scale(2000);
    const kt_place place;

    accepted = connected = 0;
    listener = kt_listen(place, 1024);
    address = kt_name_of(listener);
    const auto accept = [](void *arg) -> int {
        const bool start = *static_cast<bool *>(arg);
        kith_socket c;
        kith_future f;
        int rc = 0;

        while (rc == 0) {
            if (start && (rc = kith_socket_accept_start(listener, KITH_INFINITY, &f)) < 0)
                return rc;
            rc = start ? kith_await_socket(f, KITH_INFINITY, &c)
                       : kith_socket_accept(listener, KITH_INFINITY, &c);
            accepted += rc == 0;
        }
        return rc;
    };
    spawn([=, seed = rng()] {
        std::mt19937_64 dice(seed);

        for (std::size_t r = 0; r < rounds; r++) {
            const bool start = dice() % 2;
            const bool for_sure = r % 4 == 0;

            /* An acceptor that still dies could take the connection along. */
            while (for_sure && kt_processes() > 1)
                kith_yield();
            const std::size_t before_it = accepted;
            kith_socket c;
            kith_pid pid;

            ASSERT_EQ(0, kith_spawn(accept, &start, sizeof start, &pid));
            for (std::size_t i = dice() % 3; i > 0; i--)
                kith_yield();
            ASSERT_EQ(0, kith_socket_open(KITH_INET, KITH_STREAM, 0, nullptr, &c));
            if (kith_socket_connect(c, &address, KITH_INFINITY) == 0)
                connected++;
            for (std::size_t i = dice() % 3; i > 0; i--)
                kith_yield();
            while (for_sure && accepted == before_it)
                kith_yield();
            ASSERT_EQ(0, kith_exit_signal(pid, of_kill));
            ASSERT_EQ(0, kith_socket_close(c));
        }
    });
    EXPECT_TRUE(kt_until([] { return kt_processes() == 0; }, 60000));
    EXPECT_EQ(rounds, connected);
    EXPECT_GT(accepted, 0u);
    kt_close(listener);
    EXPECT_TRUE(kt_until([=] { return kt_descriptors().size() == before; }));
}

}    // namespace
