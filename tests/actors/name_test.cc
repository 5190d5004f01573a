/* SPDX-License-Identifier: Apache-2.0
 * name_test.cc -- one name a process, one process a name. */
#include "tests/support/idle.h"
#include "tests/support/runtime.h"

#include "actors/name.h"

#include <atomic>
#include <string>
#include <vector>

namespace
{

using Name = kt_runtime;

TEST_F(Name, FindsWhoHasIt)
{
    const kith_pid pid = kt_waiting();

    EXPECT_EQ(0u, kith_whereis("clerk").id);
    ASSERT_EQ(0, kith_register("clerk", pid));
    EXPECT_EQ(pid.id, kith_whereis("clerk").id);
    EXPECT_EQ(0u, kith_whereis("cler").id);
    EXPECT_EQ(0u, kith_whereis("clerks").id);

    EXPECT_EQ(0, kith_unregister("clerk"));
    EXPECT_EQ(0u, kith_whereis("clerk").id);
    EXPECT_EQ(KITH_ENOENT, kith_unregister("clerk"));
    kill(pid);
}

TEST_F(Name, IsOnePerProcessAndOneProcessPerName)
{
    const kith_pid a = kt_waiting(), b = kt_waiting();

    ASSERT_EQ(0, kith_register("a", a));
    EXPECT_EQ(KITH_EEXIST, kith_register("a", b));
    EXPECT_EQ(KITH_EEXIST, kith_register("a", a));
    EXPECT_EQ(KITH_EALREADY, kith_register("another", a));
    ASSERT_EQ(0, kith_unregister("a"));
    EXPECT_EQ(0, kith_register("another", a)) << "it is free for a new one";
    EXPECT_EQ(0, kith_register("a", b));
    kill(a);
    kill(b);
    EXPECT_EQ(KITH_ENOPROC, kith_register("a", a));
}

TEST_F(Name, HasOneTo255Bytes)
{
    const std::string longest(255, 'n'), longer(256, 'n');
    const kith_pid pid = kt_waiting();

    EXPECT_EQ(KITH_EINVAL, kith_register("", pid));
    EXPECT_EQ(KITH_EINVAL, kith_register(nullptr, pid));
    EXPECT_EQ(KITH_EINVAL, kith_register(longer.c_str(), pid));
    EXPECT_EQ(0, kith_register(longest.c_str(), pid));
    EXPECT_EQ(pid.id, kith_whereis(longest.c_str()).id);
    EXPECT_EQ(0u, kith_whereis(longer.c_str()).id);
    EXPECT_EQ(0u, kith_whereis(nullptr).id);
    kill(pid);
}

TEST_F(Name, IsCopied)
{
    char text[] = "mine";
    const kith_pid pid = kt_waiting();

    ASSERT_EQ(0, kith_register(text, pid));
    text[0] = 'f';

    EXPECT_EQ(pid.id, kith_whereis("mine").id);
    EXPECT_EQ(0u, kith_whereis("fine").id);
    kill(pid);
}

TEST_F(Name, CarriesMessages)
{
    const std::uint64_t n = 8;

    ASSERT_EQ(0, kith_register("main", kith_self()));
    EXPECT_EQ(0, kith_send_name("main", 4, &n, sizeof n));
    EXPECT_EQ(KITH_ENOENT, kith_send_name("nobody", 4, &n, sizeof n));

    const kith_msg *m = kt_receive();
    ASSERT_NE(nullptr, m);
    EXPECT_EQ(4u, m->tag);
    EXPECT_EQ(8u, kt_number(m));
    EXPECT_EQ(0, kith_unregister("main"));
}

TEST_F(Name, ManyAreFoundAtOnce)
{
    std::vector<kith_pid> pids(kt_procs(3000));

    for (std::size_t i = 0; i < pids.size(); i++) {
        pids[i] = kt_waiting();
        ASSERT_EQ(0, kith_register(("name " + std::to_string(i)).c_str(), pids[i]));
    }
    for (std::size_t i = 0; i < pids.size(); i++)
        ASSERT_EQ(pids[i].id, kith_whereis(("name " + std::to_string(i)).c_str()).id);
    for (const kith_pid p : pids)
        ASSERT_EQ(0, kith_send(p, 1, nullptr, 0));
    ASSERT_TRUE(kt_until([] { return kt_processes() == 0; }));
    for (std::size_t i = 0; i < pids.size(); i++)
        ASSERT_EQ(0u, kith_whereis(("name " + std::to_string(i)).c_str()).id);
}

TEST_F(Name, AreListedWithThoseWhoHaveThem)
{
    std::vector<kith_name> list(8);
    const std::string longest(255, 'n');
    const kith_pid a = kt_waiting(), b = kt_waiting();

    EXPECT_EQ(0, kith_registered(list.data(), list.size()));
    ASSERT_EQ(0, kith_register("a", a));
    ASSERT_EQ(0, kith_register(longest.c_str(), b));
    EXPECT_EQ(2, kith_registered(nullptr, 0));
    EXPECT_EQ(2u, ki_name_count());
    ASSERT_EQ(2, kith_registered(list.data(), list.size()));
    const std::size_t of_a = std::string("a") == list[0].text ? 0 : 1;
    EXPECT_STREQ("a", list[of_a].text);
    EXPECT_EQ(a, list[of_a].pid);
    EXPECT_STREQ(longest.c_str(), list[1 - of_a].text);
    EXPECT_EQ(b, list[1 - of_a].pid);

    list[1].pid = {7};
    EXPECT_EQ(2, kith_registered(list.data(), 1)) << "cut, and it says so";
    EXPECT_EQ(7u, list[1].pid.id);
    EXPECT_EQ(KITH_EINVAL, kith_registered(nullptr, 1));

    ASSERT_EQ(0, kith_unregister("a"));
    kill(b);
    EXPECT_EQ(0, kith_registered(list.data(), list.size()));
    EXPECT_EQ(0u, ki_name_count());
    kill(a);
}

TEST_F(Name, OneThatIsNotBornYetIsInNoList)
{
    kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;
    kith_pid pid;

    o.name = "child";
    ASSERT_EQ(0, kith_spawn_opt(&o, kt_wait_for_ever, nullptr, 0, &pid));
    EXPECT_EQ(1, kith_registered(nullptr, 0));
    EXPECT_EQ(KITH_EEXIST, kith_spawn_opt(&o, kt_wait_for_ever, nullptr, 0, nullptr));
    EXPECT_EQ(1, kith_registered(nullptr, 0));
    EXPECT_EQ(1u, ki_name_count());
    kill(pid);
    EXPECT_EQ(0u, ki_name_count());
}

TEST_F(Name, IsLookedUpWhileOthersComeAndGo)
{
    static std::atomic<bool> over;
    static std::atomic<std::size_t> found, wrong;
    static kith_pid rock;

    over = false;
    found = wrong = 0;
    rock = kt_waiting();
    ASSERT_EQ(0, kith_register("rock", rock));
    for (int i = 0; i < 3; i++)
        spawn([] {
            while (!over) {
                wrong += kith_whereis("rock").id != rock.id;
                found += kith_whereis("sand").id != 0;
                kith_yield();
            }
        });
    for (std::size_t i = kt_scale(20000); i > 0; i--) {
        ASSERT_EQ(0, kith_register("sand", kith_self()));
        ASSERT_EQ(0, kith_unregister("sand"));
    }
    over = true;
    EXPECT_TRUE(kt_until([] { return kt_processes() == 1; }));
    EXPECT_EQ(0u, wrong);
    EXPECT_EQ(0u, kith_whereis("sand").id);
    kill(rock);
}

TEST_F(Name, OfManyWhoWantItOneHasIt)
{
    static std::atomic<int> had, taken;

    had = taken = 0;
    for (int i = 0; i < 200; i++)
        spawn([] {
            const int rc = kith_register("throne", kith_self());

            if (rc == KITH_EEXIST) {
                taken++;
                return;
            }
            ASSERT_EQ(0, rc);
            had++;
            kith_yield();
            EXPECT_EQ(kith_self().id, kith_whereis("throne").id);
        });

    EXPECT_TRUE(kt_until([] { return kt_processes() == 0; }));
    EXPECT_EQ(200, had + taken);
    EXPECT_GE(had, 1);
}

TEST_F(Name, RegisteringTheDyingFromOutsideLeavesNoNameBehind)
{
    for (std::size_t i = kt_scale(2000); i > 0; i--) {
        const kith_pid pid = kt_waiting();

        ASSERT_EQ(0, kith_exit_signal(pid, kith_reason_of(KITH_KILL, 0, nullptr)));
        const int rc = kith_register("late", pid);
        ASSERT_TRUE(rc == 0 || rc == KITH_ENOPROC) << kith_err_name(rc);
        ASSERT_EQ(0, kith_wait(pid, nullptr, kt_long()));
        ASSERT_EQ(0u, kith_whereis("late").id);
    }
}

}    // namespace
