import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rulesOf, scanOf } from '../testing/scan-text.js';
import { walkTemplate } from './walk-template.js';

const worst = async (template: string) => {
  const scan = await scanOf('chat_template.jinja', template);
  return scan.verdict;
};

describe('chat templates', () => {
  it.each([
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ ''['__class__'] }}",
    "{{ ''['\\x5f\\x5fclass\\x5f\\x5f'] }}",
    "{{ ''['__cl' 'ass__'] }}",
    "{{ ''['__cl' ~ 'ass__'] }}",
    "{{ ''['__cl' + 'ass__'] }}",
    "{% set a = '__cl' %}{{ ''[a ~ 'ass__'] }}",
    "{{ x|attr('__class__') }}",
    '{{ x|attr(y) }}',
    "{{ messages|map(attribute='__init__.__globals__')|list }}",
    "{% for x in ().__class__.__base__.__subclasses__() if 'warning' in x.__name__ %}{{ x()._module.__builtins__['__import__']('os').popen('id').read() }}{% endfor %}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    '{{ self._TemplateReference__context }}',
    "{% include '/etc/passwd' %}",
    "{% import 'x' as y %}",
    '{% raw %}{% endraw %}{{ lipsum.__globals__ }}',
    '{{ x.gi_frame.f_back }}',
    "{{ x['_private'] }}",
    "{{ x['mro'] }}",
    "{% set k = 'f_globals' %}{{ x[k] }}",
    "{{ x.get('__globals__') }}",
    "{{ x.get('__glob' ~ 'als__') }}",
  ])('that reach for the interpreter: %s', async (template) => {
    expect(await worst(template)).toBe('FINDINGS');
  });

  it.each([
    "{{ '_'*2 }}",
    "{{ ['_','_','class']|join }}",
    "{{ '%c%c' % (95, 95) }}",
    "{{ 'a_b'[1] }}",
    "{{ '%s'|format(x) }}",
    '{{ undefined_function() }}',
    '{{ x.undefined_method() }}',
    '{{ (x or y)() }}',
    '{% unknown %}',
    '{{ range(999999999) }}',
    '{{ x',
    '{% if %}',
  ])('that nobody can vouch for: %s', async (template) => {
    expect(await worst(template)).toBe('REVIEW');
  });

  it('of ordinary models pass', async () => {
    for (const template of ORDINARY)
      expect([
        template,
        rulesOf(await scanOf('chat_template.jinja', template)).filter((rule) => !rule.startsWith('JINJA-CONTENT')),
      ]).toEqual([template, []]);
  });

  it('tell what they look for in messages', async () => {
    const scan = await scanOf('chat_template.jinja', "{% if 'ACME' in message.content %}{{ 'buy' }}{% endif %}");
    expect(scan.findings).toMatchObject([{ rule: 'JINJA-CONTENT', severity: 'info' }]);
    expect(scan.verdict).toBe('CLEAN');
  });

  it('beyond what is kept are not called read', async () => {
    expect(await worst(' '.repeat(256 * 1024 + 1))).toBe('NOT_SCANNED');
  });

  it('of any signs are walked to an end', () => {
    const part = fc.constantFrom(
      '{{',
      '}}',
      '{%',
      '%}',
      '{#',
      '#}',
      ' if ',
      ' for ',
      'set ',
      'x',
      '.',
      "'a'",
      '(',
      ')',
      '[',
      ']',
      '|',
      ' is ',
      ' in ',
      '=',
      ',',
      '~',
      '1',
      '-',
      ' not ',
      ' else ',
      ':',
      'macro ',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 30 }), (parts) => {
        expect(Array.isArray(walkTemplate(parts.join('')))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('do not hide a name by what stands around it', () => {
    const wrap = fc.constantFrom<(inner: string) => string>(
      (x) => `(${x})`,
      (x) => `[${x}]`,
      (x) => `{'a': ${x}}`,
      (x) => `x[${x}]`,
      (x) => `range(${x})`,
      (x) => `('' ~ ${x})`,
      (x) => `(not ${x})`,
      (x) => `(1 if ${x} else 2)`,
      (x) => `(${x} if 1)`,
      (x) => `x|default(${x}, y=1)`,
      (x) => `(${x})|length`,
      (x) => `(x is eq(${x}))`,
      (x) => `-(${x})[0:1]`,
    );
    fc.assert(
      fc.property(fc.array(wrap, { maxLength: 6 }), (wraps) => {
        const expression = wraps.reduce((inner, one) => one(inner), 'a.__globals__');
        const notes = walkTemplate(`{% if ${expression} %}{% endif %}`);
        expect(notes.map(({ rule }) => rule)).toContain('JINJA-SSTI');
      }),
      { numRuns: 200 },
    );
  });
});

/** In the manner of templates that real models bring along. */
const ORDINARY = [
  "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}",
  "{{ bos_token }}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate') }}{% endif %}{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] | trim + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ ' ' + message['content'] | trim + eos_token }}{% endif %}{% endfor %}",
  '{%- if tools %}\n{{- "# Tools" }}\n{%- for tool in tools %}{{- tool | tojson(indent=4) }}{%- endfor %}{%- endif %}\n{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}\n{%- for message in messages[::-1] %}{%- set index = (messages|length - 1) - loop.index0 %}{%- if ns.multi_step_tool and message.role == "user" and message.content is string and not(message.content.startswith(\'<tool_response>\') and message.content.endswith(\'</tool_response>\')) %}{%- set ns.multi_step_tool = false %}{%- endif %}{%- endfor %}',
  "{%- macro render(items, depth=1) -%}{%- for key, value in items.items() if key not in ['a', 'b'] -%}{{ key ~ ':' ~ (value | string).replace('_', ' ') }}{%- if not loop.last %},{% endif -%}{%- endfor -%}{%- endmacro -%}{{ render(tools[0].function.parameters.properties) }}",
  "{%- if not date_string is defined %}{%- if strftime_now is defined %}{%- set date_string = strftime_now('%d %b %Y') %}{%- else %}{%- set date_string = '26 Jul 2024' %}{%- endif %}{%- endif %}{% if '</think>' in content %}{% set content = content.split('</think>')[-1].lstrip('\\n') %}{% endif %}",
  "{% generation %}{{ x.y | selectattr('role', 'equalto', 'system') | map(attribute='content') | join('\\n\\n') | default('none', true) }}{% endgeneration %}{% break %}",
  "{% set loop_messages = messages[1:] if messages[0]['role'] == 'system' else messages %}{% set x, y = (1, 2) %}{% macro render(a) %}{{ caller(a) }}{% endmacro %}{% call(z) render(x) %}{{ z }}{% endcall %}{% filter upper %}a{% endfilter %}{% set block %}text{% endset %}",
];
