/**
 * Doubly linked lists whose links lie in what is listed, after <linux/list.h>: taking out needs no search, and both
 * ends take in. A list is a {@linkcode ListHead} without an owner; each link in it has one.
 *
 * @module
 */

/** `struct list_head`: a list, or the link by which its owner is on one. */
export class ListHead<T> {
  /** The link behind this one; the link itself when it is on no list. */
  next: ListHead<T> = this;
  /** The link in front of this one. */
  prev: ListHead<T> = this;
  /** What this link is part of; null for a list. */
  readonly owner: T | null;

  /** @param owner What the link is part of; nothing for a list. */
  constructor(owner: T | null = null) {
    this.owner = owner;
  }

  /**
   * Walks a list from its first owner to its last. The one it stands on may be taken out meanwhile.
   *
   * @returns The owners.
   */
  *[Symbol.iterator](): Generator<T> {
    let next: ListHead<T>;
    for (let link = this.next; link !== this; link = next) {
      next = link.next;
      yield link.owner!;
    }
  }
}

/**
 * Whether a list is empty, or a link is on no list.
 *
 * @param head The list or the link.
 * @returns Whether nothing is linked to it.
 */
export function list_empty<T>(head: ListHead<T>): boolean {
  return head.next === head;
}

/**
 * Puts a link at the head of a list.
 *
 * @param link The link, on no list.
 * @param head The list.
 */
export function list_add<T>(link: ListHead<T>, head: ListHead<T>): void {
  insert(link, head, head.next);
}

/**
 * Puts a link at the tail of a list.
 *
 * @param link The link, on no list.
 * @param head The list.
 */
export function list_add_tail<T>(link: ListHead<T>, head: ListHead<T>): void {
  insert(link, head.prev, head);
}

/**
 * Takes a link off the list it is on.
 *
 * @param link The link; may be on no list.
 */
export function list_del_init<T>(link: ListHead<T>): void {
  link.prev.next = link.next;
  link.next.prev = link.prev;
  link.next = link;
  link.prev = link;
}

/**
 * Moves a whole list in front of another.
 *
 * @param list The list; empty afterwards.
 * @param head What it is put in front of.
 */
export function list_splice_init<T>(list: ListHead<T>, head: ListHead<T>): void {
  if (list_empty(list)) return;
  const first = list.next;
  const last = list.prev;
  last.next = head.next;
  head.next.prev = last;
  head.next = first;
  first.prev = head;
  list.next = list;
  list.prev = list;
}

function insert<T>(link: ListHead<T>, prev: ListHead<T>, next: ListHead<T>): void {
  link.prev = prev;
  link.next = next;
  prev.next = link;
  next.prev = link;
}
