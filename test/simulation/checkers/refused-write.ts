import { type Checker, few, partitionsOf } from './checker.ts';

/** A plain batch is in the log although every try was answered with an error that says it surely is not. */
export const refusedWrite: Checker = {
  name: 'refused yet stored',
  promise: 'I14',
  check: (history) =>
    partitionsOf(history).flatMap(({ partition, appends, valuesAt }) => {
      const maybe = new Set(
        appends.flatMap(({ body, outcome, error }) => {
          // A topic that is gone took with it what a lost call may have stored.
          const isRefused = outcome === 'fail' && error !== 'UNKNOWN_TOPIC_OR_PARTITION';
          return isRefused && !body.producer ? [] : body.records.map(({ value }) => value);
        }),
      );
      const errorOf = new Map(
        appends.flatMap(({ body, error }) => body.records.map(({ value }) => [value, error] as const)),
      );
      const wrong = [...valuesAt].flatMap(([offset, values]) =>
        [...values]
          .filter((value) => !maybe.has(value))
          .map((value) => `${partition} offset ${offset}: ${value} was refused (${errorOf.get(value)})`),
      );
      return few(wrong);
    }),
};
