import { once } from 'node:events';
import { connect } from 'node:net';
import { decodeResponse, encodeRequest } from '../../shared/protocol/frame.ts';
import { findCoordinator } from '../../shared/protocol/messages/find-coordinator.ts';

/** Sends one frame to the first of the brokers; resolves with the answer, without its size. */
export async function exchange(bootstrap: string, request: Uint8Array): Promise<Buffer> {
  const [host = '', port = ''] = (bootstrap.split(',')[0] ?? '').split(':');
  const socket = connect(Number(port), host);
  try {
    await once(socket, 'connect');
    socket.write(request);
    let received = Buffer.alloc(0);
    for await (const chunk of socket) {
      received = Buffer.concat([received, chunk as Buffer]);
      if (received.length >= 4 && received.length - 4 >= received.readInt32BE(0)) return received.subarray(4);
    }
    throw new Error('the broker closed the connection');
  } finally {
    socket.destroy();
  }
}

/** The broker that a group's members are sent to. */
export async function coordinatorOf(bootstrap: string, group: string): Promise<number> {
  const header = { correlationId: 1, clientId: 'test' };
  const frame = encodeRequest(findCoordinator, 1, header, { key: group, keyType: 0 });
  const answer = decodeResponse(findCoordinator, 1, await exchange(bootstrap, Buffer.concat(frame)));
  return answer.body.nodeId;
}
