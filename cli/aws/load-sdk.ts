import { CommandFailure } from '../failure.ts';

/**
 * Loads what only AWS needs. The npm package carries it; a clone in which only `npm start` was run has not
 * installed it.
 */
export async function loadSdk<T>(load: () => Promise<T>): Promise<T> {
  // Which Node it will want some day is no news for who runs a command.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
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
