//! What the operating system says about memory: this process, its control group, the machine, and stalls (PSI).
//!
//! Everything is read from `/proc` and `/sys/fs/cgroup`, control groups of version 1 and 2. What a system does not
//! have is `None`, never an error: a number that is missing makes the picture coarser, not wrong.

use std::fs;
use std::path::Path;
use std::time::Duration;

/// Memory of a control group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CgroupMemory {
    /// Bytes in use by all of its processes, file cache included.
    pub used_bytes: u64,
    /// The most it may use, if limited.
    pub limit_bytes: Option<u64>,
}

/// Bytes of this process in physical memory, shared pages included.
pub fn resident_bytes() -> Option<u64> {
    let pages = field(&fs::read_to_string("/proc/self/statm").ok()?, 1)?;
    Some(pages * rustix::param::page_size() as u64)
}

/// Processor time that a process has used, with all its threads; in steps of the system's clock, 10 ms as a rule.
pub fn cpu_time(pid: u32) -> Option<Duration> {
    cpu_time_in(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// The machine's physical memory.
pub fn physical_bytes() -> Option<u64> {
    kibibytes_of("MemTotal:", &fs::read_to_string("/proc/meminfo").ok()?)
}

/// The memory of this process's control group, or of the one above it that is limited most narrowly.
pub fn cgroup_memory() -> Option<CgroupMemory> {
    cgroup_memory_under(Path::new("/sys/fs/cgroup"), &fs::read_to_string("/proc/self/cgroup").ok()?)
}

/// Per cent of the last ten seconds in which at least one task waited for memory.
pub fn stalled_percent() -> Option<f64> {
    stalled_percent_in(&fs::read_to_string("/proc/pressure/memory").ok()?)
}

/// The memory that this process and its children may count on: the machine's, or the control group's if that is less.
pub fn available_to_us_bytes() -> Option<u64> {
    let limit = cgroup_memory().and_then(|group| group.limit_bytes);
    [physical_bytes(), limit].into_iter().flatten().min()
}

/// `stat` is `/proc/PID/stat`, as proc(5) describes it: the name in parentheses may hold anything, so that fields are
/// counted from behind it.
fn cpu_time_in(stat: &str) -> Option<Duration> {
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks = field(fields, 11)? + field(fields, 12)?;
    Some(Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64))
}

/// `table` is `/proc/self/cgroup`: lines of `number:controllers:path`.
fn cgroup_memory_under(root: &Path, table: &str) -> Option<CgroupMemory> {
    table.lines().find_map(|line| {
        let mut parts = line.splitn(3, ':');
        let (number, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
        let (base, used, limit) = if number == "0" && controllers.is_empty() {
            (root.to_path_buf(), "memory.current", "memory.max")
        } else if controllers.split(',').any(|controller| controller == "memory") {
            (root.join("memory"), "memory.usage_in_bytes", "memory.limit_in_bytes")
        } else {
            return None;
        };
        // Inside a container the path is the host's, while the mounted tree begins at the container's own group.
        let own = base.join(path.trim_start_matches('/'));
        let own = if own.join(used).exists() { own } else { base.clone() };
        let group = |folder: &Path| {
            Some(CgroupMemory {
                used_bytes: fs::read_to_string(folder.join(used)).ok()?.trim().parse().ok()?,
                limit_bytes: fs::read_to_string(folder.join(limit))
                    .ok()
                    .and_then(|text| limit_in(&text)),
            })
        };
        // Every group above bounds this one as well; what counts is the narrowest.
        let above = own.ancestors().take_while(|folder| folder.starts_with(&base));
        let narrowest = above
            .filter_map(group)
            .filter(|group| group.limit_bytes.is_some())
            .min_by_key(|group| group.limit_bytes);
        narrowest.or_else(|| group(&own))
    })
}

/// Version 2 writes `max` for no limit, version 1 the largest multiple of the page size.
fn limit_in(text: &str) -> Option<u64> {
    text.trim().parse().ok().filter(|&bytes| bytes < 1 << 62)
}

/// `text` is `/proc/pressure/memory`; wanted is `avg10` of its line `some`.
fn stalled_percent_in(text: &str) -> Option<f64> {
    let some = text.lines().find_map(|line| line.strip_prefix("some "))?;
    some.split(' ').find_map(|pair| pair.strip_prefix("avg10="))?.parse().ok()
}

fn kibibytes_of(name: &str, meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix(name))?;
    field(line, 0).map(|kibibytes| kibibytes * 1024)
}

fn field(text: &str, index: usize) -> Option<u64> {
    text.split_ascii_whitespace().nth(index)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes `files` (path, content) into a fresh folder and reads the group that `table` names.
    fn cgroup(files: &[(&str, &str)], table: &str) -> Option<CgroupMemory> {
        let root = tempfile::tempdir().unwrap();
        for (path, content) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        cgroup_memory_under(root.path(), table)
    }

    #[test]
    fn version_2_with_a_limit() {
        let files = [("a/b/memory.current", "4096\n"), ("a/b/memory.max", "1048576\n")];
        let expected = CgroupMemory { used_bytes: 4096, limit_bytes: Some(1 << 20) };
        assert_eq!(cgroup(&files, "0::/a/b\n"), Some(expected));
    }

    #[test]
    fn version_2_without_a_limit() {
        let files = [("memory.current", "1\n"), ("memory.max", "max\n")];
        let expected = CgroupMemory { used_bytes: 1, limit_bytes: None };
        assert_eq!(cgroup(&files, "0::/\n"), Some(expected));
    }

    #[test]
    fn a_group_above_bounds_those_in_it() {
        let files = [
            ("a/memory.current", "9000\n"),
            ("a/memory.max", "10000\n"),
            ("a/b/memory.current", "4096\n"),
            ("a/b/memory.max", "max\n"),
        ];
        let expected = CgroupMemory { used_bytes: 9000, limit_bytes: Some(10_000) };
        assert_eq!(cgroup(&files, "0::/a/b\n"), Some(expected));
    }

    #[test]
    fn version_1_beside_an_unused_version_2() {
        let files = [
            ("memory/x/memory.usage_in_bytes", "77\n"),
            ("memory/x/memory.limit_in_bytes", "9223372036854771712\n"),
        ];
        let expected = CgroupMemory { used_bytes: 77, limit_bytes: None };
        assert_eq!(cgroup(&files, "5:cpu,cpuacct:/\n4:memory:/x\n0::/\n"), Some(expected));
    }

    #[test]
    fn in_a_container_the_mounted_group_is_ours() {
        let files = [("memory.current", "5"), ("memory.max", "6")];
        let expected = CgroupMemory { used_bytes: 5, limit_bytes: Some(6) };
        assert_eq!(cgroup(&files, "0::/system.slice/docker-1234.scope"), Some(expected));
    }

    #[test]
    fn no_group_no_answer() {
        assert_eq!(cgroup(&[], "0::/"), None);
        assert_eq!(cgroup(&[], "garbage"), None);
    }

    #[test]
    fn stalls_are_read_from_their_line() {
        let text =
            "some avg10=1.25 avg60=0.50 avg300=0.10 total=99\nfull avg10=0.75 avg60=0 total=1\n";
        assert_eq!(stalled_percent_in(text), Some(1.25));
        assert_eq!(stalled_percent_in(""), None);
    }

    #[test]
    fn processor_time_stands_behind_the_name() {
        let stat = "7 (a ) b) S 1 7 7 0 -1 4194560 100 0 0 0 30 20 0 0 20 0 1 0 5 6 7";
        let ticks = rustix::param::clock_ticks_per_second() as f64;
        assert_eq!(cpu_time_in(stat), Some(Duration::from_secs_f64(50.0 / ticks)));
        assert!(cpu_time(std::process::id()).is_some());
    }

    #[test]
    fn memory_of_this_process_and_machine_is_known() {
        let (resident, physical) = (resident_bytes().unwrap(), physical_bytes().unwrap());
        assert!(resident > 100_000 && resident < physical);
        assert!(available_to_us_bytes().unwrap() <= physical);
    }
}
