import type { SevenZipOutcome } from './seven-zip.ts';

/** Readings kept of an archive whose checksums are absent or false; the likeliest passwords come first. */
export const MAX_DOUBTFUL_READINGS = 16;

/** What passwords gave that may be right or wrong: it is scanned, and the archive counts as sealed all the same. */
export class DoubtfulReadings {
  readonly readings: SevenZipOutcome[] = [];
  #left: number;

  /** `maxBytes`: after so many no further reading is taken. */
  constructor(maxBytes: number) {
    this.#left = maxBytes;
  }

  get isFull(): boolean {
    return this.readings.length >= MAX_DOUBTFUL_READINGS || this.#left < 0;
  }

  add(outcome: SevenZipOutcome): void {
    this.#left -= outcome.files.reduce((total, { bytes }) => total + bytes.length, 0);
    if (outcome.files.length > 0) {
      this.readings.push({ ...outcome, failed: false });
    }
  }
}
