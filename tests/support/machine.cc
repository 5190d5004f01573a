/* SPDX-License-Identifier: Apache-2.0
 * machine.cc -- a state machine whose callbacks are the test's. */
#include "tests/support/machine.h"

void
kt_machine::note(const std::string &what)
{
    const std::lock_guard guard(lock_);

    happened_ += (happened_.empty() ? "" : " ") + what;
}

std::string
kt_machine::diary()
{
    const std::lock_guard guard(lock_);

    return happened_;
}

int
kt_machine::init(void *, void *arg, int *state)
{
    return on_init ? on_init(arg, state) : 0;
}

int
kt_machine::event(void *, int state, const kith_event *e)
{
    static const char kinds[] = "CciISET";

    EXPECT_NE(nullptr, e->msg);
    note(kinds[e->kind] +
         std::to_string(e->tag >= KITH_TAG_SYSTEM ? e->tag - KITH_TAG_SYSTEM + 1000
                                                  : e->tag) +
         (e->kind == KITH_EVENT_TIMEOUT ? "/" + std::to_string(e->name) : "") + "@" +
         std::to_string(state));
    if (e->kind == KITH_EVENT_CALL && e->tag == 99) {
        kith_reply(e->from, &state, sizeof state);
        return KITH_CONTINUE;
    }
    return on_event ? on_event(state, e) : KITH_CONTINUE;
}

int
kt_machine::enter(void *, int old_state, int state)
{
    note(">" + std::to_string(old_state) + std::to_string(state));
    return on_enter ? on_enter(old_state, state) : 0;
}

void
kt_machine::terminate(void *, int state, kith_reason why)
{
    note("end" + std::to_string(why.kind) + "@" + std::to_string(state));
}

kith_statem
kt_machine::type(bool with_stack, bool with_enter)
{
    kith_statem t = {};

    t.data_size = 16;
    t.with_stack = with_stack;
    t.init = init;
    t.event = event;
    t.enter = with_enter ? enter : nullptr;
    t.terminate = terminate;
    return t;
}

kith_pid
kt_machine::start()
{
    kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;
    kith_pid pid = {0};

    o.stack = 256 * 1024;
    EXPECT_EQ(0, kith_statem_start(&type_, &o, nullptr, 0, &pid));
    return pid;
}

void
kt_machine::cast(kith_pid pid, std::initializer_list<std::uint64_t> tags)
{
    for (const std::uint64_t tag : tags)
        EXPECT_EQ(0, kith_cast(pid, tag, nullptr, 0));
}

int
kt_machine::settle(kith_pid pid)
{
    int state = -1;

    EXPECT_EQ(4, kith_call(pid, 99, {nullptr, 0}, KITH_IOV(state), kt_long()));
    return state;
}
