import type { Call, Fate, Faults, Mishap } from '../simulation/faults.ts';

/** How one call of an operation goes wrong. */
export const ways = [
  'throttled',
  'unavailable',
  'applied, answer lost',
  'lost on its way',
  'applied a little later',
  'applied long after everything else',
  'process dies before it',
  'process dies after it',
] as const;
export type Way = (typeof ways)[number];

/** When a late call lands: before the operation is repeated, and after. */
export const littleLaterMs = 100;
export const longAfterMs = 3_600_000;

const fates: { readonly [way in Way]?: Fate } = {
  throttled: { is: 'refused', kind: 'throttled' },
  unavailable: { is: 'refused', kind: 'unavailable' },
  'applied, answer lost': { is: 'lost', effect: 'before' },
  'lost on its way': { is: 'lost', effect: 'never' },
  'applied a little later': { is: 'lost', effect: 'late', lateMs: littleLaterMs },
  'applied long after everything else': { is: 'lost', effect: 'late', lateMs: longAfterMs },
};

/** Nothing goes wrong but the N-th call of one process. */
export class OneFault implements Faults {
  private readonly process: string;
  private readonly number: number;
  private readonly way: Way;
  private isArmed = false;
  private fatal: string | undefined;
  /** Calls of the process since it was armed. */
  calls = 0;

  constructor(process: string, number: number, way: Way) {
    this.process = process;
    this.number = number;
    this.way = way;
  }

  arm(): void {
    this.isArmed = true;
  }

  disarm(): void {
    this.isArmed = false;
  }

  legMs(): number {
    return 1;
  }

  fateOf({ process, name, isWrite }: Call): Fate {
    if (!this.isArmed || process !== this.process || this.calls !== this.number) return { is: 'answered' };
    if (this.way === 'process dies after it') this.fatal = name;
    const fate = fates[this.way] ?? { is: 'answered' };
    // A lost answer of a read means only that it must be asked again.
    return fate.is === 'lost' && !isWrite ? { is: 'refused', kind: 'unavailable' } : fate;
  }

  mishapOf(process: string, what: string): Mishap | undefined {
    if (!this.isArmed || process !== this.process) return undefined;
    if (what.startsWith(`${process} begins `)) {
      this.calls++;
      const dies = this.way === 'process dies before it' && this.calls === this.number;
      return dies ? { is: 'death' } : undefined;
    }
    const hears = this.fatal !== undefined && what.startsWith(`${process} hears of ${this.fatal}`);
    return hears ? { is: 'death' } : undefined;
  }

  fateOfOrphan(): 'now' {
    return 'now';
  }
}
