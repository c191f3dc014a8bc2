import type { Clock } from '../../shared/base/clock.ts';
import { type Random, seededRandom } from '../../shared/base/random.ts';
import type { Faults } from './faults.ts';
import { type Scheduler, virtualClock } from './scheduler.ts';

/**
 * One process of the simulated system. Whatever reaches it (an answer, a wake-up, its own next call) does so
 * through `deliver`: a dead process never hears it, a sleeping one when it goes on, in the same order.
 */
export class SimulatedProcess {
  readonly name: string;
  readonly clock: Clock;
  readonly random: Random;
  private readonly scheduler: Scheduler;
  private readonly faults: Faults;
  private readonly onDeath: (process: SimulatedProcess) => void;
  private held: { what: string; happen: () => void }[] | undefined;
  isDead = false;

  constructor(
    scheduler: Scheduler,
    faults: Faults,
    options: { name: string; skewMs?: number; onDeath?: (process: SimulatedProcess) => void },
  ) {
    this.scheduler = scheduler;
    this.faults = faults;
    this.name = options.name;
    this.onDeath = options.onDeath ?? (() => {});
    this.random = seededRandom(Math.floor(scheduler.random.next() * 2 ** 32));
    this.clock = virtualClock(scheduler, options.skewMs ?? 0, (wake) => this.deliver('wake', wake));
  }

  deliver(what: string, happen: () => void): void {
    if (this.isDead) return;
    if (this.held) {
      this.held.push({ what, happen });
      return;
    }
    const mishap = this.faults.mishapOf(this.name, what);
    if (mishap?.is === 'death') this.die(what);
    else if (mishap?.is === 'sleep') this.sleepBefore(what, happen, mishap.forMs);
    else happen();
  }

  die(what: string): void {
    this.isDead = true;
    this.held = undefined;
    this.scheduler.note(`${this.name} dies before ${what}`);
    this.onDeath(this);
  }

  private sleepBefore(what: string, happen: () => void, forMs: number): void {
    this.scheduler.note(`${this.name} sleeps for ${Math.round(forMs)} ms before ${what}`);
    const held = [{ what, happen }];
    this.held = held;
    this.scheduler.after(forMs, `${this.name} goes on`, () => {
      if (this.isDead) return;
      this.held = undefined;
      // One after another, so that each reaction is finished before the next thing reaches the process.
      held.forEach((waiting, at) => {
        this.scheduler.after(at * 1e-6, `${this.name} at last: ${waiting.what}`, () => {
          this.deliver(waiting.what, waiting.happen);
        });
      });
    });
  }
}
