/** What each setting does in this version, for people. Those that API clients know, and that do nothing here, say so. */
export const SETTINGS_DESCRIPTIONS: Readonly<Record<string, string>> = {
  web_enabled: 'No effect: this version has no web console. Kept for clients of the API that know it.',
  catalog_enabled: 'Whether a backup is followed by a job that lists the files of its archive.',
  auto_restore_test: 'No effect: give policies a drill_schedule to have restores proven.',
  url: 'No effect: this version sends no links. Kept for clients of the API that know it.',
  auto_prune: 'Whether a backup is followed by a job that removes archives beyond what the policy keeps.',
  job_cleaning: 'No effect: jobs and their output are part of the event log, and stay.',
  backup_user: 'The account by which executors log in to clients.',
  integrity_check: 'Whether repositories without an integrity_schedule of their own are read and verified at ic_cron.',
  ic_cron: 'When that is, as a crontab in UTC.',
  install_borg:
    'Whether a preparation may install borg and what it needs from the distribution’s packages; otherwise it says what is missing.',
  mail_system: 'No effect: this version sends no mail.',
  mail_from: 'No effect: this version sends no mail.',
  mail_server: 'No effect: this version sends no mail.',
  mail_username: 'No effect: this version sends no mail.',
  mail_password: 'No effect: this version sends no mail.',
  mail_port: 'No effect: this version sends no mail.',
  mail_tls: 'No effect: this version sends no mail.',
  ssh_password: 'No effect: executors log in by key only.',
  ssh_key:
    'The private key by which executors log in to clients and to the shells of repository hosts. Send another one to replace it.',
  metrics_enabled: 'No effect: each service has /metrics at its health address, for whoever can reach that.',
  metrics_auth: 'No effect: see metrics_enabled.',
  metrics_auth_username: 'No effect: see metrics_enabled.',
  metrics_auth_password: 'No effect: see metrics_enabled.',
};
