/**
 * A red-black tree whose nodes lie in what it orders, after <linux/rbtree.h>: a node is taken out without a search, and no
 * path is more than twice as long as another, since red nodes have black children and all paths have as many black nodes.
 *
 * @module
 */

/** `struct rb_node`: the place of its owner in a tree. */
export class RbNode<T> {
  /** What is ordered. */
  readonly owner: T;
  /** The node above; null at the root. */
  parent: RbNode<T> | null = null;
  /** Below: those in front. */
  left: RbNode<T> | null = null;
  /** Below: those behind. */
  right: RbNode<T> | null = null;
  /** The colour. */
  isRed = false;

  /** @param owner What is ordered. */
  constructor(owner: T) {
    this.owner = owner;
  }
}

/** `struct rb_root`: a tree. */
export class RbRoot<T> {
  /** The topmost node; null in an empty tree. */
  root: RbNode<T> | null = null;

  /**
   * Puts a node into the tree, behind those it is equal to.
   *
   * @param node The node, in no tree.
   * @param compare Negative where the first one stands in front of the second.
   */
  insert(node: RbNode<T>, compare: (a: T, b: T) => number): void {
    let parent: RbNode<T> | null = null;
    let isLeft = false;
    for (let below = this.root; below !== null; below = isLeft ? parent.left : parent.right) {
      parent = below;
      isLeft = compare(node.owner, below.owner) < 0;
    }
    node.parent = parent;
    node.left = null;
    node.right = null;
    node.isRed = true;
    if (parent === null) this.root = node;
    else if (isLeft) parent.left = node;
    else parent.right = node;
    this.#paintAfterInsert(node);
  }

  /**
   * Takes a node out.
   *
   * @param node A node of this tree.
   */
  erase(node: RbNode<T>): void {
    if (node.left !== null && node.right !== null) this.#swapWithNext(node);
    // Now it has one child at the most. A black node that goes is missing on all paths through its place.
    const child = node.left ?? node.right;
    const { parent } = node;
    this.#replace(node, child);
    if (!node.isRed) this.#paintAfterErase(child, parent);
  }

  /**
   * The first node in order.
   *
   * @returns The node; null in an empty tree.
   */
  first(): RbNode<T> | null {
    return this.root === null ? null : leftmost(this.root);
  }

  #replace(node: RbNode<T>, by: RbNode<T> | null): void {
    const { parent } = node;
    if (parent === null) this.root = by;
    else if (parent.left === node) parent.left = by;
    else parent.right = by;
    if (by !== null) by.parent = parent;
  }

  /** Lets a node with two children change places and colours with the one behind it, which has no left child. */
  #swapWithNext(node: RbNode<T>): void {
    const next = leftmost(node.right!);
    const { left, right, isRed } = node;
    const { right: nextRight, parent: nextParent } = next;
    this.#replace(node, next);
    next.left = left;
    left!.parent = next;
    if (nextParent === node) {
      next.right = node;
      node.parent = next;
    } else {
      next.right = right;
      right!.parent = next;
      nextParent!.left = node;
      node.parent = nextParent;
    }
    node.left = null;
    node.right = nextRight;
    if (nextRight !== null) nextRight.parent = node;
    node.isRed = next.isRed;
    next.isRed = isRed;
  }

  /** Lets the child on one side of a node take its place, and the node go down on the other. */
  #rotate(node: RbNode<T>, toLeft: boolean): void {
    const up = toLeft ? node.right! : node.left!;
    const inner = toLeft ? up.left : up.right;
    this.#replace(node, up);
    node.parent = up;
    if (toLeft) {
      up.left = node;
      node.right = inner;
    } else {
      up.right = node;
      node.left = inner;
    }
    if (inner !== null) inner.parent = node;
  }

  /** A new red node may stand below a red one: that moves up until it can be mended by rotations. */
  #paintAfterInsert(node: RbNode<T>): void {
    let red = node;
    for (let { parent } = red; parent !== null && parent.isRed; parent = red.parent) {
      const grandparent = parent.parent!; // a red node is not the root
      const isLeft = grandparent.left === parent;
      const uncle = isLeft ? grandparent.right : grandparent.left;
      if (uncle !== null && uncle.isRed) {
        parent.isRed = false;
        uncle.isRed = false;
        grandparent.isRed = true;
        red = grandparent;
        continue;
      }
      if (red === (isLeft ? parent.right : parent.left)) {
        this.#rotate(parent, isLeft);
        red = parent;
      }
      red.parent!.isRed = false;
      grandparent.isRed = true;
      this.#rotate(grandparent, !isLeft);
    }
    this.root!.isRed = false;
  }

  /** Paths through `place` lack a black node: that moves up until a red node can be painted black for it. */
  #paintAfterErase(place: RbNode<T> | null, above: RbNode<T> | null): void {
    let node = place;
    let parent = above;
    while (parent !== null && (node === null || !node.isRed)) {
      const isLeft = parent.left === node;
      let sibling = isLeft ? parent.right! : parent.left!; // paths through it have one black node more, so it is there
      if (sibling.isRed) {
        sibling.isRed = false;
        parent.isRed = true;
        this.#rotate(parent, isLeft);
        sibling = isLeft ? parent.right! : parent.left!;
      }
      const isNearRed = (isLeft ? sibling.left : sibling.right)?.isRed === true;
      const isFarRed = (isLeft ? sibling.right : sibling.left)?.isRed === true;
      if (!isNearRed && !isFarRed) {
        sibling.isRed = true;
        node = parent;
        parent = node.parent;
        continue;
      }
      if (!isFarRed) {
        sibling.isRed = true;
        (isLeft ? sibling.left! : sibling.right!).isRed = false;
        this.#rotate(sibling, !isLeft);
        sibling = isLeft ? parent.right! : parent.left!;
      }
      sibling.isRed = parent.isRed;
      parent.isRed = false;
      (isLeft ? sibling.right! : sibling.left!).isRed = false;
      this.#rotate(parent, isLeft);
      return;
    }
    if (node !== null) node.isRed = false;
  }
}

/**
 * The node behind another, in order.
 *
 * @param node A node of a tree.
 * @returns The next node; null behind the last.
 */
export function rb_next<T>(node: RbNode<T>): RbNode<T> | null {
  if (node.right !== null) return leftmost(node.right);
  let from = node;
  let parent = from.parent;
  while (parent !== null && parent.right === from) {
    from = parent;
    parent = from.parent;
  }
  return parent;
}

function leftmost<T>(node: RbNode<T>): RbNode<T> {
  let first = node;
  while (first.left !== null) first = first.left;
  return first;
}
