import { HookBook } from './hooks.js';
import type { Format } from './port.js';
import { finding, type RuleId } from './rules.js';

/** What a name alone says: interpreters and loaders go by it. */
const NAMES: readonly (readonly [pattern: RegExp, rule: RuleId])[] = [
  [/(?:^|\/)(?:sitecustomize|usercustomize|conftest|setup|noxfile|__main__)\.py$/, 'CODE-AUTORUN'],
  [/(?:^|\/)\.git\/|(?:^|\/)\.githooks\/|(?:^|\/)\.(?:envrc|bashrc|bash_profile|profile|zshrc)$/, 'CODE-AUTORUN'],
  [/(?:^|\/)\.vscode\/(?:tasks|settings|launch)\.json$|(?:^|\/)\.devcontainer(?:\/|\.json$)/, 'CODE-AUTORUN'],
  [
    /\.(?:so|so\.[\d.]+|dll|dylib|pyd|exe|com|scr|msi|node|elf|ko|sys|bundle|jar|class|apk|wasm|pyc|pyo)$/,
    'CODE-NATIVE',
  ],
  [
    /\.(?:py|pyw|pyi|pyx|ipynb|sh|bash|zsh|fish|bat|cmd|ps1|psm1|vbs|vbe|wsf|hta|lnk|js|mjs|cjs|jse|rb|pl|php|lua|cu|command|scpt|reg)$/,
    'CODE-FILE',
  ],
  [/(?:^|\/)(?:dockerfile|containerfile|makefile|cmakelists\.txt|meson\.build|justfile)(?:\.[\w.-]+)?$/, 'CODE-FILE'],
];
/** Lines of a path file that Python runs when it lies in site-packages. */
const PATH_FILE_CODE = /^import[ \t]/m;

/** Programs by their names. It says nothing about the bytes: other formats account for them. */
export const CODE: Format = {
  format: 'code',
  claims: (start, name) => ruleOf(name) !== undefined || isPathFile(start, name),
  scan: async (bytes, { name, members }) => {
    const rule = ruleOf(name);
    const book = new HookBook(members);
    book.add('code', name);
    const start = await bytes.read(0, Math.min(bytes.sizeBytes, 4096));
    const found =
      rule !== undefined
        ? finding(rule, name, members)
        : finding('CODE-AUTORUN', `${name} is a path file of Python that imports`, members, start.indexOf('import'));
    const inventory = { imports: [], calls: [], templates: [], hooks: book.hooks };
    return { format: 'code', verdict: 'CLEAN', findings: [found], attributions: [], inventory };
  },
};

function ruleOf(name: string): RuleId | undefined {
  const lower = name.toLowerCase().replaceAll('\\', '/');
  return NAMES.find(([pattern]) => pattern.test(lower))?.[1];
}

function isPathFile(start: Buffer, name: string): boolean {
  return /\.pth$/i.test(name) && !start.includes(0) && PATH_FILE_CODE.test(start.toString('latin1'));
}
