/** How the command ends: docs/cli.md promises these to scripts. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** What went wrong, in words for the user, and what to do next. Ends the command with 1. */
export class CommandFailure extends Error {
  override name = 'CommandFailure';
  /** What to do next, as a sentence or a command. */
  readonly next: string | undefined;
  readonly exitCode: number = exitCodes.failed;

  constructor(message: string, next?: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.next = next;
  }
}

/** The command was called wrongly; nothing was done. Ends it with 2. */
export class UsageFailure extends CommandFailure {
  override name = 'UsageFailure';
  override readonly exitCode: number = exitCodes.usage;
}

/** The user stopped the command before it was done. Ends it with 130, as shells count SIGINT. */
export class Interrupted extends CommandFailure {
  override name = 'Interrupted';
  override readonly exitCode: number = exitCodes.interrupted;
}

/** The text of anything that was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
