/* SPDX-License-Identifier: Apache-2.0
 * error_test.cc -- the table of codes, and what errno becomes. */
#include "core/error.h"

#include <gtest/gtest.h>

#include <cctype>
#include <cerrno>
#include <climits>
#include <cstring>
#include <set>
#include <string>
#include <vector>

namespace
{

struct Row {
    std::string name;
    int value;
    std::string atom, sentence;
};

const std::vector<Row> &
rows()
{
    static const std::vector<Row> all = {
#define X(name, value, atom, sentence) {"KITH_" #name, value, atom, sentence},
        KITH_ERROR_TABLE(X)
#undef X
    };
    return all;
}

TEST(Error, TableGivesEachCodeItsOwnNumberAndAtom)
{
    std::set<int> values;
    std::set<std::string> atoms;

    for (const Row &r : rows()) {
        EXPECT_TRUE(values.insert(r.value).second) << r.name;
        EXPECT_TRUE(atoms.insert(r.atom).second) << r.name;
    }
}

TEST(Error, OwnCodesStayAwayFromEveryErrno)
{
#define X(name, value, atom, sentence) EXPECT_LT(value, -10000) << #name;
    KITH_OWN_ERROR_TABLE(X)
#undef X
#define X(name, value, atom, sentence) \
    EXPECT_LT(value, 0) << #name; \
    EXPECT_GT(value, -4096) << #name;
    KITH_ERRNO_TABLE(X)
#undef X
}

TEST(Error, EveryCodeHasItsTexts)
{
    for (const Row &r : rows()) {
        EXPECT_EQ(r.sentence, kith_strerror(r.value)) << r.name;
        EXPECT_EQ(r.atom, kith_err_name(r.value)) << r.name;
        EXPECT_FALSE(r.sentence.empty()) << r.name;
        EXPECT_NE('.', r.sentence.back()) << r.name;
        for (char c : r.atom)
            EXPECT_TRUE((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')
                << r.atom;
    }
}

TEST(Error, AtomsOfErrnosAreTheirNamesInSmallLetters){
#define X(name, value, atom, sentence) \
    { \
        std::string small = #name; \
        for (char &c : small) \
            c = static_cast<char>(std::tolower(static_cast<unsigned char>(c))); \
        EXPECT_EQ(small, atom); \
    }
    KITH_ERRNO_TABLE(X)
#undef X
}

TEST(Error, SpellsAsErlangDoes)
{
    EXPECT_STREQ("econnrefused", kith_err_name(KITH_ECONNREFUSED));
    EXPECT_STREQ("closed", kith_err_name(KITH_ECLOSED));
    EXPECT_STREQ("timeout", kith_err_name(KITH_ETIMEOUT));
    EXPECT_STREQ("etimedout", kith_err_name(KITH_ETIMEDOUT));
    EXPECT_STREQ("noproc", kith_err_name(KITH_ENOPROC));
    EXPECT_STREQ("select", kith_err_name(KITH_ESELECT));
    EXPECT_STREQ("nxdomain", kith_err_name(KITH_EAI_NONAME));
}

TEST(Error, AnswersATextForEveryNumber)
{
    EXPECT_STREQ("success", kith_strerror(0));
    EXPECT_STREQ("ok", kith_err_name(0));
    for (int code : {1, 11, INT_MAX, INT_MIN, -3999, -10000, -10999, -12000}) {
        EXPECT_STREQ("unknown code", kith_strerror(code)) << code;
        EXPECT_STREQ("unknown", kith_err_name(code)) << code;
    }
}

TEST(Error, EveryErrnoOfTheTableBecomesItsCode)
{
#ifdef ENONET
#define X(name, value, atom, sentence) EXPECT_EQ(value, ki_error_of_errno(name)) << #name;
    KITH_ERRNO_TABLE(X)
#undef X
#endif
    EXPECT_EQ(KITH_EAGAIN, ki_error_of_errno(EWOULDBLOCK));
    EXPECT_EQ(KITH_EOPNOTSUPP, ki_error_of_errno(ENOTSUP));
    EXPECT_EQ(KITH_ECONNRESET, ki_error_of_errno(ECONNRESET));
}

TEST(Error, NoErrnoBecomesSuccessOrACodeOfOurs)
{
    for (int e = -5000; e < 5000; e++) {
        EXPECT_LT(ki_error_of_errno(e), 0) << e;
        EXPECT_GT(ki_error_of_errno(e), -10000) << e;
    }
    for (int e : {0, -1, INT_MIN, INT_MAX, 10001})
        EXPECT_EQ(KITH_EIO, ki_error_of_errno(e)) << e;
}

TEST(Reason, IsAValueWithItsTextInside)
{
    char text[] = "because";
    const kith_reason why = kith_reason_of(KITH_USER, 7, text);
    text[0] = 'X';

    EXPECT_EQ(KITH_USER, why.kind);
    EXPECT_EQ(7, why.code);
    EXPECT_STREQ("because", why.text);
}

TEST(Reason, CutsALongTextAndTakesNone)
{
    const std::string text(100, 'x');
    const kith_reason longest = kith_reason_of(KITH_ERROR, KITH_EIO, text.c_str());
    const kith_reason none = kith_reason_of(KITH_NORMAL, 0, nullptr);

    EXPECT_EQ(text.substr(0, sizeof longest.text - 1), longest.text);
    EXPECT_STREQ("", none.text);
    EXPECT_EQ(0, none.code);
}

}    // namespace
