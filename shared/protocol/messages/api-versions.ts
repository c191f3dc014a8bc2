import { api, array, bool, int16, int32, int64, since, string, tagged } from '../schema.ts';

// v3: flexible, but its response header never is; the client names itself; features (KIP-511, KIP-584). v4:
// a feature may begin at version 0. A higher version is answered in v0 with UNSUPPORTED_VERSION.
export const apiVersions = api(
  { key: 18, name: 'ApiVersions', versions: [0, 4], flexibleSince: 3 },
  {
    clientSoftwareName: since(3, string),
    clientSoftwareVersion: since(3, string),
  },
  {
    errorCode: int16,
    apiKeys: array({ apiKey: int16, minVersion: int16, maxVersion: int16 }),
    throttleTimeMs: since(1, int32),
    supportedFeatures: tagged(0, 3, array({ name: string, minVersion: int16, maxVersion: int16 })),
    finalizedFeaturesEpoch: tagged(1, 3, int64, -1n),
    finalizedFeatures: tagged(2, 3, array({ name: string, maxVersionLevel: int16, minVersionLevel: int16 })),
    zkMigrationReady: tagged(3, 3, bool),
  },
);
