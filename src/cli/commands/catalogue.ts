import type { Command } from 'commander';
import type { CommandContext } from '../context.js';
import type { TextKey } from '../texts/index.js';

interface CommandModule {
  /** Gives the command its arguments, options and action. */
  readonly configure: (command: Command, context: CommandContext) => void;
}

interface CommandEntry {
  readonly name: string;
  readonly summary: TextKey;
  readonly load: () => Promise<CommandModule>;
}

/** Every command; its module is loaded only when it is the one that was asked for. */
export const COMMANDS: readonly CommandEntry[] = [
  { name: 'pull', summary: 'command.pull', load: () => import('./pull.js') },
  { name: 'plan', summary: 'command.plan', load: () => import('./plan.js') },
  { name: 'doctor', summary: 'command.doctor', load: () => import('./doctor.js') },
  { name: 'sources', summary: 'command.sources', load: () => import('./sources.js') },
  { name: 'explain', summary: 'command.explain', load: () => import('./explain.js') },
  { name: 'ls', summary: 'command.ls', load: () => import('./ls.js') },
  { name: 'rm', summary: 'command.rm', load: () => import('./rm.js') },
  { name: 'gc', summary: 'command.gc', load: () => import('./gc.js') },
  { name: 'serve', summary: 'command.serve', load: () => import('./serve.js') },
  { name: 'token', summary: 'command.token', load: () => import('./token.js') },
  { name: 'where', summary: 'command.where', load: () => import('./where.js') },
  { name: 'verify', summary: 'command.verify', load: () => import('./verify.js') },
  { name: 'sign', summary: 'command.sign', load: () => import('./sign.js') },
  { name: 'keys', summary: 'command.keys', load: () => import('./keys.js') },
  { name: 'repair', summary: 'command.repair', load: () => import('./repair.js') },
  { name: 'scan', summary: 'command.scan', load: () => import('./scan.js') },
  { name: 'admit', summary: 'command.admit', load: () => import('./admit.js') },
  { name: 'convert', summary: 'command.convert', load: () => import('./convert.js') },
  { name: 'seal', summary: 'command.seal', load: () => import('./seal.js') },
  { name: 'unseal', summary: 'command.unseal', load: () => import('./unseal.js') },
  { name: 'config', summary: 'command.config', load: () => import('./config.js') },
  { name: 'demo', summary: 'command.demo', load: () => import('./demo.js') },
];
