/** A new object in the making. Nothing is there under its name before `publish` has resolved. */
export interface PendingObject {
  write(chunk: Uint8Array): Promise<void>;
  /** Resolves when the object is on stable storage. */
  publish(id: string): Promise<void>;
  /** Removes what was written; harmless after `publish`. */
  discard(): Promise<void>;
}

/** Where sealed originals are. Knows no keys and no mail: names of 64 hex digits and bytes. */
export interface ObjectStorage {
  begin(): Promise<PendingObject>;
  /** Bytes of the object; undefined when there is none. */
  sizeOf(id: string): Promise<number | undefined>;
  /** Undefined when there is none. */
  read(id: string): Promise<Buffer | undefined>;
  /** The first bytes, at least `bytes` of them if the object has as many. */
  readStart(id: string, bytes: number): Promise<Buffer | undefined>;
  /** Harmless when there is none. */
  remove(id: string): Promise<void>;
  /** All names, in no order. */
  ids(): AsyncIterable<string>;
  /** Proves that objects can be written, and removes what a crash left. */
  prepare(): Promise<void>;
}

export const OBJECT_ID = /^[0-9a-f]{64}$/u;
