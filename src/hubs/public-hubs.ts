/** Hubs for everybody. What one of them calls public is no secret to the others; what a hub of a company calls so may be. */
const PUBLIC_HUBS = new Set([
  'huggingface.co',
  'hf.co',
  'hf-mirror.com',
  'modelscope.cn',
  'www.modelscope.cn',
  'modelscope.ai',
  'www.modelscope.ai',
]);

/** Whether an endpoint is one of the hubs that serve everybody. */
export function isPublicHub(endpoint: string): boolean {
  return URL.canParse(endpoint) && PUBLIC_HUBS.has(new URL(endpoint).host);
}
