/** What stands in the folder of a partial. */
export const PARTIAL_FILES = { data: 'data', journal: 'journal', lease: 'lease' } as const;
