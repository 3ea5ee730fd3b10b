// Writes docs/SETTINGS.md and docs/ERRORS.md from the tables in src/base, and checks that docs/EVENTS.md names every event and field.
// `--check` writes nothing and fails when a document is out of step. Needs no build: the tables are compiled on the fly.
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { format, resolveConfig } from 'prettier';
import ts from 'typescript';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const checking = process.argv.includes('--check');
const temporary = mkdtempSync(join(tmpdir(), 'sluice-docs-'));
const stale = [];
try {
  const base = await import(pathToFileURL(compile(join(root, 'src', 'base'))).href);
  await document('docs/SETTINGS.md', settingsPage(base));
  await document('docs/ERRORS.md', errorsPage(base));
  checkEvents();
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
if (stale.length > 0) {
  process.stderr.write(`${stale.join('\n')}\nRun \`node scripts/docs.mjs\` and commit the result.\n`);
  process.exit(1);
}

/** Compiles a room that depends on node: modules only, and returns the path of its door. */
function compile(folder) {
  writeFileSync(join(temporary, 'package.json'), '{"type":"module"}');
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.ts') || entry.name.endsWith('.test.ts')) continue;
    const path = join(entry.parentPath ?? entry.path, entry.name);
    const out = join(temporary, path.slice(folder.length).replace(/\.ts$/, '.js'));
    mkdirSync(dirname(out), { recursive: true });
    const { outputText } = ts.transpileModule(readFileSync(path, 'utf8'), {
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: true },
    });
    writeFileSync(out, outputText);
  }
  return join(temporary, 'index.js');
}

async function document(path, content) {
  const full = join(root, path);
  const options = await resolveConfig(full);
  const wanted = await format(content, { ...options, parser: 'markdown' });
  let present = '';
  try {
    present = readFileSync(full, 'utf8');
  } catch {
    // Not there yet.
  }
  if (present === wanted) return;
  if (checking) stale.push(`${path} is out of step with src/base.`);
  else {
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, wanted);
    process.stdout.write(`${path} written\n`);
  }
}

function settingsPage({ SETTINGS, SETTING_NAMES, BUILT_IN_PROFILES, settingText }) {
  const sections = SETTING_NAMES.map((name) => {
    const setting = SETTINGS[name];
    const variables = setting.variables.map((one) => code(one.name) + (one.as ? ` (${code(one.as)})` : ''));
    const facts = [
      ['Flag', setting.flag ? code(setting.flag) : '–'],
      ['Environment', variables.join(setting.all ? ' and ' : ', then ')],
      ['Value', code(setting.kind.shape)],
      ['Default', setting.fallbackShown || 'unset'],
      ...(setting.fixed ? [['In a running server', 'stays until its next start']] : []),
    ];
    const rows = facts.map(([label, value]) => `- ${label}: ${value}`).join('\n');
    return `### ${code(setting.key)}\n\n${settingText(name, 'en')}  \n${settingText(name, 'zh')}\n\n${rows}`;
  });
  const profiles = Object.entries(BUILT_IN_PROFILES).map(([name, table]) => {
    const values = Object.entries(table).map(([key, value]) => `${code(key)} = ${code(JSON.stringify(value))}`);
    return `- ${code(name)}: ${values.join(', ')}`;
  });
  return `<!-- Made by scripts/docs.mjs from src/base/config/table.ts. -->

# Settings

Flag over environment over \`sluice.toml\` over default. A variable that is set but empty counts as unset.
\`sluice config\` shows every setting, its value and where it came from; secrets are masked.

\`sluice.toml\` is \`$SLUICE_CONFIG\`, else \`$XDG_CONFIG_HOME/sluice/sluice.toml\`, else \`~/.config/sluice/sluice.toml\`
(\`~/Library/Application Support/sluice\` on macOS, \`%APPDATA%\\sluice\` on Windows). It is never read from the working directory:
that may belong to strangers, and a file there could send tokens to another host. Relative paths in it are relative to its folder.
A key that does not exist is an error, not a silence.

\`\`\`toml
connections = 16

[hf]
endpoints = ["https://hub.example.org/hf", "https://huggingface.co"]

[profiles.office]
proxy = "http://proxy.example.org:3128"
ca = ["/etc/ssl/office.pem"]
\`\`\`

## Profiles

A profile is a named set of settings, chosen by \`--profile\`, \`SLUICE_PROFILE\` or the key \`profile\`. It stands right below the level
that chose it: above the environment for the flag, above \`sluice.toml\` for the other two. Built in (a table of the same name replaces one):

${profiles.join('\n')}

The Hugging Face token goes to the endpoints of \`hf.endpoints\` that the user named; of a built-in profile only to \`https://huggingface.co\`.

## Every setting

${sections.join('\n\n')}
`;
}

