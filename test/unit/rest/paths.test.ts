import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openRestDoor, type RestDoor, testClusterId } from '../../support/rest-door.ts';

let door: RestDoor;
const cluster = `/v3/clusters/${testClusterId}`;

beforeAll(async () => {
  door = await openRestDoor();
  const body = JSON.stringify({ topic_name: 'a.b-c_D' });
  const headers = { 'content-type': 'application/json' };
  expect((await door.request(`${cluster}/topics`, { method: 'POST', headers, body })).status).toBe(201);
});
afterAll(() => door.close());

describe('a path', () => {
  test.each([
    ['/%74opics', 200],
    ['/topics/%61%2Eb%2Dc%5fD/partition%73/%30', 200],
    ['/v3/%63lusters', 200],
    [`${cluster}/topics/a.b-c_D/configs%3Aalter`, 405],
    ['/topics/a%2Fb', 404],
    ['/topics%2Fa.b-c_D', 404],
    ['/topics/%zz', 404],
    ['/topics/%', 404],
    ['/topics/%C3%28', 404],
  ])('%s answers %i: what is encoded for nothing is what it stands for', async (path, status) => {
    expect((await door.request(path)).status).toBe(status);
  });
});
