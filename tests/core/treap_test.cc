/* SPDX-License-Identifier: Apache-2.0
 * treap_test.cc -- a set of records by number. */
#include "tests/support/support.h"

#include "core/treap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

namespace
{

std::size_t
depth(const ki_treap_node *n)
{
    return n ? 1 + std::max(depth(n->left), depth(n->right)) : 0;
}

/* The keys by walking, as users do. */
std::vector<std::uint64_t>
keys(ki_treap_node *root)
{
    std::vector<std::uint64_t> found;

    for (ki_treap_node *n = ki_treap_after(root, 0); n; n = ki_treap_after(root, n->key))
        found.push_back(n->key);
    return found;
}

TEST(Treap, AnEmptyOneHasNothing)
{
    EXPECT_EQ(nullptr, ki_treap_find(nullptr, 1));
    EXPECT_EQ(nullptr, ki_treap_after(nullptr, 0));
}

TEST(Treap, OneComesAndGoes)
{
    ki_treap_node n = {}, *root = nullptr;

    n.key = 7;
    ki_treap_insert(&root, &n);
    EXPECT_EQ(&n, ki_treap_find(root, 7));
    EXPECT_EQ(nullptr, ki_treap_find(root, 8));
    EXPECT_EQ(&n, ki_treap_after(root, 6));
    EXPECT_EQ(nullptr, ki_treap_after(root, 7));
    ki_treap_remove(&root, &n);
    EXPECT_EQ(nullptr, root);
}

TEST(Treap, HoldsWhatASetHolds)
{
    std::mt19937_64 rng = kt_rng();
    std::vector<ki_treap_node> nodes(500);
    std::set<std::uint64_t> model;
    ki_treap_node *root = nullptr;

    for (std::size_t i = 0; i < nodes.size(); i++)
        nodes[i].key = i * i + 1;
    for (std::size_t step = kt_scale(200000); step > 0; step--) {
        ki_treap_node &n = nodes[rng() % nodes.size()];

        if (model.erase(n.key) > 0) {
            ki_treap_remove(&root, &n);
        } else {
            model.insert(n.key);
            ki_treap_insert(&root, &n);
        }
        ki_treap_node &any = nodes[rng() % nodes.size()];
        ASSERT_EQ(model.contains(any.key) ? &any : nullptr, ki_treap_find(root, any.key));
        const auto next = model.upper_bound(any.key);
        const ki_treap_node *after = ki_treap_after(root, any.key);
        ASSERT_EQ(next == model.end(), after == nullptr);
        if (after) {
            ASSERT_EQ(*next, after->key);
        }
    }
    EXPECT_EQ(std::vector<std::uint64_t>(model.begin(), model.end()), keys(root));
}

/* Handles of processes that were born one after the other, up and down. */
TEST(Treap, IsFlatWhateverTheOrder)
{
    const std::size_t n = 10000;
    const double most = 4.5 * std::log(static_cast<double>(n)); /* expected: half of that */

    for (const bool up : {true, false}) {
        std::vector<ki_treap_node> nodes(n);
        ki_treap_node *root = nullptr;

        for (std::size_t i = 0; i < n; i++) {
            nodes[i].key = 0x1000000010000000 + (up ? i : n - i);
            ki_treap_insert(&root, &nodes[i]);
        }
        EXPECT_LT(depth(root), most);
        for (std::size_t i = 0; i < n; i += 2)
            ki_treap_remove(&root, &nodes[i]);
        EXPECT_LT(depth(root), most);
        EXPECT_EQ(n / 2, keys(root).size());
    }
}

}    // namespace
