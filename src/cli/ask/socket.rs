//! HTTP over the bot's Unix socket, by the client that everything else speaks HTTP with. It must not
//! know what is asked.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport,
};
use ureq::{Agent, Error};

/// A client whose every request goes to that socket, whatever host its URL names. A refusal is an
/// answer like others. It has no deadline: the bot answers between two of its steps.
pub(super) fn agent(path: &Path) -> Agent {
    let config = Agent::config_builder().http_status_as_error(false).proxy(None).build();
    Agent::with_parts(config, Socket(path.to_owned()), DefaultResolver::default())
}

#[derive(Debug)]
struct Socket(PathBuf);

impl Connector for Socket {
    type Out = Line;

    fn connect(&self, to: &ConnectionDetails, _: Option<()>) -> Result<Option<Line>, Error> {
        let stream = UnixStream::connect(&self.0)?;
        let buffers =
            LazyBuffers::new(to.config.input_buffer_size(), to.config.output_buffer_size());
        Ok(Some(Line { stream, buffers }))
    }
}

#[derive(Debug)]
struct Line {
    stream: UnixStream,
    buffers: LazyBuffers,
}

impl Transport for Line {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), Error> {
        Ok(self.stream.write_all(&self.buffers.output()[..amount])?)
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, Error> {
        let amount = self.stream.read(self.buffers.input_append_buf())?;
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    /// A connection is for one question.
    fn is_open(&mut self) -> bool {
        false
    }
}
