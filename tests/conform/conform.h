/* SPDX-License-Identifier: Apache-2.0
 * conform.h -- a case: one rule of Erlang's, a small program that shows it, the lines it prints.
 *
 *   CASE(link_twice,
 *        "A second link between the same two changes nothing: one exit signal comes.",
 *        "erlang:link/1", ON_NODE,
 *        "exit(a, user(1))\n"
 *        "nothing\n")
 *   {
 *       const puppet a = make("a");
 *
 *       trap();
 *       say_link(a);
 *       ...
 *   }
 *
 * The case runs as a process of its own, in a runtime of its own. A function of the same name in
 * one of the .erl files prints the same lines on a real node (ON_NODE), or the case says why
 * there is none: HERE(why) when Erlang has nothing to compare with, DIFFERS(why) when kith does
 * something else on purpose.
 *
 * Lambdas run in other processes, copied: they capture by value, and only what a memcpy copies.
 * Nobody sleeps. That nothing came is shown after something later from the same sender came. */
#ifndef CONFORM_H
#define CONFORM_H

#include <kith/kith.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

struct kase {
    const char *id, *file, *rule, *source;
    const char *kind; /* "node", "here", "differs" */
    const char *why;  /* of the last two */
    const char *expect;
    void (*run)();
};

#define ON_NODE "node", ""
#define HERE(why) "here", why
#define DIFFERS(why) "differs", why

#define CASE(...) CASE_(__VA_ARGS__)
#define CASE_(id, rule, source, kind, why, expect) \
    static void case_##id(); \
    static const enlist in_##id( \
        {#id, __FILE__, rule, source, kind, why, expect, case_##id}); \
    static void case_##id()

/* Puts a case on the list. */
struct enlist {
    explicit enlist(const kase &k);
};

/* One line of the case's. Any process of it may say one. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- notation (notation.cc) ---- */

struct text {
    char s[96];
};

/* normal, shutdown, kill, killed, noproc, error(einval), user(7). */
text reason(kith_reason why);

/* What Erlang has for the answer of a call: "ok" for 0 and above; for a code the word of the
 * table in notation.cc, or the code's name where the two mean the same. */
const char *word(const char *call, std::ptrdiff_t rc);

/* msg(7), exit(a, killed), down(m, noproc), timeout(t). */
text note(const kith_msg *m);

/* Names for what differs from run to run. */
void label(kith_pid pid, const char *name);
void label(kith_ref ref, const char *name);
const char *who(kith_pid pid);
const char *which(kith_ref ref);

/* The newest that has this name. */
kith_pid pid_of(const char *name);

/* Kills all that have a name but one, and forgets them. */
void kill_all(kith_pid but);

void print_words();

/* ---- processes ---- */

/* For what is sure to happen. */
inline constexpr kith_ms LONG = 60000;

/* Tags of the puppets; those of the cases are small. */
enum : std::uint64_t { DO = 1000001, DONE };

/* Ends the case with a line that no case expects. */
[[noreturn]] void give_up(const char *what, std::ptrdiff_t rc, int line);

#define must(call) \
    do { \
        const std::ptrdiff_t rc_ = (call); \
        if (rc_ < 0) \
            give_up(#call, rc_, __LINE__); \
    } while (0)

/* For answers that are hints. */
inline void
maybe(std::ptrdiff_t)
{
}

template <typename F>
int
body_of(void *arg)
{
    F f = *static_cast<F *>(arg);

    if constexpr (std::is_void_v<decltype(f())>) {
        f();
        return 0;
    } else {
        return f();
    }
}

/* A process that runs `f`. */
template <typename F>
int
spawn_opt(const kith_spawn_options &o, F f, kith_pid *pid)
{
    static_assert(std::is_trivially_copyable_v<F>);
    return kith_spawn_opt(&o, body_of<F>, &f, sizeof f, pid);
}

kith_spawn_options options(bool link = false, kith_ref *monitor = nullptr);

template <typename F>
kith_pid
spawn(F f)
{
    kith_pid pid = {0};

    must(spawn_opt(options(), f, &pid));
    return pid;
}

/* A process that does what it is told, and else lets its messages lie. The case monitors it. */
struct puppet {
    kith_pid pid;
    kith_ref ref;
};

puppet make(const char *name, bool trapping = false);

void order(puppet p, void (*run)(void *), const void *f, std::size_t len, bool wait);

/* Has `f` run in `p`, and waits for its end. After it everything that `p` ever sent to the
 * caller is there. */
template <typename F>
void
in(puppet p, F f)
{
    static_assert(std::is_trivially_copyable_v<F>);
    order(
        p, [](void *g) { (*static_cast<F *>(g))(); }, &f, sizeof f, true);
}

/* The same without waiting: for what `p` does not come back from. */
template <typename F>
void
tell(puppet p, F f)
{
    static_assert(std::is_trivially_copyable_v<F>);
    order(
        p, [](void *g) { (*static_cast<F *>(g))(); }, &f, sizeof f, false);
}

inline void
sync(puppet p)
{
    in(p, [] {});
}

/* Waits for the puppet's end, and says "a died: why". */
void died(puppet p);

/* Says "a lives", after all that the caller sent it. */
void lives(puppet p);

/* Ends a puppet, without a line. */
void end(puppet p);

/* ---- messages ---- */

inline void
trap(bool on = true)
{
    kith_flag_trap_exit(on);
}

int send(kith_pid to, std::uint64_t tag);
int send(kith_pid to, std::uint64_t tag, int number);

/* The oldest message but what puppets say; ends the case when none comes. */
const kith_msg *take();
const kith_msg *take_tag(std::uint64_t tag);
const kith_msg *take_ref(kith_ref ref);

int number(const kith_msg *m);

/* Takes one and says what it is. */
void show();
void show(const kith_msg *m);

/* Says "nothing", or what was there. */
void nothing();

inline kith_reason
user(int code)
{
    return kith_reason_of(KITH_USER, code, nullptr);
}

inline kith_reason
plain(int kind)
{
    return kith_reason_of(kind, 0, nullptr);
}

inline kith_ref
monitor(kith_pid pid, const char *name)
{
    kith_ref ref;

    must(kith_monitor(pid, &ref));
    label(ref, name);
    return ref;
}

/* A pid whose process is gone. */
kith_pid gone(const char *name);

/* The caller's own counts. */
struct kith_process_info self_info();

#endif
