import type { ComponentType } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ApiClient } from './api-client.ts';
import type { Role, Who } from './answers.ts';
import { LoginPage } from './pages/login-page.tsx';
import { AccountsPage } from './pages/accounts-page.tsx';
import { AlertsPage } from './pages/alerts-page.tsx';
import { AuditPage } from './pages/audit-page.tsx';
import { ConfigurationPage } from './pages/configuration-page.tsx';
import { DetectionsPage } from './pages/detections-page.tsx';
import { ExclusionsPage } from './pages/exclusions-page.tsx';
import { ProtectionPage } from './pages/protection-page.tsx';
import { QuarantinePage } from './pages/quarantine-page.tsx';
import { ReleasesPage } from './pages/releases-page.tsx';
import { RetroHuntPage } from './pages/retro-hunt-page.tsx';
import { RulesPage } from './pages/rules-page.tsx';
import { SessionsPage } from './pages/sessions-page.tsx';
import { StatusPage } from './pages/status-page.tsx';
import { mayAct, type View } from './view.ts';

interface Place {
  readonly name: string;
  readonly title: string;
  readonly needs: Role;
  readonly page: ComponentType<View>;
}

const STATUS: Place = { name: 'status', title: 'Status', needs: 'viewer', page: StatusPage };
const PLACES: readonly Place[] = [
  STATUS,
  { name: 'detections', title: 'Detections', needs: 'viewer', page: DetectionsPage },
  { name: 'quarantine', title: 'Quarantine', needs: 'operator', page: QuarantinePage },
  { name: 'releases', title: 'Releases', needs: 'operator', page: ReleasesPage },
  { name: 'retro-hunt', title: 'Retro-hunt', needs: 'operator', page: RetroHuntPage },
  { name: 'protection', title: 'Protection', needs: 'viewer', page: ProtectionPage },
  { name: 'exclusions', title: 'Exclusions', needs: 'viewer', page: ExclusionsPage },
  { name: 'rules', title: 'Rules', needs: 'viewer', page: RulesPage },
  { name: 'sessions', title: 'Sessions', needs: 'operator', page: SessionsPage },
  { name: 'alerts', title: 'Alerts', needs: 'operator', page: AlertsPage },
  { name: 'configuration', title: 'Configuration', needs: 'operator', page: ConfigurationPage },
  { name: 'accounts', title: 'Accounts', needs: 'administrator', page: AccountsPage },
  { name: 'audit', title: 'Audit', needs: 'administrator', page: AuditPage },
];

/** `#/quarantine/abc`: the page and its argument. */
function useAddress(): readonly [name: string, argument: string] {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const changed = (): void => setHash(location.hash);
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  const [, name = '', argument = ''] = hash.split('/', 3);
  return [name, argument];
}

function Navigation({ places, current }: { readonly places: readonly Place[]; readonly current: Place }) {
  return (
    <nav aria-label="Pages">
      {places.map(({ name, title }) => (
        <a key={name} href={`#/${name}`} aria-current={name === current.name ? 'page' : undefined}>
          {title}
        </a>
      ))}
    </nav>
  );
}

function Frame({ api, who }: Pick<View, 'api' | 'who'>) {
  const [name, argument] = useAddress();
  const heading = useRef<HTMLHeadingElement>(null);
  const places = PLACES.filter(({ needs }) => mayAct(who, needs));
  const current = places.find((place) => place.name === name) ?? STATUS;
  const { page: Page, title } = current;
  useEffect(() => {
    document.title = `${title} - Postern`;
    // A reader of the page hears where he is; the first page has no one who moved to it.
    if (name !== '') heading.current?.focus();
  }, [title, argument]);
  return (
    <>
      <a class="skip" href="#content" onClick={(event) => (event.preventDefault(), heading.current?.focus())}>
        Skip to content
      </a>
      <header>
        <strong>Postern</strong>
        <Navigation places={places} current={current} />
        <span class="who">
          {who.name} ({who.role})
          <button type="button" onClick={() => void api.logout()}>
            Log out
          </button>
        </span>
      </header>
      <main id="content">
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        <Page key={`${current.name}/${argument}`} api={api} who={who} argument={argument} />
      </main>
    </>
  );
}

/** The login, or the pages for whoever is logged in. */
export function App({ api }: { readonly api: ApiClient }) {
  const [who, setWho] = useState<Who | 'nobody' | 'unknown'>('unknown');
  useEffect(() => {
    api.onLoggedOut = () => setWho('nobody');
    api.whoAmI().then(setWho, () => setWho('nobody'));
  }, []);
  if (who === 'unknown') return <p class="quiet">Loading …</p>;
  if (who === 'nobody') return <LoginPage api={api} onLogin={setWho} />;
  return <Frame api={api} who={who} />;
}
