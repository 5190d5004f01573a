/* SPDX-License-Identifier: Apache-2.0
 * symbol_test.cc -- functions have names, static ones too, and broken files do no harm. */
#include "core/symbol.h"
#include "tests/support/support.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <link.h>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

extern "C" __attribute__((noinline, visibility("default"))) int
kt_symbol_extern(int x)
{
    return x * 3;
}

/* The label: compilers differ in how they mangle a static function. */
static int kt_symbol_static(int x) asm("kt_symbol_static");

__attribute__((noinline)) static int
kt_symbol_static(int x)
{
    asm volatile("" : "+r"(x));
    return x * 5;
}

namespace
{

std::string
name_of(const void *addr)
{
    char buf[200];
    const std::size_t n = ki_symbol_name(addr, buf, sizeof buf);

    EXPECT_EQ(std::strlen(buf), n);
    return buf;
}

template <typename F>
const char *
address(F *function)
{
    return reinterpret_cast<const char *>(function);
}

TEST(Symbol, NamesAnExternFunction)
{
    ASSERT_EQ(6, kt_symbol_extern(2));
    EXPECT_EQ("kt_symbol_extern", name_of(address(kt_symbol_extern)));
}

TEST(Symbol, NamesAStaticFunctionFromTheFile)
{
    ASSERT_EQ(10, kt_symbol_static(2));
    EXPECT_EQ("kt_symbol_static", name_of(address(kt_symbol_static)));
    EXPECT_EQ("kt_symbol_static", name_of(address(kt_symbol_static) + 1))
        << "in its middle";
}

TEST(Symbol, NamesAFunctionOfTheLibrary)
{
    EXPECT_EQ("ki_symbol_name", name_of(address(ki_symbol_name)));
}

TEST(Symbol, NamesAFunctionOfTheCLibrary)
{
    EXPECT_EQ("getsubopt", name_of(address(getsubopt)));
}

TEST(Symbol, AnAddressInNoObjectIsANumber)
{
    int local = 0;

    EXPECT_EQ("0x40", name_of(reinterpret_cast<void *>(64)));
    EXPECT_EQ("0x0", name_of(nullptr));
    EXPECT_EQ(0u, name_of(&local).find("0x"));
    EXPECT_EQ(0u, name_of(reinterpret_cast<void *>(UINTPTR_MAX)).find("0x"));
}

int some_data;

TEST(Symbol, AnAddressInNoFunctionIsAnOffset)
{
    const std::string name = name_of(&some_data);

    EXPECT_NE(std::string::npos, name.find("0x")) << name;
    EXPECT_EQ(std::string::npos, name.find('/')) << name;
}

TEST(Symbol, IsCutToFitTheBuffer)
{
    char buf[8];

    EXPECT_EQ(0u, ki_symbol_name(address(kt_symbol_static), nullptr, 0));
    EXPECT_EQ(0u, ki_symbol_name(address(kt_symbol_static), buf, 1));
    EXPECT_STREQ("", buf);
    EXPECT_EQ(7u, ki_symbol_name(address(kt_symbol_static), buf, sizeof buf));
    EXPECT_STREQ("kt_symb", buf);
    EXPECT_EQ(7u, ki_symbol_name(address(getsubopt), buf, sizeof buf));
    EXPECT_STREQ("getsubo", buf);
    EXPECT_EQ(3u, ki_symbol_name(reinterpret_cast<void *>(0x1234567), buf, 4));
    EXPECT_STREQ("0x1", buf);
}

TEST(Symbol, ManyThreadsMayAskAtOnce)
{
    std::vector<std::thread> threads;

    for (int i = 0; i < 4; i++)
        threads.emplace_back([] {
            for (int k = 0; k < 50; k++)
                EXPECT_EQ("kt_symbol_static", name_of(address(kt_symbol_static)));
        });
    for (auto &t : threads)
        t.join();
}

/* This program's file, and where it was loaded. */
class SymbolImage : public testing::Test {
  protected:
    void SetUp() override
    {
        /* What is opened, not what the name leads to: an emulator makes a difference. */
        std::ifstream file("/proc/self/exe", std::ios::binary | std::ios::ate);
        const auto size = static_cast<std::streamsize>(file.tellg());

        ASSERT_GT(size, 1000);
        image_.resize(static_cast<std::size_t>(size));
        ASSERT_TRUE(file.seekg(0).read(image_.data(), size));
        dl_iterate_phdr(
            [](dl_phdr_info *info, size_t, void *out) {
                int i = 0;
                while (info->dlpi_phdr[i].p_type != PT_LOAD)
                    i++;
                *static_cast<uintptr_t *>(out) =
                    info->dlpi_addr + (info->dlpi_phdr[i].p_vaddr & ~uintptr_t{4095});
                return 1; /* the first is the program */
            },
            &base_);
    }

