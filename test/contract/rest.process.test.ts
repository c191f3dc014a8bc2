import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { start } from '../../local/start.ts';
import { getWithBody } from '../support/get-with-body.ts';
import { restSuite } from './rest.suite.ts';

restSuite('in one process, over HTTP, on the embedded store', async () => {
  const data = mkdtempSync(join(tmpdir(), 'millrace-rest-'));
  const running = await start({ data });
  return {
    request: (path, init) => fetch(`${running.restUrl}${path}`, init),
    getWithBody: (path, body, headers) => getWithBody(`${running.restUrl}${path}`, body, headers),
    close: async () => {
      await running.stop();
      rmSync(data, { recursive: true });
    },
  };
});
