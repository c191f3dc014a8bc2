import type { TestProject } from 'vitest/node';
import { printStackLimits } from './capabilities.ts';
import { bootstrap } from './cdk.ts';
import { openEmulator } from './emulator.ts';

/** Starts the emulator for all test files, and ends the run with what it cannot show. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { emulator, stop } = await openEmulator();
  try {
    await bootstrap(emulator);
  } catch (error) {
    await stop();
    throw error;
  }
  project.provide('emulator', emulator);
  return async () => {
    await stop();
    printStackLimits(emulator.name);
  };
}
