import type { Format, Severity } from '../port.js';
import { ScanReport } from '../report.js';
import type { RuleId } from '../rules.js';

interface Program {
  readonly what: string;
  readonly rule: RuleId;
  readonly severity?: Severity;
}

/** Files of weights have no program in them; what is one is told by its first bytes, whatever its name. */
export const programsFormat: Format = {
  format: 'program',
  claims: (start, name) => programOf(start, name) !== undefined,
  async scan(bytes, context) {
    const report = new ScanReport(context);
    const start = await bytes.read(0, Math.min(64 * 1024, bytes.sizeBytes));
    const program = programOf(start, context.name);
    if (program !== undefined) {
      const { what, rule, severity } = program;
      report.find(rule, what, severity === undefined ? {} : { severity });
    }
    report.claim(0, bytes.sizeBytes, 'program');
    return report.result('program');
  },
};

const MACH_O = new Set([0xfeedface, 0xfeedfacf, 0xcefaedfe, 0xcffaedfe]);
const FAT = 0xcafebabe;
/** Fewer than any Java class file's version, which stands at the same place. */
const MOST_ARCHITECTURES = 40;
const SCRIPT_NAME = /\.(?:py|sh|bash|zsh|pl|rb|js|mjs|lua|r|php|tcl|awk|fish|in|cgi)$/i;

function programOf(start: Buffer, name: string): Program | undefined {
  if (start.length < 4) return undefined;
  const word = start.readUInt32BE(0);
  const native = (what: string): Program => ({ what, rule: 'PROGRAM' });
  const bytecode = (what: string): Program => ({ what, rule: 'BYTECODE' });
  if (word === 0x7f454c46) return native('an ELF program or library');
  if (start.toString('latin1', 0, 6) === 'MZqFpD') return native('an APE program, such as a llamafile');
  if (isPortableExecutable(start)) return native('a Windows program or library');
  if (MACH_O.has(word)) return native('a Mach-O program or library');
  if (word === FAT && start.length >= 8) {
    const isFat = start.readUInt32BE(4) <= MOST_ARCHITECTURES;
    return isFat ? native('a Mach-O program for several processors') : bytecode('a Java class');
  }
  if (word === 0x0061736d) return bytecode('WebAssembly');
  if (word === 0x4243c0de) return bytecode('LLVM bitcode');
  if (start.toString('latin1', 0, 4) === 'dex\n') return bytecode('Dalvik bytecode');
  if (isPythonBytecode(start)) return bytecode('Python bytecode');
  if (!/^#![ \t]*\//.test(start.toString('latin1', 0, 64))) return undefined;
  // Scripts that say what they are belong to repositories; in something named as weights they are a disguise.
  return { what: 'a script', rule: 'PROGRAM', ...(SCRIPT_NAME.test(name) && { severity: 'medium' }) };
}

function isPortableExecutable(start: Buffer): boolean {
  if (start.length < 64 || start.toString('latin1', 0, 2) !== 'MZ') return false;
  const at = start.readUInt32LE(0x3c);
  return (
    at + 4 <= start.length &&
    ['PE\0\0', 'NE', 'LE', 'LX'].some((magic) => start.toString('latin1', at, at + magic.length) === magic)
  );
}

/** CPython 3.3 and later: a magic number, `\r\n`, and from 3.7 on flags of which three values are known. */
function isPythonBytecode(start: Buffer): boolean {
  if (start.length < 16 || start.readUInt16BE(2) !== 0x0d0a) return false;
  const magic = start.readUInt16LE(0);
  return magic >= 3200 && magic < 4200 && (magic < 3390 || start.readUInt32LE(4) <= 3);
}
