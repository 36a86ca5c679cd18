import { describe, expect, test } from 'vitest';
import { POLICY_TYPES } from './policy.ts';
import { parsePolicyVariables, policyVariableProblems, policyVariables } from './policy-variables.ts';

const isType = (name: string): name is keyof typeof POLICY_TYPES => name in POLICY_TYPES;

describe('the variables of a policy', () => {
  test.each(Object.keys(POLICY_TYPES).filter(isType))(
    'may be empty for the type %s, unless one of them is required',
    (type) => {
      const required = { folders: '{"folders": ["/srv"]}', piped: '{"command": "true"}' };
      const parse = (json: string): unknown => parsePolicyVariables(policyVariables[type], json);
      if (type === 'folders' || type === 'piped') {
        expect(() => parse('')).toThrow(type === 'folders' ? /folders/ : /command/);
        expect(parse(required[type])).toMatchObject(JSON.parse(required[type]));
      } else {
        expect(parse('')).toEqual({});
        expect(parse('{}')).toEqual({});
      }
    },
  );

  test('are refused when they are nested too deeply, with a sentence', () => {
    const nested = `{"exclude":${'['.repeat(32)}${']'.repeat(32)}}`;
    expect(policyVariableProblems('rootfs', nested)).toEqual([
      'Lists and objects may be nested 32 levels deep at most.',
    ]);
  });

  test('are read in all forms that clients of the API send', () => {
    const extended_mysql = { 7: { credential: { user: 'u', password: "p'w", port: 3307 }, databases: ['a', 'b'] } };
    expect(parsePolicyVariables(policyVariables.mysql, JSON.stringify({ extended_mysql }))).toEqual({ extended_mysql });
    const proxmox = '{"extended_proxmox": {"3": [100, "101"]}}';
    expect(parsePolicyVariables(policyVariables.proxmox, proxmox).extended_proxmox).toEqual({ 3: ['100', '101'] });
    // Clients send empty credentials for a type without fields of its own.
    expect(parsePolicyVariables(policyVariables.mysql, '{"user": "", "password": ""}')).toEqual({});
    expect(parsePolicyVariables(policyVariables.folders, '{"folders": ["", "/srv"], "exclude": [""]}')).toEqual({
      folders: ['/srv'],
      exclude: [],
    });
  });

  test.each([
    ['rootfs', '{"compression": "zstd,23"}', /compression/],
    ['rootfs', '{"compression": "lz4 --remote-path=x"}', /compression/],
    ['rootfs', '{"patterns": ["R /root"]}', /patterns\.0/],
    ['rootfs', '{"exclude": "*.tmp"}', /exclude/],
    ['rootfs', '{"exclude": ["*.tmp", "re:["]}', /exclude\.1: \[ is no regular expression/],
    ['folders', '{"folders": ["/a"], "patterns": ["P re", "- ("]}', /patterns\.1: \( is no regular/],
    ['rootfs', '{"compression": "obfuscate,250,lz4"}', /compression/],
    ['rootfs', '{"exlude": ["*.tmp"]}', /no variable exlude here: use .*exclude/],
    ['rootfs', '{"extended_folders": {}}', /extended_folders/],
    ['rootfs', '{"extended_rootfs": {"3": {"folders": ["/srv"]}}}', /extended_rootfs\.3: .*no variable folders/],
    ['rootfs', '{"extended_rootfs": {"3": []}}', /extended_rootfs\.3: Give an object/],
    ['folders', '{"folders": [""]}', /folders/],
    ['folders', '{"folders": ["/srv"], "extended_folders": {"3": {"folder": ["/srv"]}}}', /no variable folder here/],
    ['piped', '{"command": ""}', /command/],
    ['mysql', '{"databases": ["-A"]}', /databases/],
    ['mysql', '{"user": "a\\nb"}', /user.*one line/],
    ['postgresql', '{"host": "--help"}', /host.*dash/],
    ['vm', '{"extended_vm": {"3": ["--all"]}}', /extended_vm\.3\.0/],
    ['rootfs', '{"upload_ratelimit": 0}', /upload_ratelimit/],
    ['rootfs', '[]', /not a JSON object/],
    ['folders', '{"folders": ["srv"]}', /folders\.0.*absolute/],
    ['folders', '{"folders": []}', /folders/],
    ['mysql', '{"databases": 5}', /databases/],
    ['proxmox', '{"extended_proxmox": {"web": [1]}}', /extended_proxmox/],
  ] as const)('are refused for the type %s: %s', (type, json, complaint) => {
    expect(() => parsePolicyVariables(policyVariables[type], json)).toThrow(complaint);
  });

  test.each([
    ['mysql', '{"databases": []}', 'databases'],
    ['postgresql', '{"databases": [""]}', 'databases'],
    ['mysql', '{"extended_mysql": {"7": {"databases": [null]}}}', 'extended_mysql.7.databases'],
  ] as const)('are refused for the type %s with an empty selection of databases: %s', (type, json, name) => {
    const problem = `${name}: Name at least one database, or leave it out to back up all of them.`;
    expect(policyVariableProblems(type, json)).toEqual([problem]);
    expect(() => parsePolicyVariables(policyVariables[type], json)).toThrow(problem);
    expect(policyVariableProblems(type, json.replace(/\[.*\]/, '["one"]'))).toEqual([]);
  });

  test.each(['none', 'lz4', 'zstd', 'zstd,22', 'zlib,6', 'lzma,0', 'auto,zstd,3', 'obfuscate,110,auto,lzma,6'])(
    'take the compression %s',
    (compression) => {
      expect(parsePolicyVariables(policyVariables.config, JSON.stringify({ compression }))).toEqual({ compression });
    },
  );
});
