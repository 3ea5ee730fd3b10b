import { jsonAnswer, textAnswer, type Answer, type SimRequest } from './answer.js';
import { answerCdn } from './cdn.js';
import { answerHuggingFace } from './huggingface/routes.js';
import { answerCas } from './xet/cas.js';
import { answerModelScope } from './modelscope/routes.js';
import { answerPlain } from './plain.js';
import type { HubState } from './state.js';

/** The answer of whichever protocol the request belongs to. */
export function answerRequest(request: SimRequest, state: HubState): Answer {
  if (request.host === 'cdn') return answerCdn(request, state);
  try {
    if (request.host === 'cas') return state.xet === undefined ? notFound() : answerCas(request, state.xet);
    return (
      answerPlain(request, state) ?? answerModelScope(request, state) ?? answerHuggingFace(request, state) ?? notFound()
    );
  } catch (error) {
    return textAnswer('other', 400, `Not understood: ${String(error)}\n`);
  }
}

function notFound(): Answer {
  return jsonAnswer('other', { error: 'Not Found' }, 404);
}
