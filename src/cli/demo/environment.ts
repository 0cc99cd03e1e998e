import { createApp, type App } from '../../app.ts';
import type { Config } from '../../base/config/schema.ts';
import { silentLogger, type LogFields, type Logger } from '../../base/log.ts';

/** The part of the application that the demo uses. */
export type DemoGateway = Pick<App, 'start' | 'stop' | 'endpoints' | 'adminPort'>;

/** The world around the demo; tests bring their own. */
export interface DemoEnvironment {
  createGateway(config: Config): Promise<DemoGateway>;
  print(line: string): void;
  printError(line: string): void;
  /** Resolves when somebody wants the demo to end. Called once, at the start. */
  stopRequested(): Promise<void>;
  /** Added to the well-known ports when they are free and no other base was asked for. */
  readonly usualPortBase: number;
}

/** This process, its terminal and Ctrl-C. */
export function processEnvironment(): DemoEnvironment {
  return {
    createGateway: (config) => createApp(config, { log: errorLogger() }),
    print: (line) => console.log(line),
    printError: (line) => console.error(line),
    stopRequested: () =>
      new Promise((resolve) => {
        process.once('SIGINT', () => resolve());
        process.once('SIGTERM', () => resolve());
      }),
    usualPortBase: 10_000, // 10143 and so on: easy to remember, and no privilege is needed
  };
}

/** Only errors: the table has to stay readable, and the warnings (a self-signed certificate) are the demo's own choice. */
function errorLogger(): Logger {
  const log: Logger = {
    ...silentLogger,
    error: (fields, message) => console.error(`gateway: ${message}${reasonOf(fields)}`),
    child: () => log,
  };
  return log;
}

function reasonOf({ error }: LogFields): string {
  return error instanceof Error ? ` (${error.message})` : '';
}
