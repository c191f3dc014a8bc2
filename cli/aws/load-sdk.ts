import { CommandFailure } from '../failure.ts';

/**
 * Loads what only AWS needs. The npm package carries it; a clone in which only `npm start` was run has not
 * installed it.
 */
export async function loadSdk<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ERR_MODULE_NOT_FOUND') throw error;
    const [, name = 'a package'] = /package '([^']+)'/.exec(message) ?? [];
    throw new CommandFailure(
      `The AWS SDK is not installed here (${name}).`,
      'Run `npm ci` in this folder once, then the same command again.',
      error,
    );
  }
}
