import { checkDisjoint } from './expressions.ts';
import { checkKey, refusal } from './item-limits.ts';
import { type Action, keyOfAction, transactActionsMax } from './metadata-store.ts';

/** Refuses what no engine would accept as a transaction, before anything is sent. */
export function checkTransaction(actions: readonly Action[]): void {
  if (actions.length === 0) throw refusal('a transaction of no actions');
  if (actions.length > transactActionsMax) {
    throw refusal(`a transaction of ${actions.length} actions, more than ${transactActionsMax}`);
  }
  const seen = new Set<string>();
  for (const action of actions) {
    const key = keyOfAction(action);
    checkKey(key);
    const name = `${key.pk}\0${key.sk}`;
    if (seen.has(name)) throw refusal(`two actions of one transaction are on ${key.pk} / ${key.sk}`);
    seen.add(name);
    if ('update' in action) checkDisjoint(action.changes);
  }
}
