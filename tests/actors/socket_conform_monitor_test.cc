/* SPDX-License-Identifier: Apache-2.0
 * socket_conform_monitor_test.cc -- Erlang's cases of monitors of sockets. docs/conformance.md
 * names them. */
#include "tests/support/idle.h"
#include "tests/support/kinds.h"

#include <algorithm>
#include <atomic>
#include <vector>

namespace
{

class ConformMonitor : public kt_kind_test {
  protected:
    enum end { CLOSE, EXIT };

    /* An owner of `n` sockets, in s, which ends them one way or the other when it is told. */
    kith_pid owner(std::vector<kith_socket> &s, std::size_t n, end how)
    {
        std::atomic<bool> open = false;
        const kith_pid pid = spawn([&, n, how] {
            std::vector<kith_socket> own;

            for (std::size_t i = 0; i < n; i++)
                own.push_back(kt_open(GetParam()));
            s = own;
            open = true;
            EXPECT_NE(nullptr, kt_receive());
            if (how == CLOSE)
                for (const kith_socket one : own)
                    kt_close(one);
        });

        EXPECT_TRUE(kt_eventually([&] { return open.load(); }));
        return pid;
    }

    void end_all(kith_pid owner)
    {
        ASSERT_EQ(0, kt_send(owner, 1, 0));
        ASSERT_EQ(0, kith_wait(owner, nullptr, kt_long()));
    }
};

KT_KINDS(ConformMonitor, kt_all_kinds);

std::vector<kith_ref>
monitor(const std::vector<kith_socket> &all)
{
    std::vector<kith_ref> refs(all.size());

    for (std::size_t i = 0; i < all.size(); i++)
        EXPECT_EQ(0, kith_socket_monitor(all[i], &refs[i]));
    return refs;
}

/* One DOWN of each, of that reason, and nothing else. */
void
expect_downs(const std::vector<kith_socket> &all, const std::vector<kith_ref> &refs,
             int reason = KITH_NORMAL)
{
    for (std::size_t i = 0; i < all.size(); i++) {
        const kith_msg *m = nullptr;

        ASSERT_EQ(0, kith_receive_ref(refs[i], &m, kt_long()));
        EXPECT_EQ(KITH_TAG_DOWN, m->tag);
        const kith_down d = kt_down(m);
        EXPECT_EQ(all[i], d.socket);
        EXPECT_EQ(0u, d.pid.id);
        EXPECT_EQ(reason, d.why.kind) << d.why;
    }
    kt_expect_no_message();
}

/* Processes that monitor all of these and are told of all. */
class Watchers {
  public:
    Watchers(std::size_t n, const std::vector<kith_socket> &all) : all_(all)
    {
        for (std::size_t i = 0; i < n; i++)
            pids_.push_back(bodies_.spawn([this] {
                const std::vector<kith_ref> refs = monitor(all_);

                watching_++;
                expect_downs(all_, refs);
            }));
        EXPECT_TRUE(kt_eventually([&] { return watching_ == n; }));
    }

    void expect_told()
    {
        for (const kith_pid pid : pids_)
            EXPECT_EQ(0, kith_wait(pid, nullptr, kt_long()));
    }

  private:
    std::vector<kith_socket> all_;
    std::atomic<std::size_t> watching_ = 0;
    std::vector<kith_pid> pids_;
    kt_bodies bodies_;
};

/* ---- one ---- */

TEST_P(ConformMonitor, OfOneThatIsClosed)
{
    by_process_and_thread([this] {
        std::vector<kith_socket> s;
        const kith_pid o = owner(s, 1, CLOSE);
        const std::vector<kith_ref> refs = monitor(s);

        end_all(o);
        expect_downs(s, refs);
    });
}

TEST_P(ConformMonitor, OfOneWhoseOwnerEnds)
{
    by_process_and_thread([this] {
        std::vector<kith_socket> s;
        const kith_pid o = owner(s, 1, EXIT);
        const std::vector<kith_ref> refs = monitor(s);

        end_all(o);
        expect_downs(s, refs);
    });
}

TEST_P(ConformMonitor, RemovedBeforeTheCloseTellsNothing)
{
    by_process_and_thread([this] {
        std::vector<kith_socket> s;
        const kith_pid o = owner(s, 1, CLOSE);
        const std::vector<kith_ref> refs = monitor(s);

        EXPECT_EQ(1, kith_demonitor(refs[0], KITH_INFO));
        EXPECT_EQ(0, kith_demonitor(refs[0], KITH_INFO)) << "it was removed";
        end_all(o);
        kt_expect_no_message();
    });
}

TEST_P(ConformMonitor, OfOneThatWasClosedComesAtOnce)
{
    by_process_and_thread([] {
        const std::vector<kith_socket> s = {kt_open(GetParam())};

        kt_close(s[0]);
        expect_downs(s, monitor(s), KITH_NOPROC);
    });
}

/* ---- many sockets ---- */

constexpr std::size_t many = 5;

TEST_P(ConformMonitor, OfManyThatAreClosed)
{
    by_process_and_thread([this] {
        std::vector<kith_socket> s;
        const kith_pid o = owner(s, many, CLOSE);
        const std::vector<kith_ref> refs = monitor(s);

        end_all(o);
        expect_downs(s, refs);
    });
}

TEST_P(ConformMonitor, OfManyWhoseOwnerEnds)
{
    by_process_and_thread([this] {
        std::vector<kith_socket> s;
        const kith_pid o = owner(s, many, EXIT);
        const std::vector<kith_ref> refs = monitor(s);

        end_all(o);
        expect_downs(s, refs);
    });
}

TEST_P(ConformMonitor, OfManyOnlyThoseStillMonitoredTell)
{
    by_process_and_thread([this] {
        std::vector<kith_socket> s;
        const kith_pid o = owner(s, many, CLOSE);
        std::vector<kith_ref> refs = monitor(s);

        for (int i = 0; i < 2; i++) {
            EXPECT_EQ(0, kith_demonitor(refs[1], 0));
            refs.erase(refs.begin() + 1);
            s.erase(s.begin() + 1);
        }
        end_all(o);
        expect_downs(s, refs);
    });
}

/* ---- many watchers ---- */

TEST_P(ConformMonitor, EachOfManyWatchersIsToldOfAClose)
{
    by_process_and_thread([this] {
        std::vector<kith_socket> s;
        const kith_pid o = owner(s, 1, CLOSE);
        Watchers w(many, s);

        end_all(o);
        w.expect_told();
    });
}

TEST_P(ConformMonitor, EachOfManyWatchersIsToldOfTheOwnersEnd)
{
    by_process_and_thread([this] {
        std::vector<kith_socket> s;
        const kith_pid o = owner(s, 1, EXIT);
        Watchers w(many, s);

        end_all(o);
        w.expect_told();
    });
}

TEST_P(ConformMonitor, EachOfManyWatchersIsToldOfManyCloses)
{
    by_process_and_thread([this] {
        std::vector<kith_socket> s;
        const kith_pid o = owner(s, many, CLOSE);
        Watchers w(many, s);

        end_all(o);
        w.expect_told();
    });
}

TEST_P(ConformMonitor, EachOfManyWatchersIsToldOfManyWhoseOwnerEnds)
{
    by_process_and_thread([this] {
        std::vector<kith_socket> s;
        const kith_pid o = owner(s, many, EXIT);
        Watchers w(many, s);

        end_all(o);
        w.expect_told();
    });
}

}    // namespace
