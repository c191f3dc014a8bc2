import {
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import { checkObjectKey, checkObjectRange } from '../object-rules.ts';
import type { ListOptions, ListResult, ObjectStore } from '../object-store.ts';
import { type Calls, callsTo } from './calls.ts';
import { ObjectsNotDeleted } from './errors.ts';

export type S3Options = {
  bucketName: string;
  /** Put before every key, for several clusters in one bucket: empty, or ending with a slash. */
  objectPrefix: string;
  clock: Clock;
  random: Random;
};

/** AWS: keys of one DeleteObjects, and of one page of a listing. */
export const s3KeysMax = 1_000;

/**
 * The object store on one S3 bucket. A put or delete that arrives twice does the same, so both are repeated
 * after a lost answer. The client must not repeat by itself (`maxAttempts: 1`).
 */
export class S3ObjectStore implements ObjectStore {
  private readonly client: S3Client;
  private readonly bucket: string;
  private readonly prefix: string;
  private readonly calls: Calls;

  constructor(client: S3Client, options: S3Options) {
    this.client = client;
    this.bucket = options.bucketName;
    this.prefix = options.objectPrefix;
    this.calls = callsTo(`bucket ${options.bucketName}`, options);
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    checkObjectKey(key);
    const input = { Bucket: this.bucket, Key: this.prefix + key, Body: bytes, ContentLength: bytes.length };
    await this.calls.repeatableWrite('PutObject', () => this.client.send(new PutObjectCommand(input)));
  }

  async getRange(key: string, position: number, length: number): Promise<Uint8Array | undefined> {
    checkObjectKey(key);
    checkObjectRange(position, length);
    const range = `bytes=${position}-${position + length - 1}`;
    const input = { Bucket: this.bucket, Key: this.prefix + key, Range: range };
    return this.calls.read('GetObject', () => this.take(new GetObjectCommand(input), position, length));
  }

  /** Sends and receives to the last byte, so that an answer cut short is asked for again. */
  private async take(
    command: GetObjectCommand,
    position: number,
    length: number,
  ): Promise<Uint8Array | undefined> {
    try {
      const answer = await this.client.send(command);
      const bytes = (await answer.Body?.transformToByteArray()) ?? new Uint8Array();
      // Without this header the range was not looked at, and the whole object answered.
      return answer.ContentRange === undefined ? bytes.slice(position, position + length) : bytes;
    } catch (error) {
      const name = error instanceof Error ? error.name : undefined;
      if (name === 'NoSuchKey') return undefined;
      if (name === 'InvalidRange') return new Uint8Array();
      throw error;
    }
  }

  async delete(keys: readonly string[]): Promise<void> {
    keys.forEach(checkObjectKey);
    const all = [...new Set(keys)].map((key) => this.prefix + key);
    for (let at = 0; at < all.length; at += s3KeysMax) await this.deleteBatch(all.slice(at, at + s3KeysMax));
  }

  private async deleteBatch(keys: readonly string[]): Promise<void> {
    let left = keys;
    await this.calls.repeatableWrite('DeleteObjects', async () => {
      const objects = { Objects: left.map((Key) => ({ Key })), Quiet: true };
      const answer = await this.client.send(
        new DeleteObjectsCommand({ Bucket: this.bucket, Delete: objects }),
      );
      const errors = (answer.Errors ?? []).filter(({ Code }) => Code !== 'NoSuchKey');
      if (errors.length === 0) return;
      const failed = new Set(errors.map(({ Key }) => Key));
      left = left.filter((key) => failed.has(key));
      throw new ObjectsNotDeleted(errors);
    });
  }

  async list(prefix: string, { startAfter, limit = s3KeysMax }: ListOptions = {}): Promise<ListResult> {
    const input = {
      Bucket: this.bucket,
      Prefix: this.prefix + prefix,
      MaxKeys: Math.min(limit, s3KeysMax),
      ...(startAfter === undefined ? {} : { StartAfter: this.prefix + startAfter }),
    };
    const command = new ListObjectsV2Command(input);
    const answer = await this.calls.read('ListObjectsV2', () => this.client.send(command));
    const objects = (answer.Contents ?? []).map(({ Key = '', Size = 0 }) => ({
      key: Key.slice(this.prefix.length),
      sizeBytes: Size,
    }));
    const last = objects.at(-1);
    return { objects, ...(answer.IsTruncated && last !== undefined ? { next: last.key } : {}) };
  }
}
