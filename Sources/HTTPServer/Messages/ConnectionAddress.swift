/// How other threads reach a connection: the mailbox of its event loop, and its key. Messages that arrive after the connection has
/// ended are dropped.
struct ConnectionAddress: Sendable {
    let mailbox: Mailbox
    let key: ConnectionKey

    /// Answers a request; nil if it was dropped without an answer. False if the loop has ended.
    @discardableResult
    func answer(_ sequence: UInt32, _ response: Response?) -> Bool {
        mailbox.post(.answer(key, sequence, response))
    }

    /// Asks for more of a request's content.
    func resume(_ sequence: UInt32) {
        mailbox.post(.resume(key, sequence))
    }

    /// A stream has something to send.
    func pump() {
        mailbox.post(.pump(key))
    }

    /// Closes the connection if it still sends this file.
    func breakOff(_ file: FileBody) {
        mailbox.post(.breakOff(key, file))
    }
}
