import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';

/** What becomes of a call to AWS on its way: refused as throttled, carried out without an answer, or fine. */
export type DoorFate = 'ok' | 'throttled' | 'lost';

export type FaultyDoor = {
  /** Where AWS clients find it. */
  readonly endpoint: string;
  /** How many calls met each fate. */
  readonly met: Readonly<Record<DoorFate, number>>;
  close(): Promise<void>;
};

/** `PutItem`, `UpdateItem`, … of DynamoDB, or the method of a call to S3. */
const operationOf = ({ headers, method = '' }: IncomingMessage): string =>
  String(headers['x-amz-target'] ?? method).replace(/^.*\./, '');

/** Stands between AWS clients and an emulator on loopback, and does to each call what `plan` says. */
export async function openFaultyDoor(
  target: string,
  plan: (operation: string) => DoorFate,
): Promise<FaultyDoor> {
  const met = { ok: 0, throttled: 0, lost: 0 };
  const { hostname, port } = new URL(target);
  const server = createServer((incoming, outgoing) => {
    const operation = operationOf(incoming);
    const fate = plan(operation);
    met[fate]++;
    if (fate === 'throttled') return throttle(incoming, outgoing);
    const { url: path, method, headers } = incoming;
    const passing = request({ hostname, port, path, method, headers }, (answer) => {
      if (fate === 'lost') {
        answer.resume();
        answer.once('end', () => incoming.socket.destroy());
        return;
      }
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    passing.on('error', () => incoming.socket.destroy());
    incoming.pipe(passing);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const own = typeof address === 'object' && address !== null ? address.port : 0;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { endpoint: `http://127.0.0.1:${own}`, met, close };
}

/** As DynamoDB and S3 refuse a call that comes too fast. */
function throttle(incoming: IncomingMessage, outgoing: ServerResponse): void {
  incoming.resume();
  incoming.once('end', () => {
    if (incoming.headers['x-amz-target'] === undefined) {
      outgoing.writeHead(503, { 'content-type': 'application/xml' });
      outgoing.end('<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>');
      return;
    }
    outgoing.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' });
    const type = 'com.amazonaws.dynamodb.v20120810#ThrottlingException';
    outgoing.end(JSON.stringify({ __type: type, message: 'Rate exceeded' }));
  });
}
