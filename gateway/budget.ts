/**
 * Whoever waits for room; called when there may be some. Keeps its place until it finds that it may go on.
 */
type Waiter = () => void;

/**
 * Bytes that all connections hold together. When they are too many, whoever wants more waits; one at a time
 * may take more than there is, to bring the frame that it has begun to its end, so that half frames cannot
 * block each other.
 */
export class Budget {
  private readonly bytesMax: number;
  private readonly waiting = new Set<Waiter>();
  private held = 0;
  private overdrawn: Waiter | undefined;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  get heldBytes(): number {
    return this.held;
  }

  get isFull(): boolean {
    return this.held >= this.bytesMax;
  }

  take(bytes: number): void {
    this.held += bytes;
  }

  give(bytes: number): void {
    this.held -= bytes;
    if (this.waiting.size > 0 && !this.isFull) this.wake();
  }

  /** Calls `waiter` whenever there may be room, until `leave`. */
  wait(waiter: Waiter): void {
    this.waiting.add(waiter);
  }

  /** The waiter goes on, or is gone. If it was the one that may overdraw, another may. */
  leave(waiter: Waiter): void {
    this.waiting.delete(waiter);
    if (this.overdrawn !== waiter) return;
    this.overdrawn = undefined;
    this.wake();
  }

  /** Whether `waiter` may take more than there is. Whoever may keeps this right until it leaves. */
  mayOverdraw(waiter: Waiter): boolean {
    this.overdrawn ??= waiter;
    return this.overdrawn === waiter;
  }

  /** Whether `waiter` has that right already. */
  hasOverdrawn(waiter: Waiter): boolean {
    return this.overdrawn === waiter;
  }

  private wake(): void {
    for (const waiter of [...this.waiting]) waiter();
  }
}
