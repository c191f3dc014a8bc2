import { rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { start } from '../local/start.ts';
import { type Figure, perSecond, temporaryFolder, untilOver } from './report.ts';

const contentType = 'application/vnd.kafka.json.v2+json';

/** Records a second over HTTP, on the embedded engine, callers and server in one process. */
export async function httpFigures(secondsEach: number): Promise<Figure[]> {
  const folder = await temporaryFolder();
  const running = await start({ data: folder });
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  try {
    await createTopic(running.restUrl);
    const figures: Figure[] = [];
    for (const callers of [1, 64]) {
      for (const records of [1, 100]) {
        const value = { text: 'x'.repeat(1000) };
        const body = JSON.stringify({ records: Array.from({ length: records }, () => ({ value })) });
        const { count, ms } = await untilOver(callers, secondsEach, () =>
          post(agent, `${running.restUrl}/topics/bench`, body),
        );
        const what = `HTTP produce, ${callers} callers, ${records} records of 1 KB a request`;
        figures.push({ what, ...perSecond(count * records, ms, 'records/s') });
      }
    }
    return figures;
  } finally {
    agent.destroy();
    await running.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function createTopic(restUrl: string): Promise<void> {
  const clusters = await (await fetch(`${restUrl}/v3/clusters`)).json();
  const { cluster_id: clusterId } = (clusters as { data: { cluster_id: string }[] }).data[0] ?? {};
  await fetch(`${restUrl}/v3/clusters/${clusterId}/topics`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ topic_name: 'bench', partitions_count: 6 }),
  });
}

function post(agent: Agent, url: string, body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': contentType, 'content-length': Buffer.byteLength(body) };
    const call = request(url, { method: 'POST', agent, headers }, (answer) => {
      answer.resume();
      answer.on('end', () =>
        answer.statusCode === 200 ? resolve() : reject(new Error(`produce answered ${answer.statusCode}`)),
      );
    });
    call.on('error', reject);
    call.end(body);
  });
}
