//! `console cleanup`: removes what interrupted runs left, by journal and by marker.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;

use super::{Exit, selected, stop_signal};
use crate::cli::CleanupArgs;
use crate::http::Limits;
use crate::output::{Busy, say};
use crate::target::Tokens;
use crate::verify;

/// How long removing may take: services ask for a minute or more where a killed run had just met the limit of their sign-in.
const PATIENCE: Duration = Duration::from_mins(5);

/// Sweeps the target that `args` names.
pub(super) async fn run(args: CleanupArgs) -> anyhow::Result<Exit> {
    let target = Arc::new(selected(&args.target)?);
    anyhow::ensure!(
        !matches!(target.tokens, Tokens::None),
        "removing needs the tokens that made; name a target of postflight.toml that has some"
    );
    anyhow::ensure!(target.may_write(), "`{}` does not allow writes; set `allow_writes = true` in postflight.toml", target.name);
    let journal = args.journal.unwrap_or_else(verify::default_directory);
    let unnamed = target.accounts.signup.as_ref().is_some_and(|signup| signup.names.is_none());
    let busy = Busy::with("looking for what interrupted runs left ...");
    // A budget bounds what is asked; what is left behind has to go.
    let limits = Limits { budget: None, deadline: PATIENCE, ..target.limits.fill(Limits::default()) };
    let swept = verify::cleanup(target, &journal, limits, stop_signal()).await.context("nothing was removed")?;
    drop(busy);
    let left = swept.left.iter().map(|left| format!("left: {} ({})\n", left.what, left.why));
    let accounts = format!(
        "accounts are known by the journal of the run that signed them up alone, here those in {}: where a run was killed on another machine, \
         clean up there\n",
        journal.display()
    );
    let accounts = if unnamed { accounts } else { String::new() };
    say(&format!("{} removed\n{}{accounts}", swept.removed, left.collect::<String>()));
    Ok(if swept.left.is_empty() { Exit::Pass } else { Exit::Unjudged })
}
