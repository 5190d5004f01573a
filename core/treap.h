/* SPDX-License-Identifier: Apache-2.0
 * treap.h -- a set of records by number: a search tree that chance keeps flat.
 *
 * The node lies in the record, so nothing is allocated. Its rank is its key, mixed; a parent ranks
 * above its children, so the shape is that of a tree whose keys came in random order, whatever
 * the order was: some 2 ln n deep.
 *
 *   I1  No two nodes of a tree have the same key, and so no two the same rank. */
#ifndef KI_TREAP_H
#define KI_TREAP_H

#include "core/defs.h"

#ifdef __cplusplus
extern "C" {
#endif

struct ki_treap_node {
    struct ki_treap_node *left, *right;
    uint64_t key;
};

/* A tree is the address of its root; NULL is empty. */

/* ki_treap_find answers the node with this key, or NULL. */
static inline struct ki_treap_node *
ki_treap_find(struct ki_treap_node *root, uint64_t key)
{
    while (root && root->key != key)
        root = key < root->key ? root->left : root->right;
    return root;
}

/* ki_treap_after answers the node with the lowest key above this one, or NULL: to walk a tree that
 * changes meanwhile, from 0 on. */
struct ki_treap_node *ki_treap_after(struct ki_treap_node *root, uint64_t key);

void ki_treap_insert_more(struct ki_treap_node **root, struct ki_treap_node *n);
void ki_treap_remove_one(struct ki_treap_node **root, struct ki_treap_node *n);

/* ki_treap_insert puts in a node, n->key set, whose key is not there yet. */
static inline void
ki_treap_insert(struct ki_treap_node **root, struct ki_treap_node *n)
{
    if (ki_slow(*root != NULL)) {
        ki_treap_insert_more(root, n);
        return;
    }
    n->left = n->right = NULL;
    *root = n;
}

/* ki_treap_remove takes out a node that is in there. */
static inline void
ki_treap_remove(struct ki_treap_node **root, struct ki_treap_node *n)
{
    if (ki_fast(*root == n && !n->left && !n->right))
        *root = NULL;
    else
        ki_treap_remove_one(root, n);
}

#ifdef __cplusplus
}
#endif

#endif
