internal import Concurrency
internal import HTTPServer
internal import ModelHost
internal import Synchronization

/// Hands the events of all models to their readers, on one thread of its own, which sleeps while nothing happens and begins with the
/// first reader. Learning never waits for it, and it never waits for a reader: what does not fit into a slow one's stream stays in the
/// model's ring, and what leaves the ring is lost to that reader, which is told.
final class EventDispatcher: Sendable {
    private enum Message: Sendable {
        case add(EventReader)
        /// A model has news.
        case news(EventHub)
        /// A stream has room again, or its client has gone.
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
    /// Octets that wait for one client, beside what the kernel holds.
    private let streamLimit: Int
    private let missed = Atomic<Int>(0)

    /// - Parameters:
    ///   - maximumReaders: readers at the same time, of all models.
    ///   - keepAlive: seconds between two comments.
    ///   - streamLimit: octets that wait for one reader.
    init(maximumReaders: Int, keepAlive: Double, streamLimit: Int = 64 << 10) {
        self.maximumReaders = maximumReaders
        self.keepAlive = keepAlive
        self.streamLimit = streamLimit
    }

    /// Readers now.
    var readerCount: Int { admission.withLock { $0.count } }

    /// Events that were lost to slow readers so far.
    var missedCount: Int { missed.load(ordering: .relaxed) }

    // MARK: Readers

    /// Takes a reader in.
    ///
    /// - Parameters:
    ///   - hub: whose events.
    ///   - last: the number of the event that it has seen last, where it says one.
    ///   - state: what its stream begins with, as the content of a `state` event; asked for after its place is fixed, so that it tells all
    ///     that earlier events did.
    /// - Returns: its stream; nil where there are too many, or the server is stopping.
    /// - Throws: where the system gives no thread to hand events out.
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
        // The queue is all that the stream holds on to.
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

    /// A model has something new for its readers.
    func schedule(_ hub: EventHub) { _ = queue.append(.news(hub)) }

    /// Ends all streams, with what their clients take at once.
    ///
    /// - Parameter seconds: how long that may take.
    func stop(within seconds: Double) {
        admission.withLock { $0.isStopped = true }
        for case .add(let reader) in queue.close() { finish(reader) }
        _ = threads.wait(until: MonotonicClock.now + seconds)
    }

    private func finish(_ reader: EventReader) {
        if reader.pump(note) { reader.stream.finish() }
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
        while let messages = queue.take(until: readers.isEmpty ? nil : nextComment, while: { taken, _ in taken.count < 1024 }) {
            for message in messages { handle(message, &readers) }
            let now = MonotonicClock.now
            if readers.isEmpty {
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

    private func handle(_ message: Message, _ readers: inout [Int: EventReader]) {
        switch message {
        case .add(let reader):
            readers[reader.id] = reader
            pump(reader, &readers)
        case .news(let hub):
            hub.unschedule()
            for reader in readers.values where reader.hub === hub { pump(reader, &readers) }
        case .wake(let id):
            if let reader = readers[id] { pump(reader, &readers) }
        }
    }

    private func pump(_ reader: EventReader, _ readers: inout [Int: EventReader]) {
        if !reader.pump(note) { remove(reader, &readers) }
    }

    private func remove(_ reader: EventReader, _ readers: inout [Int: EventReader]) {
        readers[reader.id] = nil
        forget(reader)
    }
}
