import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Running, start } from '../../local/start.ts';
import { root } from '../tidy/sources.ts';

let broker: Running;

/** The blocks of a document that call a door on the default port. */
const blocksOf = (path: string): string[] =>
  [...readFileSync(join(root, path), 'utf8').matchAll(/```\n(.*?)```/gs)]
    .map(([, block = '']) => block)
    .filter((block) => /^curl|=\$\(curl/m.test(block));

/** What a shell prints that is given the commands, with our own door's address. */
function typed(commands: string): Promise<string> {
  const ours = commands.replaceAll('localhost:8082', broker.restUrl);
  const child = spawn('bash', ['-euc', ours], { stdio: ['ignore', 'pipe', 'ignore'] });
  let printed = '';
  child.stdout.on('data', (bytes) => (printed += bytes));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve(printed));
  });
}

beforeAll(async () => {
  broker = await start();
});
afterAll(() => broker.stop());

describe('the commands that the documents print (they need bash and curl)', () => {
  test('the README gets a newcomer to a produced and consumed record', async () => {
    const [first = ''] = blocksOf('README.md');
    const printed = await typed(first);
    expect(printed).toContain('"offset":1,');
    expect(printed).toContain('"key":"alice","value":{"item":"tea"}');
    expect(printed).not.toContain('error_code":4');
  });

  test('docs/http-api.md produces with headers, and once', async () => {
    const [withHeaders = '', once = ''] = blocksOf('docs/http-api.md');
    expect(await typed(withHeaders)).toContain('"error_code":null');
    const first = await typed(once);
    expect(first).toContain('{"producer_id":0,"producer_epoch":0}');
    expect(first).toContain('"error_code":null');
    const again = once.split('\n').slice(2).join('\n');
    expect(await typed(again)).toBe(first.slice(first.indexOf('}') + 1));
  });
});
