//! Takes from a worker all rights that models have no use for. Models are programs by strangers, and the code that reads
//! their files is large: should one of them get at it, there should be nothing to be had.
//!
//! Two walls, each where the system has it:
//!
//! - *Landlock* takes away the file system: nothing can be written, and nothing read but library and font folders and
//!   what the system says about this process and its memory.
//! - *seccomp* takes away system calls: no sockets, no other processes, no programs, no new code. What is not needed is
//!   refused with `EPERM`, so that a library that merely tries goes on without.
//!
//! Both hold for the thread that enters and for all that it starts later, so a worker enters before it starts any.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError,
    RulesetStatus, Scope, path_beneath_rules,
};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule,
};
use wincode::{SchemaRead, SchemaWrite};

/// The newest set of rights of Landlock that was thought about here; an older system gets those of them that it knows.
const LANDLOCK: ABI = ABI::V6;

/// What the system says about this process, its group and the machine.
const ABOUT_MEMORY: [&str; 5] =
    ["/proc/self", "/proc/meminfo", "/proc/pressure", "/sys/fs/cgroup", "/sys/devices/system/cpu"];

/// Which walls stand around a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, SchemaWrite, SchemaRead)]
pub(crate) struct Sandbox {
    /// Whether the file system is out of reach but for what may be read.
    pub(crate) landlock: bool,
    /// Whether the system calls that are not needed are refused, those for the network among them.
    pub(crate) seccomp: bool,
}

/// Puts up the walls that the system has. One that it has not is logged, and the others stand all the same.
pub(crate) fn enter(readable: &[PathBuf]) -> Sandbox {
    let landlock = match give_up_files(readable) {
        Ok(RulesetStatus::NotEnforced) => false,
        Ok(_) => true,
        Err(error) => {
            tracing::warn!(%error, "Landlock is not in force");
            false
        }
    };
    let seccomp = give_up_system_calls().inspect_err(|error| {
        tracing::warn!(%error, "seccomp is not in force");
    });
    Sandbox { landlock, seccomp: seccomp.is_ok() }
}

fn give_up_files(readable: &[PathBuf]) -> Result<RulesetStatus, RulesetError> {
    let readable = readable.iter().map(PathBuf::as_path).chain(ABOUT_MEMORY.map(Path::new));
    let status = Ruleset::default()
        .handle_access(AccessFs::from_all(LANDLOCK))?
        .handle_access(AccessNet::from_all(LANDLOCK))?
        .scope(Scope::from_all(LANDLOCK))?
        .create()?
        // A folder that is not there needs no rule.
        .add_rules(path_beneath_rules(readable, AccessFs::ReadFile | AccessFs::ReadDir))?
        .restrict_self()?;
    Ok(status.ruleset)
}

fn give_up_system_calls() -> seccompiler::Result<()> {
    seccompiler::apply_filter(&unknown_clone()?)?;
    seccompiler::apply_filter(&needed_calls()?)
}

/// `clone3` hides its flags behind a pointer, where a filter cannot read them. Told that it does not exist, the C
/// library takes `clone`, whose flags can be checked.
fn unknown_clone() -> seccompiler::Result<BpfProgram> {
    let answer = SeccompAction::Errno(libc::ENOSYS as u32);
    program(BTreeMap::from([(libc::SYS_clone3, Vec::new())]), SeccompAction::Allow, answer)
}

fn needed_calls() -> seccompiler::Result<BpfProgram> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        NEEDED.iter().chain(NEEDED_HERE).map(|call| (*call, Vec::new())).collect();
    // Of two filters the stricter answer counts, and this one would be stricter than "does not exist".
    rules.insert(libc::SYS_clone3, Vec::new());
    let flag_is = |argument, mask: u64, value: u64| {
        let masked = SeccompCmpOp::MaskedEq(mask);
        SeccompCondition::new(argument, SeccompCmpArgLen::Dword, masked, value)
    };
    let equals = |argument, value: u64| {
        SeccompCondition::new(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value)
    };
    let thread = libc::CLONE_THREAD as u64;
    let executable = libc::PROT_EXEC as u64;
    let own = u64::from(std::process::id());
    // Threads but no processes, no new code, signals and limits for this process only.
    for (call, condition) in [
        (libc::SYS_clone, flag_is(0, thread, thread)?),
        (libc::SYS_mmap, flag_is(2, executable, 0)?),
        (libc::SYS_mprotect, flag_is(2, executable, 0)?),
        (libc::SYS_tgkill, equals(0, own)?),
        (libc::SYS_prlimit64, equals(0, 0)?),
    ] {
        rules.insert(call, vec![SeccompRule::new(vec![condition])?]);
    }
    program(rules, SeccompAction::Errno(libc::EPERM as u32), SeccompAction::Allow)
}

