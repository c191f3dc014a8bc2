import { openRestDoor } from '../support/rest-door.ts';
import { restSuite } from './rest.suite.ts';

restSuite('in memory', () => openRestDoor());