    std::string ask(std::string_view image)
    {
        char buf[100] = "";
        const std::size_t n =
            ki_symbol_in_image(image.data(), image.size(), base_,
                               reinterpret_cast<uintptr_t>(address(kt_symbol_static)), buf,
                               sizeof buf);

        EXPECT_EQ(std::strlen(buf), n);
        return buf;
    }

    std::string image_;
    uintptr_t base_ = 0;
};

TEST_F(SymbolImage, KnowsAStaticFunction)
{
    EXPECT_EQ("kt_symbol_static", ask(image_));
}

TEST_F(SymbolImage, AShortFileIsNoHarm)
{
    const auto first = [this](std::size_t n) {
        /* On the heap to the byte, so that ASan sees a step beyond. */
        const auto copy = std::make_unique_for_overwrite<char[]>(n);

        std::memcpy(copy.get(), image_.data(), n);
        return ask({copy.get(), n});
    };

    for (std::size_t n = 0; n < 200; n++)
        EXPECT_EQ("", first(n));
    for (std::size_t i = 1; i < 40; i++)
        first(image_.size() * i / 40);
}

TEST_F(SymbolImage, ABrokenFileIsNoHarm)
{
    std::mt19937_64 rng = kt_rng();
    ElfW(Ehdr) h;
    std::memcpy(&h, image_.data(), sizeof h);
    const std::size_t sections = h.e_shoff, n_sections = h.e_shnum * h.e_shentsize;
    const unsigned char odd[] = {0, 1, 0x7f, 0x80, 0xff};

    for (std::size_t round = 0; round < kt_scale(400); round++) {
        std::vector<std::pair<std::size_t, char>> was;
        for (int i = 0; i < 1 + static_cast<int>(round % 8); i++) {
            const std::size_t at = rng() % 3 == 0 ? rng() % sizeof h
                                   : rng() % 2    ? sections + rng() % n_sections
                                                  : rng() % 1024;
            was.emplace_back(at, image_[at]);
            image_[at] = static_cast<char>(rng() % 2 ? odd[rng() % 5] : rng());
        }
        ask(image_);
        for (; !was.empty(); was.pop_back())
            image_[was.back().first] = was.back().second;
    }
}

TEST_F(SymbolImage, SomethingElseIsNoElfFile)
{
    EXPECT_EQ("", ask(std::string(5000, 'x')));
    EXPECT_EQ("", ask(std::string(5000, '\0')));
    EXPECT_EQ("", ask({}));

    std::string other_class = image_;
    other_class[4] ^= 3;
    EXPECT_EQ("", ask(other_class));
}

TEST_F(SymbolImage, AnAddressOutsideTheFileHasNoName)
{
    char buf[100] = "";

    EXPECT_EQ(0u,
              ki_symbol_in_image(image_.data(), image_.size(), base_, 64, buf, sizeof buf));
    EXPECT_EQ(0u, ki_symbol_in_image(image_.data(), image_.size(), base_, base_ - 1, buf,
                                     sizeof buf));
    EXPECT_EQ(0u,
              ki_symbol_in_object("/nonexistent", base_ + 1, base_ + 100, buf, sizeof buf));
}

}    // namespace
