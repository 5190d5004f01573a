/* SPDX-License-Identifier: Apache-2.0
 * ctx_test.cc -- contexts keep what the calling convention promises, on whatever thread. */
#include "core/ctx.h"
#include "core/stack.h"
#include "tests/support/support.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <unwind.h>
#include <vector>

namespace
{

/* A function on a stack of its own. run() continues it on the calling thread until it
 * leaves by leave() or by its end. */
class Fiber {
  public:
    explicit Fiber(std::function<void(Fiber &)> body, std::size_t want = 0)
        : body_(std::move(body))
    {
        if (ki_stack_get(want, &stack_, nullptr) < 0)
            throw std::bad_alloc();
        ki_ctx_init(&ctx_, stack_.low, stack_.size, start, this);
    }

    ~Fiber()
    {
        ki_ctx_fini(&ctx_);
        ki_stack_put(&stack_, nullptr);
    }

    Fiber(const Fiber &) = delete;
    Fiber &operator=(const Fiber &) = delete;

    void run()
    {
        ki_ctx here;
        ki_ctx_init_thread(&here);
        home_ = &here;
        ki_ctx_switch(&here, &ctx_);
    }

    void leave()
    {
        ki_ctx_switch(&ctx_, home_);
    }

    bool ended() const
    {
        return ended_;
    }

    const ki_stack &stack() const
    {
        return stack_;
    }

  private:
    static void start(void *arg)
    {
        auto *self = static_cast<Fiber *>(arg);
        self->body_(*self);
        self->ended_ = true;
        ki_ctx_switch_last(&self->ctx_, self->home_);
    }

    std::function<void(Fiber &)> body_;
    ki_stack stack_;
    ki_ctx ctx_;
    ki_ctx *home_ = nullptr;
    bool ended_ = false;
};

class Ctx : public testing::Test {
  protected:
    void SetUp() override
    {
        ASSERT_EQ(0, ki_stack_pool_init());
    }

