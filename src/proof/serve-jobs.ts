import { followFile, hashFileRanges, type FileFollower } from './follow-file.js';
import { plainError, type FromWorker, type ToWorker } from './follower-messages.js';

/** The hashing worker as a function of messages, so that it runs in a thread or, for want of one, in place. */
export function serveJobs(reply: (message: FromWorker) => void): (message: ToWorker) => void {
  const followers = new Map<number, FileFollower>();
  const rangeJobs = new Set<number>();
  const answer = (id: number, work: Promise<FromWorker>): void => {
    void work
      .catch((error: unknown): FromWorker => ({ type: 'error', id, error: plainError(error) }))
      .then((message) => {
        followers.delete(id);
        rangeJobs.delete(id);
        reply(message);
      });
  };
  return (message) => {
    const { id } = message;
    switch (message.type) {
      case 'follow': {
        const follower = followFile(message.request);
        followers.set(id, follower);
        answer(
          id,
          follower.done.then((verdict) => ({ type: 'verdict', id, verdict })),
        );
        return;
      }
      case 'advance':
        followers.get(id)?.advance(message.endByte);
        return;
      case 'ranges':
        rangeJobs.add(id);
        answer(
          id,
          hashFileRanges(message.path, message.ranges, () => !rangeJobs.has(id)).then((hashes) => ({
            type: 'hashes',
            id,
            hashes,
          })),
        );
        return;
      case 'cancel':
        followers.get(id)?.cancel();
        rangeJobs.delete(id);
        return;
    }
  };
}
