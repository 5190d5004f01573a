/* SPDX-License-Identifier: Apache-2.0
 * interleave.h -- every order of a few threads' atomic steps, one after the other.
 *
 *   #include "tests/support/interleave.h" // first: it steps into the macros of core/atomic.h
 *   #include "core/mbox.h"                // so this is the real code
 *
 *   kt_interleave model;
 *   model.explore([&] { world = {}; }, { [&] { a(); }, [&] { b(); } }, [&] { look(); });
 *
 * Each thread of the model is a context that gives way before every atomic operation, so that
 * an operation and the plain code behind it are one step. explore() replays the threads under
 * another order of steps until none is left, or, where a full walk takes too long (sanitizers),
 * under as many random orders as it is given. What it explores is sequentially consistent:
 * memory orders are for TSan and the stress tests to judge. */
#ifndef KT_INTERLEAVE_H
#define KT_INTERLEAVE_H

#include "core/atomic.h"
#include "core/ctx.h"
#include "tests/support/support.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <random>
#include <vector>

class kt_interleave {
  public:
    using part = std::function<void()>;

    /* explore runs before(), the threads, after(), until every order was seen or a test has
     * failed. `most`: a bound on the orders; to reach it in a full walk is a failure, too.
     * Answers how many orders it ran. */
    std::size_t explore(const part &before, const std::vector<part> &threads,
                        const part &after, std::size_t most = 3'000'000)
    {
        const bool full = kt_scale_factor() >= 1;
        std::size_t runs = 0;

        random_ = full ? nullptr : std::make_unique<std::mt19937_64>(kt_rng());
        trail_.clear();
        start(threads);
        do {
            before();
            run_once();
            after();
            runs++;
        } while (!testing::Test::HasFailure() && next_order() &&
                 runs < (full ? most : kt_scale(most) / 20));
        EXPECT_TRUE(!full || runs < most) << "the model is too large for a full walk";
        if (testing::Test::HasFailure())
            tell_order();
        stop();
        return runs;
    }

    /* step is where a thread of the model gives way. Outside of one it does nothing. */
    static void step()
    {
        kt_interleave *m = running_;

        if (m == nullptr)
            return;
        running_ = nullptr;
        ki_ctx_switch(&m->threads_[m->current_]->ctx, &m->main_);
    }

  private:
    static constexpr std::size_t stack_bytes = 256 * 1024;
    static constexpr std::size_t most_steps = 10'000;

    struct thread {
        ki_ctx ctx;
        std::unique_ptr<char[]> stack;
        kt_interleave *model;
        part body;
        bool done;
    };
    struct choice {
        std::size_t taken, of;
        std::size_t thread;
    };

    static void main_of(void *arg)
    {
        auto *t = static_cast<thread *>(arg);

        for (;;) {
            t->body();
            t->done = true;
            running_ = nullptr;
            ki_ctx_switch(&t->ctx, &t->model->main_);
        }
    }

    void start(const std::vector<part> &bodies)
    {
        ki_ctx_init_thread(&main_);
        for (const part &body : bodies) {
            auto t = std::make_unique<thread>();
            t->stack = std::make_unique<char[]>(stack_bytes);
            t->model = this;
            t->body = body;
            ki_ctx_init(&t->ctx, t->stack.get(), stack_bytes, main_of, t.get());
            threads_.push_back(std::move(t));
        }
    }

    void stop()
    {
        for (auto &t : threads_)
            ki_ctx_fini(&t->ctx);
        threads_.clear();
        random_.reset();
    }

    void let(std::size_t i)
    {
        current_ = i;
        running_ = this;
        ki_ctx_switch(&main_, &threads_[i]->ctx);
        running_ = nullptr;
    }

