import { jsonAnswer, textAnswer, type Answer, type SimRequest } from './answer.js';
import { answerCdn } from './cdn.js';
import { answerHuggingFace } from './huggingface/routes.js';
import { answerModelScope } from './modelscope/routes.js';
import { answerPlain } from './plain.js';
import type { HubState } from './state.js';

/** The answer of whichever protocol the request belongs to. */
export function answerRequest(request: SimRequest, state: HubState): Answer {
  if (request.host === 'cdn') return answerCdn(request, state);
  try {
    return (
      answerPlain(request, state) ??
      answerModelScope(request, state) ??
      answerHuggingFace(request, state) ??
      jsonAnswer('other', { error: 'Not Found' }, 404)
    );
  } catch (error) {
    return textAnswer('other', 400, `Not understood: ${String(error)}\n`);
  }
}