function errorsPage({ ERROR_KINDS, errorTemplate }) {
  const meanings = {
    0: 'done',
    1: 'a fault of ours',
    2: 'usage',
    3: 'not found; also when no file matches the filters',
    4: 'not allowed (401, 403, gated)',
    5: 'integrity',
    6: 'refused by policy',
    7: 'network given up',
    8: 'this machine (disk full, permission, memory)',
    130: 'interrupted; everything that arrived is kept',
  };
  const retries = { never: 'no', elsewhere: 'from another source', later: 'yes' };
  const sections = Object.entries(ERROR_KINDS).map(([name, kind]) => {
    const en = errorTemplate(name, 'en');
    const zh = errorTemplate(name, 'zh');
    const facts = `Exit ${kind.exit}; tried again by itself: ${retries[kind.retry]}.`;
    return `### ${name}\n\n${facts}\n\n- ${text(en.what)} ${text(en.remedy)}\n- ${text(zh.what)} ${text(zh.remedy)}`;
  });
  const exits = Object.entries(meanings).map(([exit, meaning]) => `| ${exit} | ${meaning} |`);
  return `<!-- Made by scripts/docs.mjs from src/base/errors.ts and src/base/texts. -->

# Errors and exit codes

Codes and exit codes are stable: scripts may rely on them. \`--json\` gives the code in \`pull.failed\`.
In the texts below \`{name}\` is a value, and a part in \`[...]\` is left out when its value is not known.

## Exit codes

| exit | meaning |
| --- | --- |
${exits.join('\n')}

When several refs are given, each is tried, and the exit code is that of the first failure. A partial result is never 0.

## Errors

${sections.join('\n\n')}
`;
}

/** docs/EVENTS.md is written by hand; it must have a section per event that names its fields. */
function checkEvents() {
  const source = readFileSync(join(root, 'src', 'base', 'events.ts'), 'utf8');
  const file = ts.createSourceFile('events.ts', source, ts.ScriptTarget.Latest);
  let page = '';
  try {
    page = readFileSync(join(root, 'docs', 'EVENTS.md'), 'utf8');
  } catch {
    // Reported below, event by event.
  }
  const union = file.statements.find((one) => ts.isTypeAliasDeclaration(one) && one.name.text === 'SluiceEvent');
  for (const member of union.type.types) {
    const names = member.members.map((field) => field.name.getText(file));
    const type = member.members.find((field) => field.name.getText(file) === 'type').type.literal.text;
    const section = page.split(/^### /m).find((part) => part.startsWith(`\`${type}\``));
    const missing = names.filter((name) => name !== 'type' && !section?.includes(`\`${name}\``));
    if (section === undefined) stale.push(`docs/EVENTS.md has no section for ${type}.`);
    else if (missing.length > 0) stale.push(`docs/EVENTS.md: ${type} does not name ${missing.join(', ')}.`);
  }
}

function code(value) {
  return `\`${value}\``;
}

/** Text that Markdown shows as it is; what stands between backticks is code already. */
function text(value) {
  const parts = value.split('`');
  return parts.map((part, index) => (index % 2 === 0 ? part.replace(/[<>*_|]/g, '\\$&') : part)).join('`');
}
