/**
 * The table of commands: names, flags and exit codes are a contract. The program, its help and docs/commands.md are all made from it;
 * a command's module is loaded only when it is called.
 */
import type { Terminal } from './terminal.ts'
import { each, headerField, lifetimeSeconds, socketAddress, workerCount } from './values.ts'

export interface CommandDefinition {
  /** `check`, or `key new` for a command of a group. */
  readonly name: string
  /** A few words, for the list. */
  readonly summary: string
  /** What it does and what one has to know about it; plain text, one paragraph per entry. */
  readonly description: readonly string[]
  readonly examples: readonly Example[]
  readonly arguments: readonly ArgumentDefinition[]
  readonly options: readonly OptionDefinition[]
  /** What exit codes mean here, as far as they occur beyond those that all commands share. */
  readonly exits: { readonly [code: number]: string }
  load(): Promise<CommandModule>
}

export interface Example {
  readonly command: string
  readonly says: string
}

export interface ArgumentDefinition {
  /** In capitals, with brackets when it may be left out: `DIR`, `[DIR]`. */
  readonly name: string
  readonly description: string
  readonly default?: string
}

export interface OptionDefinition {
  /** As in commander: `-o, --out <FILE>`. */
  readonly flags: string
  readonly description: string
  readonly choices?: readonly string[]
  readonly default?: string
  readonly required?: boolean
  readonly parse?: (text: string, before: never) => unknown
}

export interface CommandModule {
  /** Resolves to the exit code. `options` is what the definition's flags say, by commander's camelCase names. */
  run(args: readonly string[], options: never, terminal: Terminal): Promise<number>
}

export const SHARED_EXITS: { readonly [code: number]: string } = {
  0: 'all went well',
  1: 'findings: the command did its work, and the answer is no (a mistake in the sources, no such route, a signature that does not hold)',
  2: 'usage: a command, argument or option that does not exist or has a wrong value',
  3: 'environment: a file, folder, port or address is not as it must be; one sentence says what',
  70: 'a bug in Postern; set POSTERN_DEBUG=1 to see where',
  130: 'interrupted (Ctrl-C)',
}

const DIR: ArgumentDefinition = { name: 'DIR', description: 'Folder with the YAML files.' }
const GATEWAY: OptionDefinition = { flags: '--gateway <NAME>', description: 'The gateway to take, where DIR has several.' }

