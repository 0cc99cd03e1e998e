/** What was wrong on the wire; a metric label, so a closed set. */
export type WireFault =
  | 'line-too-long'
  | 'bare-cr'
  | 'bare-lf'
  | 'nul'
  | 'literal-syntax'
  | 'literal-too-large'
  | 'literal-not-allowed'
  | 'quote'
  | 'parenthesis'
  | 'syntax'
  | 'unexpected';

/** The peer broke the framing. Final: nothing that follows is parsed. */
export class WireError extends Error {
  override readonly name = 'WireError';
  readonly fault: WireFault;
  constructor(fault: WireFault, detail: string) {
    super(detail);
    this.fault = fault;
  }
}
