internal import Concurrency
internal import HTTPServer
internal import ModelHost
internal import Synchronization

/// Passes the events of all models to their readers, on a thread of its own, which starts with the first reader and sleeps while nothing
/// happens. Learning never waits for it, and it never waits for a reader: what does not fit in a slow reader's stream stays in the model's
/// ring; what leaves the ring is lost to that reader, which gets an event about it.
final class EventDispatcher: Sendable {
    private enum Message: Sendable {
        case add(EventReader)
        /// A model has new events.
        case news(EventHub)
        /// A stream has room again, or its client has left.
        case wake(Int)
    }

    private struct Admission {
        var count = 0
        var nextID = 0
        var isStarted = false
        var isStopped = false
    }

    private let queue = BlockingQueue<Message>()
    private let admission = Guarded(Admission())
    private let threads = Latch()
    private let maximumReaders: Int
    private let keepAlive: Double
    /// Octets that may wait for one client, besides the kernel's buffer.
    private let streamLimit: Int
    private let missed = Atomic<Int>(0)

    /// - Parameters:
    ///   - maximumReaders: concurrent readers of all models.
    ///   - keepAlive: seconds between two comments.
    ///   - streamLimit: octets that may wait for one reader.
    init(maximumReaders: Int, keepAlive: Double, streamLimit: Int = 64 << 10) {
        self.maximumReaders = maximumReaders
        self.keepAlive = keepAlive
        self.streamLimit = streamLimit
    }

    /// The number of current readers.
    var readerCount: Int { admission.withLock { $0.count } }

    /// The number of events lost to slow readers so far.
    var missedCount: Int { missed.load(ordering: .relaxed) }

    // MARK: Readers

    /// Adds a reader.
    ///
    /// - Parameters:
    ///   - hub: the model's events.
    ///   - last: the number of the last event that the client has seen, if it sent one.
    ///   - state: returns the content of the initial `state` event; called after the reader's position is fixed, so that it covers all
    ///     earlier events.
    /// - Returns: its stream; nil if there are too many readers, or the server is stopping.
    /// - Throws: `ThreadError` if the system provides no thread for the dispatcher.
    func open(_ hub: EventHub, after last: Int?, state: () -> [UInt8]) throws(ThreadError) -> StreamBody? {
        let id: Int? = try admission.withLock { (admission) throws(ThreadError) in
            guard admission.count < maximumReaders, !admission.isStopped else { return nil }
            if !admission.isStarted { try start() }
            admission.isStarted = true
            admission.count += 1
            admission.nextID += 1
            return admission.nextID
        }
        guard let id else { return nil }
        let (cursor, isLost) = last.map { hub.resume(after: $0) } ?? (hub.newest, false)
        // The stream refers only to the queue.
        let stream = StreamBody(limit: streamLimit, endsWithClient: true) { [queue] in _ = queue.append(.wake(id)) }
        _ = stream.write(EventFrame.encode(.state, id: cursor, data: state()))
        if isLost { _ = stream.write(EventFrame.dropped(nil, id: cursor)) }
        hub.countReaders(1)
        let reader = EventReader(id: id, hub: hub, stream: stream, cursor: cursor)
        guard queue.append(.add(reader)) else {
            stream.finish()
            forget(reader)
            return stream
        }
        return stream
    }

    /// Notifies the dispatcher of a model's new events.
    func schedule(_ hub: EventHub) { _ = queue.append(.news(hub)) }

    /// Ends all streams, after what their clients accept at once.
    ///
    /// - Parameter seconds: the longest wait.
    func stop(within seconds: Double) {
        admission.withLock { $0.isStopped = true }
        for case .add(let reader) in queue.close() { finish(reader) }
        _ = threads.wait(until: MonotonicClock.now + seconds)
    }

    private func finish(_ reader: EventReader) {
        var encoded = EncodedEvents()
        if reader.pump(&encoded, note) { reader.stream.finish() }
        forget(reader)
    }

    private func forget(_ reader: EventReader) {
        reader.hub.countReaders(-1)
        admission.withLock { $0.count -= 1 }
    }

    private func note(missed count: Int) { missed.wrappingAdd(count, ordering: .relaxed) }

    // MARK: The thread

    private func start() throws(ThreadError) {
        threads.enter()
        do throws(ThreadError) {
            try Threads.start("events") { [self] in
                run()
                threads.leave()
            }
        } catch {
            threads.leave()
            throw error
        }
    }

    private func run() {
        var readers: [Int: EventReader] = [:]
        var nextComment = Double.infinity
        var encoded = EncodedEvents()
        while let messages = queue.take(until: readers.isEmpty ? nil : nextComment, while: { taken, _ in taken.count < 1024 }) {
            for message in messages { handle(message, &readers, &encoded) }
            let now = MonotonicClock.now
            if readers.isEmpty {
                encoded.removeAll()
                nextComment = .infinity
            } else if nextComment == .infinity {
                nextComment = now + keepAlive
            } else if now >= nextComment {
                nextComment = now + keepAlive
                for reader in readers.values where !reader.keepAlive() { remove(reader, &readers) }
            }
        }
        for reader in readers.values { finish(reader) }
    }

    private func handle(_ message: Message, _ readers: inout [Int: EventReader], _ encoded: inout EncodedEvents) {
        switch message {
        case .add(let reader):
            readers[reader.id] = reader
            pump(reader, &readers, &encoded)
        case .news(let hub):
            hub.unschedule()
            for reader in readers.values where reader.hub === hub { pump(reader, &readers, &encoded) }
        case .wake(let id):
            if let reader = readers[id] { pump(reader, &readers, &encoded) }
        }
    }

    private func pump(_ reader: EventReader, _ readers: inout [Int: EventReader], _ encoded: inout EncodedEvents) {
        if !reader.pump(&encoded, note) { remove(reader, &readers) }
    }

    private func remove(_ reader: EventReader, _ readers: inout [Int: EventReader]) {
        readers[reader.id] = nil
        forget(reader)
    }
}
