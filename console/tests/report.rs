//! What reports say, and what never comes through them.

mod report_support;

use console::audit::{Audit, html, json, markdown};
use report_support as sample;

/// Writes the samples where a person can look at them: `POSTFLIGHT_SAMPLES=DIR cargo test --test report -- --ignored`.
#[test]
#[ignore = "for eyes only"]
fn samples_for_the_eye() {
    let dir = std::path::PathBuf::from(std::env::var("POSTFLIGHT_SAMPLES").unwrap());
    let write = |name: &str, audit: &Audit| console::audit::write(audit, &dir.join(name)).unwrap();
    write("plain", &sample::audit());
    write("hostile", &sample::hostile_audit());
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    for render in [html, markdown, json] {
        assert_eq!(render(&sample::hostile_audit()).unwrap(), render(&sample::hostile_audit()).unwrap());
    }
}