    void TearDown() override
    {
        ki_stack_pool_fini();
    }
};

__attribute__((noinline)) std::size_t
recurse(std::size_t depth)
{
    volatile char frame[256];

    std::memset(const_cast<char *>(frame), static_cast<int>(depth), sizeof frame);
    if (depth == 0)
        return frame[0];
    const std::size_t below = recurse(depth - 1);
    return below + (frame[17] == static_cast<char>(depth) ? 1 : 0);
}

/* Declared const in glibc, pthread_self is asked once in a function: on both sides of a
 * switch it would answer the first thread's id. */
__attribute__((noinline)) std::thread::id
this_thread()
{
    asm volatile("" ::: "memory");
    return std::this_thread::get_id();
}

TEST_F(Ctx, GoesToAndFro)
{
    std::vector<int> trace;
    Fiber f([&](Fiber &self) {
        trace.push_back(1);
        self.leave();
        trace.push_back(3);
    });

    f.run();
    trace.push_back(2);
    EXPECT_FALSE(f.ended());
    f.run();
    trace.push_back(4);

    EXPECT_TRUE(f.ended());
    EXPECT_EQ((std::vector<int>{1, 2, 3, 4}), trace);
}

TEST_F(Ctx, RunsOnItsOwnAlignedStack)
{
    Fiber f([](Fiber &self) {
        alignas(16) volatile char local[16] = {};
        const auto at = reinterpret_cast<uintptr_t>(&local);
        const auto frame = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
        const auto low = reinterpret_cast<uintptr_t>(self.stack().low);

        EXPECT_EQ(0u, at % 16);
        EXPECT_EQ(0u, frame % 16);
        EXPECT_GE(frame, low);
        EXPECT_LT(frame, low + self.stack().size);
    });

    f.run();
    EXPECT_TRUE(f.ended());
}

TEST_F(Ctx, ManyTakeTurns)
{
    const std::size_t n = kt_tsan ? 200 : 2000;
    const int rounds = 10;
    std::vector<std::unique_ptr<Fiber>> fibers;
    std::vector<int> count(n);

    for (std::size_t i = 0; i < n; i++)
        fibers.push_back(std::make_unique<Fiber>([&count, i](Fiber &self) {
            for (int r = 0; r < rounds; r++) {
                count[i]++;
                self.leave();
            }
        }));
    for (int r = 0; r <= rounds; r++)
        for (auto &f : fibers)
            f->run();

    for (std::size_t i = 0; i < n; i++) {
        EXPECT_EQ(rounds, count[i]);
        EXPECT_TRUE(fibers[i]->ended());
    }
}

TEST_F(Ctx, OneSwitchesDirectlyToTheNext)
{
    struct ring {
        ki_ctx home, ctx[3];
        std::vector<int> trace;
    } r;
    struct member {
        ring *in;
        int i;
    } m[3] = {{&r, 0}, {&r, 1}, {&r, 2}};
    ki_stack stack[3];

    ki_ctx_init_thread(&r.home);
    for (int i = 0; i < 3; i++) {
        ASSERT_EQ(0, ki_stack_get(0, &stack[i], nullptr));
        ki_ctx_init(
            &r.ctx[i], stack[i].low, stack[i].size,
            [](void *arg) {
                auto *self = static_cast<member *>(arg);
                ring &in = *self->in;
                for (int turn = 0; turn < 2; turn++) {
                    in.trace.push_back(self->i);
                    if (self->i == 2 && turn == 1)
                        ki_ctx_switch_last(&in.ctx[2], &in.home);
                    ki_ctx_switch(&in.ctx[self->i], &in.ctx[(self->i + 1) % 3]);
                }
                ki_ctx_switch_last(&in.ctx[self->i], &in.home);
            },
            &m[i]);
    }
    ki_ctx_switch(&r.home, &r.ctx[0]);

    EXPECT_EQ((std::vector<int>{0, 1, 2, 0, 1, 2}), r.trace);
    for (int i = 0; i < 3; i++) {
        ki_ctx_fini(&r.ctx[i]);
        ki_stack_put(&stack[i], nullptr);
    }
}

TEST_F(Ctx, RecursesToTheEndOfItsStack)
{
    std::size_t deep = 0, deeper = 0;
    /* A frame is 256 bytes and some; sanitizers make it several times that. */
    const std::size_t per = kt_asan || kt_tsan ? 2048 : 512;
    Fiber a([&](Fiber &self) { deep = recurse(self.stack().size / per); });
    Fiber b([&](Fiber &self) { deeper = recurse(self.stack().size / per); }, KI_STACK_MAX);

    a.run();
    b.run();

    EXPECT_EQ(a.stack().size / per, deep);
    EXPECT_EQ(b.stack().size / per, deeper);
}

/* Many values that are alive over a switch, as far as there are registers for them. */
__attribute__((noinline)) std::pair<uint64_t, double>
hold_over_switch(Fiber *f, uint64_t seed)
{
    uint64_t a = seed * 3, b = seed * 5, c = seed * 7, d = seed * 11, e = seed * 13;
    uint64_t g = seed * 17, h = seed * 19, i = seed * 23, j = seed * 29, k = seed * 31;
    double s = static_cast<double>(seed), p = s * 1.5, q = s * 2.5, r = s * 3.5;
    double t = s * 4.5, u = s * 5.5, v = s * 6.5, w = s * 7.5, x = s * 8.5;

    for (int round = 0; round < 100; round++) {
        f->leave();
        a += b, b ^= c, c += d, d ^= e, e += g, g ^= h, h += i, i ^= j, j += k, k ^= a;
        p += q * 0.5, q -= r * 0.25, r += t * 0.5, t -= u * 0.25, u += v * 0.5;
        v -= w * 0.25, w += x * 0.5, x -= p * 0.25;
    }
    return {a ^ b ^ c ^ d ^ e ^ g ^ h ^ i ^ j ^ k, s + p + q + r + t + u + v + w + x};
}

TEST_F(Ctx, RegistersSurviveOthersUsingThem)
{
    const int n = 8;
    std::vector<std::pair<uint64_t, double>> alone, mixed(n);
    std::vector<std::unique_ptr<Fiber>> fibers;

    for (int i = 0; i < n; i++) {
        std::pair<uint64_t, double> out;
        Fiber f([&](Fiber &self) { out = hold_over_switch(&self, 1000 + i); });
        while (!f.ended())
            f.run();
        alone.push_back(out);
    }
    for (int i = 0; i < n; i++)
        fibers.push_back(std::make_unique<Fiber>(
            [&, i](Fiber &self) { mixed[i] = hold_over_switch(&self, 1000 + i); }));
    for (int round = 0; round <= 100; round++)
        for (auto &f : fibers)
            f->run();

    EXPECT_EQ(alone, mixed);
}

#if defined(__x86_64__)
TEST_F(Ctx, EveryCalleeSavedRegisterSurvives)
{
    uint64_t out[5] = {};
    Fiber f([](Fiber &self) {
        for (;;) { /* another's registers */
            asm volatile("" ::: "rbx", "r12", "r13", "r14", "r15");
            asm volatile("mov $-1, %%rbx; mov $-1, %%r12; mov $-1, %%r13; mov $-1, %%r14;"
                         "mov $-1, %%r15" ::
                             : "rbx", "r12", "r13", "r14", "r15");
            if (self.stack().size == 0)
                break;
            self.leave();
        }
    });
    static Fiber *target;
    target = &f;
    /* Called from the assembly, which is all that keeps these values. */
    static void (*const go)() = [] { target->run(); };

    asm volatile("push %%rbp; mov %%rsp, %%rbp; sub $128, %%rsp; and $-16, %%rsp;"
                 "mov %%rdi, 8(%%rsp); mov $11, %%rbx; mov $12, %%r12; mov $13, %%r13;"
                 "mov $14, %%r14; mov $15, %%r15; call *%%rax; mov 8(%%rsp), %%rdi;"
                 "mov %%rbx, (%%rdi); mov %%r12, 8(%%rdi); mov %%r13, 16(%%rdi);"
                 "mov %%r14, 24(%%rdi); mov %%r15, 32(%%rdi); mov %%rbp, %%rsp; pop %%rbp"
                 :
                 : "a"(go), "D"(out)
                 : "rbx", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "r12", "r13",
                   "r14", "r15", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6",
                   "xmm7", "memory", "cc");

    for (uint64_t i = 0; i < 5; i++)
        EXPECT_EQ(11 + i, out[i]);
}
#endif

TEST_F(Ctx, ExceptionsStayInside)
{
    std::string caught;
    Fiber f([&](Fiber &self) {
        try {
            self.leave();
            throw std::runtime_error("inside");
        } catch (const std::exception &e) {
            caught = e.what();
        }
    });

    f.run();
    try {
        throw 1;
    } catch (int) {
        f.run();
    }
    EXPECT_EQ("inside", caught);
}

/* How many frames an unwinder sees; it is stopped at the 64th. */
int
frames()
{
    int n = 0;

    _Unwind_Backtrace(
        [](_Unwind_Context *, void *seen) {
            return ++*static_cast<int *>(seen) < 64 ? _URC_NO_REASON : _URC_END_OF_STACK;
        },
        &n);
    return n;
}

TEST_F(Ctx, TheCallChainEndsAtItsFirstFunction)
{
    int depth = 0;
    Fiber f([&](Fiber &) { depth = frames(); });

    f.run();
    EXPECT_GT(depth, 1);
    EXPECT_LT(depth, 16) << "an unwinder did not see where the stack ends";
}

TEST_F(Ctx, AnotherThreadContinuesIt)
{
    std::thread::id first, second;
    int kept = 0;
    Fiber f([&](Fiber &self) {
        int local = 41;
        first = this_thread();
        self.leave();
        second = this_thread();
        kept = local + 1;
    });

    f.run();
    std::thread([&] { f.run(); }).join();

    EXPECT_EQ(42, kept);
    EXPECT_TRUE(f.ended());
    EXPECT_EQ(this_thread(), first);
    EXPECT_NE(first, second);
}

TEST_F(Ctx, WanderBetweenThreads)
{
    const int n = 50, rounds = kt_tsan ? 200 : 2000;
    std::mutex lock;
    std::deque<Fiber *> ready;
    std::vector<std::unique_ptr<Fiber>> fibers;
    std::vector<std::thread> threads;
    std::vector<int> count(n);
    std::atomic<int> left = n;

    for (int i = 0; i < n; i++) {
        fibers.push_back(std::make_unique<Fiber>([&, i](Fiber &self) {
            for (int r = 0; r < rounds; r++) {
                volatile char used[512];
                std::memset(const_cast<char *>(used), r, sizeof used);
                count[i]++;
                self.leave();
            }
        }));
        ready.push_back(fibers.back().get());
    }
    for (int t = 0; t < 4; t++)
        threads.emplace_back([&] {
            while (left > 0) {
                Fiber *f = nullptr;
                {
                    std::lock_guard guard(lock);
                    if (!ready.empty()) {
                        f = ready.front();
                        ready.pop_front();
                    }
                }
                if (!f) {
                    std::this_thread::yield();
                    continue;
                }
                f->run();
                if (f->ended()) {
                    left--;
                    continue;
                }
                std::lock_guard guard(lock);
                ready.push_back(f);
            }
        });
    for (auto &t : threads)
        t.join();

    for (int i = 0; i < n; i++)
        EXPECT_EQ(rounds, count[i]);
}

TEST_F(Ctx, AStackServesOneAfterTheOther)
{
    for (int i = 0; i < 200; i++) {
        bool ran = false;
        Fiber f([&](Fiber &) {
            volatile char used[1000];
            std::memset(const_cast<char *>(used), i, sizeof used);
            ran = used[999] == static_cast<char>(i);
        });
        f.run();
        ASSERT_TRUE(ran);
    }
}

TEST_F(Ctx, AMillionSwitches)
{
    const std::size_t n = kt_scale(1000000);
    std::size_t count = 0;
    struct both {
        ki_ctx home, ctx;
        std::size_t *count;
    } b = {};
    ki_stack stack;

    ASSERT_EQ(0, ki_stack_get(0, &stack, nullptr));
    b.count = &count;
    ki_ctx_init_thread(&b.home);
    ki_ctx_init(
        &b.ctx, stack.low, stack.size,
        [](void *arg) {
            auto *p = static_cast<both *>(arg);
            for (;;) {
                ++*p->count;
                ki_ctx_switch(&p->ctx, &p->home);
            }
        },
        &b);

    const auto begin = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < n / 2; i++)
        ki_ctx_switch(&b.home, &b.ctx);
    const std::chrono::duration<double, std::nano> took =
        std::chrono::steady_clock::now() - begin;

    EXPECT_EQ(n / 2, count);
    RecordProperty("ns_per_switch", std::to_string(took.count() / static_cast<double>(n)));
    ki_ctx_fini(&b.ctx);
    ki_stack_put(&stack, nullptr);
}

}    // namespace
