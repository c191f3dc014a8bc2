import type { Engine } from './engine.ts';
import { metadataStoreSuite } from './metadata-store.suite.ts';
import { objectStoreSuite } from './object-store.suite.ts';
import { stagingSuite } from './staging.suite.ts';

/** Everything an engine must do, alike for all of them (I13). */
export function storesSuite(engine: Engine): void {
  metadataStoreSuite(engine);
  objectStoreSuite(engine);
  stagingSuite(engine);
}
