// Eight 512 MiB shards and the small files around them, as a real repository has them.
import { main } from './lib/closing.mjs';
import { repositoryContest } from './lib/repository.mjs';

const SMALL = { '.gitattributes': 1570, 'LICENSE': 11_343, 'README.md': 13_965, 'chat_template.jinja': 4168, 'config.json': 728, 'generation_config.json': 239, 'merges.txt': 1_671_853, 'model.safetensors.index.json': 32_878, 'special_tokens_map.json': 613, 'tokenizer.json': 11_422_654, 'tokenizer_config.json': 9732, 'vocab.json': 2_776_833 }; // prettier-ignore

function sizesOf({ sizeBytes }) {
  const shards = Array.from({ length: 8 }, (_, index) => [
    `model-0000${index + 1}-of-00008.safetensors`,
    sizeBytes / 8,
  ]);
  return { ...SMALL, ...Object.fromEntries(shards) };
}

await main(() =>
  repositoryContest({
    name: 'shards',
    title: 'Eight shards and twelve small files from a hub',
    sizesOf,
    aria2Ways: [
      {
        name: 'aria2 -i -j8 -x16 -s16, checksums',
        proves: true,
        args: ['-j8', '-x16', '-s16', '--file-allocation=falloc'],
      },
      {
        name: 'aria2 -i -j8 -x16 -s16, no proof',
        proves: false,
        context: true,
        args: ['-j8', '-x16', '-s16', '--file-allocation=falloc'],
      },
      {
        name: 'aria2 -i -j5 -x4 -s4 (as hfd.sh), no proof',
        proves: false,
        context: true,
        args: ['-j5', '-x4', '-s4', '-k1M', '--file-allocation=none'],
      },
    ],
  }),
);
