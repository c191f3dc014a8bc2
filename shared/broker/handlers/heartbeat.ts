import { codeOf, type Handler } from '../handler.ts';

/** Heartbeat v0–4. v3: static members (KIP-345). */
export const heartbeat: Handler<'Heartbeat'> = async (broker, request) => ({
  errorCode: codeOf(await broker.groups.heartbeat(request)),
});
