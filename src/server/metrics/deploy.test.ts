import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ServerMetrics } from './server-metrics.js';

const deploy = join(import.meta.dirname, '..', '..', '..', 'deploy');

describe('what is deployed with the server', () => {
  it.each(['prometheus/alerts.yml', 'grafana/sluice.json'])('%s names only metrics that there are', (file) => {
    const none = (): number => 0;
    const metrics = new ServerMetrics({
      connections: none,
      requests: none,
      disk: () => undefined,
      isReady: () => true,
    });
    metrics.close();
    const there = new Set(
      metrics.registry.names.flatMap((name) => [name, `${name}_bucket`, `${name}_count`, `${name}_sum`]),
    );
    const text = readFileSync(join(deploy, file), 'utf8');
    const named = [...text.matchAll(/\b(?:sluice|process)_[a-z_]+/g)].map(([name]) => name);
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((name) => !there.has(name))).toEqual([]);
  });
});
