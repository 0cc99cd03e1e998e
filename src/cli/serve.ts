import { configWarnings } from '../base/config/warnings.ts';
import { createPinoLogger, type FlushableLogger } from '../base/pino-logger.ts';
import { EXIT_FAILED, EXIT_OK, readArguments, type Command, type Roof } from './command.ts';
import { CONFIG_HELP, configPath, loadedFrom } from './config-source.ts';
import type { Io } from './io.ts';
import { withListenAdvice } from './listen-advice.ts';

const HELP = `Usage: postern serve [--config FILE]

Runs the gateway until SIGTERM or Ctrl-C. The first signal lets sessions finish what they are doing, the
second ends the process at once. SIGHUP reads rules, digest lists, certificates, exclusions, policies and the
wording of notices anew; what is not valid changes nothing. The log is JSON lines on standard output.

${CONFIG_HELP}
  --help          this text

Exit code: 0 stopped as asked; 2 the configuration is not valid, it could not start, or it failed.
`;

/** Why the gateway stops, and with which exit code. */
interface StopRequest {
  readonly reason: string;
  readonly code: number;
}

/** Resolves at the first signal or fatal fault; a second signal ends the process. */
function stopRequest(io: Io, log: FlushableLogger): Promise<StopRequest> {
  const { promise, resolve } = Promise.withResolvers<StopRequest>();
  let asked = false;
  io.onInterrupt((signal) => {
    if (asked) {
      log.flush();
      io.exit(EXIT_FAILED);
    }
    asked = true;
    resolve({ reason: signal, code: EXIT_OK });
  });
  io.onFault((error, fatal) => {
    log.error({ error, fatal }, 'unexpected error; please report it');
    if (fatal) {
      // What threw may have left its state half changed, so sessions are drained and a supervisor starts anew.
      resolve({ reason: 'internal error', code: EXIT_FAILED });
    }
  });
  return promise;
}

async function serve(path: string | undefined, io: Io, roof: Roof): Promise<number> {
  const loaded = loadedFrom(path, io.env);
  const { config } = loaded;
  const log = createPinoLogger({ level: config.log.level });
  const stop = stopRequest(io, log);
  try {
    for (const warning of configWarnings(config)) {
      log.warn({}, warning);
    }
    const app = await roof.createApp(config, { log, loaded, reread: () => loadedFrom(path, io.env) });
    await app.start();
    log.info({ endpoints: app.endpoints, adminPort: app.adminPort }, 'ready');
    const release = io.onHangUp(() => void app.reload('SIGHUP'));
    const { reason, code } = await stop;
    release();
    await app.stop(reason);
    log.info({ reason }, 'stopped');
    return code;
  } catch (error) {
    throw withListenAdvice(error, loaded);
  } finally {
    log.flush();
  }
}

export const serveCommand: Command = {
  name: 'serve',
  summary: 'run the gateway (the default)',
  help: HELP,
  async run(argv, io, roof) {
    const { values } = readArguments({ args: [...argv], options: { config: { type: 'string' } } });
    return serve(configPath(values.config, io.env), io, roof);
  },
};
