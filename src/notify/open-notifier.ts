import { readFileSync } from 'node:fs';
import type { Clock } from '../base/clock.ts';
import type { NotificationsConfig } from '../base/config/notifications-schema.ts';
import { GatewayError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import { Secret } from '../base/secret.ts';
import type { Channel } from './channel.ts';
import { Notifier } from './notifier.ts';
import { SmtpChannel } from './smtp-channel.ts';
import { WebhookChannel } from './webhook-channel.ts';

/** The notifier of a configuration. Throws `CONFIG_INVALID` when a secret cannot be read or a key is missing. */
export function openNotifier(config: NotificationsConfig, clock: Clock, log: Logger): Notifier {
  const webhooks = config.webhooks.map(
    ({ name, url, format, secret, secretFile }): Channel =>
      new WebhookChannel({
        name,
        url,
        format,
        clock,
        secret: secretOf(secret, secretFile, `notifications.webhooks, ${name}: secret`),
      }),
  );
  return new Notifier({ settings: config, channels: [...webhooks, ...smtpOf(config)], clock, log });
}

function smtpOf({ smtp }: NotificationsConfig): readonly Channel[] {
  const { server, from, to, password, passwordFile, ...rest } = smtp;
  if (server === undefined) return [];
  if (from === undefined || to.length === 0) {
    throw new GatewayError('CONFIG_INVALID', 'notifications.smtp.server needs from and to beside it');
  }
  const secret = secretOf(password, passwordFile, 'notifications.smtp.password');
  return [new SmtpChannel({ ...rest, server, from, to, password: secret })];
}

function secretOf(
  value: string | undefined,
  file: string | undefined,
  key: string,
): Secret<string> | undefined {
  if (value !== undefined && file !== undefined) {
    throw new GatewayError('CONFIG_INVALID', `${key} and ${key}File: set one of them`);
  }
  if (file === undefined) return value === undefined ? undefined : new Secret(value);
  try {
    return new Secret(readFileSync(file, 'utf8').replace(/\r?\n$/u, ''));
  } catch (cause) {
    const message = `${key}File: ${JSON.stringify(file)} cannot be read. Correct the path or the permissions`;
    throw new GatewayError('CONFIG_INVALID', message, { cause });
  }
}
