//! When to stop: SIGTERM from the platform, or ctrl-c from a person.

/// Completes with the name of the first signal. If a handler cannot be installed, that signal keeps its default meaning.
pub(crate) async fn signal() -> &'static str {
    tokio::select! {
        () = terminated() => "SIGTERM",
        () = interrupted() => "SIGINT",
    }
}

#[cfg(unix)]
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => drop(terminate.recv().await),
        Err(_) => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn terminated() {
    std::future::pending().await
}

async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
