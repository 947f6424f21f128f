//! How much memory plans and variables may take.

use std::fs::read_to_string;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

static BUDGET: OnceLock<AtomicU64> = OnceLock::new();

/// The bytes that a store may take: 80 % of the memory of this machine or container, unless set.
pub fn get() -> u64 {
    BUDGET.get_or_init(default).load(Ordering::Relaxed)
}

/// Sets the bytes that a store may take.
pub fn set(bytes: u64) {
    BUDGET.get_or_init(default).store(bytes, Ordering::Relaxed);
}

/// Where the system does not say how much memory there is, only a failed allocation is an error.
fn default() -> AtomicU64 {
    let machine = read_to_string("/proc/meminfo").ok().and_then(|text| total(&text));
    let groups = read_to_string("/proc/self/cgroup").unwrap_or_default();
    let limit = group_limits(&groups, Path::new("/sys/fs/cgroup")).chain(machine).min();
    AtomicU64::new(limit.map_or(u64::MAX, |bytes| bytes / 5 * 4))
}

/// MemTotal of /proc/meminfo in bytes.
fn total(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok()?.checked_mul(1024)
}

/// The memory limits of this process's control groups, of version 2 or 1, and of all groups around them.
fn group_limits(groups: &str, root: &Path) -> impl Iterator<Item = u64> {
    let files = groups.lines().filter_map(move |line| {
        let mut fields = line.splitn(3, ':').skip(1);
        let (controllers, group) = (fields.next()?, fields.next()?.trim_start_matches('/'));
        match controllers {
            "" => Some((root.to_path_buf(), group, "memory.max")),
            _ if controllers.split(',').any(|name| name == "memory") => {
                Some((root.join("memory"), group, "memory.limit_in_bytes"))
            }
            _ => None,
        }
    });
    files.flat_map(|(root, group, file)| {
        let limits = Path::new(group).ancestors().map(|folder| root.join(folder).join(file));
        let limits = limits.filter_map(|path| read_to_string(path).ok()?.trim().parse().ok());
        limits.collect::<Vec<_>>()
    })
}
