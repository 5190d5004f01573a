/* SPDX-License-Identifier: Apache-2.0
 * link_test.cc -- two that hear of each other's death. */
#include "tests/support/idle.h"
#include "tests/support/runtime.h"

#include <algorithm>
#include <atomic>
#include <vector>

namespace
{

using Link = kt_runtime;

const kith_reason of_kill = {KITH_KILL, 0, ""};
const kith_reason of_shutdown = {KITH_SHUTDOWN, 0, ""};
const kith_reason of_user = {KITH_USER, 4, "four"};

/* Links to whom it is told, says so, and waits. */
int
link_and_wait(void *arg)
{
    const kith_pid *g = static_cast<kith_pid *>(arg);
    const kith_msg *m;
    const int rc = kith_link(g[0]);

    if (rc < 0)
        return rc;
    kt_ignore(kith_send(g[1], 1, nullptr, 0));
    return kith_receive(&m, KITH_INFINITY);
}

/* Two linked processes, each monitored by the caller. */
struct couple {
    kith_pid pid[2];
    kith_ref ref[2];

    couple()
    {
        const kith_msg *m;

        EXPECT_EQ(0, kith_spawn_monitor(kt_wait_for_ever, nullptr, 0, &pid[0], &ref[0]));
        const kith_pid g[2] = {pid[0], kith_self()};
        EXPECT_EQ(0, kith_spawn_monitor(link_and_wait, g, sizeof g, &pid[1], &ref[1]));
        EXPECT_EQ(0, kith_receive_tag(1, &m, kt_long()));
    }
};

TEST_F(Link, TellsInBothDirections)
{
    for (const int first : {0, 1}) {
        const couple c;

        EXPECT_EQ(0, kith_exit_signal(c.pid[first], of_user));

        for (const kith_ref r : c.ref) {
            const kith_reason why = kt_why(r);
            EXPECT_EQ(KITH_USER, why.kind);
            EXPECT_EQ(4, why.code);
        }
    }
}

TEST_F(Link, AKillArrivesAsKilled)
{
    const couple c;

    EXPECT_EQ(0, kith_exit_signal(c.pid[0], of_kill));

    EXPECT_EQ(KITH_KILLED, kt_why(c.ref[1]).kind);
    EXPECT_EQ(KITH_KILLED, kt_why(c.ref[0]).kind);
}

TEST_F(Link, AnExitWithReasonKillCanBeTrapped)
{
    /* OTP: exit(kill) of a linked process is no untrappable kill. */
    in_process([] {
        kith_pid pid;

        kith_flag_trap_exit(true);
        ASSERT_EQ(0, kith_spawn_link(
                         [](void *) -> int {
                             kith_exit({KITH_KILL, 0, ""});
                         },
                         nullptr, 0, &pid));
        const kith_msg *m = kt_receive();
        EXPECT_EQ(KITH_KILL, kt_down(m).why.kind);
    });
}

TEST_F(Link, ANormalDeathKillsNobody)
{
    const couple c;

    ASSERT_EQ(0, kith_send(c.pid[1], 0, nullptr, 0));
    EXPECT_EQ(KITH_NORMAL, kt_why(c.ref[1]).kind);

    struct kith_process_info info = KITH_PROCESS_INFO_INIT;
    EXPECT_EQ(0, kith_process_info(c.pid[0], &info));
    kill(c.pid[0]);
}

TEST_F(Link, WhoTrapsGetsAMessageOfEveryReason)
{
    in_process([] {
        kith_flag_trap_exit(true);
        for (const int kind : {KITH_NORMAL, KITH_SHUTDOWN, KITH_ERROR, KITH_USER}) {
            kith_pid pid;
            const kith_reason why = kith_reason_of(kind, 3, "three");

            ASSERT_EQ(0, kith_spawn_link(
                             [](void *arg) -> int {
                                 kith_exit(*static_cast<kith_reason *>(arg));
                             },
                             &why, sizeof why, &pid));
            const kith_msg *m = kt_receive();
            ASSERT_NE(nullptr, m);
            EXPECT_EQ(KITH_TAG_EXIT, m->tag);
            EXPECT_EQ(pid.id, m->from.id);
            EXPECT_EQ(pid.id, kt_down(m).pid.id);
            EXPECT_EQ(kind, kt_down(m).why.kind);
            EXPECT_STREQ("three", kt_down(m).why.text);
        }
    });
}

TEST_F(Link, ToTheDeadAnswersNoproc)
{
    kith_pid dead;
    ASSERT_EQ(0, kith_spawn(kt_wait_for_ever, nullptr, 0, &dead));
    kill(dead);

    in_process([dead] {
        const kith_msg *m;

        EXPECT_EQ(KITH_ENOPROC, kith_link(dead));
        kith_flag_trap_exit(true);
        EXPECT_EQ(0, kith_link(dead)) << "who traps gets a message instead";
        ASSERT_EQ(0, kith_receive(&m, 0));
        EXPECT_EQ(KITH_TAG_EXIT, m->tag);
        EXPECT_EQ(dead.id, m->from.id);
        EXPECT_EQ(dead.id, kt_down(m).pid.id);
        EXPECT_EQ(KITH_NOPROC, kt_down(m).why.kind);
    });
}

TEST_F(Link, TwiceIsOnce)
{
    in_process([] {
        kith_pid pid;
        const kith_msg *m;

        kith_flag_trap_exit(true);
        ASSERT_EQ(0, kith_spawn_link(kt_wait_for_ever, nullptr, 0, &pid));
        EXPECT_EQ(0, kith_link(pid));
        EXPECT_EQ(0, kith_link(pid));
        EXPECT_EQ(0, kith_exit_signal(pid, of_shutdown));

        EXPECT_EQ(KITH_SHUTDOWN, kt_down(kt_receive()).why.kind);
        EXPECT_EQ(KITH_ETIMEOUT, kith_receive(&m, 1));
        EXPECT_EQ(0, kith_link(kith_self())) << "to oneself is nothing";
    });
}

TEST_F(Link, AfterUnlinkNothingComes)
{
    in_process([] {
        const kith_msg *m;

        kith_flag_trap_exit(true);
        for (std::size_t i = kt_scale(2000); i > 0; i--) {
            kith_pid pid;

            ASSERT_EQ(0, kith_spawn_link(kt_wait_for_ever, nullptr, 0, &pid));
            if (i % 2 == 0) {
                ASSERT_EQ(0, kith_exit_signal(pid, of_shutdown));
            }
            ASSERT_EQ(0, kith_unlink(pid));
            /* What came before the unlink stays, as in Erlang; nothing comes after. */
            while (kith_receive(&m, 0) == 0)
                ASSERT_EQ(KITH_TAG_EXIT, m->tag);
            if (i % 2 == 1) {
                ASSERT_EQ(0, kith_exit_signal(pid, of_shutdown));
            }
            ASSERT_EQ(0, kith_wait(pid, nullptr, kt_long()));
            ASSERT_EQ(KITH_ETIMEOUT, kith_receive(&m, 0));
        }
        EXPECT_EQ(0, kith_unlink({0}));
    });
}

TEST_F(Link, UnlinkFreesTheOtherSideToo)
{
    const kith_pid me = kith_self();
    kith_pid other;
    ASSERT_EQ(0, kith_spawn(kt_wait_for_ever, nullptr, 0, &other));

    const kith_reason why = run([=] {
        if (const int rc = kith_link(other); rc < 0)
            return rc;
        kt_ignore(kith_send(me, 1, nullptr, 0));
        if (const int rc = kith_unlink(other); rc < 0)
            return rc;
        return static_cast<int>(KITH_EIO);
    });

    EXPECT_EQ(KITH_ERROR, why.kind);
    ASSERT_NE(nullptr, kt_receive());
    struct kith_process_info info = KITH_PROCESS_INFO_INIT;
    EXPECT_EQ(0, kith_process_info(other, &info)) << "it was linked no more";
    kill(other);
}

TEST_F(Link, BothAskingAtOnceIsOneLink)
{
    for (std::size_t i = kt_scale(500); i > 0; i--) {
        static kith_pid pid[2];
        static std::atomic<int> met;
        kith_ref ref[2];
        kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;

        met = 0;
        for (int k = 0; k < 2; k++) {
            o.monitor = &ref[k];
            pid[k] = spawn(
                [k] {
                    const kith_msg *m;

                    kith_flag_trap_exit(true);
                    ASSERT_EQ(0, kith_receive_tag(1, &m, KITH_INFINITY));
                    ASSERT_EQ(0, kith_link(pid[1 - k]));
                    if (k == 1) {
                        ASSERT_EQ(0, kith_send(pid[0], 2, nullptr, 0));
                        ASSERT_EQ(0, kith_receive_tag(KITH_TAG_EXIT, &m, KITH_INFINITY));
                        EXPECT_EQ(KITH_ETIMEOUT, kith_receive(&m, 0));
                        met++;
                        return;
                    }
                    /* The other's request came before this. */
                    ASSERT_EQ(0, kith_receive_tag(2, &m, KITH_INFINITY));
                },
                &o);
        }
        for (const kith_pid p : pid)
            ASSERT_EQ(0, kith_send(p, 1, nullptr, 0));
        EXPECT_EQ(KITH_NORMAL, kt_why(ref[0]).kind);
        EXPECT_EQ(KITH_NORMAL, kt_why(ref[1]).kind);
        EXPECT_EQ(1, met);
    }
}

/* Both link and unlink in every order, with mail taken in between or not; at the end both see the
 * same, and who is linked hears. */
TEST_F(Link, HoweverAskingAndUnaskingCrossBothSeeTheSame)
{
    static const auto n_links = [] {
        struct kith_process_info info = KITH_PROCESS_INFO_INIT;

        EXPECT_EQ(0, kith_process_info(kith_self(), &info));
        return info.n_links;
    };
    std::mt19937_64 rng = kt_rng();

    for (std::size_t i = kt_scale(3000); i > 0 && !HasFailure(); i--) {
        static kith_pid pid[2];
        static std::atomic<std::size_t> links[2];
        kith_ref ref[2];
        kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;

        for (int k = 0; k < 2; k++) {
            const std::uint64_t steps = rng();
            o.monitor = &ref[k];
            pid[k] = spawn(
                [k, steps] {
                    const kith_msg *m;

                    kith_flag_trap_exit(true);
                    ASSERT_EQ(0, kith_receive_tag(1, &m, KITH_INFINITY));
                    const kith_pid peer = pid[1 - k];
                    for (std::uint64_t s = steps, n = 8; n > 0; n--, s >>= 2)
                        if (s % 4 == 0)
                            kith_yield();    // takes mail
                        else if (s % 4 == 1)
                            EXPECT_EQ(0, kith_unlink(peer));
                        else
                            EXPECT_EQ(0, kith_link(peer));
                    /* The other's signals came before its message. */
                    ASSERT_EQ(0, kith_send(peer, 2, nullptr, 0));
                    ASSERT_EQ(0, kith_receive_tag(2, &m, KITH_INFINITY));
                    links[k] = n_links();
                    ASSERT_EQ(0, kith_send(peer, 3, nullptr, 0));
                    ASSERT_EQ(0, kith_receive_tag(3, &m, KITH_INFINITY));
                    /* The last one asks once more: linked, whatever was before. */
                    if (k == 1) {
                        ASSERT_EQ(0, kith_link(peer));
                        EXPECT_EQ(1u, n_links());
                        ASSERT_EQ(0, kith_send(peer, 4, nullptr, 0));
                        ASSERT_EQ(0, kith_receive_tag(KITH_TAG_EXIT, &m, KITH_INFINITY));
                        EXPECT_EQ(KITH_ETIMEOUT, kith_receive(&m, 0)) << "it was told once";
                    } else {
                        ASSERT_EQ(0, kith_receive_tag(4, &m, KITH_INFINITY));
                    }
                },
                &o);
        }
        for (const kith_pid p : pid)
            ASSERT_EQ(0, kith_send(p, 1, nullptr, 0));
        EXPECT_EQ(KITH_NORMAL, kt_why(ref[0]).kind);
        EXPECT_EQ(KITH_NORMAL, kt_why(ref[1]).kind);
        ASSERT_EQ(links[0], links[1]);
    }
}

/* One process with very many links, some taken back, some doubled by the other's asking: who is
 * still linked at its end hears once, the others not at all. */
TEST_F(Link, OneMayHaveVeryManyLinks)
{
    static const std::size_t n = kt_procs(10000);
    static std::atomic<std::size_t> heard, spared;
    static std::vector<kith_pid> peers;
    static kith_pid hub;
    std::mt19937_64 rng = kt_rng();

    heard = spared = 0;
    peers.assign(n, kith_pid{0});
    for (kith_pid &p : peers)
        p = spawn([] {
            const kith_msg *m;

            kith_flag_trap_exit(true);
            ASSERT_EQ(0, kith_receive(&m, KITH_INFINITY));
            if (m->tag == 1) {    // link from here too, crossing the other's
                ASSERT_EQ(0, kith_link(hub));
                ASSERT_EQ(0, kith_send(hub, 2, nullptr, 0));
                ASSERT_EQ(0, kith_receive(&m, KITH_INFINITY));
            }
            (m->tag == KITH_TAG_EXIT ? heard : spared)++;
            EXPECT_EQ(KITH_ETIMEOUT, kith_receive(&m, 0));
        });
    std::shuffle(peers.begin(), peers.end(), rng);
    in_process([] {
        const kith_msg *m;
        struct kith_process_info info = KITH_PROCESS_INFO_INIT;

        hub = kith_self();
        for (const kith_pid p : peers)
            ASSERT_EQ(0, kith_link(p));
        for (std::size_t i = 0; i < n; i += 4)
            ASSERT_EQ(0, kith_send(peers[i], 1, nullptr, 0));
        for (std::size_t i = 0; i < n; i += 4)
            ASSERT_EQ(0, kith_receive_tag(2, &m, KITH_INFINITY));
        for (std::size_t i = 0; i < n; i += 2)
            ASSERT_EQ(0, kith_unlink(peers[i]));
        ASSERT_EQ(0, kith_process_info(hub, &info));
        EXPECT_EQ(n / 2, info.n_links);
        for (std::size_t i = 0; i < n; i += 2)
            ASSERT_EQ(0, kith_send(peers[i], 3, nullptr, 0));
    });
    EXPECT_TRUE(kt_until([] { return kt_processes() == 0; }, 20000));
    EXPECT_EQ(n / 2, heard);
    EXPECT_EQ(n - n / 2, spared);
}

TEST_F(Link, AChainFallsAsOne)
{
    static const std::size_t n = kt_procs(2000);
    struct Chain {
        static int grow(void *arg)
        {
            const std::size_t left = *static_cast<std::size_t *>(arg) - 1;
            const kith_msg *m;

            if (left > 0)
                if (const int rc = kith_spawn_link(grow, &left, sizeof left, nullptr);
                    rc < 0)
                    return rc;
            return kith_receive(&m, KITH_INFINITY);
        }
    };
    kith_pid first;
    kith_ref ref;

    ASSERT_EQ(0, kith_spawn_monitor(Chain::grow, &n, sizeof n, &first, &ref));
    ASSERT_TRUE(kt_until([] { return kt_processes() == n; }, 20000));
    EXPECT_EQ(0, kith_exit_signal(first, of_user));

    EXPECT_EQ(KITH_USER, kt_why(ref).kind);
    EXPECT_TRUE(kt_until([] { return kt_processes() == 0; }, 20000));
}

TEST_F(Link, ARandomWebFallsAsOne)
{
    std::mt19937_64 rng = kt_rng();
    const std::size_t n = 60;

    for (std::size_t round = kt_scale(30); round > 0; round--) {
        static std::vector<kith_pid> web;
        static std::atomic<std::size_t> ready;

        web.assign(n, kith_pid{0});
        ready = 0;
        for (std::size_t i = 0; i < n; i++) {
            const std::uint64_t seed = rng();
            web[i] = spawn([i, seed] {
                const kith_msg *m;
                std::uint64_t x = seed;

                if (kith_receive_tag(1, &m, KITH_INFINITY) < 0)
                    return;
                for (int k = 0; k < 5;
                     k++, x = x * 6364136223846793005u + 1442695040888963407u)
                    kt_ignore(kith_link(web[(x >> 33) % web.size()]));
                kt_ignore(kith_link(web[(i + 1) % web.size()]));
                ready++;
                kt_ignore(kith_receive_tag(2, &m, KITH_INFINITY));
            });
        }
        for (const kith_pid p : web)
            ASSERT_EQ(0, kith_send(p, 1, nullptr, 0));
        ASSERT_TRUE(kt_until([] { return ready == web.size(); }));
        ASSERT_EQ(0, kith_exit_signal(web[rng() % n], of_user));
        ASSERT_TRUE(kt_until([] { return kt_processes() == 0; }));
    }
}

TEST_F(Link, AThreadIsToldToo)
{
    kith_pid pid;
    const kith_msg *m;

    kith_flag_trap_exit(true);
    ASSERT_EQ(0, kith_spawn_link(kt_wait_for_ever, nullptr, 0, &pid));
    EXPECT_EQ(0, kith_exit_signal(pid, of_shutdown));

    ASSERT_EQ(0, kith_receive_tag(KITH_TAG_EXIT, &m, kt_long()));
    EXPECT_EQ(KITH_SHUTDOWN, kt_down(m).why.kind);
    kith_flag_trap_exit(false);
}

}    // namespace
