import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import { describeAdmin } from './admin-suite.ts';
import type { Client } from './client-program.ts';
import type { Column } from './columns.ts';
import { describeFaults } from './fault-suite.ts';
import { describeGroups } from './group-suite.ts';
import { describeProducing } from './produce-suite.ts';
import { describeReading } from './read-suite.ts';
import { Results } from './results.ts';
import { Stage } from './stage.ts';
import type { Stand } from './stand.ts';

/** All that is asked of one client. */
export function clientSuite(client: Client): void {
  describe(client.name, () => {
    const results = new Results<Column>({
      name: client.name,
      lacks: client.lacks.filter((name) => name !== 'time'),
    });
    let stage: Stage;
    beforeAll(async () => {
      stage = await Stage.open(client);
    }, 90_000);
    afterEach(() => stage.killPrograms());
    afterAll(async () => {
      await stage?.close();
      results.write();
    });
    const stand: Stand = { client, results, stage: () => stage };
    describeProducing(stand);
    describeReading(stand);
    describeAdmin(stand);
    describeGroups(stand);
    describeFaults(stand);
  });
}
