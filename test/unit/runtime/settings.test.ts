import { describe, expect, test } from 'vitest';
import { readAwsSettings, readPumpSettings } from '../../../shared/runtime/settings.ts';

const both = { MILLRACE_TABLE: 't', MILLRACE_BUCKET: 'b' };

describe('the settings of a function', () => {
  test('table and bucket are enough', () => {
    expect(readAwsSettings(both)).toEqual({
      tableName: 't',
      bucketName: 'b',
      recoveryDays: 7,
      corsOrigins: [],
    });
  });

  test('origins are separated by commas', () => {
    const settings = readAwsSettings({
      ...both,
      MILLRACE_CORS_ORIGINS: 'https://a.example,https://b.example',
    });
    expect(settings.corsOrigins).toEqual(['https://a.example', 'https://b.example']);
  });

  test.each(['MILLRACE_TABLE', 'MILLRACE_BUCKET'])('a missing %s is named', (name) => {
    expect(() => readAwsSettings({ ...both, [name]: '' })).toThrow(name);
  });

  test.each(['0', '36', '1.5', 'week'])('%s days of recovery are refused', (days) => {
    expect(() => readAwsSettings({ ...both, MILLRACE_RECOVERY_DAYS: days })).toThrow(/1 to 35/);
  });

  test('pump must know all that it may start', () => {
    expect(() => readPumpSettings({ MILLRACE_ROLL_FUNCTION: 'r' })).toThrow('MILLRACE_RETAIN_FUNCTION');
  });
});
