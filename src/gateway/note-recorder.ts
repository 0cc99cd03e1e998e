import type { Logger } from '../base/log.ts';
import type { Metrics } from '../base/metrics.ts';
import type { Note } from './relay.ts';

export interface NoteRecorderParts {
  readonly listener: string;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** Turns what relays note into metrics and log lines. */
export class NoteRecorder {
  readonly #parts: NoteRecorderParts;
  #user = '';

  constructor(parts: NoteRecorderParts) {
    this.#parts = parts;
  }

  record(note: Note): void {
    const { metrics, log, listener: protocol } = this.#parts;
    switch (note.type) {
      case 'command':
        return metrics.commands.inc({ protocol, command: note.name });
      case 'user':
        this.#user = note.user;
        return log.info({ user: note.user }, 'login');
      case 'application':
        return log.info({ application: note.name, version: note.version }, 'client names itself');
      case 'refused':
        log.info({ what: note.what, user: this.#user }, 'refused');
        return metrics.refused.inc({ protocol, what: note.what });
      case 'bad-input':
        log.warn({ side: note.side, what: note.what }, 'bad input');
        return metrics.badInput.inc({ protocol, side: note.side, what: note.what });
    }
  }
}
