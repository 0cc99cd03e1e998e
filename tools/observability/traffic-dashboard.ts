import type { DashboardPlan } from './dashboard-plan.ts';
import { RATE, per, perOrZero, plot } from './queries.ts';

export const TRAFFIC: DashboardPlan = {
  name: 'traffic',
  title: 'Postern: traffic',
  panels: [
    {
      ...plot,
      title: 'Open sessions',
      question: 'How many clients are connected?',
      unit: 'short',
      queries: [{ expr: 'sum by (protocol) (postern_gateway_sessions_open)', legend: '{{protocol}}' }],
    },
    {
      ...plot,
      title: 'New sessions',
      question: 'How fast do clients connect? A storm shows here first.',
      unit: 'cps',
      queries: [per('protocol', 'postern_gateway_sessions_total')],
    },
    {
      ...plot,
      title: 'Bytes',
      question: 'How much mail passes, and from which side?',
      unit: 'Bps',
      queries: [per('side', 'postern_gateway_bytes_total')],
    },
    {
      ...plot,
      title: 'Commands',
      question: 'What do clients do?',
      unit: 'cps',
      queries: [per('command', 'postern_gateway_commands_total')],
    },
    {
      ...plot,
      title: 'Ends of sessions',
      question: 'Why do sessions end?',
      unit: 'cps',
      queries: [per('reason', 'postern_gateway_sessions_closed_total')],
    },
    {
      ...plot,
      title: 'TLS handshakes',
      question: 'Do handshakes fail, and on which side?',
      unit: 'cps',
      queries: [
        {
          expr: `sum by (side, outcome) (rate(postern_gateway_tls_handshakes_total${RATE}))`,
          legend: '{{side}} {{outcome}}',
        },
      ],
    },
    {
      ...plot,
      title: 'Refused connections',
      question: 'Whom do the limits keep out?',
      unit: 'cps',
      queries: [perOrZero('reason', 'postern_gateway_sessions_refused_total')],
    },
    {
      ...plot,
      title: 'Errors of the mail server',
      question: 'Is the server reachable?',
      unit: 'cps',
      queries: [perOrZero('code', 'postern_upstream_errors_total')],
    },
    {
      ...plot,
      title: 'Violations of the protocol',
      question: 'Who speaks what no client should?',
      unit: 'cps',
      queries: [perOrZero('what', 'postern_gateway_bad_input_total')],
    },
    {
      ...plot,
      title: 'Refused requests',
      question: 'What do clients ask for that cannot be judged?',
      unit: 'cps',
      queries: [perOrZero('what', 'postern_gateway_refused_total')],
    },
  ],
};
