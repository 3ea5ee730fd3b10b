/** Words that stand in the text of one licence and in no other, in lower case without punctuation. The first that fits counts. */
const MARKS: readonly (readonly [id: string, ...marks: string[]])[] = [
  ['llama4', 'llama 4 community license agreement'],
  ['llama3.3', 'llama 3 3 community license agreement'],
  ['llama3.2', 'llama 3 2 community license agreement'],
  ['llama3.1', 'llama 3 1 community license agreement'],
  ['llama3', 'llama 3 community license agreement'],
  ['llama2', 'llama 2 community license agreement'],
  ['gemma', 'gemma terms of use'],
  ['gemma', 'gemma prohibited use policy'],
  ['qwen-research', 'qwen research license agreement'],
  ['qwen', 'qwen license agreement'],
  ['qwen', 'tongyi qianwen license agreement'],
  ['openrail', 'use restrictions', 'attachment a', 'rail'],
  ['cc-by-nc-nd-4.0', 'attribution noncommercial noderivatives 4 0 international'],
  ['cc-by-nc-sa-4.0', 'attribution noncommercial sharealike 4 0 international'],
  ['cc-by-nc-4.0', 'attribution noncommercial 4 0 international'],
  ['cc-by-sa-4.0', 'attribution sharealike 4 0 international'],
  ['cc-by-nd-4.0', 'attribution noderivatives 4 0 international'],
  ['cc-by-4.0', 'attribution 4 0 international'],
  ['agpl-3.0', 'gnu affero general public license', 'version 3'],
  ['lgpl-3.0', 'gnu lesser general public license', 'version 3'],
  ['gpl-3.0', 'gnu general public license', 'version 3'],
  ['gpl-2.0', 'gnu general public license', 'version 2'],
  ['mpl-2.0', 'mozilla public license version 2 0'],
  ['apache-2.0', 'apache license', 'version 2 0 january 2004'],
  ['bsd-3-clause', 'redistribution and use in source and binary forms', 'neither the name of'],
  ['bsd-2-clause', 'redistribution and use in source and binary forms'],
  ['cc0-1.0', 'cc0 1 0 universal'],
  ['unlicense', 'this is free and unencumbered software released into the public domain'],
  ['mit', 'permission is hereby granted free of charge to any person obtaining a copy'],
];

/** The name of the licence whose text this is; undefined where it is none that is known. */
export function recogniseLicence(text: string): string | undefined {
  const words = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, ' ')
    .slice(0, 200_000);
  return MARKS.find(([, ...marks]) => marks.every((mark) => words.includes(mark)))?.[0];
}

/** Whether a file of a repository holds the text of its licence. */
export function isLicenceFile(path: string): boolean {
  return /^(?:licen[cs]e|copying|notice|use_policy)(?:[-_.][\w.-]{0,40})?$/i.test(path);
}
