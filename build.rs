//! Link settings of the addon, and the facts about this build that it reports.

use std::process::Command;

fn main() {
    napi_build::setup();
    println!("cargo:rustc-env=LAYERWISE_TARGET={}", std::env::var("TARGET").expect("cargo sets TARGET"));
    println!("cargo:rustc-env=LAYERWISE_REVISION={}", revision().unwrap_or_default());
    println!("cargo:rerun-if-changed=.git/logs/HEAD");
}

/// The commit that is built, where this is a checkout.
fn revision() -> Option<String> {
    let output = Command::new("git").args(["rev-parse", "--short=12", "HEAD"]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_string())
}
