import type { HookJudge } from '../hooks.js';

export const XML_HOOKS: Readonly<Record<string, HookJudge>> = {
  'xml.entity': (value) =>
    /\b(?:SYSTEM|PUBLIC)\b|<!ENTITY/.test(value)
      ? { rule: 'XML-ENTITY', reason: 'makes a reader open files or the network, or grow', severity: 'high' }
      : { rule: 'XML-ENTITY', reason: 'a declaration that models have not' },
  'xml.library': () => ({ rule: 'CODE-NATIVE', reason: 'a native library that is loaded beside the model' }),
  'openvino.opset': (value) =>
    /^(?:opset|experimental)\d*$/.test(value)
      ? undefined
      : { rule: 'ONNX-DOMAIN', reason: 'operations of no set that OpenVINO brings along' },
};
