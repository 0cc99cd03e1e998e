import { isIP } from 'node:net';
import { z } from 'zod';
import { parseAddressList } from './address-list.ts';
import { parsePortList } from './port-list.ts';

/** The kinds of value that several sections have. */
export const port = z.int().min(1).max(65_535);

export const hostName = z
  .string()
  .max(253)
  .refine((value) => isIP(value) !== 0 || /^[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_.])?$/iu.test(value), {
    error: 'is not a host name or IP address. Write it without scheme, port and brackets',
  });
export const portList = z.union([z.string(), z.int()]).refine((value) => parsePortList(value) !== undefined, {
  error: 'is not a list of ports from 1 to 65535. Write them separated by commas, such as 585,1993',
});

/** What may stand behind the `@` of a login name; `*.` before it: everything below it. */
export const mailDomain = z
  .string()
  .max(253)
  .refine((value) => /^(?:\*\.)?[a-z0-9](?:[a-z0-9_-]*\.)*[a-z0-9_-]*[a-z0-9]$/iu.test(value), {
    error: 'is not a domain. Write it as example.org, or *.example.org for what is below it',
  });

/** Name of an object that other keys refer to; also a label of logs. */
export const objectName = z
  .string()
  .max(64)
  .refine((value) => /^[a-z0-9][a-z0-9_.-]*$/iu.test(value), {
    error: 'is not a name. Use letters, digits, dot, dash and underscore',
  });

export const addressList = z.string().superRefine((value, context) => {
  const list = parseAddressList(value);
  if (!('bad' in list)) return;
  const what = list.bad === '' ? '' : `: ${JSON.stringify(list.bad.slice(0, 60))}`;
  const remedy = 'Write addresses, ranges a-b and networks a/n, separated by commas';
  context.addIssue({ code: 'custom', message: `is not a list of addresses${what}, ${list.why}. ${remedy}` });
});
