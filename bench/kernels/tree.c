// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// A search tree with balanced priorities (a treap): insertion, lookup and removal by recursion, pointers everywhere.
#include "kernel.h"

enum { kNodes = 2048 };

typedef struct Node {
  struct Node *left, *right;
  uint32_t key, priority, value;
} Node;

static Node nodes[kNodes];
static Node *unused;

static Node *Insert(Node *at, Node *node) {
  if (at == 0) return node;
  if (node->key < at->key) {
    Node *const left = Insert(at->left, node);
    at->left = left;
    if (left->priority <= at->priority) return at;
    at->left = left->right;
    left->right = at;
    return left;
  }
  Node *const right = Insert(at->right, node);
  at->right = right;
  if (right->priority <= at->priority) return at;
  at->right = right->left;
  right->left = at;
  return right;
}

static Node *Merge(Node *a, Node *b) {
  if (a == 0) return b;
  if (b == 0) return a;
  if (a->priority > b->priority) {
    a->right = Merge(a->right, b);
    return a;
  }
  b->left = Merge(a, b->left);
  return b;
}

static Node *Remove(Node *at, uint32_t key) {
  if (at == 0) return 0;
  if (key < at->key) {
    at->left = Remove(at->left, key);
  } else if (key > at->key) {
    at->right = Remove(at->right, key);
  } else {
    Node *const rest = Merge(at->left, at->right);
    at->left = unused;
    unused = at;
    return rest;
  }
  return at;
}

NOINLINE static Node *Find(Node *at, uint32_t key) {
  while (at != 0 && at->key != key) at = key < at->key ? at->left : at->right;
  return at;
}

static uint32_t Sum(const Node *at, uint32_t sum) {
  if (at == 0) return sum;
  sum = Fold(Sum(at->left, sum), at->key ^ at->value);
  return Sum(at->right, sum);
}

RUN {
  uint32_t seed = 555, found = 0;
  Node *root = 0;
  unused = 0;
  for (uint32_t i = 0; i < kNodes; i++) {
    nodes[i].left = unused;
    unused = &nodes[i];
  }
  for (uint32_t i = 0; i < n * 1000; i++) {
    const uint32_t key = NextRandom(&seed) % (kNodes * 2);
    Node *const node = Find(root, key);
    if (node != 0) {
      found += ++node->value;
      if (node->value % 4 == 0) root = Remove(root, key);
    } else if (unused != 0) {
      Node *const fresh = unused;
      unused = fresh->left;
      *fresh = (Node){0, 0, key, NextRandom(&seed), i};
      root = Insert(root, fresh);
    } else {
      root = Remove(root, root->key);
    }
  }
  return Sum(root, found);
}
