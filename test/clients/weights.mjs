// What real libraries write is taken for what it is: none of it is held back without a reason, and what runs something never passes.
import { open } from 'node:fs/promises';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { python } from './processes.mjs';
import { proof } from './report.mjs';

export async function weights({ root, client, scratch }) {
  const { scanFile, sourceOfFile } = await import(pathToFileURL(join(root, 'dist', 'scan', 'index.js')));
  const folder = mkdtempSync(join(scratch, 'weights-'));
  const { files, versions } = await python(
    client.python,
    'weights.py',
    { folder },
    { env: { HOME: folder }, cut: true },
  );
  const label = Object.entries(versions)
    .map(([library, version]) => `${library} ${version.split('+')[0]}`)
    .join(', ');
  const wanted = new Map();
  for (const { form, ...file } of files) wanted.set(form, [...(wanted.get(form) ?? []), file]);
  for (const [form, group] of wanted)
    await proof(client.name, `${form}: ${group[0].verdict} (${label})`, async () => {
      for (const { name, verdict } of group) {
        const scan = await scanned(join(folder, name), name, { scanFile, sourceOfFile });
        if (scan.verdict === verdict) continue;
        const findings = scan.findings
          .slice(0, 5)
          .map(({ rule, evidence, members }) => `${[...members, rule].join(' › ')}: ${evidence}`);
        throw new Error([`${name} is ${scan.verdict}`, ...findings].join('\n'));
      }
    });
}

async function scanned(path, name, { scanFile, sourceOfFile }) {
  const file = await open(path);
  try {
    return await scanFile(sourceOfFile(file, (await file.stat()).size), name);
  } finally {
    await file.close();
  }
}
