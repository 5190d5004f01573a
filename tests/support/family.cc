/* SPDX-License-Identifier: Apache-2.0
 * family.cc -- children that do as they are told. */
#include "tests/support/family.h"

namespace
{

void
note(char how, const kt_part *part)
{
    kt_parts.note(how + std::string(part->name));
}

int
die(kt_death how)
{
    switch (how) {
    case KT_RETURN:
        return 0;
    case KT_SHUTDOWN:
        kith_exit(kith_reason_of(KITH_SHUTDOWN, 0, nullptr));
    case KT_USER:
        kith_exit(kith_reason_of(KITH_USER, 7, "user"));
    case KT_KILL:
        kt_ignore(kith_exit_signal(kith_self(), kith_reason_of(KITH_KILL, 0, nullptr)));
        return 0;
    default:
        return KITH_EPROTO;
    }
}

int
wait(bool traps, bool heeds)
{
    const kith_msg *m;

    kith_flag_trap_exit(traps);
    kith_init_ack(0);
    kith_init_ack(KITH_EIO); /* one word too many */
    for (;;) {
        const int rc = kith_receive(&m, KITH_INFINITY);

        if (rc < 0)
            return rc;
        if (m->tag == kt_tag_die)
            return die(static_cast<kt_death>(*KITH_BODY(m, std::uint64_t)));
        if (m->tag == KITH_TAG_EXIT && heeds)
            return 0;
    }
}

int
act(kt_manner manner)
{
    if (manner == KT_FAILS)
        manner = kt_part_fails ? KT_REFUSES : KT_ACKS;
    switch (manner) {
    case KT_LOOSE:
        kt_ignore(kith_unlink(kith_whereis("family")));
        return wait(true, false);
    case KT_TRAPS:
        return wait(true, true);
    case KT_STUBBORN:
        return wait(true, false);
    case KT_REFUSES:
        kith_init_ack(KITH_EACCES);
        return 0;
    case KT_MUTE:
        return 0;
    case KT_HANGS:
        return kith_sleep(KITH_INFINITY);
    default:
        return wait(false, false);
    }
}

}    // namespace

int
kt_part_main(void *arg)
{
    auto *part = static_cast<kt_part *>(arg);
    const int rc = kith_defer([](void *p) { note('-', static_cast<kt_part *>(p)); }, part);

    note('+', part);
    if (rc < 0)
        kith_init_ack(rc);
    return rc < 0 ? rc : act(part->manner);
}

kith_pid
kt_child(kith_pid supervisor, const std::string &id)
{
    std::vector<kith_child_info> infos(100);
    const auto n = kith_supervisor_which_children(supervisor, infos.data(), infos.size());

    for (std::ptrdiff_t i = 0; i < n; i++)
        if (infos[static_cast<std::size_t>(i)].id == id)
            return infos[static_cast<std::size_t>(i)].pid;
    return {0};
}

kith_pid
kt_next_child(kith_pid supervisor, const std::string &id, kith_pid before)
{
    kith_pid pid = {0};

    EXPECT_TRUE(kt_until([&] {
        pid = kt_child(supervisor, id);
        return pid.id != 0 && pid.id != before.id;
    })) << id
        << " does not come back";
    return pid;
}

kith_pid
kt_named(const char *name)
{
    kith_pid pid = {0};

    EXPECT_TRUE(kt_until([&] { return (pid = kith_whereis(name)).id != 0; })) << name;
    return pid;
}

kt_family &
kt_family::add(const char *id, kt_manner manner, int restart)
{
    kith_child c = {};
    kt_part &part = parts_.emplace_back();

    std::strncpy(part.name, id, sizeof part.name - 1);
    part.manner = manner;
    c.id = id;
    c.fn = kt_part_main;
    c.arg = &part;
    c.len = sizeof part;
    c.restart = restart;
    c.init_ack = manner != KT_PLAIN;
    return add(c);
}

kt_family &
kt_family::add(const kith_child &c)
{
    children_.push_back(c);
    return *this;
}

kt_family &
kt_family::add(const char *id, kt_family &inner)
{
    kith_child c = {};

    c.id = id;
    c.supervisor = &inner.as();
    return add(c);
}

kith_supervisor &
kt_family::as()
{
    as_.children = children_.data();
    as_.n = children_.size();
    return as_;
}

int
kt_family::start(const kith_spawn_options *o)
{
    const int rc = o != nullptr ? kith_supervisor_start_opt(&as(), o, &sup_)
                                : kith_supervisor_start(&as(), &sup_);

    if (rc == 0) {
        EXPECT_EQ(0, kith_monitor(sup_, &ref_));
    }
    return rc;
}

kith_reason
kt_family::end()
{
    return kt_why(ref_);
}

kith_reason
kt_family::stop()
{
    kt_ignore(kith_exit_signal(sup_, kith_reason_of(KITH_SHUTDOWN, 0, nullptr)));
    return end();
}

void
kt_family::kill()
{
    kt_ignore(kith_exit_signal(sup_, kith_reason_of(KITH_KILL, 0, nullptr)));
    EXPECT_EQ(KITH_KILLED, end().kind);
}
