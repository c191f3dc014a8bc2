import { describe } from 'vitest';
import { changesSuite } from './changes.suite.ts';
import { conditionsSuite } from './conditions.suite.ts';
import type { Engine } from './engine.ts';
import { itemsSuite } from './items.suite.ts';
import { querySuite } from './query.suite.ts';
import { transactSuite } from './transact.suite.ts';

/** What every `MetadataStore` must do: in the sense of DynamoDB's expressions, whichever engine it is. */
export function metadataStoreSuite(engine: Engine): void {
  describe(`${engine.name}: metadata store`, () => {
    itemsSuite(engine);
    conditionsSuite(engine);
    changesSuite(engine);
    querySuite(engine);
    transactSuite(engine);
  });
}
