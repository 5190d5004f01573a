/* SPDX-License-Identifier: Apache-2.0
 * support.h -- what every test may lean on: sizes, seeds, patience, descriptors.
 *
 *   std::size_t n = kt_procs(100000);          // live processes: capped under a sanitizer
 *   std::size_t rounds = kt_scale(1000000);    // work: full in release, less elsewhere
 *   std::mt19937_64 rng = kt_rng();            // prints its seed; KITH_SEED=<it> replays
 *   ASSERT_TRUE(kt_until([&] { return done.load(); }));
 *
 * The test program itself (main.cc) fails every test that leaves a descriptor open. */
#ifndef KT_SUPPORT_H
#define KT_SUPPORT_H

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>

#if defined(__SANITIZE_ADDRESS__)
#define KT_ASAN 1
#endif
#if defined(__SANITIZE_THREAD__)
#define KT_TSAN 1
#endif
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define KT_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define KT_TSAN 1
#endif
#endif

#ifdef KT_ASAN
inline constexpr bool kt_asan = true;
#else
inline constexpr bool kt_asan = false;
#endif
#ifdef KT_TSAN
inline constexpr bool kt_tsan = true;
#else
inline constexpr bool kt_tsan = false;
#endif

/* kt_scale_factor is 1 in release, 0.2 under ASan, 0.05 under TSan; KITH_TEST_SCALE in the
 * environment replaces it. */
double kt_scale_factor();

/* kt_scale answers n times the factor: rounds, messages, bytes. At least 1 when n is. */
std::size_t kt_scale(std::size_t n);

/* kt_procs answers how many live processes a test that wants n may have: n in release, at most
 * 20,000 under ASan or where a pointer has 32 bits, and 2,000 under TSan, whatever the factor. */
std::size_t kt_procs(std::size_t n);

/* kt_patience answers how long to wait before calling something stuck, for a test that would
 * wait `ms` on a quiet machine in release: 5 times that under ASan, 20 times under TSan;
 * KITH_TEST_PATIENCE in the environment replaces the factor. */
std::int64_t kt_patience(std::int64_t ms);

/* kt_seed answers the seed of this run: KITH_SEED if set, else a fresh one. The first call in
 * a test prints it, so that a crash leaves it in the log too. */
std::uint64_t kt_seed();

/* kt_rng is a generator that starts from kt_seed(). Two calls give the same sequence. */
std::mt19937_64 kt_rng();

/* The cell of the matrix that runs: what the environment asks of the library. */
bool kt_message_only();          /* KITH_MESSAGE_ONLY=1 */
std::optional<int> kt_workers(); /* KITH_WORKERS, when set */

/* kt_now_ms reads the monotonic clock; kt_pause_ms gives up this thread for a while. Plain
 * threads only: a process sleeps by kith_sleep. */
std::int64_t kt_now_ms();
void kt_pause_ms(std::int64_t ms);

/* kt_until asks `is` until it says yes and answers true, or false when kt_patience(ms) is over.
 * For plain threads, and for things that send no message when they happen. */
template <typename Predicate>
bool
kt_until(Predicate is, std::int64_t ms = 5000)
{
    const std::int64_t end = kt_now_ms() + kt_patience(ms);

    while (!is()) {
        if (kt_now_ms() >= end)
            return is();
        kt_pause_ms(1);
    }
    return true;
}

/* kt_line_with: a line of `text` has both in it. */
bool kt_line_with(const std::string &text, const char *a, const char *b);

/* kt_descriptors lists what this OS process has open: number and what it points to. */
std::map<int, std::string> kt_descriptors();

/* kt_keep_descriptor tells the leak check that `fd` stays open on purpose to the end of the
 * program. */
void kt_keep_descriptor(int fd);

/* An environment variable for the length of a scope; NULL takes it away. */
class kt_env {
  public:
    kt_env(const char *name, const char *value);
    ~kt_env();
    kt_env(const kt_env &) = delete;
    kt_env &operator=(const kt_env &) = delete;

  private:
    std::string name_;
    std::optional<std::string> before_;
};

#endif
