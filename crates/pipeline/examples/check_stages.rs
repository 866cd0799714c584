//! `check_stages PICTURE|FOLDER STAGES.json GOLDEN.json`: every stage on MediaPipe's own input, as a table.

#[path = "../tests/support/stage_check.rs"]
mod stage_check;

#[expect(clippy::print_stdout, reason = "the table is what the program is for")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<std::path::PathBuf> = std::env::args_os().skip(1).map(Into::into).collect();
    let [pictures, stages, golden] = &arguments[..] else {
        return Err("usage: check_stages PICTURE|FOLDER STAGES.json GOLDEN.json".into());
    };
    let models = stage_check::models()?;
    print!(
        "{}",
        stage_check::check(&models, pictures, stages, golden).table()
    );
    Ok(())
}
