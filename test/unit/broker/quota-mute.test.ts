import { expect, test } from 'vitest';
import { alterClientQuotas } from '../../../shared/protocol/messages/alter-client-quotas.ts';
import { describeClientQuotas } from '../../../shared/protocol/messages/describe-client-quotas.ts';
import { produce } from '../../../shared/protocol/messages/produce.ts';
import {
  batchOf,
  call,
  decodedAnswer,
  frameOf,
  newTopic,
  produceBody,
  testCaller,
} from '../../support/broker-engine.ts';
import { brokerInMemory } from './admin/admin-bench.ts';

const broker = brokerInMemory();

test('over its quota a client is answered at once, and its next request waits; without one it does not', async () => {
  const { name } = await newTopic(broker());
  const entity = [{ entityType: 'client-id', entityName: 'test' }];
  const rate = { key: 'producer_byte_rate', value: 1_000, remove: false };
  await call(broker(), alterClientQuotas, 1, { entries: [{ entity, ops: [rate] }], validateOnly: false });
  await call(broker(), describeClientQuotas, 1, { components: [], strict: false });
  const connection = new AbortController();
  const send = async () => {
    const frame = frameOf(produce, 9, produceBody(name, [batchOf(['x'.repeat(30_000)])]));
    const { answer, admitted } = broker().broker.serve(frame, testCaller, connection.signal);
    let isAdmitted = false;
    void admitted.then(() => {
      isAdmitted = true;
    });
    const { throttleTimeMs, responses } = decodedAnswer(produce, 9, await answer);
    expect(responses[0]?.partitionResponses[0]?.errorCode).toBe(0);
    return { throttleTimeMs, isAdmitted: () => isAdmitted };
  };
  await send(); // has the quotas read
  await expect.poll(async () => (await send()).throttleTimeMs).toBeGreaterThan(0);
  const { isAdmitted } = await send();
  expect(isAdmitted()).toBe(false);
  connection.abort(); // a client that goes waits no longer
  await expect.poll(isAdmitted).toBe(true);
});
