import { readFileSync } from 'node:fs';

/** Bytes in memory: the process's own, and pages of files that the system takes back when it likes. */
export type Resident = { bytes: number; anonymousBytes?: number; fileBytes?: number };

/** What this process holds, in two parts where the system tells them apart (Linux). */
export const residentOf = (): Resident => residentOfOther('self') ?? { bytes: process.memoryUsage().rss };

/** The same of another process; undefined where the system does not tell. */
export function residentOfOther(pid: number | 'self'): Resident | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const [bytes, anonymousBytes, fileBytes] = ['VmRSS', 'RssAnon', 'RssFile'].map(
      (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024,
    );
    return bytes && anonymousBytes && fileBytes ? { bytes, anonymousBytes, fileBytes } : undefined;
  } catch {
    return undefined;
  }
}