export const COMMANDS: readonly CommandDefinition[] = [
  {
    name: 'init',
    summary: 'start a project',
    description: [
      'Writes a small working project: a gateway, an API, a backend, a README and a .gitignore. Files that exist are left as they are.',
    ],
    examples: [
      { command: 'postern init my-gateway', says: 'write the files into a new folder' },
      { command: 'postern dev my-gateway', says: 'and try them' },
    ],
    arguments: [{ name: '[DIR]', description: 'Folder to write into; made if it is not there.', default: '.' }],
    options: [],
    exits: {},
    load: () => import('./init.ts'),
  },
  {
    name: 'check',
    summary: 'find the mistakes in a folder',
    description: ['Compiles without writing anything, and prints every mistake with its place and what to write instead.'],
    examples: [
      { command: 'postern check .', says: 'for people' },
      { command: 'postern check . --format github', says: 'as annotations, in a GitHub workflow' },
    ],
    arguments: [DIR],
    options: [
      { flags: '--format <FORMAT>', description: 'How mistakes are printed.', choices: ['text', 'json', 'github'], default: 'text' },
      { flags: '--gateway <NAME>', description: 'Check this gateway only; all of them by default.' },
    ],
    exits: { 1: 'there are mistakes' },
    load: () => import('./check.ts'),
  },
  {
    name: 'compile',
    summary: 'make a bundle from a folder',
    description: [
      'Makes one bundle: everything that one gateway needs, in one file. The same sources give the same bytes anywhere.',
      'Without --key the bundle is not signed, and `postern run` refuses it. References to secrets such as ${env:NAME} stay references.',
    ],
    examples: [
      { command: 'postern compile . --key postern.key', says: 'write ./NAME.ptb, signed' },
      { command: 'postern compile . --gateway edge -o /tmp/edge.ptb', says: 'one of several gateways, not signed' },
    ],
    arguments: [DIR],
    options: [
      GATEWAY,
      { flags: '--key <FILE>', description: 'Private key to sign with, as `postern keygen` makes it.' },
      { flags: '-o, --out <FILE>', description: 'Where to write the bundle; ./NAME.ptb by default, NAME being the gateway.' },
    ],
    exits: { 1: 'there are mistakes; nothing was written' },
    load: () => import('./compile.ts'),
  },
  {
    name: 'inspect',
    summary: 'say what is in a bundle',
    description: ['Prints the digest, signature, hosts, counts and policies of a bundle. Nothing in it is believed before it was checked.'],
    examples: [
      { command: 'postern inspect edge.ptb', says: 'for people' },
      { command: 'postern inspect edge.ptb --trust postern.pub', says: 'check the signature too' },
      { command: 'postern inspect edge.ptb --json | jq .counts.routes', says: 'for programs' },
    ],
    arguments: [{ name: 'FILE', description: 'A bundle (.ptb).' }],
    options: [
      { flags: '--json', description: 'Print JSON.' },
      {
        flags: '--trust <PUB>',
        description: 'Public key that must have signed the bundle; may be given several times, one of them suffices.',
        parse: each((text) => text),
      },
    ],
    exits: { 1: 'the signature does not hold, or the file is not a bundle' },
    load: () => import('./inspect.ts'),
  },
  {
    name: 'resolve',
    summary: 'say what happens to a request, without sending it',
    description: [
      'Asks the router, the policy chain and the writer of upstream requests that live traffic goes through, and prints the route, where it stands in the sources, who may call, the policies in order, the backend and what would be sent to it.',
    ],
    examples: [
      { command: 'postern resolve GET http://api.example.com/weather/forecast/oslo --bundle .', says: 'from the sources' },
      { command: "postern resolve GET /weather/forecast/oslo --bundle edge.ptb -H 'x-api-key: …'", says: 'from a bundle, any host' },
    ],
    arguments: [
      { name: 'METHOD', description: 'Such as GET.' },
      { name: 'URL', description: 'Such as http://api.example.com/weather?days=2, or only its path.' },
    ],
    options: [
      { flags: '--bundle <FILE|DIR>', description: 'A bundle, or a folder to compile in memory.', required: true },
      {
        flags: '-H, --header <FIELD>',
        description: "A field of the request, 'name: value'; may be given several times.",
        parse: each(headerField),
      },
      { flags: '--json', description: 'Print JSON.' },
      GATEWAY,
    ],
    exits: { 1: 'no route: the output says whether a client would get 404 or 405; or the folder has mistakes' },
    load: () => import('./resolve.ts'),
  },
  {
    name: 'dev',
    summary: 'run a folder while you edit it',
    description: [
      'Compiles, signs with a development key, serves, and does it again whenever a file changes. A mistake is printed and the last good version goes on serving.',
      'A file postern.dev.yaml in the folder may name commands to run beside the gateway and requests to try. When the port of the YAML is taken, a free one is used and printed; with --listen it is an error.',
    ],
    examples: [
      { command: 'postern dev .', says: 'on the port that the gateway names' },
      { command: 'postern dev . --listen 127.0.0.1:9000', says: 'on another one' },
    ],
    arguments: [DIR],
    options: [
      {
        flags: '--listen <HOST:PORT>',
        description: "Listen here instead of on the gateway's listeners; port 0 takes a free one.",
        parse: socketAddress,
      },
      GATEWAY,
    ],
    exits: { 0: 'ended by SIGTERM', 1: 'the folder has mistakes at the start' },
    load: () => import('./dev.ts'),
  },
  {
    name: 'run',
    summary: 'serve a bundle',
    description: [
      'Serves a signed bundle and watches the file: a new one is verified, probed and swapped in without dropping a request; a bad one is refused and the old one stays.',
      'Good bundles are kept in the store. When the file is missing or refused at the start, the gateway serves the newest good one from there.',
      'Prints `listening on http://HOST:PORT` for each listener once it accepts. SIGTERM lets requests finish; SIGHUP reads the file again.',
      'SIGUSR2 starts a new serving process from the program as it is on the disk by then, with the same sockets: a new version takes over without a lost connection. With --takeover a new `postern run` takes the ports, the store and then all traffic over from the one that has the store now, and that one drains and ends.',
    ],
    examples: [
      { command: 'postern run --bundle edge.ptb --trust postern.pub', says: 'on the listeners of the bundle' },
      {
        command: 'postern run --bundle edge.ptb --trust postern.pub --listen 127.0.0.1:0 --access-log off',
        says: 'on a free port, quietly',
      },
      { command: 'postern run --bundle edge.ptb --trust postern.pub --takeover', says: 'in place of the one that runs' },
    ],
    arguments: [],
    options: [
      { flags: '--bundle <FILE>', description: 'The bundle to serve and to watch.', required: true },
      {
        flags: '--trust <PUB>',
        description: 'Public key that bundles must be signed with; may be given several times.',
        required: true,
        parse: each((text) => text),
      },
      { flags: '--gateway <NAME>', description: 'Refuse bundles that are for another gateway.' },
      { flags: '--id <ID>', description: 'Name of this instance in logs and status; the host name by default.' },
      {
        flags: '--store <DIR>',
        description:
          "Where good bundles are kept; by default STATE/postern/NAME, STATE being /var/lib for root and $XDG_STATE_HOME or ~/.local/state for others, NAME the gateway's; under systemd, $STATE_DIRECTORY/NAME.",
      },
      {
        flags: '--listen <HOST:PORT>',
        description: "Listen here instead of on the gateway's listeners; port 0 takes a free one.",
        parse: socketAddress,
      },
      {
        flags: '--admin <HOST:PORT>',
        description: 'Where /livez, /readyz, /status and /metrics are served; 127.0.0.1:9901 by default, or a free port if that is taken.',
        parse: socketAddress,
      },
      { flags: '--workers <N>', description: 'Worker threads; one per available processor by default.', parse: workerCount },
      { flags: '--access-log <WHERE>', description: '`-` for standard output, a file, or `off`.', default: '-' },
      {
        flags: '--takeover',
        description:
          'Serve beside the gateway that has the store, then let it drain and take its place. Linux only. Where none runs, a plain start.',
      },
    ],
    exits: {
      0: 'ended by SIGTERM',
      3: 'nothing to serve, or a port, a key or the store cannot be used, or the gateway that has the store cannot be taken over from',
    },
    load: () => import('./run.ts'),
  },
  {
    name: 'keygen',
    summary: 'make a key pair for signing bundles',
    description: [
      'Writes postern.key (private, PKCS#8, readable by you alone) and postern.pub. Sign with the first, trust the second. An existing file is never overwritten.',
    ],
    examples: [{ command: 'postern keygen --out keys', says: 'write keys/postern.key and keys/postern.pub' }],
    arguments: [],
    options: [{ flags: '--out <DIR>', description: 'Folder for the two files; made if it is not there.', default: '.' }],
    exits: { 3: 'one of the files exists already' },
    load: () => import('./keygen.ts'),
  },
  {
    name: 'key new',
    summary: "make a consumer's API key",
    description: [
      'Prints a random key, and below it the line for the `keys` of a Consumer. The key is shown this once: only its hash belongs into git.',
    ],
    examples: [
      { command: 'postern key new', says: 'a key that does not expire' },
      { command: 'postern key new --expires 365d', says: 'one for a year' },
    ],
    arguments: [],
    options: [
      {
        flags: '--expires <DURATION>',
        description: 'How long it is accepted, such as 365d or 12h, or until when, such as 2030-01-01T00:00:00Z; for ever by default.',
        parse: (text) => lifetimeSeconds(text),
      },
    ],
    exits: {},
    load: () => import('./key-new.ts'),
  },
  {
    name: 'explain',
    summary: 'say more about a diagnostic code',
    description: ['Prints what a code such as PST0201 means. Without a code, lists all of them.'],
    examples: [{ command: 'postern explain PST0201', says: 'one code' }],
    arguments: [{ name: '[CODE]', description: 'Such as PST0201; all of them by default.' }],
    options: [],
    exits: { 1: 'there is no such code' },
    load: () => import('./explain.ts'),
  },
]
