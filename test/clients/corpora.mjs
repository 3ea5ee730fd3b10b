// What picklescan, fickling and modelscan hold for dangerous never passes here: the names on their lists, in streams of our own, and, where checkouts
// of their repositories are given (`--corpora FOLDER`, one folder each), every case of their own tests.
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { python } from './processes.mjs';
import { holds, proof } from './report.mjs';

/** What the others refuse and we pass, or the other way round, each with its reason. */
const DIFFERENCES = {
  fickling: {
    // A list that holds itself sixty times takes as much room as it has references.
    test_memo_expansion_detection: 'CLEAN',
    test_check_safety_catches_resource_exhaustion: 'CLEAN',
  },
};

export async function corpora({ root, client, scratch, corpora: folder = null }) {
  const { scanFile, sourceOfBuffer } = await import(pathToFileURL(join(root, 'dist', 'scan', 'index.js')));
  const scan = (bytes, name) => scanFile(sourceOfBuffer(bytes), name);
  const { names, cases } = await python(
    client.python,
    'corpora.py',
    { corpora: folder, folder: scratch },
    { cut: true },
  );
  for (const tool of ['fickling', 'modelscan', 'picklescan']) {
    const dangerous = names.filter(([of, , , isDangerous]) => of === tool && isDangerous);
    await proof(client.name, `${dangerous.length} names that ${tool} denies: none passes, in any form`, async () => {
      for (const [, module, name] of dangerous)
        for (const bytes of streams(module, name)) {
          const { verdict } = await scan(bytes, 'model.pkl');
          holds(verdict !== 'CLEAN', `${module}.${name} passes in ${JSON.stringify(bytes.toString('latin1'))}`);
        }
    });
  }
  const harmless = names.filter(([, , , isDangerous]) => !isDangerous);
  await proof(client.name, `${harmless.length} names that they allow: told apart`, async () => {
    let denied = 0;
    for (const [, module, name] of harmless)
      if ((await scan(streams(module, name)[0], 'model.pkl')).verdict === 'FINDINGS') denied += 1;
    holds(harmless.length > 50 && denied < harmless.length / 4, `${denied} of ${harmless.length} are denied here`);
  });
  for (const tool of new Set(cases.map((each) => each.tool)))
    await proof(
      client.name,
      ...(await compared(
        tool,
        cases.filter((each) => each.tool === tool),
        scan,
      )),
    );
}

/** Imports that are never called, and calls in each of the ways that there are. */
function streams(module, name) {
  const short = (text) => Buffer.concat([Buffer.from([0x8c, Buffer.byteLength(text)]), Buffer.from(text)]);
  const stack = Buffer.concat([Buffer.from([0x80, 4]), short(module), short(name), Buffer.from([0x93])]);
  return [
    Buffer.concat([stack, Buffer.from('.')]),
    Buffer.concat([stack, Buffer.from(')R.')]),
    Buffer.from(`c${module}\n${name}\n)R.`),
    Buffer.from(`(c${module}\n${name}\no0N.`),
    Buffer.from(`(i${module}\n${name}\n.`),
  ];
}

async function compared(tool, cases, scan) {
  const counts = { agree: 0, unproven: 0, known: 0 };
  const wrong = [];
  for (const { name, path, hex, isBad } of cases) {
    const bytes = path === undefined ? Buffer.from(hex, 'hex') : readFileSync(path);
    const { verdict, findings } = await scan(bytes, path === undefined ? 'case.pkl' : basename(path));
    if (DIFFERENCES[tool]?.[name] === verdict) counts.known += 1;
    else if (isBad ? verdict !== 'CLEAN' : verdict === 'CLEAN') counts.agree += 1;
    // Not harmful to them, not proven harmless to us: unknown names, broken streams, what is encrypted.
    else if (!isBad && !findings.some(({ rule }) => rule === 'PKL-IMPORT-DENY')) counts.unproven += 1;
    else wrong.push(`${name}: ${isBad ? 'bad' : 'good'} to ${tool}, ${verdict} here`);
  }
  const claim = `${cases.length} cases of ${tool}'s own tests: ${counts.agree} judged alike, ${counts.unproven} good to it and unproven here, ${counts.known} known differences`;
  return [claim, () => holds(cases.length > 0 && wrong.length === 0, wrong.join('\n'))];
}
