/**
 * Something that will happen at a virtual time. Equal times happen in the order in which they were put in.
 */
export type ScheduledEvent = {
  readonly atMs: number;
  readonly order: number;
  readonly label: string;
  readonly fire: () => void;
};

const isBefore = (a: ScheduledEvent, b: ScheduledEvent): boolean =>
  a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);

/** A binary heap of events, earliest first. */
export class EventQueue {
  private readonly heap: ScheduledEvent[] = [];

  get size(): number {
    return this.heap.length;
  }

  get earliest(): ScheduledEvent | undefined {
    return this.heap[0];
  }

  push(event: ScheduledEvent): void {
    const heap = this.heap;
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as ScheduledEvent;
      if (!isBefore(event, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = event;
  }

  pop(): ScheduledEvent | undefined {
    const heap = this.heap;
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      if (left >= heap.length) break;
      const right = left + 1;
      const [leftEvent, rightEvent] = [heap[left] as ScheduledEvent, heap[right]];
      const isRightFirst = rightEvent !== undefined && isBefore(rightEvent, leftEvent);
      const child = isRightFirst ? rightEvent : leftEvent;
      if (!isBefore(child, last)) break;
      heap[at] = child;
      at = isRightFirst ? right : left;
    }
    heap[at] = last;
    return first;
  }
}
