/* SPDX-License-Identifier: Apache-2.0
 * alias_test.cc -- refs as addresses that end; and what goes before all other messages. */
#include "tests/support/idle.h"
#include "tests/support/runtime.h"

#include <atomic>
#include <vector>

namespace
{

using Alias = kt_runtime;
using Priority = kt_runtime;

const kith_reason of_kill = {KITH_KILL, 0, ""};
const kith_reason of_user = {KITH_USER, 5, "five"};

int
send_alias(kith_ref alias, std::uint64_t number, unsigned flags = 0)
{
    return kith_send_alias(alias, 1, &number, sizeof number, flags);
}

void
expect_number(std::uint64_t number)
{
    const kith_msg *m;

    ASSERT_EQ(0, kith_receive(&m, 0));
    EXPECT_EQ(number, kt_number(m));
}

TEST_F(Alias, IsAnAddress)
{
    kith_ref alias;
    const kith_msg *m;

    ASSERT_EQ(0, kith_alias(0, &alias));
    ASSERT_EQ(0, kt_send(kith_self(), 9, 9));
    const kith_pid child = spawn([alias] { ASSERT_EQ(0, send_alias(alias, 77)); });
    ASSERT_EQ(0, kith_receive_ref(alias, &m, kt_long()));

    EXPECT_EQ(77u, kt_number(m));
    EXPECT_EQ(1u, m->tag);
    EXPECT_EQ(alias.id, m->ref.id);
    EXPECT_EQ(child.id, m->from.id);
    EXPECT_EQ(9u, kt_number(kt_receive()));
    EXPECT_EQ(0, kith_unalias(alias));
}

TEST_F(Alias, AfterUnaliasNothingComesAndWhatCameStays)
{
    in_process([] {
        kith_ref alias;

        ASSERT_EQ(0, kith_alias(KITH_ALIAS, &alias));
        ASSERT_EQ(0, send_alias(alias, 1));
        ASSERT_EQ(0, send_alias(alias, 2));
        kith_yield();    // takes mail
        ASSERT_EQ(0, send_alias(alias, 3)) << "sent, but not received before the end";
        ASSERT_EQ(0, kith_unalias(alias));
        EXPECT_EQ(KITH_ENOPROC, send_alias(alias, 4)) << "known to have ended";
        EXPECT_EQ(KITH_ENOENT, kith_unalias(alias));

        expect_number(1);
        expect_number(2);
        kt_expect_no_message();
    });
}

TEST_F(Alias, OfOneMessageEndsWithIt)
{
    in_process([] {
        kith_ref alias;

        ASSERT_EQ(0, kith_alias(KITH_ALIAS_ONCE, &alias));
        ASSERT_EQ(0, send_alias(alias, 1));
        ASSERT_EQ(0, send_alias(alias, 2));
        expect_number(1);
        kt_expect_no_message();
        EXPECT_EQ(KITH_ENOPROC, send_alias(alias, 3));
        EXPECT_EQ(KITH_ENOENT, kith_unalias(alias));
    });
}

/* OTP reply_demonitor: the reply ends the monitor, so no DOWN comes after it. */
TEST_F(Alias, OfOneReplyEndsTheMonitorToo)
{
    in_process([] {
        const kith_pid pid = kt_waiting();
        struct kith_process_info info = KITH_PROCESS_INFO_INIT;
        const kith_msg *m;
        kith_ref ref;

        ASSERT_EQ(0, kith_monitor_opt(pid, KITH_ALIAS_ONCE, &ref));
        ASSERT_EQ(0, send_alias(ref, 1));
        ASSERT_EQ(0, send_alias(ref, 2));
        ASSERT_EQ(0, kith_receive_ref(ref, &m, KITH_INFINITY));
        EXPECT_EQ(1u, kt_number(m));
        ASSERT_EQ(0, kith_process_info(kith_self(), &info));
        EXPECT_EQ(0u, info.n_monitors);
        EXPECT_EQ(0, kith_demonitor(ref, KITH_INFO)) << "it has ended";
        ASSERT_EQ(0, kith_exit_signal(pid, of_kill));
        kt_ignore(kith_wait(pid, nullptr, KITH_INFINITY));
        kt_expect_no_message();
    });
}

TEST_F(Alias, OfAMonitorEndsWithItsDown)
{
    for (const unsigned flag : {KITH_ALIAS_ONCE, KITH_ALIAS_DEMONITOR}) {
        const kith_pid pid = kt_waiting();
        kith_ref ref;

        ASSERT_EQ(0, kith_monitor_opt(pid, flag, &ref));
        EXPECT_EQ(0, kith_exit_signal(pid, of_user));
        EXPECT_EQ(KITH_USER, kt_why(ref).kind);
        EXPECT_EQ(KITH_ENOPROC, send_alias(ref, 1));
        kt_expect_no_message();
    }
}

TEST_F(Alias, OfAMonitorEndsWithDemonitor)
{
    const kith_pid pid = kt_waiting();

    for (const unsigned flag : {KITH_ALIAS_ONCE, KITH_ALIAS_DEMONITOR}) {
        kith_ref ref;

        ASSERT_EQ(0, kith_monitor_opt(pid, flag, &ref));
        if (flag == KITH_ALIAS_DEMONITOR) {
            for (const unsigned i : {1, 2}) {    // it is for more than one
                ASSERT_EQ(0, send_alias(ref, i));
                expect_number(i);
            }
        }
        EXPECT_EQ(1, kith_demonitor(ref, KITH_INFO));
        EXPECT_EQ(KITH_ENOPROC, send_alias(ref, 3));
        EXPECT_EQ(KITH_ENOENT, kith_unalias(ref));
        kt_expect_no_message();
    }
    kill(pid);
}

/* OTP explicit_unalias: monitor and alias end each by itself. */
TEST_F(Alias, ExplicitOutlivesTheMonitor)
{
    for (const bool dies : {false, true}) {
        const kith_pid pid = kt_waiting();
        kith_ref ref;

        ASSERT_EQ(0, kith_monitor_opt(pid, KITH_ALIAS, &ref));
        if (dies) {
            EXPECT_EQ(0, kith_exit_signal(pid, of_user));
            EXPECT_EQ(KITH_USER, kt_why(ref).kind);
        } else {
            EXPECT_EQ(1, kith_demonitor(ref, KITH_INFO));
            EXPECT_EQ(0, kith_demonitor(ref, KITH_INFO | KITH_FLUSH));
            kill(pid);
        }
        ASSERT_EQ(0, send_alias(ref, 1));
        expect_number(1);
        EXPECT_EQ(0, kith_unalias(ref));
        EXPECT_EQ(KITH_ENOPROC, send_alias(ref, 2));
        kt_expect_no_message();
    }
}

TEST_F(Alias, UnaliasLeavesTheMonitor)
{
    for (const unsigned flag : {KITH_ALIAS, KITH_ALIAS_ONCE, KITH_ALIAS_DEMONITOR}) {
        const kith_pid pid = kt_waiting();
        kith_ref ref;

        ASSERT_EQ(0, kith_monitor_opt(pid, flag, &ref));
        ASSERT_EQ(0, kith_unalias(ref));
        kt_ignore(send_alias(ref, 1));    // dropped, and ends nothing
        EXPECT_EQ(0, kith_exit_signal(pid, of_user));
        EXPECT_EQ(KITH_USER, kt_why(ref).kind);
        kt_expect_no_message();
    }
}

TEST_F(Alias, IsItsOwnersOnly)
{
    kith_ref alias, ref;
    const kith_pid pid = kt_waiting();

    ASSERT_EQ(0, kith_alias(0, &alias));
    ASSERT_EQ(0, kith_monitor(pid, &ref));
    in_process([alias] { EXPECT_EQ(KITH_ENOENT, kith_unalias(alias)); });
    EXPECT_EQ(KITH_ENOENT, kith_unalias(ref)) << "a monitor alone is no address";
    kt_ignore(send_alias(ref, 1));
    kt_expect_no_message();
    EXPECT_EQ(1, kith_demonitor(ref, KITH_INFO));
    EXPECT_EQ(0, kith_unalias(alias));
    kill(pid);
}

TEST_F(Alias, FlagsThatMakeNoSense)
{
    const kith_pid me = kith_self();
    kith_ref ref;

    EXPECT_EQ(KITH_EINVAL, kith_alias(0, nullptr));
    EXPECT_EQ(KITH_EINVAL, kith_alias(KITH_ALIAS_DEMONITOR, &ref)) << "there is no monitor";
    EXPECT_EQ(KITH_EINVAL, kith_alias(KITH_ALIAS | KITH_ALIAS_ONCE, &ref));
    EXPECT_EQ(KITH_EINVAL, kith_alias(KITH_FLUSH, &ref));
    EXPECT_EQ(KITH_EINVAL, kith_monitor_opt(me, KITH_ALIAS | KITH_ALIAS_ONCE, &ref));
    EXPECT_EQ(KITH_EINVAL, kith_monitor_opt(me, KITH_INFO, &ref));
    EXPECT_EQ(KITH_EINVAL, kith_monitor_opt(me, KITH_ALIAS, nullptr));
    ASSERT_EQ(0, kith_alias(0, &ref));
    EXPECT_EQ(KITH_EINVAL, kith_send_alias(ref, KITH_TAG_DOWN, nullptr, 0, 0));
    EXPECT_EQ(KITH_EINVAL, kith_send_alias(ref, 1, nullptr, 1, 0));
    EXPECT_EQ(KITH_EINVAL, kith_send_alias(ref, 1, nullptr, 0, KITH_FLUSH));
    EXPECT_EQ(KITH_EINVAL, kith_exit_signal_alias(ref, of_user, KITH_FLUSH));
    EXPECT_EQ(KITH_EINVAL, kith_exit_signal_opt(me, of_user, KITH_FLUSH));
    EXPECT_EQ(KITH_EINVAL, kith_link_opt(me, KITH_FLUSH));
    EXPECT_EQ(KITH_ENOPROC, kith_send_alias({0}, 1, nullptr, 0, 0));
    EXPECT_EQ(KITH_ENOPROC, kith_send_alias({UINT64_MAX}, 1, nullptr, 0, 0));
    EXPECT_EQ(0, kith_unalias(ref));
}

TEST_F(Alias, EndsWithItsOwner)
{
    static kith_ref alias;

    in_process([] { ASSERT_EQ(0, kith_alias(0, &alias)); });
    ASSERT_TRUE(kt_until([] { return kt_processes() == 0; }));
    EXPECT_EQ(KITH_ENOPROC, send_alias(alias, 1));
    EXPECT_EQ(KITH_ENOPROC, kith_exit_signal_alias(alias, of_kill, 0));
}

TEST_F(Alias, AnExitSignalByOneThatHasEndedIsDropped)
{
    kith_ref ref;
    kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;
    const kith_pid me = kith_self();

    o.monitor = &ref;
    const kith_pid pid = spawn(
        [me] {
            kith_ref alias[2];
            const kith_msg *m;

            for (kith_ref &a : alias)
                ASSERT_EQ(0, kith_alias(0, &a));
            ASSERT_EQ(0, kith_send(me, 1, alias, sizeof alias));
            ASSERT_EQ(0, kith_receive_tag(2, &m, KITH_INFINITY));
            ASSERT_EQ(0, kith_unalias(alias[0]));
            ASSERT_EQ(0, kith_send(me, 3, nullptr, 0));
            kt_ignore(kith_receive_tag(4, &m, KITH_INFINITY));
        },
        &o);
    const kith_msg *m;
    kith_ref alias[2];
    ASSERT_EQ(0, kith_receive_tag(1, &m, kt_long()));
    std::copy_n(static_cast<const kith_ref *>(m->data), 2, alias);
    ASSERT_EQ(0, kith_send(pid, 2, nullptr, 0));
    ASSERT_EQ(0, kith_receive_tag(3, &m, kt_long()));
    EXPECT_EQ(KITH_ENOPROC, kith_exit_signal_alias(alias[0], of_kill, 0));
    EXPECT_EQ(0, kith_exit_signal_alias(alias[1], of_user, 0));
    EXPECT_EQ(KITH_USER, kt_why(ref).kind);
}

/* Replies that race the end of their request: one at most is received, by the ref of the request,
 * and none stays behind, however records are used again. */
TEST_F(Alias, NoLateReplyGetsIn)
{
    static constexpr int servers = 3;
    static std::atomic<std::size_t> replies, deaths, given_up;
    std::mt19937_64 rng = kt_rng();
    const std::size_t rounds = kt_scale(3000);

    replies = deaths = given_up = 0;
    for (int c = 0; c < 4; c++)
        spawn([seed = rng(), rounds] {
            const kith_msg *m;
            std::mt19937_64 dice(seed);
            kith_pid server[servers] = {};

            for (std::size_t r = 0; r < rounds; r++) {
                kith_ref ref;
                kith_pid &to = server[dice() % servers];

                if (!to.id || dice() % 8 == 0) {
                    if (to.id)
                        kt_ignore(kith_exit_signal(to, of_kill));
                    const auto serve = [](void *) -> int {
                        const kith_msg *q;
                        while (kith_receive(&q, KITH_INFINITY) == 0) {
                            const kith_ref back = *static_cast<kith_ref *>(q->data);
                            for (int i = 0; i < 2; i++)    // answers twice
                                kt_ignore(kith_send_alias(back, 7, &back, sizeof back, 0));
                        }
                        return 0;
                    };
                    ASSERT_EQ(0, kith_spawn_link(serve, nullptr, 0, &to));
                    ASSERT_EQ(0, kith_unlink(to));
                }
                ASSERT_EQ(0, kith_monitor_opt(to, KITH_ALIAS_ONCE, &ref));
                kt_ignore(kith_send(to, 1, &ref, sizeof ref));
                if (dice() % 16 == 0)
                    kt_ignore(kith_exit_signal(to, of_kill));
                const int rc = kith_receive_ref(ref, &m, dice() % 4 ? KITH_INFINITY : 0);
                if (rc == 0) {
                    ASSERT_EQ(ref.id, m->ref.id);
                    (m->tag == 7 ? replies : deaths)++;
                } else {
                    ASSERT_EQ(KITH_ETIMEOUT, rc);
                    const int active = kith_demonitor(ref, KITH_FLUSH | KITH_INFO);
                    given_up++;
                    /* The reply may have come in that moment; then nothing else has. */
                    if (!active)
                        kt_ignore(kith_receive_ref(ref, &m, 0));
                }
                if (r % 16 == 0)
                    kith_yield();
                ASSERT_EQ(KITH_ETIMEOUT, kith_receive(&m, 0)) << "nothing is left of it";
            }
            for (const kith_pid p : server)
                if (p.id)
                    kt_ignore(kith_exit_signal(p, of_kill));
        });
    EXPECT_TRUE(kt_until([] { return kt_processes() == 0; }, 60000));
    EXPECT_EQ(4 * rounds, replies + deaths + given_up);
}

/* ---- priority ---- */

TEST_F(Priority, ByAnAliasGoesFirstIfBothWantIt)
{
    in_process([] {
        kith_ref plain, first;

        ASSERT_EQ(0, kith_alias(0, &plain));
        ASSERT_EQ(0, kith_alias(KITH_PRIORITY, &first));
        ASSERT_EQ(0, kt_send(kith_self(), 1, 1));
        ASSERT_EQ(0, send_alias(plain, 2, KITH_PRIORITY));
        ASSERT_EQ(0, send_alias(first, 3));
        ASSERT_EQ(0, send_alias(first, 4, KITH_PRIORITY));
        ASSERT_EQ(0, send_alias(first, 5, KITH_PRIORITY));

        for (const std::uint64_t n : {4, 5, 1, 2, 3})
            expect_number(n);
        kt_expect_no_message();
    });
}

/* Waits until `n` messages have been received; takes none of them. */
void
wait_for_mail(std::size_t n)
{
    struct kith_process_info info = KITH_PROCESS_INFO_INIT;

    do {
        kith_yield();
        ASSERT_EQ(0, kith_process_info(kith_self(), &info));
    } while (info.mailbox_len < n);
    ASSERT_EQ(n, info.mailbox_len);
}

TEST_F(Priority, OfADownAndAnExitGoesFirst)
{
    in_process([] {
        kith_ref plain, first;
        kith_pid pid[3];
        const kith_msg *m;

        kith_flag_trap_exit(true);
        for (kith_pid &p : pid)
            p = kt_waiting();
        ASSERT_EQ(0, kith_monitor(pid[0], &plain));
        ASSERT_EQ(0, kith_monitor_opt(pid[0], KITH_PRIORITY, &first));
        ASSERT_EQ(0, kith_link_opt(pid[1], KITH_PRIORITY));
        ASSERT_EQ(0, kith_link(pid[2]));
        ASSERT_EQ(0, kt_send(kith_self(), 1, 1));
        std::size_t n = 1;
        for (const int i : {2, 0, 1}) {
            ASSERT_EQ(0, kith_exit_signal(pid[i], of_user));
            wait_for_mail(n += i == 0 ? 2 : 1);
        }

        m = kt_receive();
        EXPECT_EQ(KITH_TAG_DOWN, m->tag);
        EXPECT_EQ(first.id, m->ref.id);
        m = kt_receive();
        EXPECT_EQ(KITH_TAG_EXIT, m->tag);
        EXPECT_EQ(pid[1].id, m->from.id);
        expect_number(1);
        m = kt_receive();
        EXPECT_EQ(KITH_TAG_EXIT, m->tag);
        EXPECT_EQ(pid[2].id, m->from.id);
        EXPECT_EQ(plain.id, kt_receive()->ref.id);
        kt_expect_no_message();
    });
}

TEST_F(Priority, OfALinkIsWhatTheLastCallSaid)
{
    in_process([] {
        kith_flag_trap_exit(true);
        for (const bool last : {false, true}) {
            const kith_pid pid = kt_waiting();

            ASSERT_EQ(0, kith_link_opt(pid, last ? 0 : KITH_PRIORITY));
            ASSERT_EQ(0, kith_link_opt(pid, last ? KITH_PRIORITY : 0));
            ASSERT_EQ(0, kt_send(kith_self(), 1, 1));
            ASSERT_EQ(0, kith_exit_signal(pid, of_user));
            wait_for_mail(2);
            EXPECT_EQ(last ? KITH_TAG_EXIT : 1u, kt_receive()->tag);
            EXPECT_EQ(last ? 1u : KITH_TAG_EXIT, kt_receive()->tag);
        }
    });
}

TEST_F(Priority, OfALinkToTheDead)
{
    const kith_pid dead = kt_waiting();
    kill(dead);

    in_process([dead] {
        kith_flag_trap_exit(true);
        ASSERT_EQ(0, kt_send(kith_self(), 1, 1));
        wait_for_mail(1);
        ASSERT_EQ(0, kith_link_opt(dead, KITH_PRIORITY));
        EXPECT_EQ(KITH_NOPROC, kt_down(kt_receive()).why.kind);
        expect_number(1);
    });
}

/* An exit signal has it by an alias that gives it, or from one whose link does. */
TEST_F(Priority, OfAnExitSignalIsForTheReceiverToAdmit)
{
    enum { by_pid, by_link, by_plain_alias, by_alias };

    for (const int how : {by_pid, by_link, by_plain_alias, by_alias}) {
        SCOPED_TRACE(how);
        in_process([how] {
            const kith_pid me = kith_self();
            kith_ref alias;

            kith_flag_trap_exit(true);
            ASSERT_EQ(0, kith_alias(how == by_alias ? KITH_PRIORITY : 0, &alias));
            ASSERT_EQ(0, kt_send(me, 1, 1));
            const auto body = [](void *arg) -> int {
                const kith_msg *m;
                struct given {
                    kith_pid to;
                    kith_ref alias;
                    bool by_alias;
                } g = *static_cast<given *>(arg);

                kt_ignore(kith_receive(&m, KITH_INFINITY));
                return g.by_alias ? kith_exit_signal_alias(g.alias, of_user, KITH_PRIORITY)
                                  : kith_exit_signal_opt(g.to, of_user, KITH_PRIORITY);
            };
            struct {
                kith_pid to;
                kith_ref alias;
                bool by_alias;
            } g = {me, alias, how >= by_plain_alias};
            kith_pid pid;
            ASSERT_EQ(0, kith_spawn(body, &g, sizeof g, &pid));
            if (how == by_link) {
                ASSERT_EQ(0, kith_link_opt(pid, KITH_PRIORITY));
            }
            ASSERT_EQ(0, kith_send(pid, 1, nullptr, 0));
            wait_for_mail(how == by_link ? 3 : 2);
            const bool first = how == by_link || how == by_alias;
            const kith_msg *m = kt_receive();
            EXPECT_EQ(first ? KITH_TAG_EXIT : 1u, m->tag);
            if (!first)
                m = kt_receive();
            EXPECT_EQ(KITH_USER, kt_down(m).why.kind);
            EXPECT_EQ(pid.id, m->from.id);
            EXPECT_EQ(0u, m->ref.id);
        });
    }
}

}    // namespace
