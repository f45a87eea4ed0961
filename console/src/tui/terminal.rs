//! The real terminal: entered once, restored however the program ends.

use std::io::{Stdout, stdout};
use std::ops::{Deref, DerefMut};
use std::panic::PanicHookInfo;
use std::sync::Arc;
use std::thread;

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

type Hook = dyn Fn(&PanicHookInfo<'_>) + Sync + Send;

/// The terminal in raw mode on the alternate screen; dropping it restores what was there.
pub(super) struct Entered {
    terminal: Terminal<CrosstermBackend<Stdout>>,
    before: Arc<Hook>,
}

/// Enters raw mode and the alternate screen.
///
/// A panic of the thread that draws restores the terminal before its message is printed. Panics of other threads are silent while the
/// screen is shown: whoever awaits that work says what became of it, and a message would only tear the screen.
pub(super) fn enter() -> std::io::Result<Entered> {
    let before: Arc<Hook> = std::panic::take_hook().into();
    let (drawing, print) = (thread::current().id(), Arc::clone(&before));
    std::panic::set_hook(Box::new(move |panic| {
        if thread::current().id() == drawing {
            leave();
            print(panic);
        }
    }));
    crossterm::terminal::enable_raw_mode()?;
    crossterm::execute!(stdout(), crossterm::terminal::EnterAlternateScreen)?;
    Ok(Entered { terminal: Terminal::new(CrosstermBackend::new(stdout()))?, before })
}

/// Errors are of no use here: a terminal that is gone needs no restoring.
fn leave() {
    let _ = crossterm::terminal::disable_raw_mode();
    let _ = crossterm::execute!(stdout(), crossterm::terminal::LeaveAlternateScreen, crossterm::cursor::Show);
}

impl Drop for Entered {
    fn drop(&mut self) {
        leave();
        if !thread::panicking() {
            let before = Arc::clone(&self.before);
            std::panic::set_hook(Box::new(move |panic| before(panic)));
        }
    }
}

impl Deref for Entered {
    type Target = Terminal<CrosstermBackend<Stdout>>;

    fn deref(&self) -> &Self::Target {
        &self.terminal
    }
}

impl DerefMut for Entered {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.terminal
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use portable_pty::{CommandBuilder, PtySize, native_pty_system};

    use super::*;

    #[test]
    #[ignore = "run by the test below, in a terminal of its own"]
    fn a_screen_that_panics() {
        let mut screen = enter().unwrap();
        screen.draw(|frame| frame.render_widget("a full screen", frame.area())).unwrap();
        let other = thread::spawn(|| panic!("work that failed beside the screen")).join();
        assert!(other.is_err());
        panic!("it broke while drawing");
    }

    #[test]
    fn a_panic_while_drawing_restores_the_terminal_and_is_read_on_it() {
        let pair = native_pty_system().openpty(PtySize { rows: 24, cols: 80, ..PtySize::default() }).unwrap();
        let flags = || pair.master.get_termios().map(|termios| termios.local_flags);
        let before = flags();
        let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
        command.args(["--ignored", "--exact", "--nocapture", "tui::terminal::tests::a_screen_that_panics"]);
        command.env("TERM", "xterm-256color");
        let mut child = pair.slave.spawn_command(command).unwrap();
        let mut reader = pair.master.try_clone_reader().unwrap();
        let reading = thread::spawn(move || {
            let mut shown = Vec::new();
            // Reading from a terminal that nobody holds any more ends with an error.
            let _ = reader.read_to_end(&mut shown);
            String::from_utf8_lossy(&shown).into_owned()
        });
        assert!(!child.wait().unwrap().success());
        assert_eq!(flags(), before, "echo and lines are as they were");
        drop(pair);
        let shown = reading.join().unwrap();
        let at = |text: &str| shown.find(text).unwrap_or_else(|| panic!("no {text:?} in {shown:?}"));
        let (entered, left, message) = (at("\u{1b}[?1049h"), at("\u{1b}[?1049l"), at("it broke while drawing"));
        assert!(entered < left && left < message, "{shown:?}");
        assert!(!shown.contains("work that failed"), "{shown:?}");
    }
}
