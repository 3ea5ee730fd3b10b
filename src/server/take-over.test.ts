import { expect, test } from 'vitest';
import { SETTINGS, SETTING_NAMES } from '../base/index.js';
import type { ServeSettings } from './serve-settings.js';
import { takeOver, type LiveSettings } from './take-over.js';

/** Settings of which each has a text of its own. */
const settingsOf = (mark: string): ServeSettings =>
  Object.fromEntries(SETTING_NAMES.map((name) => [name, `${name} ${mark}`])) as unknown as ServeSettings;

test('what belongs to the start stays and is told, all else is taken over', () => {
  const live = settingsOf('old') as LiveSettings;
  const waiting = takeOver(live, settingsOf('new'));
  const fixed = SETTING_NAMES.filter((name) => SETTINGS[name].fixed === true);
  expect(waiting).toEqual(fixed.map((name) => SETTINGS[name].key));
  for (const [name, value] of Object.entries(live))
    expect(value).toBe(`${name} ${(fixed as readonly string[]).includes(name) ? 'old' : 'new'}`);
  expect(waiting).toEqual(expect.arrayContaining(['home', 'serve.port', 'serve.pins', 'proxy']));
  expect(waiting).not.toContain('serve.users');
});

test('what did not change does not wait', () => {
  const live = { ...settingsOf('same') } as LiveSettings;
  expect(takeOver(live, { ...settingsOf('same'), serveUsers: 'others' })).toEqual([]);
  expect(live.serveUsers).toBe('others');
});

test('another certificate is taken over; that there is one, or none any more, waits', () => {
  const live = settingsOf('old') as LiveSettings;
  expect(takeOver(live, { ...settingsOf('old'), serveTlsCert: 'b', serveTlsKey: 'c' })).toEqual([]);
  expect([live.serveTlsCert, live.serveTlsKey]).toEqual(['b', 'c']);
  const keys = ['serve.tls-cert', 'serve.tls-key'];
  expect(takeOver(live, { ...settingsOf('old'), serveTlsCert: undefined, serveTlsKey: undefined })).toEqual(keys);
  expect([live.serveTlsCert, live.serveTlsKey]).toEqual(['b', 'c']);
});
