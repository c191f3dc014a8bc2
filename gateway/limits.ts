import { assert } from '../shared/base/assert.ts';

/** What one gateway holds at most, in all and for a connection. */
export type GatewayLimits = {
  readonly connectionsMax: number;
  /** Bytes of one request (`socket.request.max.bytes`). */
  readonly frameBytesMax: number;
  /** Bytes of requests that are being read or served, of one connection; beyond it nothing more is read. */
  readonly connectionBytesMax: number;
  /**
   * Bytes of requests and of answers that were not taken yet, of all connections
   * (`queued.max.request.bytes`). When it is reached, connections that hold more than `smallBytesMax` are not
   * read on and no fetch begins. In all there may be one frame more, and `smallBytesMax` a connection.
   */
  readonly totalBytesMax: number;
  /** Whoever holds no more than this is always read: small requests never wait for large ones. */
  readonly smallBytesMax: number;
  /** Requests of one connection that are being served. */
  readonly connectionRequestsMax: number;
  /**
   * A connection that says nothing, or takes nothing of its answers, for so long is closed
   * (`connections.max.idle.ms`).
   */
  readonly idleMsMax: number;
  /**
   * A request that was begun must be whole after this; time in which the gateway does not read does not
   * count.
   */
  readonly frameMsMax: number;
  /** Whoever takes nothing of its answers for so long is closed where memory is short. */
  readonly slowReaderMsMax: number;
};

export const defaultGatewayLimits: GatewayLimits = {
  connectionsMax: 10_000,
  frameBytesMax: 104_857_600,
  connectionBytesMax: 128 * 1024 * 1024,
  totalBytesMax: 1024 * 1024 * 1024,
  smallBytesMax: 64 * 1024,
  connectionRequestsMax: 64,
  idleMsMax: 600_000,
  frameMsMax: 60_000,
  slowReaderMsMax: 10_000,
};

/** The limits with these in place. They must let the largest frame through. */
export function gatewayLimits(chosen: Partial<GatewayLimits> = {}): GatewayLimits {
  const limits = { ...defaultGatewayLimits, ...chosen };
  assert(limits.connectionBytesMax >= limits.frameBytesMax, 'a connection may hold one whole frame');
  assert(limits.connectionRequestsMax >= 1, 'a connection may have a request');
  return limits;
}
