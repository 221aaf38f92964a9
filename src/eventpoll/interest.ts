/**
 * The interest set of an epoll: its items in a red-black tree, ordered by open file and then by number. The number
 * belongs to the key since one open file may be watched under several, each with a mask and data of its own.
 *
 * @module
 */

import { rb_next, type RbNode, RbRoot } from "./rbtree.ts";

/** `struct epoll_filefd`: the key of an item. */
export interface EpollFilefd {
  /** The open file. Its `ino` stands for the address by which the kernel orders files. */
  readonly file: { readonly ino: number };
  /** The number under which it was added. */
  readonly fd: number;
}

/** What can be in the set. */
export interface InterestItem {
  /** Its place in the tree. */
  readonly rbn: RbNode<this>;
  /** Its key. */
  readonly ffd: EpollFilefd;
}

/**
 * Compares two keys.
 *
 * @param p1 A key.
 * @param p2 Another.
 * @returns Negative if the first one stands in front, 0 if they are the same.
 */
export function ep_cmp_ffd(p1: EpollFilefd, p2: EpollFilefd): number {
  return p1.file.ino - p2.file.ino || p1.fd - p2.fd;
}

/** The items of one epoll, each found in O(log n). */
export class InterestTree<T extends InterestItem> {
  readonly #rbr: RbRoot<T> = new RbRoot<T>();
  #size = 0;

  /** How many items there are. */
  get size(): number {
    return this.#size;
  }

  /**
   * Finds an item.
   *
   * @param key Its key.
   * @returns The item; null if it is not in the set.
   */
  find(key: EpollFilefd): T | null {
    for (let node = this.#rbr.root; node !== null;) {
      const order = ep_cmp_ffd(key, node.owner.ffd);
      if (order === 0) return node.owner;
      node = order < 0 ? node.left : node.right;
    }
    return null;
  }

  /**
   * Puts an item into the set.
   *
   * @param item An item whose key is not in the set.
   */
  insert(item: T): void {
    this.#rbr.insert(item.rbn, compareItems);
    this.#size++;
  }

  /**
   * Takes an item out.
   *
   * @param item An item of this set.
   */
  erase(item: T): void {
    this.#rbr.erase(item.rbn);
    this.#size--;
  }

  /**
   * The items in order. None may be added or taken out meanwhile.
   *
   * @returns The items.
   */
  *[Symbol.iterator](): Generator<T> {
    for (let node = this.#rbr.first(); node !== null; node = rb_next(node)) yield node.owner;
  }
}

function compareItems(a: InterestItem, b: InterestItem): number {
  return ep_cmp_ffd(a.ffd, b.ffd);
}
