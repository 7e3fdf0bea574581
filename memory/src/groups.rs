//! A control group for every worker, so that the system itself holds it to its memory.
//!
//! Only where a group of version 2 with the memory controller was delegated to this process: by systemd with
//! `Delegate=memory`, or by whoever starts a container. There the process moves into a group of its own, because a
//! group with processes cannot hand its controllers on, and every worker gets a sibling of that with `memory.max`.
//! What a process may not have it does without: this is one line of defence behind others.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Where the supervisor itself goes.
const SUPERVISOR: &str = "supervisor";

/// Why there are no groups for workers.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GroupError {
    /// The system has no control groups of version 2, or this process is in none.
    #[error("no control group of version 2")]
    None,
    /// The group may not limit memory: it was not handed on by the one above.
    #[error("the control group {0} has no memory controller")]
    NoController(PathBuf),
    /// The group belongs to somebody else, or is mounted for reading only.
    #[error("the control group is not delegated to this process: {path}: {source}")]
    NotDelegated {
        /// What could not be written.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
}

/// A delegated group, in which workers get groups of their own.
#[derive(Debug)]
pub struct WorkerGroups {
    folder: PathBuf,
}

/// The group of one worker; removed when dropped, which should be when the worker is gone.
#[derive(Debug)]
pub struct WorkerGroup {
    folder: PathBuf,
}

impl WorkerGroups {
    /// Takes the group that this process is in, if that was delegated to it.
    ///
    /// # Errors
    /// Why there is nothing to take. Nothing has changed then.
    pub fn take() -> Result<Self, GroupError> {
        let table = fs::read_to_string("/proc/self/cgroup").map_err(|_| GroupError::None)?;
        Self::take_under(Path::new("/sys/fs/cgroup"), &table)
    }

    /// `root` is where groups are mounted, `table` is `/proc/self/cgroup`.
    fn take_under(root: &Path, table: &str) -> Result<Self, GroupError> {
        let own =
            table.lines().find_map(|line| line.strip_prefix("0::")).ok_or(GroupError::None)?;
        let mut folder = root.join(own.trim_start_matches('/'));
        if folder.ends_with(SUPERVISOR) {
            // Put there already, as systemd does with `DelegateSubgroup=supervisor`.
            folder.pop();
        }
        let controllers =
            fs::read_to_string(folder.join("cgroup.controllers")).map_err(|_| GroupError::None)?;
        if !controllers.split_whitespace().any(|controller| controller == "memory") {
            return Err(GroupError::NoController(folder));
        }
        let supervisor = folder.join(SUPERVISOR);
        if let Err(source) = fs::create_dir(&supervisor)
            && source.kind() != io::ErrorKind::AlreadyExists
        {
            return Err(GroupError::NotDelegated { path: supervisor, source });
        }
        // 0 is the process that writes.
        write(&supervisor.join("cgroup.procs"), "0")?;
        write(&folder.join("cgroup.subtree_control"), "+memory")?;
        Ok(Self { folder })
    }

    /// Moves the process `pid` into a group called `name` that may use `most_bytes`, none of it swapped out.
    ///
    /// # Errors
    /// What could not be written.
    pub fn enclose(
        &self,
        name: &str,
        pid: u32,
        most_bytes: u64,
    ) -> Result<WorkerGroup, GroupError> {
        let folder = self.folder.join(name);
        fs::create_dir(&folder)
            .map_err(|source| GroupError::NotDelegated { path: folder.clone(), source })?;
        let group = WorkerGroup { folder };
        write(&group.folder.join("memory.max"), &most_bytes.to_string())?;
        let swap = group.folder.join("memory.swap.max");
        // Not there when the system does not swap.
        if swap.exists() {
            write(&swap, "0")?;
        }
        write(&group.folder.join("cgroup.procs"), &pid.to_string())?;
        Ok(group)
    }
}

impl WorkerGroup {
    /// Whether the system ended a process of the group because it wanted more than it may have.
    pub fn was_out_of_memory(&self) -> bool {
        let events = fs::read_to_string(self.folder.join("memory.events")).unwrap_or_default();
        let kills = events.lines().find_map(|line| line.strip_prefix("oom_kill "));
        kills.is_some_and(|count| count.trim() != "0")
    }
}

impl Drop for WorkerGroup {
    fn drop(&mut self) {
        // Refused while a process is in it; then it stays, empty later, and does no harm.
        let _ = fs::remove_dir(&self.folder);
    }
}

fn write(path: &Path, text: &str) -> Result<(), GroupError> {
    fs::write(path, text)
        .map_err(|source| GroupError::NotDelegated { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder that looks like the mounted groups of version 2, with one group `app` that has these controllers.
    fn tree(controllers: &str) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("app")).unwrap();
        fs::write(root.path().join("app/cgroup.controllers"), controllers).unwrap();
        root
    }

    #[track_caller]
    fn check(root: &Path, path: &str, content: &str) {
        assert_eq!(fs::read_to_string(root.join(path)).unwrap(), content, "{path}");
    }

    #[test]
    fn every_worker_gets_a_group_with_a_limit() {
        let root = tree("cpu memory pids\n");
        let root = root.path();
        let groups = WorkerGroups::take_under(root, "4:memory:/else\n0::/app\n").unwrap();
        check(root, "app/supervisor/cgroup.procs", "0");
        check(root, "app/cgroup.subtree_control", "+memory");
        let group = groups.enclose("worker-7", 4711, 800_000_000).unwrap();
        check(root, "app/worker-7/memory.max", "800000000");
        check(root, "app/worker-7/cgroup.procs", "4711");
        assert!(!group.was_out_of_memory());
        let events = root.join("app/worker-7/memory.events");
        fs::write(&events, "low 0\nmax 93\noom 1\noom_kill 1\noom_group_kill 0\n").unwrap();
        assert!(group.was_out_of_memory());
        // Files of a real group go with it.
        for file in fs::read_dir(root.join("app/worker-7")).unwrap() {
            fs::remove_file(file.unwrap().path()).unwrap();
        }
        drop(group);
        assert!(!root.join("app/worker-7").exists());
    }

    #[test]
    fn a_subgroup_made_by_systemd_is_used() {
        let root = tree("memory\n");
        fs::create_dir(root.path().join("app/supervisor")).unwrap();
        let groups = WorkerGroups::take_under(root.path(), "0::/app/supervisor\n").unwrap();
        assert_eq!(groups.folder, root.path().join("app"));
        check(root.path(), "app/cgroup.subtree_control", "+memory");
    }

    #[test]
    fn without_a_controller_nothing_changes() {
        let root = tree("cpu\n");
        let error = WorkerGroups::take_under(root.path(), "0::/app\n").unwrap_err();
        assert!(matches!(error, GroupError::NoController(_)), "{error}");
        assert!(!root.path().join("app/supervisor").exists());
    }

    #[test]
    fn a_system_with_the_older_groups_has_none() {
        let root = tree("memory\n");
        let error = WorkerGroups::take_under(root.path(), "4:memory:/app\n").unwrap_err();
        assert_eq!(error.to_string(), "no control group of version 2");
    }
}
