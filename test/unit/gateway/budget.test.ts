import { describe, expect, test } from 'vitest';
import { Budget } from '../../../gateway/budget.ts';

describe('the budget of a gateway', () => {
  test('wakes those who wait when there is room, not before', () => {
    const budget = new Budget(100);
    const woken: string[] = [];
    const waiter = () => woken.push('a');
    budget.take(150);
    budget.wait(waiter);
    budget.give(50);
    expect([budget.isFull, woken]).toEqual([true, []]);
    budget.give(1);
    expect([budget.isFull, woken, budget.heldBytes]).toEqual([false, ['a'], 99]);
    budget.leave(waiter);
    budget.give(9);
    expect(woken).toEqual(['a']);
  });

  test('one at a time may overdraw, and the next when it leaves', () => {
    const budget = new Budget(100);
    const held: string[] = [];
    const waiterOf = (name: string) => {
      const waiter = () => {
        if (budget.mayOverdraw(waiter)) held.push(name);
      };
      return waiter;
    };
    const [a, b, c] = [waiterOf('a'), waiterOf('b'), waiterOf('c')];
    budget.take(100);
    expect(budget.mayOverdraw(a)).toBe(true);
    expect(budget.mayOverdraw(a)).toBe(true);
    expect(budget.mayOverdraw(b)).toBe(false);
    budget.wait(a);
    expect([budget.hasOverdrawn(a), budget.hasOverdrawn(b)]).toEqual([true, false]);
    budget.wait(b);
    budget.wait(c);
    budget.leave(a);
    expect(held).toEqual(['b']);
    expect(budget.mayOverdraw(c)).toBe(false);
    budget.leave(b);
    expect(held).toEqual(['b', 'c']);
  });
});
