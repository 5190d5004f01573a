/* SPDX-License-Identifier: Apache-2.0
 * runtime.cc -- the fixture that starts and stops the runtime. */
#include "tests/support/runtime.h"

#include "actors/runtime.h"

#include <filesystem>
#include <iterator>
#include <ostream>

namespace
{

/* Room for an assertion that fails, which prints. */
constexpr std::size_t body_stack = (sizeof(void *) == 4 ? 96 : 256) * 1024;

int
run_body(void *arg)
{
    return (**static_cast<std::function<int()> **>(arg))();
}

}    // namespace

std::size_t
kt_processes()
{
    return ki_load_seq(&ki_runtime.n_procs);
}

std::size_t
kt_threads()
{
    namespace fs = std::filesystem;
    std::error_code ec;
    fs::directory_iterator tasks("/proc/self/task", ec);

    return static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
}

kith_ms
kt_long()
{
    return kt_patience(20000);
}

const kith_msg *
kt_receive()
{
    const kith_msg *m = nullptr;
    const int rc = kith_receive(&m, kt_long());

    EXPECT_EQ(0, rc) << kith_strerror(rc);
    return rc == 0 ? m : nullptr;
}

std::uint64_t
kt_number(const kith_msg *m)
{
    const auto *n = m != nullptr ? KITH_BODY(m, std::uint64_t) : nullptr;

    EXPECT_NE(nullptr, n) << "not a number";
    return n != nullptr ? *n : 0;
}

kith_down
kt_down(const kith_msg *m)
{
    kith_down none = {};
    const bool is = m != nullptr && (m->tag == KITH_TAG_DOWN || m->tag == KITH_TAG_EXIT);
    const kith_down *d = is ? KITH_BODY(m, kith_down) : nullptr;

    EXPECT_NE(nullptr, d) << "neither DOWN nor EXIT";
    return d != nullptr ? *d : none;
}

std::ostream &
operator<<(std::ostream &out, const kith_reason &why)
{
    return out << "{kind " << why.kind << ", code " << why.code << ", \"" << why.text
               << "\"}";
}

kith_pid
kt_bodies::spawn_result(std::function<int()> body, const kith_spawn_options *options)
{
    kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;
    std::function<int()> *kept = nullptr;
    kith_pid pid = {0};

    if (options != nullptr)
        o = *options;
    if (o.stack == 0)
        o.stack = body_stack;
    {
        const std::lock_guard guard(lock_);
        kept = &bodies_.emplace_back(std::move(body));
    }
    const int rc = kith_spawn_opt(&o, run_body, &kept, sizeof kept, &pid);
    EXPECT_EQ(0, rc) << kith_strerror(rc);
    return pid;
}

kith_pid
kt_bodies::spawn(std::function<void()> body, const kith_spawn_options *options)
{
    return spawn_result(
        [body = std::move(body)] {
            body();
            return 0;
        },
        options);
}

namespace
{

kith_reason
why_within(kith_ref ref, kith_ms patience)
{
    const kith_msg *m = nullptr;
    const int rc = kith_receive_ref(ref, &m, patience);

    EXPECT_EQ(0, rc) << kith_strerror(rc);
    return rc == 0 ? kt_down(m).why : kith_reason{-1, 0, ""};
}

}    // namespace

kith_reason
kt_why(kith_ref ref)
{
    return why_within(ref, kt_long());
}

void
kt_runtime::SetUp()
{
    ASSERT_EQ(0, kith_start(nullptr));
}

void
kt_runtime::TearDown()
{
    if (!kt_until([] { return kt_processes() == 0; })) {
        ADD_FAILURE() << kt_processes() << " processes left behind, as listed on stderr";
        kt_ignore(kith_dump(2));
    }
    EXPECT_EQ(0, kith_stop(0, kt_patience(1000)));
}

kith_reason
kt_runtime::run(std::function<int()> body, const kith_spawn_options *options)
{
    kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;
    kith_ref ref = {0};

    if (options != nullptr)
        o = *options;
    o.monitor = &ref;
    const kith_pid pid = spawn_result(std::move(body), &o);
    /* Each wait of the body has its bound, of which all together may take longer. */
    return pid.id != 0 ? why_within(ref, kt_patience(120'000)) : kith_reason{-1, 0, ""};
}

void
kt_runtime::in_process(std::function<void()> body)
{
    const kith_reason why = run([body = std::move(body)] {
        body();
        return 0;
    });

    EXPECT_EQ(KITH_NORMAL, why.kind) << why;
}

void
kt_runtime::kill(kith_pid pid)
{
    kith_ref ref = {0};

    ASSERT_EQ(0, kith_monitor(pid, &ref));
    kt_ignore(kith_exit_signal(pid, kith_reason_of(KITH_KILL, 0, nullptr)));
    (void) kt_why(ref);
}
