/** Milliseconds of CPU time that this thread has used: what others do with the machine does not count. */
export function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