    void run_once()
    {
        depth_ = 0;
        for (std::size_t i = 0; i < threads_.size(); i++) {
            threads_[i]->done = false;
            let(i); /* to its first step: nobody else sees what it does before */
        }
        for (std::vector<std::size_t> &able = able_;;) {
            able.clear();
            for (std::size_t i = 0; i < threads_.size(); i++)
                if (!threads_[i]->done)
                    able.push_back(i);
            if (able.empty())
                return;
            if (depth_ == most_steps) {
                ADD_FAILURE() << "it does not end";
                std::abort();
            }
            let(choose(able));
        }
    }

    std::size_t choose(const std::vector<std::size_t> &able)
    {
        if (depth_ == trail_.size()) {
            const auto drawn = static_cast<std::size_t>(random_ ? (*random_)() : 0);

            trail_.push_back({drawn % able.size(), able.size(), 0});
        }
        choice &c = trail_[depth_++];
        if (c.of != able.size())
            ADD_FAILURE() << "the threads decide by more than the order of their steps";
        c.thread = able[c.taken % able.size()];
        return c.thread;
    }

    bool next_order()
    {
        if (random_) {
            trail_.clear();
            return true;
        }
        while (!trail_.empty() && trail_.back().taken + 1 == trail_.back().of)
            trail_.pop_back();
        if (trail_.empty())
            return false;
        trail_.back().taken++;
        return true;
    }

    /* The order that failed: next_order() was not called since. */
    void tell_order() const
    {
        std::string order;

        for (std::size_t i = 0; i < depth_ && i < trail_.size(); i++)
            order += static_cast<char>('0' + trail_[i].thread);
        ADD_FAILURE() << "threads in the order of their steps: " << order;
    }

    static inline kt_interleave *running_;
    ki_ctx main_;
    std::vector<std::unique_ptr<thread>> threads_;
    std::size_t current_ = 0;
    std::vector<std::size_t> able_; /* threads that are not done: kept for its memory */
    std::vector<choice> trail_;
    std::size_t depth_ = 0;
    std::unique_ptr<std::mt19937_64> random_;
};

/* The weak swaps become strong ones: a swap that fails for no reason only tries again. */
#define KT_STEP(call) (kt_interleave::step(), call)
#undef ki_load_rlx
#undef ki_load_acq
#undef ki_store_rel
#undef ki_cas_acq
#undef ki_cas_weak_rel
#undef ki_cas_weak_acq_rel
#undef ki_xchg_acq
#undef ki_or_acq_rel
#undef ki_and_acq
#undef ki_and_acq_rel
#undef ki_add_acq_rel
#define ki_load_rlx(p) KT_STEP(atomic_load_explicit((p), memory_order_relaxed))
#define ki_load_acq(p) KT_STEP(atomic_load_explicit((p), memory_order_acquire))
#define ki_store_rel(p, v) KT_STEP(atomic_store_explicit((p), (v), memory_order_release))
#define KT_CAS(p, e, v) \
    KT_STEP(atomic_compare_exchange_strong_explicit((p), (e), (v), memory_order_acq_rel, \
                                                    memory_order_acquire))
#define ki_cas_acq(p, e, v) KT_CAS(p, e, v)
#define ki_cas_weak_rel(p, e, v) KT_CAS(p, e, v)
#define ki_cas_weak_acq_rel(p, e, v) KT_CAS(p, e, v)
#define ki_xchg_acq(p, v) KT_STEP(atomic_exchange_explicit((p), (v), memory_order_acquire))
#define ki_or_acq_rel(p, v) \
    KT_STEP(atomic_fetch_or_explicit((p), (v), memory_order_acq_rel))
#define ki_add_acq_rel(p, v) \
    KT_STEP(atomic_fetch_add_explicit((p), (v), memory_order_acq_rel))
#define ki_and_acq(p, v) KT_STEP(atomic_fetch_and_explicit((p), (v), memory_order_acquire))
#define ki_and_acq_rel(p, v) \
    KT_STEP(atomic_fetch_and_explicit((p), (v), memory_order_acq_rel))

#endif