fn program(
    rules: BTreeMap<i64, Vec<SeccompRule>>,
    otherwise: SeccompAction,
    on_match: SeccompAction,
) -> seccompiler::Result<BpfProgram> {
    let architecture = std::env::consts::ARCH.try_into()?;
    let filter = SeccompFilter::new(rules, otherwise, on_match, architecture)?;
    Ok(filter.try_into()?)
}

/// System calls of a worker at work, on every architecture: memory, threads, time, its socket, reading files.
const NEEDED: &[i64] = &[
    libc::SYS_brk,
    libc::SYS_madvise,
    libc::SYS_mremap,
    libc::SYS_munmap,
    libc::SYS_memfd_create,
    libc::SYS_ftruncate,
    libc::SYS_futex,
    libc::SYS_membarrier,
    libc::SYS_rseq,
    libc::SYS_set_robust_list,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_yield,
    libc::SYS_setpriority,
    libc::SYS_prctl,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_restart_syscall,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getegid,
    libc::SYS_getrandom,
    libc::SYS_getrusage,
    libc::SYS_sysinfo,
    libc::SYS_uname,
    libc::SYS_clock_getres,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_nanosleep,
    libc::SYS_ppoll,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_sendmsg,
    libc::SYS_sendto,
    libc::SYS_shutdown,
    libc::SYS_getsockopt,
    libc::SYS_setsockopt,
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_pread64,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_close,
    libc::SYS_fcntl,
    libc::SYS_lseek,
    libc::SYS_openat,
    libc::SYS_fstat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_faccessat,
    libc::SYS_readlinkat,
    libc::SYS_getdents64,
    libc::SYS_getcwd,
];

/// Older forms of the same, which newer architectures never had.
#[cfg(target_arch = "x86_64")]
const NEEDED_HERE: &[i64] = &[
    libc::SYS_access,
    libc::SYS_getrlimit,
    libc::SYS_lstat,
    libc::SYS_open,
    libc::SYS_poll,
    libc::SYS_readlink,
    libc::SYS_stat,
    libc::SYS_time,
];
#[cfg(not(target_arch = "x86_64"))]
const NEEDED_HERE: &[i64] = &[];

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::ErrorKind;
    use std::process::Command;

    /// Set in a child process, which then shuts itself in instead of the process of all other tests.
    const IN_CHILD: &str = "SCADSTREAM_SANDBOX_TEST_CHILD";

    #[test]
    fn in_the_sandbox_there_is_work_and_nothing_else() {
        if let Some(folder) = std::env::var_os(IN_CHILD) {
            return in_child(Path::new(&folder));
        }
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("library.scad"), "cube();").unwrap();
        let own_name = "sandbox::tests::in_the_sandbox_there_is_work_and_nothing_else";
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", own_name, "--nocapture"])
            .env(IN_CHILD, folder.path())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && text.contains("1 passed"), "{text}\n{errors}");
    }

    fn in_child(library: &Path) {
        let denied = |error: std::io::Error| error.kind() == ErrorKind::PermissionDenied;
        std::os::unix::fs::symlink("/etc/passwd", library.join("link")).unwrap();
        let sandbox = enter(&[library.to_path_buf()]);
        assert!(sandbox.seccomp, "every system that this is tested on has seccomp");
        // What is forbidden, on a fresh thread: it holds for those as well.
        let worked = std::thread::spawn(move || {
            assert!(std::net::TcpStream::connect("127.0.0.1:9").is_err_and(denied));
            assert!(std::os::unix::net::UnixStream::pair().is_err_and(denied));
            assert!(Command::new("/bin/true").status().is_err_and(denied));
            std::thread::available_parallelism().map_or(1, usize::from)
        });
        assert!(worked.join().unwrap() >= 1);
        // What work needs.
        assert!(scadstream_memory::system::resident_bytes().is_some());
        assert!(scadstream_memory::segment::Segment::create(4096).is_ok());
        assert_eq!(std::fs::read(library.join("library.scad")).unwrap(), b"cube();");
        if sandbox.landlock {
            assert!(std::fs::read("/etc/passwd").is_err_and(denied));
            assert!(std::fs::read(library.join("link")).is_err_and(denied));
            assert!(std::fs::write(library.join("new"), "").is_err_and(denied));
            assert!(
                std::fs::read(format!("/proc/{}/environ", std::os::unix::process::parent_id()))
                    .is_err()
            );
        }
    }
}
