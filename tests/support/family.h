/* SPDX-License-Identifier: Apache-2.0
 * family.h -- supervisors for tests, and children that do as they are told and keep a diary.
 *
 *   kt_family f(KITH_ONE_FOR_ALL);           // from the test's thread, which traps exits
 *   f.add("a").add("b", KT_TRAPS);
 *   ASSERT_EQ(0, f.start());
 *   kt_die(f.pid("a"), KT_CRASH);
 *   kt_next_child(f.sup(), "a", before);     // it is back
 *   f.stop();
 *   EXPECT_EQ("+a +b -b -a", kt_parts.take());
 */
#ifndef KT_FAMILY_H
#define KT_FAMILY_H

#include "tests/support/diary.h"
#include "tests/support/runtime.h"

#include <atomic>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

/* Where parts write "+a" when they start and "-a" when they end. */
inline kt_diary kt_parts;

/* What a part does. */
enum kt_manner : int {
    KT_PLAIN, /* waits to be told; counts as started when spawned, all others when ready */
    KT_ACKS,  /* the same, but for that */
    KT_TRAPS, /* traps exits; ends with 0 at one */
    KT_STUBBORN, /* traps exits, and heeds none */
    KT_LOOSE,    /* undoes its link to "family", else as KT_STUBBORN */
    KT_REFUSES,  /* says KITH_EACCES, and ends */
    KT_MUTE,     /* says nothing, and ends with 0 */
    KT_HANGS,    /* says nothing, and waits for ever */
    KT_FAILS     /* as KT_ACKS; as KT_REFUSES while kt_part_fails */
};

inline std::atomic<bool> kt_part_fails = false;

/* How it dies when told. */
enum kt_death : std::uint64_t {
    KT_RETURN,   /* normal */
    KT_SHUTDOWN, /* kith_exit(shutdown) */
    KT_CRASH,    /* error(KITH_EPROTO) */
    KT_KILL,     /* killed */
    KT_USER      /* kith_exit(user) */
};

struct kt_part {
    char name[16];
    kt_manner manner;
};

int kt_part_main(void *arg);

inline constexpr std::uint64_t kt_tag_die = 0xd1e;

inline void
kt_die(kith_pid pid, kt_death how)
{
    EXPECT_EQ(0, kt_send(pid, kt_tag_die, how));
}

/* The child named `id` of a supervisor; zero if it does not run. */
kith_pid kt_child(kith_pid supervisor, const std::string &id);

/* Waits until that child runs, and is not `before`; zero if it does not happen. */
kith_pid kt_next_child(kith_pid supervisor, const std::string &id, kith_pid before = {0});

/* Waits until a process has that name; zero if it does not happen. */
kith_pid kt_named(const char *name);

class kt_family {
  public:
    explicit kt_family(int strategy = KITH_ONE_FOR_ONE, int intensity = 1000)
    {
        as_.strategy = strategy;
        as_.intensity = intensity;
    }

    kt_family(const kt_family &) = delete;
    kt_family &operator=(const kt_family &) = delete;

    kt_family &add(const char *id, kt_manner manner = KT_PLAIN,
                   int restart = KITH_PERMANENT);
    kt_family &add(const kith_child &c);
    kt_family &add(const char *id, kt_family &inner);

    /* The last that was added, and the whole. */
    kith_child &last()
    {
        return children_.back();
    }

    kith_supervisor &as();

    int start(const kith_spawn_options *o = nullptr);

    kith_pid sup() const
    {
        return sup_;
    }

    kith_pid pid(const std::string &id) const
    {
        return kt_child(sup_, id);
    }

    /* Ends it in order, and waits; answers of what it died. */
    kith_reason stop();

    /* Kills it, and waits. */
    void kill();

    /* Waits for its end. */
    kith_reason end();

  private:
    kith_supervisor as_ = {};
    std::vector<kith_child> children_;
    std::deque<kt_part> parts_;
    kith_pid sup_ = {};
    kith_ref ref_ = {};
};

/* A fixture whose thread traps exits, as the starter of supervisors that end should. */
class kt_family_test : public kt_runtime {
  protected:
    void SetUp() override
    {
        kt_runtime::SetUp();
        kith_flag_trap_exit(true);
        kt_part_fails = false;
        (void) kt_parts.take();
    }
};

#endif
