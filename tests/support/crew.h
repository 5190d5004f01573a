/* SPDX-License-Identifier: Apache-2.0
 * crew.h -- the scheduler by itself, for a test: started, watched, joined; and tasks for it.
 *
 *   kt_crew workers;                       // kt_crew workers(poller.get());
 *   ASSERT_EQ(0, workers.start(2));
 *   kt_task t([&](kt_task &) { n++; });
 *   ASSERT_TRUE(t.post());
 *   ASSERT_TRUE(kt_until([&] { return n == 1; }));
 *
 * A task outlives the workers: declare it before them, or join first (stop). */
#ifndef KT_CREW_H
#define KT_CREW_H

#include "core/os.h"
#include "core/sched.h"
#include "tests/support/support.h"

#include <gtest/gtest.h>

#include <functional>
#include <utility>

class kt_crew {
  public:
    explicit kt_crew(const ki_poller *poller = &ki_poller_system)
    {
        ki_sched.poller = poller;
        ki_sched.on_event = [](ki_worker *, uint64_t, uint32_t) {};
        ki_sched.on_signal = [] {};
        ki_sched.on_stall = nullptr;
        ki_sched.on_exit = nullptr;
    }

    ~kt_crew()
    {
        EXPECT_TRUE(stop()) << "a worker does not leave";
        ki_sched.poller = nullptr;
        ki_sched.on_event = nullptr;
        ki_sched.on_signal = nullptr;
        ki_sched.on_stall = nullptr;
        ki_sched.on_exit = nullptr;
    }

    kt_crew(const kt_crew &) = delete;
    kt_crew &operator=(const kt_crew &) = delete;

    int start(unsigned n)
    {
        const int rc = ki_sched_start(n);

        started_ = rc == 0;
        return rc;
    }

    bool stop(std::int64_t ms = 10'000)
    {
        if (!started_)
            return true;
        ki_sched_halt();
        started_ = !ki_sched_join(ki_os_now_ns() +
                                  static_cast<std::uint64_t>(kt_patience(ms)) * 1'000'000);
        return !started_;
    }

    /* A counter, over all workers. */
    static std::uint64_t total(_Atomic(uint64_t) ki_worker_stats::*counter)
    {
        std::uint64_t sum = 0;

        for (unsigned i = 0; i < ki_workers(); i++)
            sum += ki_load_rlx(&(ki_sched.worker[i].stats.*counter));
        return sum;
    }

    static bool all_asleep()
    {
        return ki_sched.n_sleeping.load() == ki_workers();
    }

  private:
    bool started_ = false;
};

/* A task that does `turn` each time it runs, after it has taken its mail. It is idle at first.
 * Its plain members belong to the turn: TSan sees two turns at once. */
struct kt_task {
    using turn_fn = std::function<void(kt_task &)>;

    explicit kt_task(turn_fn f = nullptr, std::uint32_t number = 1) : turn(std::move(f))
    {
        const std::uint64_t id = ki_id_make(KI_KIND_PID, 1, number);

        task.type = &type;
        task.run_next = nullptr;
        ki_store_rlx(&task.id, id);
        ki_mbox_init(&task.mbox, id);
        EXPECT_TRUE(ki_mbox_settle(&task.mbox));
        node = {nullptr, id, 0, 0, 0};
    }

    kt_task(const kt_task &) = delete;
    kt_task &operator=(const kt_task &) = delete;

    /* Sends the task its own node, or another; the node is not on its way already. */
    bool post()
    {
        return post(&node);
    }

    bool post(ki_node *n)
    {
        n->to = id();
        return ki_sched_post(&task, n, KI_MBOX_DEAD);
    }

    std::uint64_t id() const
    {
        return ki_load_rlx(&task.id);
    }

    static kt_task *of(ki_task *t)
    {
        return reinterpret_cast<kt_task *>(t); /* task comes first */
    }

    static void run(ki_task *t, ki_worker *w)
    {
        kt_task *self = of(t);

        self->worker = w->index;
        self->turns++;
        self->again = false;
        self->mail = ki_mbox_take(&t->mbox);
        if (self->turn)
            self->turn(*self);
        if (self->again || !ki_mbox_settle(&t->mbox))
            ki_sched_ready_fifo(t);
    }

    static constexpr ki_task_type type = {"test", run, nullptr};

    ki_task task;
    turn_fn turn;
    ki_node node;
    ki_node *mail = nullptr; /* what this turn took */
    std::size_t turns = 0;
    unsigned worker = 0; /* who runs it */
    bool again = false;  /* set by a turn: run me again, behind the others */
};

#endif
