/** What one gateway holds at most, in all and for a connection. */
export type GatewayLimits = {
  readonly connectionsMax: number;
  /** Bytes of one request (`socket.request.max.bytes`). */
  readonly frameBytesMax: number;
  /** Bytes of requests that are being read or served, of one connection and of all; beyond it nothing more is read. */
  readonly connectionBytesMax: number;
  readonly totalBytesMax: number;
  /** Requests of one connection that are being served. */
  readonly connectionRequestsMax: number;
  /** A connection that says nothing for so long is closed (`connections.max.idle.ms`). */
  readonly idleMsMax: number;
  /** A request that was begun must be whole after this. */
  readonly frameMsMax: number;
};

export const defaultGatewayLimits: GatewayLimits = {
  connectionsMax: 10_000,
  frameBytesMax: 104_857_600,
  connectionBytesMax: 128 * 1024 * 1024,
  totalBytesMax: 1024 * 1024 * 1024,
  connectionRequestsMax: 64,
  idleMsMax: 600_000,
  frameMsMax: 60_000,
};
