import { codeOf, type Handler } from '../handler.ts';

/** Heartbeat v0–4. v3: static members (KIP-345). A gateway that asks a function may hold the answer. */
export const heartbeat: Handler<'Heartbeat'> = async (broker, request, { invoked }) => {
  const { error, mayStandMs } = await broker.groups.heartbeat(request);
  const response = { errorCode: codeOf(error) };
  return invoked ? { standing: response, mayStandMs } : response;
};
