/* SPDX-License-Identifier: Apache-2.0
 * treap.c -- the tree's changes: split where a node comes, merge where one goes. */
#include "core/treap.h"

#include "core/assert.h"

/* Each step can be undone, so different keys have different ranks. */
static uint64_t
rank(uint64_t key)
{
    key = (key ^ (key >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    key = (key ^ (key >> 27)) * UINT64_C(0x94d049bb133111eb);
    return key ^ (key >> 31);
}

/* What lies below the key goes to `low`, what lies above it to `high`. */
static void
split(struct ki_treap_node *t, uint64_t key, struct ki_treap_node **low,
      struct ki_treap_node **high)
{
    while (t)
        if (t->key < key) {
            *low = t;
            low = &t->right;
            t = t->right;
        } else {
            *high = t;
            high = &t->left;
            t = t->left;
        }
    *low = *high = NULL;
}

/* All keys of `low` are below those of `high`. */
static struct ki_treap_node *
merge(struct ki_treap_node *low, struct ki_treap_node *high)
{
    struct ki_treap_node *root, **at = &root;

    while (low && high)
        if (rank(low->key) > rank(high->key)) {
            *at = low;
            at = &low->right;
            low = low->right;
        } else {
            *at = high;
            at = &high->left;
            high = high->left;
        }
    *at = low ? low : high;
    return root;
}

struct ki_treap_node *
ki_treap_after(struct ki_treap_node *root, uint64_t key)
{
    struct ki_treap_node *best = NULL;

    while (root)
        if (root->key > key) {
            best = root;
            root = root->left;
        } else {
            root = root->right;
        }
    return best;
}

void
ki_treap_insert_more(struct ki_treap_node **root, struct ki_treap_node *n)
{
    const uint64_t mine = rank(n->key);
    struct ki_treap_node **at = root;

    while (*at && rank((*at)->key) > mine)
        at = n->key < (*at)->key ? &(*at)->left : &(*at)->right;
    split(*at, n->key, &n->left, &n->right);
    *at = n;
}

void
ki_treap_remove_one(struct ki_treap_node **root, struct ki_treap_node *n)
{
    while (*root != n) {
        KI_ASSERT(*root);
        root = n->key < (*root)->key ? &(*root)->left : &(*root)->right;
    }
    *root = merge(n->left, n->right);
}
