import { type ApiName, apis } from './messages/index.ts';

/** Versions of an API as ApiVersions announces them, both ends included. */
export type AdvertisedApi = {
  readonly apiKey: number;
  readonly minVersion: number;
  readonly maxVersion: number;
};

/**
 * APIs announced from an older version on than is served, because clients look for it. Whoever uses that
 * version after all gets UnsupportedRequest.
 * Produce: librdkafka before 2.11.1 looks up codecs at Produce v0 and sends uncompressed where it is missing.
 * SaslHandshake: librdkafka takes a broker without v0 for one that knows GSSAPI alone.
 */
const advertisedFrom: { readonly [Name in ApiName]?: number } = { Produce: 0, SaslHandshake: 0 };

/** What ApiVersions answers for the APIs that a broker serves, by key. */
export function advertisedApis(isServed: (name: ApiName) => boolean = () => true): AdvertisedApi[] {
  return apis
    .filter(({ name }) => isServed(name))
    .map(({ key, name, versions: [min, max] }) => ({
      apiKey: key,
      minVersion: advertisedFrom[name] ?? min,
      maxVersion: max,
    }));
}
