import { CommandFailure } from '../failure.ts';

/** A piece of the input between two delimiters. */
export type Piece = {
  /** Counted from 1, as editors count lines. */
  readonly line: number;
  readonly bytes: Buffer;
};

/** A record may not be larger on any topic that exists; what is larger has the wrong delimiter. */
const pieceBytesMax = 32 * 1024 * 1024;

/**
 * Parts a stream of bytes at each delimiter, whatever the bytes are. A delimiter at the very end begins no
 * further piece. Without a delimiter the whole input is one piece.
 */
export async function* splitInput(
  chunks: AsyncIterable<Uint8Array>,
  delimiter: Buffer | undefined,
): AsyncGenerator<readonly Piece[]> {
  let rest: Buffer[] = [];
  let restBytes = 0;
  let line = 1;
  for await (const chunk of chunks) {
    let bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (delimiter !== undefined) {
      // A delimiter of several bytes may lie across two chunks.
      if (delimiter.length > 1) bytes = Buffer.concat([...rest.splice(0), bytes]);
      const pieces: Piece[] = [];
      let from = 0;
      for (let at = bytes.indexOf(delimiter); at >= 0; at = bytes.indexOf(delimiter, from)) {
        pieces.push({ line: line++, bytes: Buffer.concat([...rest.splice(0), bytes.subarray(from, at)]) });
        from = at + delimiter.length;
      }
      if (pieces.length > 0 || delimiter.length > 1) restBytes = 0;
      bytes = bytes.subarray(from);
      yield pieces;
    }
    restBytes += bytes.length;
    if (restBytes > pieceBytesMax) throw tooLong(line);
    if (bytes.length > 0) rest.push(bytes);
  }
  if (rest.length > 0 || (delimiter === undefined && line === 1)) {
    const bytes = Buffer.concat(rest);
    rest = [];
    yield [{ line, bytes }];
  }
}

const tooLong = (line: number): CommandFailure =>
  new CommandFailure(
    `Line ${line} is longer than ${pieceBytesMax} bytes; nothing of it was stored.`,
    'Is the --delimiter right?',
  );
