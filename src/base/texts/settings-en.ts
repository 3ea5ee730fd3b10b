import type { SettingName } from '../config/table.js';

/** What each setting is for. */
export const settingsEn: Record<SettingName, string> = {
  home: 'Root of the store: blobs, partials and records.',
  profile: 'Named set of settings: a built-in one, or a [profiles.NAME] table of sluice.toml.',
  lang: 'Language of messages for people.',
  hfEndpoints:
    'Hugging Face endpoints; the first is asked first, the others are mirrors of the same commits. A path prefix is allowed.',
  hfXet:
    'Whether large files of Hugging Face also come in the chunks that its storage keeps them in (Xet), beside plain ranges: auto, only so, or off.',
  hfToken:
    'Hugging Face token; it is sent to hf.endpoints only. HF_HUB_DISABLE_IMPLICIT_TOKEN keeps the ones from HF_TOKEN and from files back.',
  hfCache: 'Hugging Face cache that the view `hf` appears in.',
  msEndpoints: 'ModelScope endpoints; the first is asked first.',
  msToken: 'ModelScope token; it is sent to ms.endpoints only.',
  msCache: 'ModelScope cache that the view `modelscope` appears in.',
  msLegacyCache: 'ModelScope cache that the view `modelscope-legacy` (clients up to 1.37) appears in.',
  alsoHubs:
    'Whether other hubs are asked for the same files, to fetch from all of them at once (matched by SHA-256 and size). auto: for repositories that their hub calls public; a hub that you did not name is asked only for what a well-known public hub has. always: also for private and gated ones, whose names the other hub then sees. off: never. Places given with --source are used in any case.',
  hubMap:
    'Repositories that have another name elsewhere: hf:org/name=ms:other/name; hf:org/*=ms:other/* for all of an organisation; a folder of plain files by its URL with a slash at its end.',
  ollamaModels: 'Where Ollama keeps its models: bytes that it has are not fetched again.',
  view: 'How files appear when nothing else is asked for. By default the one that the loaders of that hub look in.',
  links: 'Ways in which a view shares the bytes of the store, in the order in which they are tried.',
  admissionPolicy:
    'What may be seen of what comes in: default (built in), off, or a policy file (docs/POLICY.md). `sluice pull` shows nothing and `sluice serve` answers nothing that it refuses.',
  offline: 'Uses no network: what is in the store must do.',
  limit:
    'Most bytes per second (20MB/s, 100Mbit/s; none), also by days and hours of the local clock: Mon-Fri 08:00-18:00 20MB/s, none. The first entry that fits counts; where none does, there is no limit. All pulls of this machine into the same store share it.',
  memoryBytes:
    'Most bytes that bodies in flight may hold. auto is 64 MiB, and less where the container or the machine has little memory.',
  connections:
    'Most connections for content, in use at once in all and open to one host; questions to a hub beside them do not count. `auto` uses as many as help.',
  requestBytes:
    'Most bytes of a file that one request asks for, for boxes on the way that cut what is large or long. `auto` finds out by itself once connections are cut again and again.',
  noProgressMs: 'Gives a file up when it got no byte further for this long.',
  proxy:
    'Proxy for https:// URLs: http://, https://, socks5:// (addresses are found here), socks5h:// (the proxy finds them), each with user:password@ where needed, or ssh://[user@]host[:port], a machine to jump from with the keys of your ssh.',
  httpProxy: 'Proxy for http:// URLs, of the same kinds.',
  noProxy: 'Hosts that are reached without proxy, separated by commas.',
  caFiles:
    'Certificates (PEM) to trust beside the usual ones. All files that the variables name are read; those that do not exist are passed over. Where all these do not know an authority, the store of the system and SSL_CERT_DIR are asked.',
  color: 'Colours in the terminal.',
  progress: 'Live progress, or plain lines; auto is live on a terminal outside CI.',
  servePort: 'Port that `sluice serve` listens at; 0 takes a free one.',
  serveListen: 'Address that `sluice serve` listens at; 0.0.0.0 or :: for all.',
  servePublicUrl:
    'Address by which clients reach the server, with a path prefix where it stands under one: what URLs in answers begin with. Without it they begin with the host that the request names.',
  serveTrustedProxies:
    'Addresses or networks of reverse proxies whose X-Forwarded-For, -Proto, -Host and -Prefix are believed. From anybody else these headers are ignored.',
  serveFaces: 'Protocols that are served.',
  serveUpstreams:
    'Upstreams of `sluice serve` in the order in which they are asked, each a table with name, kind (hf, ms, files), url, token or token-file, allow and deny (patterns of repositories), timeout, max-fails, fail-timeout, not-found (next, stop) and caller-tokens (see OPERATIONS.md). Those of a kind stand in for the endpoints of that hub.',
  serveRegistries:
    'Registries of images and models that are mirrored, by the names that clients know them by, beside the usual ones; `NAME=` takes one away. No others are asked.',
  serveSites: 'Other places that are mirrored below /-/NAME/, as NAME=KIND:URL; KIND is pypi, npm, debian or files.',
  serveMaxBytes: 'Most that the mirror keeps; what was asked for longest ago makes room.',
  serveMinFreeBytes: 'How much of the disk the mirror leaves free.',
  serveSmallFilesBytes:
    'Memory for files of up to 1 MiB that are here, so that they are not read again for each request.',
  servePins: 'Refs whose files are not removed to make room: hf:acme/*, ms:acme/model.',
  serveAnonymous:
    'Whether callers may read without a token or password of this server. auto: only when it listens on loopback.',
  serveUsers:
    'File of users and hashed passwords for basic authentication, one `name:hash` per line (`sluice token hash`).',
  serveTlsCert: 'Certificate chain (PEM) to serve https:// with; read again when it changes.',
  serveTlsKey: 'Private key (PEM) of serve.tls-cert.',
  serveGraceMs: 'How long answers under way may take to end when the server is told to stop.',
  serveHeadTimeoutMs: 'How long a client may take for the head of a request; then it is told 408.',
  serveBodyTimeoutMs: 'How long a client may take for the body of a request, beyond its head; then it is told 408.',
  serveReaderTimeoutMs: 'How long a client may take not a byte of an answer; then its connection is closed.',
  serveConnections: 'Most connections of all clients at once.',
  serveClientConnections: 'Most connections of one client address at once.',
  serveRequests: 'Most requests under way at once.',
  serveClientRequests: 'Most requests under way of one client address.',
  serveClientRate: 'Most requests a minute of one client address; none for no limit.',
  serveCarriers:
    'Processes that send files which are here, beside the one that answers: auto is one less than there are processors, at most 8; 0 for none.',
  serveAccessLog:
    'A line for each request on standard error: text for people, json for machines, or off. auto is text on a terminal. With --json requests are events on standard output.',
  serveFreshMs: 'How long `sluice serve` believes what a branch or a tag means before it asks the hub again.',
  serveXet:
    'How `sluice serve` answers clients that speak Xet. terminate: it is their content service itself, so they fetch in parallel and files beyond 50 GB work. strip: nothing in any answer speaks of Xet, and they use plain HTTP.',
  serveXetNodes:
    'Public URLs of servers among which Xet’s clients are spread for what is public; all of them need the same serve.xet-key. Without any, clients stay at the server that they asked.',
  serveXetKey:
    'What addresses and tokens for Xet’s clients are signed with; at least 32 characters, the same on all nodes.',
  serveSharedToken:
    'Whether the token of the settings stands for every client of `sluice serve`: they then get whatever it opens, gated and private repositories too. Otherwise it is used for what is public only, and the rest needs each client’s own token.',
};
