import { describe, expect, test } from 'vitest';
import { acceptsGzip, negotiate, parseMediaType } from '../../../shared/rest/negotiate.ts';

const offers = ['a/one', 'a/two', 'b/three'];

describe('negotiate', () => {
  test.each([
    [null, 'a/one'],
    ['', 'a/one'],
    ['*/*', 'a/one'],
    ['a/two', 'a/two'],
    ['A/TWO', 'a/two'],
    ['b/*', 'b/three'],
    ['a/*;q=0.5, b/three;q=0.4', 'a/one'],
    ['a/one;q=0.5, a/two;q=0.6', 'a/two'],
    ['a/two, a/one', 'a/two'],
    ['*/*;q=0.1, b/three;q=0.2', 'b/three'],
    ['*/*, a/one;q=0', 'a/two'],
    ['a/*, a/one;q=0', 'a/two'],
    ['a/*;q=0, */*', 'b/three'],
    ['a/two;charset=utf-8', 'a/two'],
    ['a/two; charset="a,b;q=0"; q=0.5, b/three;q=0.1', 'a/two'],
    ['x/y, a/two;q=0.001', 'a/two'],
    ['x/y', undefined],
    ['a/two;q=0', undefined],
    ['*/*;q=0', undefined],
    ['nonsense', undefined],
    ['a/two;q=2', undefined],
    ['a/two;q=x, b/three', 'b/three'],
    [',,a/two,', 'a/two'],
    ['"', undefined],
  ])('%j takes %s', (accept, chosen) => {
    expect(negotiate(offers, accept)).toBe(chosen);
  });
});

describe('parseMediaType', () => {
  test.each([
    ['a/b', 'a/b', {}],
    [' A/B ; Charset=UTF-8', 'a/b', { charset: 'UTF-8' }],
    ['a/b;x="a\\"b;c=d"; y=1', 'a/b', { x: 'a"b;c=d', y: '1' }],
    ['a/b;', 'a/b', {}],
    ['application/vnd.kafka.v2+json', 'application/vnd.kafka.v2+json', {}],
  ])('%j', (text, name, parameters) => {
    const type = parseMediaType(text);
    expect(type?.name).toBe(name);
    expect(Object.fromEntries(type?.parameters ?? [])).toEqual(parameters);
  });

  test.each(['', 'a', 'a/', '/b', 'a/b c', 'a/b;x', 'a/b;x="', 'a/b/c', 'a/b,c/d'])('%j is none', (text) => {
    expect(parseMediaType(text)).toBeUndefined();
  });
});

describe('acceptsGzip', () => {
  test.each([
    [null, false],
    ['', false],
    ['gzip', true],
    ['GZIP', true],
    ['br, gzip;q=0.5', true],
    ['gzip;q=0', false],
    ['*', true],
    ['*;q=0', false],
    ['*, gzip;q=0', false],
    ['identity', false],
    ['br', false],
  ])('%j: %s', (header, accepts) => {
    expect(acceptsGzip(header)).toBe(accepts);
  });
});
