/* SPDX-License-Identifier: Apache-2.0
 * script.cc -- a server whose callbacks are the test's. */
#include "tests/support/script.h"

void
kt_script::note(const std::string &what)
{
    const std::lock_guard guard(lock_);

    happened_ += (happened_.empty() ? "" : ", ") + what;
}

void
kt_script::note(const char *what, std::uint64_t tag)
{
    note(std::string(what) + " " +
         (tag == KITH_TAG_TIMEOUT ? "timeout"
          : tag == KITH_TAG_EXIT  ? "exit"
                                  : std::to_string(tag)));
}

std::string
kt_script::diary()
{
    const std::lock_guard guard(lock_);

    return happened_;
}

void
kt_script::forget()
{
    const std::lock_guard guard(lock_);

    happened_.clear();
}

int
kt_script::init(void *, void *arg)
{
    note("init");
    return does.init ? does.init(arg) : 0;
}

int
kt_script::call(void *, kith_from from, const kith_msg *m)
{
    note("call", m->tag);
    if (does.call)
        return does.call(from, m);
    kith_reply(from, nullptr, 0);
    return KITH_CONTINUE;
}

int
kt_script::cast(void *, const kith_msg *m)
{
    note("cast", m->tag);
    return does.cast ? does.cast(m) : KITH_CONTINUE;
}

int
kt_script::info(void *, const kith_msg *m)
{
    note("info", m->tag);
    return does.info ? does.info(m) : KITH_CONTINUE;
}

int
kt_script::cont(void *, std::uint64_t tag)
{
    note("cont", tag);
    return does.cont ? does.cont(tag) : KITH_CONTINUE;
}

void
kt_script::terminate(void *, kith_reason why)
{
    note("terminate", static_cast<std::uint64_t>(why.kind));
    if (does.terminate)
        does.terminate(why);
}

const kith_server kt_script::types_[2] = {
    {16, false, init, call, cast, info, terminate, cont},
    {16, true, init, call, cast, info, terminate, cont},
};

kith_spawn_options
kt_script::roomy()
{
    kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;

    o.stack = 256 * 1024;
    return o;
}

kith_pid
kt_script::start()
{
    const kith_spawn_options o = roomy();
    kith_pid pid = {0};

    EXPECT_EQ(0, kith_server_start(type(), &o, nullptr, 0, &pid));
    return pid;
}

bool
kt_script::sleeps(kith_pid pid)
{
    struct kith_process_info i = KITH_PROCESS_INFO_INIT;

    return kith_process_info(pid, &i) == 0 && std::string("hibernate") == i.waits_for;
}

void
kt_script::settle(kith_pid pid)
{
    EXPECT_EQ(0, kith_call(pid, 99, {nullptr, 0}, {nullptr, 0}, kt_long()));
}
