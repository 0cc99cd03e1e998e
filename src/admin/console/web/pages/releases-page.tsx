import { useState } from 'preact/hooks';
import type { Release } from '../answers.ts';
import { Loaded } from '../loading.tsx';
import { Pager, usePaged } from '../paging.tsx';
import { ReleaseTable } from '../release-table.tsx';
import type { View } from '../view.ts';

export function ReleasesPage({ api }: View) {
  const [all, setAll] = useState('');
  const { loading, pager } = usePaged<Release>(api, '/releases', { all });
  return (
    <>
      <label class="check">
        <input
          type="checkbox"
          checked={all !== ''}
          onChange={(event) => setAll(event.currentTarget.checked ? 'true' : '')}
        />{' '}
        also withdrawn ones
      </label>
      <Loaded loading={loading}>
        {({ items }) => <ReleaseTable api={api} releases={items} onChange={loading.reload} />}
      </Loaded>
      <Pager pager={pager} />
    </>
  );
}
