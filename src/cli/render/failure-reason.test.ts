import { expect, it } from 'vitest';
import { failureReason } from './failure-reason.js';

it('says what the codes of systems mean, in both languages, and keeps what the system said', () => {
  const said = 'connect ECONNREFUSED 127.0.0.1:9';
  expect(failureReason('en', said, 'ECONNREFUSED')).toBe(`nothing listens there (${said})`);
  expect(failureReason('zh', said, 'ECONNREFUSED')).toBe(`对方没有程序在监听（${said}）`);
  expect(failureReason('zh', 'SELF_SIGNED_CERT_IN_CHAIN', '')).toContain('不受本机信任');
  expect(failureReason('zh', 'ETIMEOUT', '')).toContain('没有及时应答');
});

it('says our own errors in Chinese, whose English is whole sentences', () => {
  expect(failureReason('zh', 'hub.example broke the connection.', 'RESET')).toBe(
    '连接中断（hub.example broke the connection.）',
  );
  expect(failureReason('en', 'hub.example broke the connection.', 'RESET')).toBe('hub.example broke the connection.');
  expect(failureReason('zh', 'odd', 'toString')).toBe('odd');
});
