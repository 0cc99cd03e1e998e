#!/usr/bin/env node
/** The edge of the process: arguments in, exit code out. */
import { setFlagsFromString } from 'node:v8';
import { lowerEnginePriority } from './base/thread-priority.ts';
import type { Roof } from './cli/command.ts';
import { openCodeCache } from './cli/code-cache.ts';

/** A thread that is busy in native code cannot be stopped; the process does not wait for it. */
const LINGER_MS = 2_000;

/**
 * Old generation of a thread, MB, that a scan of files fills before it first looks for garbage: it ends soon. Over 900
 * messages that makes 8 full collections instead of 41, and the process takes 650 MB instead of 560.
 */
const FIRST_HEAP_MB = 128;

/**
 * Code that was compiled for objects which no message in work has keeps its worth over a quiet minute: the collections
 * of that time would otherwise take the shapes of those objects, and all code made for them, with them. Behind 50 s of
 * quiet 500 messages took 12 to 14 CPU-s/GB instead of 14 to 18; at rest the process has 560 MB instead of 460.
 */
const KEPT_CODE_FLAGS = [
  '--no-memory-reducer-favors-memory',
  '--retain-maps-for-n-gc=30',
  '--no-flush-bytecode',
];

const argv = process.argv.slice(2);
const [word = '-'] = argv;
if (word === 'scan') {
  setFlagsFromString(`--initial-old-space-size=${FIRST_HEAP_MB}`);
}
// Options before any command belong to it as well.
if (word === 'serve' || word.startsWith('-')) {
  // The young generation that the command line asks for is that of this thread; those that scan have a limit of their own.
  setFlagsFromString('--max-semi-space-size=0');
  setFlagsFromString('--min-semi-space-size=0');
  KEPT_CODE_FLAGS.forEach((flag) => setFlagsFromString(flag));
  lowerEnginePriority();
}
openCodeCache(process.env); // V8 asks for the flags that the code was compiled under
const [{ processIo }, { runCli }] = await Promise.all([import('./cli/io.ts'), import('./cli/run-cli.ts')]);

/** What a command does not need is not loaded: the whole gateway takes half a second. */
const roof: Roof = {
  createApp: async (...given) => (await import('./app.ts')).createApp(...given),
  openScanner: async (...given) => (await import('./scanner-opening.ts')).openScanner(...given),
};

// A reader that went away (`postern scan … | head`) is no error of ours, and there is nobody to tell.
process.stdout.on('error', () => process.exit(2));
// Reserved for reloading; without a handler it would end the process when a terminal is closed.
process.on('SIGHUP', () => undefined);

process.exitCode = await runCli(argv, processIo(), roof);
setTimeout(() => process.exit(), LINGER_MS).unref();
