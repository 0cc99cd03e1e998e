import type { LogFields, Logger } from '../../src/base/log.ts';

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly fields: LogFields;
  readonly message: string;
}

/** A logger that remembers, children included. */
export class RecordingLog implements Logger {
  readonly lines: LogLine[];
  readonly #fields: LogFields;

  constructor(lines: LogLine[] = [], fields: LogFields = {}) {
    this.lines = lines;
    this.#fields = fields;
  }

  debug(fields: LogFields, message: string): void {
    this.#record('debug', fields, message);
  }

  info(fields: LogFields, message: string): void {
    this.#record('info', fields, message);
  }

  warn(fields: LogFields, message: string): void {
    this.#record('warn', fields, message);
  }

  error(fields: LogFields, message: string): void {
    this.#record('error', fields, message);
  }

  child(fields: LogFields): Logger {
    return new RecordingLog(this.lines, { ...this.#fields, ...fields });
  }

  /** `level`: only those of this level. */
  messages(level?: LogLine['level']): string[] {
    return this.lines
      .filter((line) => level === undefined || line.level === level)
      .map(({ message }) => message);
  }

  #record(level: LogLine['level'], fields: LogFields, message: string): void {
    this.lines.push({ level, fields: { ...this.#fields, ...fields }, message });
  }
}
