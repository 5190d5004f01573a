/* SPDX-License-Identifier: Apache-2.0
 * supervisor_tree_test.cc -- no child outlives its supervisor; trees, and the runtime's stop. */
#include "tests/support/family.h"
#include "tests/support/sockets.h"

#include "core/seam.h"

#include <array>

namespace
{

using SupervisorTree = kt_family_test;

bool
is_dead(kith_pid pid)
{
    struct kith_process_info info = KITH_PROCESS_INFO_INIT;

    return kith_process_info(pid, &info) == KITH_ENOPROC;
}

/* ---- no child outlives its supervisor ---- */

/* A child that listens at `place` and heeds no exit. */
int
listening_main(void *arg)
{
    const auto *address = static_cast<const kith_sockaddr *>(arg);
    const kith_msg *m;
    kith_socket s;
    int rc = kith_socket_open(address->domain, KITH_STREAM, 0, nullptr, &s);

    kith_flag_trap_exit(true);
    if (rc == 0)
        rc = kith_socket_bind(s, address);
    if (rc == 0)
        rc = kith_socket_listen(s, 5);
    kith_init_ack(rc);
    if (rc < 0) {
        kt_parts.note("failed");
        return rc;
    }
    while (kith_receive(&m, KITH_INFINITY) == 0)
        ;
    return 0;
}

kith_child
listening(const kith_sockaddr &address)
{
    kith_child c = {};

    c.id = "listening";
    c.fn = listening_main;
    c.arg = &address;
    c.len = sizeof address;
    c.init_ack = true;
    c.opt.name = "listening";
    return c;
}

TEST_F(SupervisorTree, AfterAKillNamesAndPortsAreFreeWhenItIsHeard)
{
    const kt_place place;
    const kith_sockaddr address = [&] {
        const kith_socket s = kt_listen(place);
        const kith_sockaddr a = kt_name_of(s);

        kt_close(s);
        return a;
    }();
    const std::size_t rounds = kt_scale(300);

    for (std::size_t i = 0; i < rounds; i++) {
        kt_family f;

        f.add(listening(address)).add("b", KT_STUBBORN).add("c", KT_ACKS);
        ASSERT_EQ(0, f.start()) << "all is free, at once, in round " << i;
        const std::array pids = {f.pid("listening"), f.pid("b"), f.pid("c")};
        f.kill();
        for (const kith_pid pid : pids)
            ASSERT_TRUE(is_dead(pid)) << "in round " << i;
    }
    EXPECT_EQ(std::string::npos, kt_parts.take().find("failed"));
}

TEST_F(SupervisorTree, ItsRestarterStartsItWithTheSameNamesAndPorts)
{
    const kt_place place;
    kt_family top(KITH_ONE_FOR_ONE, 100'000), inner;
    const kith_socket s = kt_listen(place);
    const kith_sockaddr address = kt_name_of(s);
    const std::size_t rounds = kt_scale(300);
    kith_pid before = {0};

    kt_close(s);
    inner.add(listening(address)).add("b", KT_STUBBORN);
    inner.last().opt.name = "b";
    top.add("inner", inner);
    top.last().opt.name = "inner";
    ASSERT_EQ(0, top.start());
    for (std::size_t i = 0; i < rounds; i++) {
        before = kt_next_child(top.sup(), "inner", before);
        ASSERT_NE(0u, before.id);
        kt_ignore(kith_exit_signal(before, kith_reason_of(KITH_KILL, 0, nullptr)));
    }
    EXPECT_NE(0u, kt_child(kt_next_child(top.sup(), "inner", before), "b").id);
    EXPECT_EQ(std::string::npos, kt_parts.take().find("failed"));
    top.kill();
    EXPECT_EQ(0u, kith_whereis("listening").id);
    EXPECT_EQ(0u, kith_whereis("inner").id);
}

/* While it waits for the word of one that starts, it is known already. */
TEST_F(SupervisorTree, KilledAmidAStartItTakesThoseWithItThatHaveNotStarted)
{
    const std::size_t rounds = kt_scale(100);

    for (std::size_t i = 0; i < rounds; i++) {
        const kith_pid starter = spawn([] {
            kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;
            kt_family f;

            o.name = "family";
            f.add("a", KT_STUBBORN).add("b", KT_HANGS);
            f.last().opt.name = "hanging";
            EXPECT_EQ(KITH_EKILLED, f.start(&o));
        });
        kith_ref ref, of_starter;

        ASSERT_EQ(0, kith_monitor(starter, &of_starter));
        const kith_pid hanging = kt_named("hanging"), sup = kt_named("family");
        ASSERT_EQ(0, kith_monitor(sup, &ref));
        kt_ignore(kith_exit_signal(sup, kith_reason_of(KITH_KILL, 0, nullptr)));
        ASSERT_EQ(KITH_KILLED, kt_why(ref).kind);
        ASSERT_TRUE(is_dead(hanging));
        ASSERT_EQ(0u, kith_whereis("hanging").id);
        (void) kt_why(of_starter);
    }
}

TEST_F(SupervisorTree, KilledWhileItWaitsForOneToEndItTakesItWithIt)
{
    kt_family f;

    f.add("a", KT_STUBBORN);
    f.last().shutdown = KITH_INFINITY;
    ASSERT_EQ(0, f.start());
    const kith_pid a = f.pid("a");
    EXPECT_EQ(0, kith_exit_signal(f.sup(), kith_reason_of(KITH_SHUTDOWN, 0, nullptr)));
    EXPECT_TRUE(kt_until([&] { return kt_waits(f.sup(), "receive") && !is_dead(a); }));
    f.kill();
    EXPECT_TRUE(is_dead(a));
}

/* Three levels: 1 + 3 + 9 supervisors and 27 parts. */
TEST_F(SupervisorTree, AKillOfTheTopTakesTheWholeTree)
{
    static const char *const ids[] = {"a", "b", "c"};
    static const char *const names[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8"};
    const std::size_t rounds = kt_scale(50);

    for (std::size_t round = 0; round < rounds; round++) {
        std::deque<kt_family> families;
        kt_family &top = families.emplace_back();
        std::vector<kith_pid> pids;

        for (int i = 0; i < 3; i++) {
            kt_family &middle = families.emplace_back(KITH_ONE_FOR_ALL);

            for (int j = 0; j < 3; j++) {
                kt_family &low = families.emplace_back(KITH_REST_FOR_ONE);

                low.add("x", KT_STUBBORN).add("y", KT_ACKS).add("z");
                middle.add(ids[j], low);
                middle.last().opt.name = names[3 * i + j];
            }
            top.add(ids[i], middle);
        }
        ASSERT_EQ(0, top.start());
        for (const char *id : ids) {
            pids.push_back(top.pid(id));
            for (const char *inner : ids) {
                pids.push_back(
                    kt_child(pids.back().id != 0 ? top.pid(id) : top.sup(), inner));
                for (const char *part : {"x", "y", "z"})
                    pids.push_back(kt_child(kt_child(top.pid(id), inner), part));
            }
        }
        ASSERT_EQ(39u, pids.size());
        top.kill();
        for (const kith_pid pid : pids) {
            ASSERT_NE(0u, pid.id);
            ASSERT_TRUE(is_dead(pid)) << "in round " << round;
        }
        for (const char *name : names)
            ASSERT_EQ(0u, kith_whereis(name).id);
    }
    EXPECT_TRUE(kt_until([] { return kt_processes() == 0; }));
}

TEST_F(SupervisorTree, ATreeEndsInItsOrder)
{
    kt_family top, inner;

    inner.add("x", KT_ACKS).add("y", KT_TRAPS);
    top.add("a", KT_ACKS).add("tree", inner).add("b", KT_ACKS);
    ASSERT_EQ(0, top.start());
    EXPECT_EQ("+a +x +y +b", kt_parts.take());
    top.stop();
    EXPECT_EQ("-b -y -x -a", kt_parts.take());
}

/* An inner one that gives up dies of shutdown, which is a death like others to the outer. */
TEST_F(SupervisorTree, AnInnerOneThatGivesUpIsRestarted)
{
    kt_family top, inner(KITH_ONE_FOR_ONE, 0);

    inner.add("x", KT_ACKS);
    top.add("tree", inner);
    ASSERT_EQ(0, top.start());
    const kith_pid tree = top.pid("tree");
    kt_die(kt_child(tree, "x"), KT_CRASH);
    EXPECT_NE(0u, kt_child(kt_next_child(top.sup(), "tree", tree), "x").id);
    EXPECT_EQ("+x -x +x", kt_parts.take());
    top.stop();
}

TEST_F(SupervisorTree, AnInnerOneThatDoesNotStartFailsTheOuter)
{
    kt_family top, inner;

    inner.add("x", KT_ACKS).add("y", KT_REFUSES);
    top.add("a", KT_ACKS).add("tree", inner);
    EXPECT_EQ(KITH_EACCES, top.start());
    EXPECT_EQ("+a +x +y -y -x -a", kt_parts.take());
}

/* ---- a listener as a child ---- */

std::atomic<int> living;

/* A connection that heeds no exit, and says by its first byte that it is there. */
int
stubborn_conn(kith_socket s, void *arg)
{
    const kith_msg *m;

    kith_flag_trap_exit(true);
    living++;
    if (kith_defer([](void *) { living--; }, nullptr) < 0 ||
        kith_socket_send(s, arg, 1, 0, KITH_INFINITY) < 0)
        return KITH_EIO;
    while (kith_receive(&m, KITH_INFINITY) == 0)
        ;
    return 0;
}

class SupervisorListener : public kt_family_test {
  protected:
    void SetUp() override
    {
        kt_family_test::SetUp();
        living = 0;
        const kith_socket s = kt_listen(place_);
        address_ = kt_name_of(s);
        kt_close(s);
    }

    /* Its declaration is gone when this returns. */
    void start(kt_family &f)
    {
        char where[80], byte = 'b';
        kith_listener l = KITH_LISTENER_INIT;
        kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;
        kith_child c = {};

        kith_sockaddr_print(&address_, where, sizeof where);
        o.stack = 100'000;
        l.conn = stubborn_conn;
        l.arg = &byte;
        l.len = 1;
        l.spawn = &o;
        l.shutdown = 1;
        c.id = "listener";
        c.listener = &l;
        c.where = where;
        c.opt.name = "the listener";
        f.add(c).add("a", KT_ACKS);
        ASSERT_EQ(0, f.start());
        std::memset(where, '!', sizeof where);
        std::memset(static_cast<void *>(&l), 0xff, sizeof l);
        std::memset(static_cast<void *>(&o), 0xff, sizeof o);
        byte = '!';
    }

    kith_socket connect()
    {
        const kith_socket s = kt_open(address_.domain);
        char byte = 0;

        EXPECT_EQ(0, kith_socket_connect(s, &address_, kt_long()));
        EXPECT_EQ(1, kith_socket_recv(s, &byte, 1, 0, kt_long()));
        EXPECT_EQ('b', byte);
        return s;
    }

    kt_place place_;
    kith_sockaddr address_ = {};
};

TEST_F(SupervisorListener, IsRestartedAtItsPortAndItsConnectionsDieWithIt)
{
    const std::size_t rounds = kt_scale(100);
    kt_family f;

    start(f);
    for (std::size_t i = 0; i < rounds; i++) {
        const kith_pid listener = f.pid("listener");
        const kith_socket c = connect();
        kith_ref ref;

        ASSERT_EQ(0, kith_monitor(listener, &ref));
        ASSERT_EQ(1, living);
        kt_ignore(kith_exit_signal(listener, kith_reason_of(KITH_KILL, 0, nullptr)));
        ASSERT_EQ(KITH_KILLED, kt_why(ref).kind);
        ASSERT_EQ(0, living) << "none outlives it";
        const kith_pid next = kt_next_child(f.sup(), "listener", listener);
        EXPECT_EQ(next, kith_whereis("the listener"));
        kt_close(c);
    }
    const kith_socket c = connect();
    f.stop();
    EXPECT_EQ(0, living) << "in order, too";
    kt_close(c);
}

TEST_F(SupervisorListener, AKillOfItsSupervisorTakesItsConnections)
{
    const std::size_t rounds = kt_scale(100);

    for (std::size_t i = 0; i < rounds; i++) {
        kt_family f;

        start(f);
        const kith_socket c = connect();
        f.kill();
        ASSERT_EQ(0, living);
        ASSERT_EQ(0u, kith_whereis("the listener").id);
        kt_close(c);
    }
}

TEST_F(SupervisorListener, ThatCannotListenFailsTheStart)
{
    const kith_socket s = kt_open(address_.domain);
    char where[80];
    kith_listener l = KITH_LISTENER_INIT;
    kith_child c = {};
    kt_family f;

    ASSERT_EQ(0, kith_socket_bind(s, &address_));
    ASSERT_EQ(0, kith_socket_listen(s, 1));
    kith_sockaddr_print(&address_, where, sizeof where);
    l.conn = stubborn_conn;
    c.id = "listener";
    c.listener = &l;
    c.where = where;
    f.add("a", KT_ACKS).add(c);
    EXPECT_EQ(KITH_EADDRINUSE, f.start());
    EXPECT_EQ("+a -a", kt_parts.take());
    kt_close(s);
}

/* ---- without memory ---- */

std::atomic<bool> no_memory;
std::atomic<std::size_t> asked_for_memory;
std::atomic<int> spare;    // allocations that are granted though there is no memory
struct ki_seam real;       // what stood there before

void *
alloc_or_not(std::size_t size, std::size_t align)
{
    if (!no_memory || spare.fetch_sub(1) > 0)
        return real.alloc(size, align);
    asked_for_memory++;
    return nullptr;
}

class SupervisorWithoutMemory : public kt_family_test {
  protected:
    void SetUp() override
    {
        real = ki_seam;
        no_memory = false;
        asked_for_memory = 0;
        spare = 0;
        ki_seam.alloc = alloc_or_not;
        kt_family_test::SetUp();
    }

    void TearDown() override
    {
        kt_family_test::TearDown();
        ki_seam.alloc = real.alloc;
    }
};

TEST_F(SupervisorWithoutMemory, AKilledOneEndsItsChildrenAllTheSame)
{
    kt_family f(KITH_SIMPLE_ONE_FOR_ONE);
    std::vector<kith_pid> pids(kt_procs(1000));

    f.add("pattern", KT_STUBBORN);
    ASSERT_EQ(0, f.start());
    for (kith_pid &pid : pids)
        ASSERT_EQ(0, kith_supervisor_start_dynamic(f.sup(), nullptr, 0, &pid));
    spare = 1;    // the kill is a message
    no_memory = true;
    EXPECT_EQ(0, kith_exit_signal(f.sup(), kith_reason_of(KITH_KILL, 0, nullptr)));
    spare = 0;
    EXPECT_EQ(KITH_KILLED, f.end().kind);
    EXPECT_EQ(0u, asked_for_memory);
    no_memory = false;
    for (const kith_pid pid : pids)
        EXPECT_TRUE(is_dead(pid));
}

/* Each allocation of a start fails in turn: there is a tree, or a code and nothing. */
TEST_F(SupervisorWithoutMemory, AStartIsWholeOrNothing)
{
    static std::atomic<int> countdown;

    ki_seam.alloc = [](std::size_t size, std::size_t align) {
        return countdown.fetch_sub(1) == 0 ? nullptr : real.alloc(size, align);
    };
    int failed = 0;

    for (int i = 0; i < 60; i++) {
        kt_family top, inner(KITH_SIMPLE_ONE_FOR_ONE, 100'000);

        inner.add("x", KT_ACKS);
        top.add("a", KT_ACKS).add("tree", inner).add("b", KT_ACKS);
        top.last().opt.stack = 1'000'000;
        top.as().intensity = 100'000;
        countdown = i;
        const int rc = top.start();
        countdown = -1;
        if (rc == 0)
            top.stop();
        failed += rc != 0;
        EXPECT_TRUE(rc == 0 || rc == KITH_ENOMEM) << kith_strerror(rc);
        EXPECT_TRUE(kt_until([] { return kt_processes() == 0; }));
        (void) kt_parts.take();
    }
    EXPECT_LT(0, failed);
}

/* ---- stop ---- */

class SupervisorStop : public testing::Test {
  protected:
    void SetUp() override
    {
        ASSERT_EQ(0, kith_start(nullptr));
        kith_flag_trap_exit(true);
        (void) kt_parts.take();
    }

    void TearDown() override
    {
        EXPECT_EQ(0u, kt_processes());
    }
};

TEST_F(SupervisorStop, EndsTreesInTheirOrder)
{
    kt_family top(KITH_ONE_FOR_ALL), inner;

    inner.add("x", KT_ACKS).add("y", KT_TRAPS);
    top.add("a", KT_ACKS).add("tree", inner).add("b", KT_ACKS);
    ASSERT_EQ(0, top.start());
    EXPECT_EQ(0, kith_stop(0, kt_patience(5000)));
    EXPECT_EQ("+a +x +y +b -b -y -x -a", kt_parts.take());
}

TEST_F(SupervisorStop, IsNotHeldUpByThoseThatHeedNothing)
{
    kt_family top, inner, other(KITH_SIMPLE_ONE_FOR_ONE);

    inner.add("x", KT_STUBBORN).add("y", KT_ACKS);
    top.add("a", KT_STUBBORN);
    top.last().shutdown = KITH_INFINITY;
    top.add("tree", inner).add("b", KT_STUBBORN);
    top.last().shutdown = KITH_INFINITY;
    other.add("pattern", KT_STUBBORN);
    other.last().shutdown = KITH_INFINITY;
    ASSERT_EQ(0, top.start());
    ASSERT_EQ(0, other.start());
    ASSERT_EQ(0, kith_supervisor_start_dynamic(other.sup(), nullptr, 0, nullptr));
    EXPECT_LT(0, kith_stop(0, 10)) << "they had to be killed";
}

TEST_F(SupervisorStop, IsNotHeldUpByAStart)
{
    std::atomic<int> answer = 1;
    kt_bodies bodies;
    kt_family f; /* outside: one that is killed unwinds nothing */

    f.add("a", KT_ACKS).add("b", KT_HANGS);
    f.last().opt.name = "hanging";
    bodies.spawn([&] { answer = f.start(); });
    (void) kt_named("hanging");
    EXPECT_LT(0, kith_stop(0, 10)) << "the start waits: it is killed";
    EXPECT_EQ(1, answer) << "and its starter too";
}

TEST_F(SupervisorStop, IsNotHeldUpByOneThatIsRestartedOverAndOver)
{
    kt_family f(KITH_ONE_FOR_ONE, 1'000'000);

    f.add("a", KT_FAILS);
    ASSERT_EQ(0, f.start());
    kt_part_fails = true;
    kt_die(f.pid("a"), KT_CRASH);
    EXPECT_EQ(0, kith_stop(0, kt_patience(5000)));
    kt_part_fails = false;
}

/* A tree belongs to who has started it: when main is over it ends, and kith_main with it. */
TEST(SupervisorMain, WhenMainReturnsItsTreesEndInOrder)
{
    (void) kt_parts.take();
    EXPECT_EQ(0, kith_main(
                     [](void *) {
                         kt_family f;
                         kith_pid sup;

                         f.add("a", KT_ACKS).add("b", KT_TRAPS);
                         return kith_supervisor_start(&f.as(), &sup);
                     },
                     nullptr, 0, nullptr));
    EXPECT_EQ("+a +b -b -a", kt_parts.take());
}

}    // namespace
