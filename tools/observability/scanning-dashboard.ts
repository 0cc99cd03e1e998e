import type { DashboardPlan } from './dashboard-plan.ts';
import { RATE, both, per, perOrZero, plot, stat } from './queries.ts';

export const SCANNING: DashboardPlan = {
  name: 'scanning',
  title: 'Postern: scanning',
  panels: [
    {
      ...plot,
      title: 'Judged messages by verdict',
      question: 'What is in the mail?',
      unit: 'cps',
      queries: [per('verdict', 'postern_scan_messages_total')],
    },
    {
      ...plot,
      title: 'Judged messages by action',
      question: 'What happens to it?',
      unit: 'cps',
      queries: [per('action', 'postern_scan_messages_total')],
    },
    {
      ...plot,
      title: 'Findings',
      question: 'Which engine finds what?',
      unit: 'cps',
      queries: [
        {
          expr: `sum by (engine, class) (rate(postern_scan_findings_total${RATE}))`,
          legend: '{{engine}} {{class}}',
        },
      ],
    },
    {
      ...plot,
      title: 'The unscanned ledger',
      question: 'What was delivered without a complete scan, and why?',
      unit: 'cps',
      queries: [perOrZero('cause', 'postern_unscanned_total')],
    },
    {
      ...plot,
      title: 'Unscanned bytes',
      question: 'How much of it?',
      unit: 'Bps',
      queries: [perOrZero('cause', 'postern_unscanned_bytes_total')],
    },
    {
      ...plot,
      title: 'Scanned bytes',
      question: 'How much is scanned? What the verdict cache answers is not in it.',
      unit: 'Bps',
      queries: [{ expr: `sum(rate(postern_scan_bytes_total${RATE}))`, legend: 'bytes' }],
    },
    {
      ...plot,
      title: 'Pieces per message',
      question: 'How deep does mail go?',
      unit: 'short',
      queries: [
        {
          expr: `sum(rate(postern_scan_pieces_total${RATE})) / (sum(rate(postern_scan_total_seconds_count${RATE})) > 0)`,
          legend: 'pieces',
        },
      ],
    },
    {
      ...plot,
      title: 'Decoding',
      question: 'How long does it take to read a message?',
      unit: 's',
      queries: both('postern_scan_decode_seconds'),
    },
    {
      ...plot,
      title: 'Matching',
      question: 'How long do the rules take?',
      unit: 's',
      queries: both('postern_scan_match_seconds'),
    },
    {
      ...plot,
      title: 'Quarantine commits',
      question: 'Are originals kept?',
      unit: 'cps',
      queries: [per('outcome', 'postern_quarantine_commits_total')],
    },
    {
      ...plot,
      title: 'Tags and keywords',
      question:
        'Where notices ask for them: are users told? What finds no room or is refused is told by the notice only.',
      unit: 'cps',
      queries: [
        {
          expr: `sum by (kind, outcome) (rate(postern_gateway_words_total${RATE}))`,
          legend: '{{kind}} {{outcome}}',
        },
      ],
    },
    {
      ...stat,
      title: 'Originals kept',
      question: 'How many are in the quarantine?',
      unit: 'short',
      queries: [{ expr: 'sum(postern_quarantine_objects)', legend: 'originals' }],
    },
    {
      ...stat,
      title: 'Room they take',
      question: 'Does the volume suffice?',
      unit: 'bytes',
      queries: [{ expr: 'sum(postern_quarantine_bytes)', legend: 'bytes' }],
    },
    {
      ...stat,
      title: 'Rules',
      question: 'How many rules are active?',
      unit: 'short',
      queries: [{ expr: 'max(postern_rules_loaded)', legend: 'rules' }],
    },
    {
      ...stat,
      title: 'Age of the rules',
      question: 'Do new rules arrive?',
      unit: 's',
      threshold: 'rulesAgeSeconds',
      queries: [{ expr: 'time() - min(postern_rules_loaded_timestamp_seconds)', legend: 'age' }],
    },
    {
      ...stat,
      title: 'Rule sets in use',
      question: 'Do all gateways judge by the same rules? More than one: no.',
      unit: 'short',
      queries: [{ expr: 'count(count by (generation) (postern_rules_info))', legend: 'sets' }],
    },
  ],
};
