import type { LogContext } from './log-context.ts';
import type { Sequenced } from './pending-append.ts';
import type { BatchToStage } from './stage.ts';

type Lingering = {
  readonly append: BatchToStage;
  readonly resolve: (begun: Promise<Sequenced>) => void;
};

/**
 * Gathers the appends of a moment, whatever their connections and partitions, and begins them together in the
 * order in which they came. So they share an object and few updates, at the price of waiting.
 */
export class Linger {
  private readonly context: LogContext;
  private readonly begin: (appends: readonly BatchToStage[]) => Promise<Sequenced>[];
  private gathered: Lingering[] = [];
  private bytes = 0;
  private full = new AbortController();

  constructor(context: LogContext, begin: (appends: readonly BatchToStage[]) => Promise<Sequenced>[]) {
    this.context = context;
    this.begin = begin;
  }

  /** Each resolves or rejects as the append does that is begun for it later. */
  add(appends: readonly BatchToStage[]): Promise<Sequenced>[] {
    return appends.map((append) => {
      const sequenced = new Promise<Sequenced>((resolve) => {
        if (this.gathered.length === 0) void this.beginLater();
        this.gathered.push({ append, resolve });
      });
      this.bytes += append.batch.length;
      if (this.bytes >= this.context.settings.batchObjectBytesMax) this.full.abort();
      return sequenced;
    });
  }

  private async beginLater(): Promise<void> {
    const { clock, settings } = this.context;
    await clock.sleep(settings.lingerMs, this.full.signal);
    const { gathered } = this;
    this.gathered = [];
    this.bytes = 0;
    this.full = new AbortController();
    const begun = this.beginAll(gathered);
    for (const [place, { resolve }] of gathered.entries())
      resolve(begun[place] ?? Promise.reject(new Error('an append was gathered and not begun')));
  }

  /** A failure is each one's own: nobody waits for an append that is never begun. */
  private beginAll(gathered: readonly Lingering[]): Promise<Sequenced>[] {
    try {
      return this.begin(gathered.map(({ append }) => append));
    } catch (error) {
      return gathered.map(() => Promise.reject(error));
    }
  }
}
