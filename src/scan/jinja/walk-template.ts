import type { Severity } from '../port.js';
import type { RuleId } from '../rules.js';
import { lexTemplate, TemplateFault } from './lex.js';
import { TemplateWalk, type TemplateNote } from './walk.js';

const SUSPECT = /__\w+__|\\x5f|\\u005f|\|\s*attr\b|\b(?:popen|subprocess|gi_frame|f_back)\b/i;

/**
 * Everything in a Jinja template that is not on the lists of harmless names. Expressions are followed by Jinja's own grammar; text that is put together from constants is judged as what comes out.
 * A template that cannot be followed gets one note that says so.
 */
export function walkTemplate(text: string): readonly TemplateNote[] {
  const notes: TemplateNote[] = [];
  try {
    new TemplateWalk(lexTemplate(text), notes).read();
  } catch (thrown) {
    if (!(thrown instanceof TemplateFault)) throw thrown;
    const note = (rule: RuleId, reason: string, severity?: Severity): void =>
      void notes.push({ rule, reason, ...(severity && { severity }) });
    note('JINJA-UNKNOWN', `it cannot be parsed: ${thrown.message}`);
    // Another parser may get further than this one.
    if (SUSPECT.test(text))
      note('JINJA-SSTI', 'it cannot be parsed, and has names that lead to the interpreter', 'high');
  }
  return notes;
}
