/** Programs that a host may lack, and the packages that have them. */
export const PROGRAMS = ['borg', 'ssh', 'sshfs'] as const;
export type Program = (typeof PROGRAMS)[number];

/** A distribution's package manager, by the name of its program. All commands run without questions. */
export interface PackageManager {
  readonly program: string;
  readonly packages: Readonly<Record<Program, string>>;
  /** Makes the lists of packages current; absent where installing does so by itself. */
  readonly refresh?: readonly string[];
  readonly install: readonly string[];
  readonly upgrade: readonly string[];
}

const APT = ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-qq', '-o', 'DPkg::Lock::Timeout=300'];
const RED_HAT = { borg: 'borgbackup', ssh: 'openssh-clients', sshfs: 'fuse-sshfs' };

const redHat = (program: string): PackageManager => ({
  program,
  packages: RED_HAT,
  install: [program, '-q', '-y', 'install'],
  upgrade: [program, '-q', '-y', 'upgrade'],
});

/** In the order in which they are looked for. */
export const PACKAGE_MANAGERS: readonly PackageManager[] = [
  {
    program: 'apt-get',
    packages: { borg: 'borgbackup', ssh: 'openssh-client', sshfs: 'sshfs' },
    refresh: [...APT, 'update'],
    install: [...APT, 'install', '-y', '--no-install-recommends'],
    upgrade: [...APT, 'install', '-y', '--only-upgrade'],
  },
  redHat('dnf'),
  redHat('yum'),
  {
    program: 'zypper',
    packages: { borg: 'borgbackup', ssh: 'openssh-clients', sshfs: 'sshfs' },
    install: ['zypper', '--non-interactive', 'install', '--no-recommends'],
    upgrade: ['zypper', '--non-interactive', 'update', '--no-recommends'],
  },
  {
    program: 'apk',
    packages: { borg: 'borgbackup', ssh: 'openssh-client', sshfs: 'sshfs' },
    install: ['apk', '--no-cache', 'add'],
    upgrade: ['apk', '--no-cache', 'add', '--upgrade'],
  },
  {
    program: 'pacman',
    packages: { borg: 'borg', ssh: 'openssh', sshfs: 'sshfs' },
    install: ['pacman', '--noconfirm', '--needed', '-S'],
    upgrade: ['pacman', '--noconfirm', '--needed', '-S'],
  },
];

/** The command with which a user installs the packages by hand. */
export const byHand = ({ program, install, packages }: PackageManager, programs: readonly Program[]): string => {
  const verb =
    program === 'pacman' ? '-S' : (install.find((word) => word === 'install' || word === 'add') ?? 'install');
  return [program, verb, ...programs.map((name) => packages[name])].join(' ');
};
