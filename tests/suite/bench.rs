//! `tidemill bench` through the real binary: it starts a server, gives figures, leaves nothing behind.

use std::process::Command;

use serde_json::Value;

#[test]
fn a_bench_of_a_temporary_server_gives_figures_and_leaves_nothing_behind() {
    let temp = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_tidemill"))
        .args(["bench", "--clients", "1,4", "--duration", "1s", "--output", "json"])
        .env("TMPDIR", temp.path())
        .env_remove("TIDEMILL_TOKEN")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let loads = report["loads"].as_array().unwrap();
    assert_eq!(loads.iter().map(|load| load["clients"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 4]);
    for load in loads {
        assert!(load["executions"].as_u64().unwrap() > 0 && load["refused"] == 0, "{load}");
        assert!(load["p50_ms"].as_f64().unwrap() <= load["max_ms"].as_f64().unwrap(), "{load}");
    }
    assert!(report["bulk_per_second"].as_f64().unwrap() > 0.0, "{report}");
    assert_eq!(std::fs::read_dir(temp.path()).unwrap().count(), 0);
}
