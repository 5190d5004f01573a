/* SPDX-License-Identifier: Apache-2.0
 * support.cc -- sizes, seeds, patience, descriptors. */
#include "tests/support/support.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>

namespace
{

constexpr double default_scale = kt_tsan ? 0.05 : kt_asan ? 0.2 : 1.0;
constexpr bool narrow = sizeof(void *) == 4; /* some 40,000 stacks fill its address space */
constexpr std::size_t most_procs = kt_tsan ? 2000 : kt_asan || narrow ? 20000 : SIZE_MAX;
constexpr double slowness = kt_tsan ? 20 : kt_asan ? 5 : 1;

const char *
env_or_null(const char *name)
{
    const char *v = std::getenv(name);

    return v != nullptr && *v != '\0' ? v : nullptr;
}

std::uint64_t
choose_seed()
{
    if (const char *v = env_or_null("KITH_SEED"))
        return std::strtoull(v, nullptr, 0);

    std::random_device entropy;
    return (static_cast<std::uint64_t>(entropy()) << 32) | entropy();
}

double
factor_of(const char *name, double otherwise)
{
    const char *v = env_or_null(name);
    const double f = v != nullptr ? std::strtod(v, nullptr) : otherwise;

    return f > 0 ? f : otherwise;
}

/* The test that has last printed the seed. */
const testing::TestInfo *seed_told;

}    // namespace

double
kt_scale_factor()
{
    static const double factor = factor_of("KITH_TEST_SCALE", default_scale);

    return factor;
}

std::size_t
kt_scale(std::size_t n)
{
    const auto scaled =
        static_cast<std::size_t>(static_cast<double>(n) * kt_scale_factor());

    return n == 0 ? 0 : std::max<std::size_t>(scaled, 1);
}

std::size_t
kt_procs(std::size_t n)
{
    return std::min(n, most_procs);
}

std::int64_t
kt_patience(std::int64_t ms)
{
    /* An emulator needs more of it. */
    static const double factor = factor_of("KITH_TEST_PATIENCE", slowness);

    return static_cast<std::int64_t>(static_cast<double>(ms) * factor);
}

std::uint64_t
kt_seed()
{
    static const std::uint64_t seed = choose_seed();
    const testing::TestInfo *test = testing::UnitTest::GetInstance()->current_test_info();

    if (test != seed_told || test == nullptr) {
        seed_told = test;
        std::fprintf(stderr, "seed: KITH_SEED=%" PRIu64 " replays this run\n", seed);
    }
    return seed;
}

std::mt19937_64
kt_rng()
{
    return std::mt19937_64(kt_seed());
}

bool
kt_message_only()
{
    const char *v = env_or_null("KITH_MESSAGE_ONLY");

    return v != nullptr && std::string(v) != "0";
}

std::optional<int>
kt_workers()
{
    const char *v = env_or_null("KITH_WORKERS");

    if (v == nullptr)
        return std::nullopt;
    return std::atoi(v);
}

std::int64_t
kt_now_ms()
{
    using namespace std::chrono;
    return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

void
kt_pause_ms(std::int64_t ms)
{
    std::this_thread::sleep_for(std::chrono::milliseconds(ms));
}

bool
kt_line_with(const std::string &text, const char *a, const char *b)
{
    for (std::size_t at = 0, end; at < text.size(); at = end + 1) {
        end = std::min(text.find('\n', at), text.size());
        const std::string line = text.substr(at, end - at);
        if (line.find(a) != std::string::npos && line.find(b) != std::string::npos)
            return true;
    }
    return false;
}

std::map<int, std::string>
kt_descriptors()
{
    namespace fs = std::filesystem;
    std::map<int, std::string> open;
    std::error_code ec;

    /* The directory's own descriptor is gone when its link is read, and so falls out. */
    std::map<int, fs::path> seen;
    for (const auto &entry : fs::directory_iterator("/proc/self/fd", ec))
        seen[std::atoi(entry.path().filename().c_str())] = entry.path();
    for (const auto &[fd, path] : seen) {
        const fs::path target = fs::read_symlink(path, ec);
        if (!ec)
            open[fd] = target.string();
    }
    return open;
}

kt_env::kt_env(const char *name, const char *value) : name_(name)
{
    if (const char *v = std::getenv(name))
        before_ = v;
    if (value != nullptr)
        setenv(name, value, 1);
    else
        unsetenv(name);
}

kt_env::~kt_env()
{
    if (before_)
        setenv(name_.c_str(), before_->c_str(), 1);
    else
        unsetenv(name_.c_str());
}
