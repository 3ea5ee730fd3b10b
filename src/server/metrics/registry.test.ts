import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Registry } from './registry.js';

describe('metrics', () => {
  it('are written as Prometheus reads them', () => {
    const registry = new Registry();
    const requests = registry.counter('requests_total', 'Requests.');
    requests.add({ face: 'a', status: '200' });
    requests.add({ face: 'a', status: '200' }, 2);
    registry.gauge('free_bytes', 'Free.', () => 5);
    const seconds = registry.histogram('seconds', 'Times.', [0.1, 1]);
    for (const value of [0.05, 0.1, 0.5, 3]) seconds.observe({ face: 'a' }, value);
    expect(registry.text()).toBe(`# HELP requests_total Requests.
# TYPE requests_total counter
requests_total{face="a",status="200"} 3
# HELP free_bytes Free.
# TYPE free_bytes gauge
free_bytes 5
# HELP seconds Times.
# TYPE seconds histogram
seconds_bucket{face="a",le="0.1"} 2
seconds_bucket{face="a",le="1"} 3
seconds_bucket{face="a",le="+Inf"} 4
seconds_sum{face="a"} 3.65
seconds_count{face="a"} 4
`);
  });

  it('stay one line each, whatever a label says', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        const registry = new Registry();
        registry.counter('x_total', 'X.').add({ value });
        const [, , line = '', rest] = registry.text().split('\n');
        expect(rest).toBe('');
        expect(line).toMatch(/^x_total\{value="(?:[^"\\\n]|\\[\\"n])*"\} 1$/su);
      }),
    );
  });

  it('do not grow without end', () => {
    const registry = new Registry();
    const counter = registry.counter('x_total', 'X.');
    for (let index = 0; index < 5000; index += 1) counter.add({ index: String(index) });
    expect(registry.text().split('\n').length).toBeLessThan(2010);
  });
});
