import { BrokenInvariant } from '../base/assert.ts';
import { ByteReader, MalformedBytes } from '../base/bytes.ts';
import { codecOf, skipTags } from './codec.ts';
import { FrameWriter } from './frame-writer.ts';
import { type ApiName, apiByKey, type RequestOf } from './messages/index.ts';
import type { Api, Decoded, Fields, Given } from './schema.ts';

// One frame is a size of 32 bits, a header and a body. Frames are decoded without the size, which whoever
// cuts the stream has read; they are encoded with it, as parts to be written one after the other.

/** What every request says first. Correlation ids come back in the response, in request order. */
export type RequestHeader = {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly correlationId: number;
  readonly clientId: string | null;
};

export type DecodedRequest = {
  readonly [Name in ApiName]: RequestHeader & { readonly name: Name; readonly body: RequestOf<Name> };
}[ApiName];

/** A request whose key or version is not spoken here; its header is known. */
export class UnsupportedRequest extends Error {
  override name = 'UnsupportedRequest';
  readonly header: RequestHeader;

  constructor(header: RequestHeader) {
    const api = apiByKey.get(header.apiKey)?.name ?? `API key ${header.apiKey}`;
    super(`${api} v${header.apiVersion} is not spoken here`);
    this.header = header;
  }
}

export const frameLimits = {
  /** Bytes of a frame, as Kafka's socket.request.max.bytes. */
  frameBytesMax: 104_857_600,
  /** The smallest header: key, version and correlation id. */
  frameBytesMin: 8,
  /** Elements of all arrays of a message together: an element takes more memory than bytes of the wire. */
  elementsMax: 250_000,
} as const;

/** The size that a frame begins with, at `position`. Throws MalformedBytes where no frame can have it. */
export function frameSize(bytes: Uint8Array, position: number, frameBytesMax: number): number {
  const reader = new ByteReader(bytes);
  reader.position = position;
  const size = reader.int32();
  if (size < frameLimits.frameBytesMin || size > frameBytesMax)
    throw new MalformedBytes(
      `a frame of ${size} bytes, where ${frameLimits.frameBytesMin} to ${frameBytesMax} are taken`,
    );
  return size;
}

/**
 * A request from its frame, size left off. Records and bytes in it are views of the frame. Throws
 * UnsupportedRequest, and MalformedBytes for what is no request. Bytes after its end are left alone, as Kafka
 * does: librdkafka leaves three behind when it asks for the metadata of all topics (its issue 5049).
 */
export function decodeRequest(
  frame: Uint8Array,
  elementsMax: number = frameLimits.elementsMax,
): DecodedRequest {
  const reader = new ByteReader(frame, elementsMax);
  const header = decodeRequestHeader(reader);
  const { apiKey, apiVersion, correlationId, clientId } = header;
  const api = apiByKey.get(apiKey);
  if (api === undefined || apiVersion < api.versions[0] || apiVersion > api.versions[1])
    throw new UnsupportedRequest(header);
  const body = decodeBody(reader, api, apiVersion, 'request');
  return { apiKey, apiVersion, correlationId, clientId, name: api.name, body } as DecodedRequest;
}

/** The header of a request alone, for whoever only passes the frame on. Throws MalformedBytes. */
export const requestHeader = (frame: Uint8Array): RequestHeader => decodeRequestHeader(new ByteReader(frame));

/** Header versions 1 and 2 begin alike, so that it can be read before the version is known. */
function decodeRequestHeader(reader: ByteReader): RequestHeader {
  const apiKey = reader.int16();
  const apiVersion = reader.int16();
  const correlationId = reader.int32();
  const length = reader.int16(); // stays 16 bits in flexible versions
  const clientId = length === -1 ? null : reader.text(length);
  return { apiKey, apiVersion, correlationId, clientId };
}

type Side = 'request' | 'response';

/** The tagged fields that end a header, and the body. */
function decodeBody(reader: ByteReader, api: Api, version: number, side: Side): unknown {
  try {
    if (hasHeaderTags(api, version, side)) skipTags(reader);
    const body = codecOf(api[side], version).decode(reader);
    if (side === 'response' && reader.remaining > 0)
      throw new MalformedBytes(`${reader.remaining} bytes after the end`);
    return body;
  } catch (error) {
    if (!(error instanceof MalformedBytes)) throw error;
    throw new MalformedBytes(`${api.name} v${version} ${side}: ${error.message}`);
  }
}

function encodeBody(writer: FrameWriter, api: Api, version: number, side: Side, body: unknown): void {
  try {
    if (hasHeaderTags(api, version, side)) writer.uvarint(0);
    codecOf(api[side], version).encode(writer, body as Given<Fields>);
  } catch (error) {
    if (!(error instanceof BrokenInvariant)) throw error;
    throw new BrokenInvariant(`${api.name} v${version} ${side}: ${error.message}`);
  }
}

/** A client must be able to read the answer to ApiVersions before it knows what we speak (KIP-511). */
const hasHeaderTags = (api: Api, version: number, side: Side): boolean =>
  version >= api.flexibleSince && !(side === 'response' && api.key === apiVersionsKey);
const apiVersionsKey = 18;

/** The parts of a response frame, size first. */
export function encodeResponse<Req extends Fields, Res extends Fields>(
  api: Api<string, Req, Res>,
  version: number,
  correlationId: number,
  body: Given<Res>,
): Uint8Array[] {
  const writer = new FrameWriter();
  writer.int32(correlationId);
  encodeBody(writer, api, version, 'response', body);
  return writer.finish();
}

/** The client's side: the parts of a request frame, size first. */
export function encodeRequest<Req extends Fields, Res extends Fields>(
  api: Api<string, Req, Res>,
  version: number,
  { correlationId, clientId }: { readonly correlationId: number; readonly clientId: string | null },
  body: Given<Req>,
): Uint8Array[] {
  const writer = new FrameWriter();
  writer.int16(api.key);
  writer.int16(version);
  writer.int32(correlationId);
  if (clientId === null) writer.int16(-1);
  else writer.text(clientId, false);
  encodeBody(writer, api, version, 'request', body);
  return writer.finish();
}

/** The client's side: a response from its frame, size left off. Throws MalformedBytes. */
export function decodeResponse<Req extends Fields, Res extends Fields>(
  api: Api<string, Req, Res>,
  version: number,
  frame: Uint8Array,
): { readonly correlationId: number; readonly body: Decoded<Res> } {
  const reader = new ByteReader(frame);
  const correlationId = reader.int32();
  const body = decodeBody(reader, api, version, 'response') as Decoded<Res>;
  return { correlationId, body };
}
