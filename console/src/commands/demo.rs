//! `console demo`: the whole way on the embedded server, from start-up to the audit.

use std::io::IsTerminal as _;
use std::path::Path;
use std::sync::Arc;

use super::{Exit, stop_signal, verify};
use crate::cli::{DemoArgs, Form};
use crate::demo::Server;
use crate::output;
use crate::verify::{Inputs, Options};

/// Starts the embedded server, verifies it, writes the audit, stops the server.
pub(super) async fn run(args: DemoArgs) -> anyhow::Result<Exit> {
    let server = Server::start().await?;
    let target = Arc::new(server.target()?);
    let options = Options { demo: true, journal: server.directory().join("journal"), ..Options::default() };
    let inputs = Inputs {
        commit: None,
        deployed_at: Some(server.deployed_at),
        waited: Some(server.landed_after),
        repository: super::work_tree(Path::new(".")),
        secrets: server.secrets(),
        ..Inputs::default()
    };
    let exit = if std::io::stdout().is_terminal() && !args.plain {
        crate::tui::demo(target, options, inputs, &args).await?
    } else {
        plain(target, options, inputs, &args).await?
    };
    server.stop().await?;
    Ok(exit)
}

async fn plain(target: Arc<crate::target::Target>, options: Options, inputs: Inputs, args: &DemoArgs) -> anyhow::Result<Exit> {
    let audit = verify::audit(verify::followed(target, options, inputs, Form::Human, stop_signal()).await?, &args.paths.adr_dir)?;
    output::say(&output::summary(&audit.run, None));
    verify::write_reports(&audit, &args.out)?;
    Ok(audit.run.verdict.into())
}
