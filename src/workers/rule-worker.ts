import { compileRules } from '../scan/engines/yara-compiler.ts';
import { type Answer, type CompileJob, type CompileResult, describeFailure } from './scan-job.ts';
import { lowerPriority } from './worker-priority.ts';

lowerPriority();

/** Into memory that all scanning threads read without a copy each. */
function share(bytes: Uint8Array): SharedArrayBuffer {
  const shared = new SharedArrayBuffer(bytes.byteLength);
  new Uint8Array(shared).set(bytes);
  return shared;
}

/** Compiles and vets one rule set. Never rejects: a rejection would read as a lost thread. */
export default function compile({ sources }: CompileJob): Answer<CompileResult> {
  try {
    const compiled = compileRules(sources);
    return {
      ok: true,
      value:
        compiled.kind === 'compiled' ? { kind: 'compiled', rules: share(compiled.serialised) } : compiled,
    };
  } catch (reason) {
    return { ok: false, detail: describeFailure(reason) };
  }
}
