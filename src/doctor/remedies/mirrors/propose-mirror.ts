import { access } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { Mirrored, Note, RemedyPlace } from '../port.js';
import { setFirstHost } from '../text/edit-hosts.js';
import { setInJson } from '../text/edit-json.js';
import { setBlock, setInSettings } from '../text/edit-settings.js';
import type { WantedChange } from '../wanted-change.js';

export interface MirrorPlan {
  readonly wanted: readonly WantedChange[];
  readonly commands: readonly string[];
  readonly notes: readonly Note[];
}

/** What one client needs to go to a mirror by itself. */
export async function proposeMirror(name: Mirrored, url: string, place: RemedyPlace): Promise<MirrorPlan> {
  const { userHome, env } = place;
  const configHome = given(env.XDG_CONFIG_HOME) ?? join(userHome, '.config');
  const plan = (wanted: WantedChange[], commands: string[] = [], notes: Note[] = []): MirrorPlan => ({
    ...{ wanted, commands, notes },
  });
  const file = (path: string, edit: WantedChange['edit'], mode?: number): WantedChange => ({
    ...{ kind: 'file', path, edit },
    ...(mode === undefined ? {} : { mode }),
  });
  switch (name) {
    case 'pip': {
      // pip takes `index_url` for the same setting, and fails on two of them.
      const isKey = (key: string): boolean => key.replaceAll('_', '-') === 'index-url';
      const setting = { name, section: 'global', isKey, line: `index-url = ${url}`, hasContinuations: true };
      const path = given(env.PIP_CONFIG_FILE) ?? join(configHome, 'pip', 'pip.conf');
      return plan([file(path, (before, at) => setInSettings(before, at, setting))]);
    }
    case 'npm': {
      const setting = {
        name,
        isKey: (key: string) => key === 'registry',
        line: `registry=${url}/`,
        hasContinuations: false,
      };
      const path = given(env.NPM_CONFIG_USERCONFIG) ?? join(userHome, '.npmrc');
      return plan([file(path, (before, at) => setInSettings(before, at, setting), 0o600)]);
    }
    case 'git': {
      const [usual, other] = [join(userHome, '.gitconfig'), join(configHome, 'git', 'config')];
      const isOther = !(await isThere(place, usual)) && (await isThere(place, other));
      const lines = [`[url "${url}/"]`, '\tinsteadOf = https://github.com/'];
      return plan([file(isOther ? other : usual, (before, at) => setBlock(before, at, name, ...lines))]);
    }
    case 'docker': {
      const edit: WantedChange['edit'] = (before, at) =>
        setInJson(before, at, 'registry-mirrors', (mirrors) => {
          const others = Array.isArray(mirrors) ? mirrors.map(String) : [];
          return [url, ...others.filter((each) => each.replace(/\/+$/, '') !== url)];
        });
      return plan([file('/etc/docker/daemon.json', edit)], ['sudo systemctl reload docker']);
    }
    case 'containerd': {
      const edit: WantedChange['edit'] = (before, at) => setFirstHost(before, at, url, 'https://registry-1.docker.io');
      const note: Note = { code: 'NEEDS_CONFIG_PATH', values: { path: '/etc/containerd/certs.d' } };
      return plan([file('/etc/containerd/certs.d/docker.io/hosts.toml', edit)], [], [note]);
    }
    case 'huggingface':
      return inEnvironment('huggingface', { HF_ENDPOINT: url }, configHome, place);
    case 'modelscope': {
      // Clients up to 1.x put https:// before the domain; later ones read the endpoint first.
      const { protocol, host, pathname } = new URL(url);
      const domain = protocol === 'https:' ? { MODELSCOPE_DOMAIN: host + pathname.replace(/\/$/, '') } : {};
      const made = await inEnvironment(name, { MODELSCOPE_ENDPOINT: url, ...domain }, configHome, place);
      const note: Note = { code: 'DOMAIN_IS_HTTPS', values: { url } };
      return protocol === 'https:' ? made : { ...made, notes: [...made.notes, note] };
    }
  }
}

/** For services and desktops by environment.d(5), for shells by their profiles. */
async function inEnvironment(
  name: Mirrored,
  variables: Readonly<Record<string, string>>,
  configHome: string,
  place: RemedyPlace,
): Promise<MirrorPlan> {
  const all = Object.entries(variables);
  const dropIn = Buffer.from(all.map(([key, value]) => `${key}=${value}\n`).join(''));
  const exports = all.map(([key, value]) => `export ${key}="${value}"`);
  const profiles = ['.profile'];
  for (const each of ['.bash_profile', '.bashrc', '.zshrc'])
    if (await isThere(place, join(place.userHome, each))) profiles.push(each);
  return {
    wanted: [
      { kind: 'file', path: join(configHome, 'environment.d', `60-sluice-${name}.conf`), edit: () => dropIn },
      ...profiles.map((each): WantedChange => ({
        ...{ kind: 'file', path: join(place.userHome, each) },
        edit: (before, at) => setBlock(before, at, name, ...exports),
      })),
    ],
    commands: [],
    notes: [{ code: 'NEW_SHELLS', values: {} }],
  };
}

/** A variable that names a place by itself; an empty one counts as unset. */
function given(path: string | undefined): string | undefined {
  return path !== undefined && isAbsolute(path) ? path : undefined;
}

async function isThere(place: RemedyPlace, path: string): Promise<boolean> {
  return access(place.at(path)).then(
    () => true,
    () => false,
  );
}
