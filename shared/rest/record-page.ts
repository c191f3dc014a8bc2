import type { DecodedRecord } from '../records/record.ts';
import { type EmbeddedFormat, encodeBase64, writeEmbedded } from './embedded-formats.ts';
import { tooLarge } from './errors.ts';
import { RawJson, writeJson } from './json-writer.ts';

export type PageLimits = {
  /** Of keys, values and headers; the first record is always given. */
  readonly recordBytesMax: number;
  /** Of the answer; here the first record is no exception. */
  readonly answerBytesMax: number;
};

/** An answer with records as it grows. */
export class RecordPage {
  private readonly format: EmbeddedFormat;
  private readonly limits: PageLimits;
  private readonly texts: string[] = [];
  private bytes = 0;
  private answerBytes = 2;

  constructor(format: EmbeddedFormat, limits: PageLimits) {
    this.format = format;
    this.limits = limits;
  }

  get isEmpty(): boolean {
    return this.texts.length === 0;
  }

  /** Of keys, values and headers. */
  get recordBytes(): number {
    return this.bytes;
  }

  body(): RawJson {
    return new RawJson(`[${this.texts.join(',')}]`);
  }

  /**
   * False when the record does not fit any more: it begins the next answer. Throws 413 for a record that no
   * answer can hold, and 422 for one that is not of the format.
   */
  add(topic: string, partition: number, record: DecodedRecord): boolean {
    const { recordBytesMax, answerBytesMax } = this.limits;
    const bytes = this.bytes + sizeOf(record);
    if (!this.isEmpty && bytes > recordBytesMax) return false;
    const text = this.write(topic, partition, record);
    const answerBytes = this.answerBytes + Buffer.byteLength(text) + 1;
    if (answerBytes > answerBytesMax) {
      if (!this.isEmpty) return false;
      const most = `${answerBytesMax} is the most`;
      throw tooLarge(`The record at offset ${record.offset} alone makes ${answerBytes} bytes; ${most}.`);
    }
    this.texts.push(text);
    this.bytes = bytes;
    this.answerBytes = answerBytes;
    return true;
  }

  private write(topic: string, partition: number, record: DecodedRecord): string {
    const { offset, timestamp, key, value, headers } = record;
    const at = `at offset ${offset}`;
    return writeJson({
      topic,
      partition,
      offset,
      timestamp,
      key: writeEmbedded(this.format, key, `The key ${at}`),
      value: writeEmbedded(this.format, value, `The value ${at}`),
      headers: headers.map((header) => ({
        key: header.key,
        value: header.value === null ? null : encodeBase64(header.value),
      })),
    });
  }
}

function sizeOf({ key, value, headers }: DecodedRecord): number {
  let bytes = (key?.length ?? 0) + (value?.length ?? 0);
  for (const header of headers) bytes += header.key.length + (header.value?.length ?? 0);
  return bytes;
}
