import { GatewayError } from '../base/errors.ts';
import { loadRules } from '../rules/rule-loader.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import { readRuleFile, sourceOfOne } from '../rules/rule-text.ts';
import type { ScanLimits } from '../scan/budget.ts';
import type { Engine } from '../scan/engines/engine.ts';
import { compileRules } from '../scan/engines/yara-compiler.ts';
import { createYaraEngine } from '../scan/engines/yara-engine.ts';
import { isSlow, msPerMb as costOf, RuleProfiler } from '../scan/engines/yara-profile.ts';
import { createPipeline, type Pipeline } from '../scan/pipeline.ts';
import { unpackingParts } from '../scan/unpack/index.ts';

/** Pieces that the cost is measured on: enough to tell a dear rule, and 2,000 rules still end in minutes. */
const SAMPLE_BYTES = 16 * 1024 * 1024;

export interface ListedRule {
  readonly namespace: string;
  readonly rule: string;
  readonly file: string;
  readonly line: number;
  readonly private: boolean;
}

export interface TriedRule extends Omit<ListedRule, 'private'> {
  readonly messages: number;
  readonly pieces: number;
  /** Null: it does not compile by itself. */
  readonly msPerMb: number | null;
  readonly slow: boolean;
}

function rulesOf({ files }: RuleSet): ListedRule[] {
  return files.flatMap(({ namespace, path, source }) =>
    readRuleFile(source).rules.map(({ name, line, isPrivate }) => ({
      namespace,
      rule: name,
      file: path,
      line,
      private: isPrivate,
    })),
  );
}

/** Every rule with its place. Rejects with `RULES_INVALID` when a file cannot be read. */
export async function listRules(paths: readonly string[]): Promise<readonly ListedRule[]> {
  return rulesOf(await loadRules(paths));
}

function compile(set: RuleSet): Uint8Array {
  const compiled = compileRules(set.files);
  if (compiled.kind === 'refused') {
    const lines = compiled.problems.map(
      ({ path, line, column, code, message }) => `${path}:${line}:${column}: ${code} ${message}`,
    );
    throw new GatewayError('RULES_INVALID', lines.join('\n'));
  }
  return compiled.serialised;
}

interface Hits {
  messages: number;
  pieces: number;
  lastMessage: number;
}

/** Runs a rule set over messages and keeps what each rule did. */
export class RuleTrial {
  messages = 0;
  /** Bytes that the cost is measured on. */
  sampled = 0;
  /** Matching with the whole set. */
  ms = 0;
  readonly #set: RuleSet;
  readonly #now: () => number;
  readonly #pipeline: Pipeline;
  readonly #sample: Uint8Array[] = [];
  readonly #hits = new Map<string, Hits>();

  private constructor(set: RuleSet, limits: ScanLimits, now: () => number) {
    this.#set = set;
    this.#now = now;
    const engines = [this.#watched(createYaraEngine(compile(set)))];
    this.#pipeline = createPipeline({ engines, ...unpackingParts(), limits, now, verdictsOnly: true });
  }

  /** Rejects with `RULES_INVALID`, one line for each problem. */
  static async open(paths: readonly string[], limits: ScanLimits, now: () => number): Promise<RuleTrial> {
    return new RuleTrial(await loadRules(paths), limits, now);
  }

  async add(message: Uint8Array): Promise<void> {
    this.messages += 1;
    const { matchMs } = await this.#pipeline.scan(message, 'message');
    this.ms += matchMs;
  }

  /** Dearest rules first. Takes its time: it runs every rule by itself. */
  results(): readonly TriedRule[] {
    const profiler = new RuleProfiler(this.#sample, this.#now);
    const tried = this.#set.files.flatMap(({ namespace, path, source }) => {
      const file = readRuleFile(source);
      return file.rules
        .filter(({ isPrivate }) => !isPrivate)
        .map((rule) => {
          const msPerMb = costOf(profiler.time(sourceOfOne(file, rule)));
          const { messages = 0, pieces = 0 } = this.#hits.get(`${namespace}/${rule.name}`) ?? {};
          const at = { file: path, line: rule.line };
          return { namespace, rule: rule.name, ...at, messages, pieces, msPerMb, slow: isSlow(msPerMb) };
        });
    });
    return tried.toSorted((a, b) => (b.msPerMb ?? 0) - (a.msPerMb ?? 0));
  }

  #watched(engine: Engine): Engine {
    return {
      name: engine.name,
      inspect: async (piece, sha256, budget) => {
        if (this.sampled < SAMPLE_BYTES) {
          this.sampled += piece.bytes.byteLength;
          this.#sample.push(piece.bytes);
        }
        const findings = await engine.inspect(piece, sha256, budget);
        findings.forEach(({ namespace, rule }) => this.#hit(`${namespace}/${rule}`));
        return findings;
      },
    };
  }

  #hit(name: string): void {
    const hits = this.#hits.get(name) ?? { messages: 0, pieces: 0, lastMessage: 0 };
    hits.pieces += 1;
    hits.messages += hits.lastMessage === this.messages ? 0 : 1;
    hits.lastMessage = this.messages;
    this.#hits.set(name, hits);
  }
}
