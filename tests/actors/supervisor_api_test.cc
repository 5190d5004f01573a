/* SPDX-License-Identifier: Apache-2.0
 * supervisor_api_test.cc -- each call to a supervisor, what it answers, and dynamic children. */
#include "tests/support/family.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <limits>
#include <memory>

namespace
{

using SupervisorApi = kt_family_test;

const kith_pid nobody = {0};

/* ---- declarations ---- */

TEST(SupervisorCheck, SaysWhatMakesNoSense)
{
    static const kith_server server = {};
    static kith_supervisor inner = {};
    const auto answer =
        [](const std::function<void(kith_supervisor &, kith_child *)> &bend) {
            kith_child children[2] = {};
            kith_supervisor s = {};

            children[0].id = "a";
            children[1].id = "b";
            children[0].fn = children[1].fn = kt_part_main;
            s.children = children;
            s.n = 2;
            bend(s, children);
            return kith_supervisor_check(&s);
        };
    const auto one = [&](const std::function<void(kith_child &)> &bend) {
        return answer([&](kith_supervisor &, kith_child *c) { bend(c[1]); });
    };
    const std::string longest(63, 'x'), too_long(64, 'x');
    kith_ref ref;

    EXPECT_EQ(KITH_EINVAL, kith_supervisor_check(nullptr));
    EXPECT_EQ(0, answer([](auto &, auto *) {}));
    EXPECT_EQ(0, answer([](auto &s, auto *) { s.n = 0; }));
    EXPECT_EQ(0, answer([](auto &s, auto *) { s.intensity = 1'000'000; }));

    EXPECT_EQ(KITH_EINVAL, answer([](auto &s, auto *) { s.strategy = 4; }));
    EXPECT_EQ(KITH_EINVAL, answer([](auto &s, auto *) { s.strategy = -1; }));
    EXPECT_EQ(KITH_EINVAL, answer([](auto &s, auto *) { s.intensity = -1; }));
    EXPECT_EQ(KITH_EINVAL, answer([](auto &s, auto *) { s.intensity = 1'000'001; }));
    EXPECT_EQ(KITH_EINVAL, answer([](auto &s, auto *) { s.period = -1; }));
    EXPECT_EQ(KITH_EINVAL, answer([](auto &s, auto *) { s.auto_shutdown = 3; }));
    EXPECT_EQ(KITH_EINVAL, answer([](auto &s, auto *) { s.children = nullptr; }));
    EXPECT_EQ(KITH_EEXIST, answer([](auto &, auto *c) { c[1].id = "a"; }));

    EXPECT_EQ(0, one([&](auto &c) { c.id = longest.c_str(); }));
    EXPECT_EQ(KITH_EINVAL, one([&](auto &c) { c.id = too_long.c_str(); }));
    EXPECT_EQ(KITH_EINVAL, one([](auto &c) { c.id = ""; }));
    EXPECT_EQ(KITH_EINVAL, one([](auto &c) { c.id = nullptr; }));
    EXPECT_EQ(KITH_EINVAL, one([](auto &c) { c.fn = nullptr; }));
    EXPECT_EQ(KITH_EINVAL, one([](auto &c) { c.server = &server; }));
    EXPECT_EQ(KITH_EINVAL, one([](auto &c) { c.supervisor = &inner; }));
    EXPECT_EQ(KITH_EINVAL, one([](auto &c) { c.restart = 3; }));
    EXPECT_EQ(KITH_EINVAL, one([](auto &c) { c.shutdown = -2; }));
    EXPECT_EQ(0, one([](auto &c) { c.shutdown = KITH_BRUTAL_KILL; }));
    EXPECT_EQ(KITH_EINVAL, one([](auto &c) { c.len = 1; }));
    EXPECT_EQ(KITH_EINVAL, one([&](auto &c) { c.opt.monitor = &ref; }));
    EXPECT_EQ(KITH_EINVAL, one([](auto &c) { c.opt.give.id = 1; }));
    EXPECT_EQ(KITH_EINVAL, one([](auto &c) { c.opt.size = 1; }));
    EXPECT_EQ(KITH_EINVAL, one([](auto &c) { c.opt.size = sizeof c.opt + 1; }));
    EXPECT_EQ(KITH_EINVAL, one([](auto &c) {
                  c.fn = nullptr;
                  c.server = &server;
                  c.init_ack = true;
              }));
    EXPECT_EQ(KITH_EINVAL, one([](auto &c) {
                  c.fn = nullptr;
                  c.supervisor = &inner;
                  c.arg = "arg";
              }));

    kith_listener listener = KITH_LISTENER_INIT, bad = {};
    const auto listening = [&](const kith_listener *l, const char *where, const void *arg) {
        return one([&](auto &c) {
            c.fn = nullptr;
            c.listener = l;
            c.where = where;
            c.arg = arg;
        });
    };
    EXPECT_EQ(0, listening(&listener, "where", nullptr));
    EXPECT_EQ(KITH_EINVAL, listening(&bad, "where", nullptr));
    EXPECT_EQ(KITH_EINVAL, listening(&listener, "where", "arg"));
    EXPECT_EQ(KITH_EINVAL, one([](auto &c) { c.where = "where"; }));
    listener.len = 1;
    EXPECT_EQ(KITH_EINVAL, listening(&listener, "where", nullptr));

    /* significant: not permanent, and not for nothing */
    EXPECT_EQ(KITH_EINVAL, answer([](auto &s, auto *c) {
                  s.auto_shutdown = KITH_AUTO_SHUTDOWN_ANY;
                  c[0].significant = true;
              }));
    EXPECT_EQ(KITH_EINVAL, answer([](auto &, auto *c) {
                  c[0].significant = true;
                  c[0].restart = KITH_TRANSIENT;
              }));
    EXPECT_EQ(0, answer([](auto &s, auto *c) {
                  s.auto_shutdown = KITH_AUTO_SHUTDOWN_ALL;
                  c[0].significant = true;
                  c[0].restart = KITH_TEMPORARY;
              }));

    /* one pattern, which needs no id */
    EXPECT_EQ(KITH_EINVAL,
              answer([](auto &s, auto *) { s.strategy = KITH_SIMPLE_ONE_FOR_ONE; }));
    EXPECT_EQ(0, answer([](auto &s, auto *c) {
                  s.strategy = KITH_SIMPLE_ONE_FOR_ONE;
                  s.n = 1;
                  c[0].id = nullptr;
              }));
}

/* What an older caller's struct ends with is followed by what is not its. */
TEST(SupervisorCheck, ReadsNothingBeyondTheSizeOfACallersStruct)
{
    constexpr std::size_t size = offsetof(kith_listener, arg);
    kith_listener spoiled = KITH_LISTENER_INIT;
    kith_supervisor s = {};
    kith_child c = {};

    spoiled.size = size;
    spoiled.len = 1; /* of no arg */
    c.id = "listener";
    c.where = "where";
    s.children = &c;
    s.n = 1;
    c.listener = &spoiled;
    EXPECT_EQ(0, kith_supervisor_check(&s));

    const std::unique_ptr<char[]> short_one(new char[size]); /* a sanitizer sees its end */
    std::memcpy(short_one.get(), &spoiled, size);
    c.listener = reinterpret_cast<const kith_listener *>(short_one.get());
    EXPECT_EQ(0, kith_supervisor_check(&s));

    kith_ref ref;
    c = {};
    c.id = "child";
    c.fn = kt_part_main;
    c.opt = KITH_SPAWN_OPTIONS_INIT;
    c.opt.monitor = &ref;
    EXPECT_EQ(KITH_EINVAL, kith_supervisor_check(&s));
    c.opt.size = offsetof(kith_spawn_options, monitor);
    EXPECT_EQ(0, kith_supervisor_check(&s));
}

TEST(SupervisorCheck, LooksIntoTreesAsDeepAsTheyMayBe)
{
    kith_supervisor s[17] = {};
    kith_child c[17] = {};

    for (int i = 0; i < 16; i++) {
        c[i].id = "inner";
        c[i].supervisor = &s[i + 1];
        s[i].children = &c[i];
        s[i].n = 1;
    }
    EXPECT_EQ(KITH_EINVAL, kith_supervisor_check(&s[0])) << "17";
    EXPECT_EQ(0, kith_supervisor_check(&s[1])) << "16";
    s[16].intensity = -1;
    EXPECT_EQ(KITH_EINVAL, kith_supervisor_check(&s[1])) << "the innermost is looked at";
    c[0].supervisor = &s[0];
    EXPECT_EQ(KITH_EINVAL, kith_supervisor_check(&s[0])) << "in itself";
}

TEST_F(SupervisorApi, WhatMakesNoSenseIsNotStarted)
{
    kith_pid pid = {7};
    kt_family f(9);

    EXPECT_EQ(KITH_EINVAL, f.start());
    EXPECT_EQ(KITH_EINVAL, kith_supervisor_start(nullptr, &pid));
    EXPECT_EQ(7u, pid.id);
}

/* ---- calls ---- */

TEST_F(SupervisorApi, AChildMoreIsItsLast)
{
    kt_family f(KITH_ONE_FOR_ALL), more;
    kith_pid pid = {0}, again = {0};

    f.add("a", KT_ACKS).add("b", KT_ACKS);
    more.add("c", KT_ACKS);
    ASSERT_EQ(0, f.start());
    ASSERT_EQ(0, kith_supervisor_start_child(f.sup(), &more.last(), &pid));
    EXPECT_EQ(f.pid("c"), pid);
    EXPECT_EQ(KITH_EALREADY, kith_supervisor_start_child(f.sup(), &more.last(), &again));
    EXPECT_EQ(pid, again);
    ASSERT_EQ(0, kith_supervisor_terminate_child(f.sup(), "c"));
    EXPECT_EQ(KITH_EEXIST, kith_supervisor_start_child(f.sup(), &more.last(), nullptr));
    ASSERT_EQ(0, kith_supervisor_restart_child(f.sup(), "c", &again));
    EXPECT_NE(pid, again);
    EXPECT_EQ(f.pid("c"), again);
    (void) kt_parts.take();
    kt_die(f.pid("a"), KT_CRASH);
    EXPECT_TRUE(kt_until([] { return kt_parts.text() == "-a -c -b +a +b +c"; }))
        << kt_parts.text();
    f.stop();
}

TEST_F(SupervisorApi, AChildThatDoesNotStartIsNotThere)
{
    kt_family f, more;
    kith_child bad = {};
    kith_pid pid = {7};

    more.add("c", KT_REFUSES);
    ASSERT_EQ(0, f.start());
    EXPECT_EQ(KITH_EACCES, kith_supervisor_start_child(f.sup(), &more.last(), &pid));
    EXPECT_EQ(7u, pid.id);
    EXPECT_EQ(0, kith_supervisor_which_children(f.sup(), nullptr, 0));
    EXPECT_EQ(KITH_EINVAL, kith_supervisor_start_child(f.sup(), &bad, &pid));
    bad = more.last();
    bad.significant = true;
    bad.restart = KITH_TEMPORARY;
    EXPECT_EQ(KITH_EINVAL, kith_supervisor_start_child(f.sup(), &bad, &pid))
        << "this supervisor knows no significance";
    f.stop();
}

TEST_F(SupervisorApi, ATreeCanBeAdded)
{
    kt_family f, tree, more;
    kith_pid pid;

    tree.add("x", KT_ACKS).add("y", KT_ACKS);
    more.add("tree", tree);
    ASSERT_EQ(0, f.start());
    ASSERT_EQ(0, kith_supervisor_start_child(f.sup(), &more.last(), &pid));
    EXPECT_NE(0u, kt_child(pid, "y").id);
    f.stop();
    EXPECT_EQ("+x +y -y -x", kt_parts.take());
}

TEST_F(SupervisorApi, TerminateRestartAndDelete)
{
    kt_family f;
    kith_pid pid = {0};

    f.add("a", KT_ACKS).add("t", KT_ACKS, KITH_TEMPORARY);
    ASSERT_EQ(0, f.start());
    const kith_pid a = f.pid("a");

    EXPECT_EQ(KITH_EBUSY, kith_supervisor_delete_child(f.sup(), "a"));
    EXPECT_EQ(KITH_EALREADY, kith_supervisor_restart_child(f.sup(), "a", &pid));
    EXPECT_EQ(a, pid);
    EXPECT_EQ(0, kith_supervisor_terminate_child(f.sup(), "a"));
    EXPECT_EQ(KITH_ENOPROC, kith_send(a, 1, nullptr, 0)) << "it is dead by then";
    EXPECT_EQ(0, kith_supervisor_terminate_child(f.sup(), "a")) << "once more is no harm";
    EXPECT_EQ(0, kith_supervisor_restart_child(f.sup(), "a", &pid));
    EXPECT_EQ(0, kith_supervisor_terminate_pid(f.sup(), pid));
    EXPECT_EQ(KITH_ENOENT, kith_supervisor_terminate_pid(f.sup(), pid));
    EXPECT_EQ(0, kith_supervisor_delete_child(f.sup(), "a"));

    EXPECT_EQ(0, kith_supervisor_terminate_child(f.sup(), "t"));
    EXPECT_EQ(KITH_ENOENT, kith_supervisor_restart_child(f.sup(), "t", &pid))
        << "a temporary one is forgotten";
    for (const char *id : {"a", "nobody"}) {
        EXPECT_EQ(KITH_ENOENT, kith_supervisor_terminate_child(f.sup(), id));
        EXPECT_EQ(KITH_ENOENT, kith_supervisor_restart_child(f.sup(), id, &pid));
        EXPECT_EQ(KITH_ENOENT, kith_supervisor_delete_child(f.sup(), id));
    }
    EXPECT_EQ(KITH_ENOENT, kith_supervisor_terminate_pid(f.sup(), kith_self()));
    EXPECT_EQ(KITH_EINVAL, kith_supervisor_terminate_child(f.sup(), nullptr));
    EXPECT_EQ(KITH_EINVAL,
              kith_supervisor_delete_child(f.sup(), std::string(64, 'x').c_str()));
    EXPECT_EQ(KITH_EINVAL, kith_supervisor_restart_child(f.sup(), nullptr, &pid));
    EXPECT_EQ(KITH_EINVAL, kith_supervisor_start_dynamic(f.sup(), nullptr, 1, &pid));
    EXPECT_EQ(KITH_EINVAL, kith_supervisor_which_children(f.sup(), nullptr, 1));
    EXPECT_EQ(KITH_EINVAL, kith_supervisor_count_children(f.sup(), nullptr));
    f.stop();
}

TEST_F(SupervisorApi, ARestartThatFailsLeavesItAsItWas)
{
    kt_family f;
    kith_pid pid = {7};

    f.add("a", KT_FAILS);
    ASSERT_EQ(0, f.start());
    ASSERT_EQ(0, kith_supervisor_terminate_child(f.sup(), "a"));
    kt_part_fails = true;
    EXPECT_EQ(KITH_EACCES, kith_supervisor_restart_child(f.sup(), "a", &pid));
    EXPECT_EQ(7u, pid.id);
    kt_part_fails = false;
    EXPECT_EQ(0, kith_supervisor_restart_child(f.sup(), "a", &pid));
    f.stop();
}

TEST_F(SupervisorApi, ListsAndCountsItsChildren)
{
    kt_family f, inner;
    kith_child_info infos[4];
    kith_child_counts n;

    inner.add("x", KT_ACKS);
    f.add("a", KT_ACKS).add("tree", inner).add("t", KT_ACKS, KITH_TRANSIENT);
    f.last().shutdown = KITH_BRUTAL_KILL;
    f.last().significant = true;
    f.as().auto_shutdown = KITH_AUTO_SHUTDOWN_ALL;
    ASSERT_EQ(0, f.start());
    ASSERT_EQ(0, kith_supervisor_terminate_child(f.sup(), "a"));

    EXPECT_EQ(3, kith_supervisor_which_children(f.sup(), nullptr, 0));
    EXPECT_EQ(3, kith_supervisor_which_children(f.sup(), infos, 1)) << "cut, but counted";
    EXPECT_STREQ("a", infos[0].id);
    EXPECT_EQ(3, kith_supervisor_which_children(f.sup(), infos, 4));
    EXPECT_EQ(0u, infos[0].pid.id);
    EXPECT_EQ(KITH_CHILD_STOPPED, infos[0].state);
    EXPECT_EQ(5000, infos[0].shutdown);
    EXPECT_FALSE(infos[0].supervisor);
    EXPECT_STREQ("tree", infos[1].id);
    EXPECT_EQ(KITH_INFINITY, infos[1].shutdown);
    EXPECT_TRUE(infos[1].supervisor);
    EXPECT_EQ(KITH_CHILD_RUNNING, infos[1].state);
    EXPECT_STREQ("t", infos[2].id);
    EXPECT_EQ(KITH_TRANSIENT, infos[2].restart);
    EXPECT_EQ(KITH_BRUTAL_KILL, infos[2].shutdown);
    EXPECT_TRUE(infos[2].significant);
    EXPECT_EQ(KITH_EINVAL, kith_supervisor_which_children(f.sup(), nullptr, 1));

    ASSERT_EQ(0, kith_supervisor_count_children(f.sup(), &n));
    EXPECT_EQ(3u, n.specs);
    EXPECT_EQ(2u, n.active);
    EXPECT_EQ(1u, n.supervisors);
    EXPECT_EQ(2u, n.workers);
    EXPECT_EQ(KITH_EINVAL, kith_supervisor_count_children(f.sup(), nullptr));
    f.stop();
}

/* What each call answers of a supervisor that is none, by what that is. */
void
all_answer(kith_pid sup, int want)
{
    kith_child_info info;
    kith_child_counts n;
    kith_child c = {};

    c.id = "id";
    c.fn = kt_part_main;
    EXPECT_EQ(want, kith_supervisor_start_child(sup, &c, nullptr));
    EXPECT_EQ(want, kith_supervisor_start_dynamic(sup, nullptr, 0, nullptr));
    EXPECT_EQ(want, kith_supervisor_terminate_child(sup, "id"));
    EXPECT_EQ(want, kith_supervisor_terminate_pid(sup, nobody));
    EXPECT_EQ(want, kith_supervisor_restart_child(sup, "id", nullptr));
    EXPECT_EQ(want, kith_supervisor_delete_child(sup, "id"));
    EXPECT_EQ(want, kith_supervisor_which_children(sup, &info, 1));
    EXPECT_EQ(want, kith_supervisor_count_children(sup, &n));
}

TEST_F(SupervisorApi, OneThatIsNoneAnswersNothing)
{
    static const kith_server server = {};
    kt_family f;
    kith_pid other;

    all_answer(nobody, KITH_ENOPROC);
    all_answer(kith_self(), KITH_EDEADLK);
    ASSERT_EQ(0, kith_server_start(&server, nullptr, nullptr, 0, &other));
    all_answer(other, KITH_EOPNOTSUPP);
    kill(other);
    ASSERT_EQ(0, f.start());
    f.stop();
    all_answer(f.sup(), KITH_ENOPROC);
}

TEST_F(SupervisorApi, InAHandlerItsCallsAreRefused)
{
    static kith_server handler = {};
    static std::atomic<bool> done;
    kith_pid pid;

    done = false;
    handler.cast = [](void *, const kith_msg *) {
        kith_supervisor s = {};

        EXPECT_EQ(KITH_EHANDLER, kith_supervisor_start(&s, nullptr));
        EXPECT_EQ(KITH_EHANDLER, kith_supervisor_start_opt(&s, nullptr, nullptr));
        all_answer(nobody, KITH_EHANDLER);
        EXPECT_EQ(0, kith_supervisor_check(&s)) << "this one waits for nothing";
        done = true;
        return int{KITH_DONE};
    };
    ASSERT_EQ(0, kith_server_start(&handler, nullptr, nullptr, 0, &pid));
    ASSERT_EQ(0, kith_cast(pid, 1, nullptr, 0));
    EXPECT_TRUE(kt_until([] { return done.load(); }));
}

/* A caller that dies leaves nothing behind, and the supervisor does its work. */
TEST_F(SupervisorApi, CallersThatDieLeaveItAlone)
{
    kt_family f, more;

    f.add("a", KT_STUBBORN);
    f.last().shutdown = KITH_INFINITY;
    more.add("b", KT_ACKS);
    ASSERT_EQ(0, f.start());
    const kith_pid a = f.pid("a");
    const kith_pid ender =
        spawn([&] { kt_ignore(kith_supervisor_terminate_child(f.sup(), "a")); });
    EXPECT_TRUE(kt_until([&] {
        struct kith_process_info info = KITH_PROCESS_INFO_INIT;

        return kith_process_info(ender, &info) == 0 && info.waits_for[0] != '\0';
    }));
    const kith_pid starter = spawn(
        [&] { kt_ignore(kith_supervisor_start_child(f.sup(), &more.last(), nullptr)); });
    EXPECT_TRUE(kt_until([&] {
        struct kith_process_info info = KITH_PROCESS_INFO_INIT;

        return kith_process_info(starter, &info) == 0 && info.waits_for[0] != '\0';
    }));
    kill(ender);
    kill(starter);
    kt_die(a, KT_RETURN);
    kt_next_child(f.sup(), "b");
    EXPECT_EQ(0u, f.pid("a").id);
    f.stop();
}

/* ---- dynamic children ---- */

TEST_F(SupervisorApi, APatternHasChildrenByTheThousand)
{
    kt_family f(KITH_SIMPLE_ONE_FOR_ONE, 100'000);
    const std::size_t n = kt_procs(5000);
    kith_child_counts counts;
    std::vector<kith_pid> pids(n);
    kt_part own = {"own", KT_ACKS};

    f.add("pattern", KT_ACKS);
    ASSERT_EQ(0, f.start());
    EXPECT_EQ(0, kith_supervisor_which_children(f.sup(), nullptr, 0)) << "none at first";
    for (kith_pid &pid : pids)
        ASSERT_EQ(0, kith_supervisor_start_dynamic(f.sup(), nullptr, 0, &pid));
    EXPECT_EQ(static_cast<std::ptrdiff_t>(n),
              kith_supervisor_which_children(f.sup(), nullptr, 0));
    ASSERT_EQ(0, kith_supervisor_count_children(f.sup(), &counts));
    EXPECT_EQ(1u, counts.specs);
    EXPECT_EQ(n, counts.active);

    for (std::size_t i = 0; i < n; i += 2)    // each other dies and is restarted
        kt_die(pids[i], KT_CRASH);
    EXPECT_TRUE(kt_until([&] {
        return kt_processes() == n + 1 &&
               kith_supervisor_count_children(f.sup(), &counts) == 0 && counts.active == n;
    }));
    for (std::size_t i = 1; i < n; i += 2)    // and these are sent away for good
        ASSERT_EQ(0, kith_supervisor_terminate_pid(f.sup(), pids[i]));
    ASSERT_EQ(0, kith_supervisor_count_children(f.sup(), &counts));
    EXPECT_EQ((n + 1) / 2, counts.active);
    EXPECT_EQ((n + 1) / 2, counts.workers);
    (void) kt_parts.take();
    ASSERT_EQ(0, kith_supervisor_start_dynamic(f.sup(), &own, sizeof own, nullptr));
    EXPECT_EQ("+own", kt_parts.take()) << "its argument takes the pattern's place";
    f.stop();
}

TEST_F(SupervisorApi, ARestartedDynamicChildHasItsOwnArgumentAgain)
{
    kt_family f(KITH_SIMPLE_ONE_FOR_ONE);
    kith_pid pid;

    f.add("pattern", KT_ACKS);
    ASSERT_EQ(0, f.start());
    {
        kt_part own = {"own", KT_ACKS};

        ASSERT_EQ(0, kith_supervisor_start_dynamic(f.sup(), &own, sizeof own, &pid));
        std::memset(&own, '!', sizeof own);
    }
    kt_die(pid, KT_CRASH);
    EXPECT_TRUE(kt_until([] { return kt_parts.text() == "+own -own +own"; }))
        << kt_parts.text();
    f.stop();
}

TEST_F(SupervisorApi, APatternsChildrenAreForgottenWhenTheyEnd)
{
    for (const int type : {KITH_TRANSIENT, KITH_TEMPORARY}) {
        kt_family f(KITH_SIMPLE_ONE_FOR_ONE);
        kith_pid pid;

        f.add("pattern", KT_ACKS, type);
        ASSERT_EQ(0, f.start());
        ASSERT_EQ(0, kith_supervisor_start_dynamic(f.sup(), nullptr, 0, &pid));
        kt_die(pid, KT_RETURN);
        EXPECT_TRUE(kt_until(
            [&] { return kith_supervisor_which_children(f.sup(), nullptr, 0) == 0; }));
        f.stop();
    }
}

TEST_F(SupervisorApi, APatternsChildrenAreEndedAtOnceInOneTime)
{
    for (const kith_ms shutdown : {kith_ms{50}, KITH_BRUTAL_KILL}) {
        kt_family f(KITH_SIMPLE_ONE_FOR_ONE);
        const int n = 40;

        f.add("pattern", KT_STUBBORN);
        f.last().shutdown = shutdown;
        f.last().opt.link = true;    // the exits that this brings are in the way of none
        ASSERT_EQ(0, f.start());
        for (int i = 0; i < n; i++)
            ASSERT_EQ(0, kith_supervisor_start_dynamic(f.sup(), nullptr, 0, nullptr));
        const kith_ms begin = kith_deadline(0);
        f.stop();
        if (shutdown == 50) {
            EXPECT_GE(kith_deadline(0), begin + 50);
        }
        EXPECT_LT(kith_deadline(0), begin + 50 + kt_patience(1500)) << "and not 40 times";
        EXPECT_TRUE(kt_until([] { return kt_processes() == 0; }));
    }
}

TEST_F(SupervisorApi, APatternHasNoIdsAndOthersNoPatterns)
{
    kt_family f(KITH_SIMPLE_ONE_FOR_ONE), g;

    f.add("pattern", KT_ACKS);
    g.add("a", KT_ACKS);
    ASSERT_EQ(0, f.start());
    ASSERT_EQ(0, g.start());
    EXPECT_EQ(KITH_EOPNOTSUPP, kith_supervisor_terminate_child(f.sup(), "pattern"));
    EXPECT_EQ(KITH_EOPNOTSUPP, kith_supervisor_restart_child(f.sup(), "pattern", nullptr));
    EXPECT_EQ(KITH_EOPNOTSUPP, kith_supervisor_delete_child(f.sup(), "pattern"));
    EXPECT_EQ(KITH_EOPNOTSUPP, kith_supervisor_start_child(f.sup(), &g.last(), nullptr));
    EXPECT_EQ(KITH_EOPNOTSUPP, kith_supervisor_start_dynamic(g.sup(), nullptr, 0, nullptr));
    EXPECT_EQ(KITH_EINVAL, kith_supervisor_start_dynamic(f.sup(), nullptr, 1, nullptr));
    f.stop();
    g.stop();
}

TEST_F(SupervisorApi, ASignificantPatternEndsItWithTheLast)
{
    kt_family f(KITH_SIMPLE_ONE_FOR_ONE);
    kith_pid a, b;

    f.add("pattern", KT_ACKS, KITH_TEMPORARY);
    f.last().significant = true;
    f.as().auto_shutdown = KITH_AUTO_SHUTDOWN_ALL;
    ASSERT_EQ(0, f.start());
    ASSERT_EQ(0, kith_supervisor_start_dynamic(f.sup(), nullptr, 0, &a));
    ASSERT_EQ(0, kith_supervisor_start_dynamic(f.sup(), nullptr, 0, &b));
    kt_die(a, KT_CRASH);
    EXPECT_TRUE(
        kt_until([&] { return kith_supervisor_which_children(f.sup(), nullptr, 0) == 1; }));
    kt_die(b, KT_CRASH);
    EXPECT_EQ(KITH_SHUTDOWN, f.end().kind);
}

}    // namespace
