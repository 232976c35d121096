//! A wire between a process and a server: a small TCP proxy that a test can cut, slow down or silence. Threads of its
//! own carry the bytes, so that a test that waits holds nothing up.

use std::{
    io::{self, Read, Write},
    net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream},
    os::unix::net::UnixStream,
    path::PathBuf,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use socket2::SockRef;

/// Where a wire leads.
#[derive(Debug, Clone)]
pub enum Far {
    /// A TCP port.
    Tcp(SocketAddr),
    /// A socket's path.
    Unix(PathBuf),
}

/// What is wrong with a wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing.
    None,
    /// Connections are cut, new ones end at once.
    Down,
    /// Connections end with a reset, new ones too.
    Reset,
    /// Each piece comes so much later.
    Slow(Duration),
    /// So many bytes pass in a second, in each direction.
    Thin(u32),
    /// The end of a connection is told so much later.
    ClosedLate(Duration),
    /// Nothing passes, and nobody is told.
    Silent,
    /// Bytes come in pieces of three.
    Sliced,
    /// Every so many-th answer ends after a few bytes, and its connection with it.
    AnswerCut(u32),
    /// Every so many-th answer is lost, and its connection with it.
    AnswerLost(u32),
}

/// Bytes that a thin wire carries at once.
const PIECE: usize = 256;

/// A wire that listens; its connections end with this value.
pub struct Wire {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    trouble: Trouble,
    /// Answers that came under the present trouble.
    answers: u32,
    closed: bool,
    open: Vec<End>,
}

impl Wire {
    /// Listens on a free port of `host`.
    pub fn to(host: IpAddr, far: Far) -> Self {
        let listener = TcpListener::bind((host, 0)).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                trouble: Trouble::None,
                answers: 0,
                closed: false,
                open: Vec::new(),
            }),
            changed: Condvar::new(),
        });
        let accepting = shared.clone();
        std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                if accepting.lock().closed {
                    return;
                }
                // A far end that does not answer is the caller's to notice.
                let _refused = accepting.connect(near, &far);
            }
        });
        Self { address, shared }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What is wrong with it from now on.
    pub fn set(&self, trouble: Trouble) {
        let mut state = self.shared.lock();
        (state.trouble, state.answers) = (trouble, 0);
        match trouble {
            Trouble::Down => state.cut(),
            Trouble::Reset => state.open.drain(..).for_each(End::reset),
            _ => {}
        }
        self.shared.changed.notify_all();
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.closed = true;
        state.cut();
        self.shared.changed.notify_all();
        drop(state);
        // Wakes the thread that listens, which then ends.
        let _woken = TcpStream::connect(self.address);
    }
}

impl State {
    fn cut(&mut self) {
        for end in self.open.drain(..) {
            end.shut();
        }
    }

    /// Is the answer that has just come one of those that are struck?
    fn strikes(&mut self, every: u32) -> bool {
        self.answers += 1;
        self.answers.is_multiple_of(every)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connect(self: &Arc<Self>, near: TcpStream, far: &Far) -> io::Result<()> {
        let trouble = self.lock().trouble;
        match trouble {
            Trouble::Down => return near.shutdown(Shutdown::Both),
            Trouble::Reset => {
                End::Tcp(near).reset();
                return Ok(());
            }
            _ => near.set_nodelay(true)?,
        }
        let near = End::Tcp(near);
        let far = match far {
            Far::Tcp(address) => End::Tcp(TcpStream::connect(address)?),
            Far::Unix(path) => End::Unix(UnixStream::connect(path)?),
        };
        let (near_again, far_again) = (near.again()?, far.again()?);
        self.lock().open.extend([near.again()?, far.again()?]);
        let (there, back) = (self.clone(), self.clone());
        std::thread::spawn(move || there.carry(near, far, false));
        std::thread::spawn(move || back.carry(far_again, near_again, true));
        Ok(())
    }

    /// Carries bytes until one end closes.
    fn carry(&self, mut from: End, mut to: End, answers: bool) {
        let mut bytes = vec![0; 16 * 1024];
        while let Ok(count @ 1..) = from.read(&mut bytes) {
            if self.pass(&bytes[..count], &mut to, answers).is_err() {
                break;
            }
        }
        let trouble = self.lock().trouble;
        match trouble {
            // The last one that lets go of a connection resets it.
            Trouble::Reset => return,
            Trouble::ClosedLate(delay) => {
                self.pause(delay, |trouble| matches!(trouble, Trouble::ClosedLate(_)))
            }
            _ => {}
        }
        from.shut();
        to.shut();
    }

    /// Waits for so long, or until the trouble is another one.
    fn pause(&self, delay: Duration, same: fn(Trouble) -> bool) {
        let waiting = |state: &mut State| !state.closed && same(state.trouble);
        // However it ends, it is over.
        let _over = self.changed.wait_timeout_while(self.lock(), delay, waiting);
    }

    fn pass(&self, bytes: &[u8], to: &mut End, answer: bool) -> io::Result<()> {
        let trouble = self.lock().trouble;
        if let Trouble::Slow(delay) = trouble {
            self.pause(delay, |trouble| matches!(trouble, Trouble::Slow(_)));
        }
        let mut state = self.lock();
        let silent = |state: &mut State| !state.closed && state.trouble == Trouble::Silent;
        state = self
            .changed
            .wait_while(state, silent)
            .unwrap_or_else(PoisonError::into_inner);
        let broken = || io::Error::from(io::ErrorKind::ConnectionReset);
        let trouble = state.trouble;
        match trouble {
            Trouble::Down | Trouble::Reset => Err(broken()),
            Trouble::Thin(rate) => {
                drop(state);
                bytes.chunks(PIECE).try_for_each(|piece| {
                    let time = Duration::from_secs(1) * u32::try_from(piece.len()).unwrap_or(u32::MAX) / rate;
                    self.pause(time, |trouble| matches!(trouble, Trouble::Thin(_)));
                    to.write_all(piece)
                })
            }
            Trouble::AnswerLost(every) if answer && state.strikes(every) => Err(broken()),
            Trouble::AnswerCut(every) if answer && state.strikes(every) => {
                drop(state);
                to.write_all(&bytes[..bytes.len().min(9)])?;
                Err(broken())
            }
            Trouble::Sliced => {
                drop(state);
                bytes.chunks(3).try_for_each(|piece| to.write_all(piece))
            }
            _ => {
                drop(state);
                to.write_all(bytes)
            }
        }
    }
}

/// One end of a connection.
enum End {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl End {
    fn again(&self) -> io::Result<Self> {
        Ok(match self {
            Self::Tcp(stream) => Self::Tcp(stream.try_clone()?),
            Self::Unix(stream) => Self::Unix(stream.try_clone()?),
        })
    }

    fn shut(&self) {
        // It may be shut already.
        let _gone = match self {
            Self::Tcp(stream) => stream.shutdown(Shutdown::Both),
            Self::Unix(stream) => stream.shutdown(Shutdown::Both),
        };
    }

    /// Ends without a farewell: the peer gets a reset as soon as nobody holds this any more.
    fn reset(self) {
        if let Self::Tcp(stream) = &self {
            // It may be gone already.
            let _gone = SockRef::from(stream).set_linger(Some(Duration::ZERO));
            // Wakes whoever reads, and tells the peer nothing.
            let _gone = stream.shutdown(Shutdown::Read);
        } else {
            self.shut();
        }
    }

    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(bytes),
            Self::Unix(stream) => stream.read(bytes),
        }
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.write_all(bytes),
            Self::Unix(stream) => stream.write_all(bytes),
        }
    }
}
