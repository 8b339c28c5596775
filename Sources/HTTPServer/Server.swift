internal import Concurrency
import Dispatch
import Foundation
import Synchronization

/// An HTTP/1.1 server (RFC 9110, RFC 9112) on epoll.
///
/// ```swift
/// var router = Router()
/// router.on(.get, "/hello/{name}") { request, responder in
///     responder.send(Response(.ok, contentType: "text/plain", bytes: Array((request.parameter(0) ?? "you").utf8)))
/// }
/// let server = try Server(configuration: ServerConfiguration(), router: router)
/// print("listening on http://\(try server.start())")
/// ```
public final class Server: Sendable {
    private enum State {
        case made
        case running(ServerShared)
        case stopped
    }

    /// What the server is doing, in numbers.
    public struct Statistics: Sendable, Equatable {
        /// Connections open now.
        public var openConnections = 0
        /// Connections accepted so far.
        public var acceptedConnections: UInt64 = 0
        /// Request heads that were well-formed so far.
        public var requests: UInt64 = 0
        /// Requests whose head was whole and whose answer is not yet; streams of content among them.
        public var requestsInFlight = 0
        /// Octets which request contents hold now.
        public var bodyMemory = 0
        /// Octets which answers on their way hold now; those of large ones, and those that clients leave unread.
        public var answerMemory = 0
        /// Octets of the largest answer that a handler has made on an event loop, where nobody else is served meanwhile.
        public var largestInlineAnswer = 0
    }

    private let configuration: ServerConfiguration
    /// Methods and patterns of the routes; an `AccessRecord` tells the index.
    public let routes: [(Method, String)]
    private let table: RouteTable
    private let state = Guarded(State.made)
    private let loops = DispatchGroup()

    /// Makes a server; nothing is opened yet.
    ///
    /// - Throws: `ServerError.ambiguousRoute`, `.invalidRoute` or `.invalidConfiguration`.
    public init(configuration: ServerConfiguration, router: Router) throws {
        try configuration.validate()
        self.configuration = configuration
        routes = router.routes
        table = try RouteTable(router)
    }

    deinit {
        stop(within: 0)
    }

    /// Listens and starts the event loops.
    ///
    /// Raises the process's limit of open descriptors as far as it may, and makes the process ignore SIGPIPE.
    ///
    /// - Returns: The address listened on, with the port that was found for port 0.
    /// - Throws: `ServerError`, as when the port is in use; then nothing is left running.
    public func start() throws -> SocketAddress {
        try state.withLock { state in
            guard case .made = state else { throw ServerError.alreadyStarted }
            DescriptorLimit.raise()
            SystemCall.ignoreBrokenPipe()
            let listener = try Listener(host: configuration.host, port: configuration.port)
            let shared = try ServerShared(configuration: configuration, table: table, listener: listener)
            let seeds = try shared.handles.map { handle throws(ServerError) in try EventLoopSeed(shared: shared, handle: handle) }
            do throws(ThreadError) {
                for seed in seeds { try run(seed) }
            } catch {
                // Those that run have nothing to finish: whoever connected has had no answer yet.
                for handle in shared.handles { handle.mailbox.post(.stop(MonotonicClock.coarseMilliseconds)) }
                loops.wait()
                throw ServerError.noThread(reason: "\(error)")
            }
            state = .running(shared)
            return listener.address
        }
    }

    private func run(_ seed: EventLoopSeed) throws(ThreadError) {
        let group = loops
        group.enter()
        do throws(ThreadError) {
            try Threads.start("http-\(seed.index)", stackSize: 2 << 20) {
                seed.run()
                group.leave()
            }
        } catch {
            group.leave()
            throw error
        }
    }

    /// Stops gracefully: takes the connections which the kernel has accepted, refuses new ones, gives idle ones `stopGrace` for a last
    /// request, and lets requests in hand be answered with `Connection: close`.
    /// Blocks until all are, or until the deadline has broken off the rest. Calling it again waits likewise. Not to be
    /// called from a handler, whose loop it would wait for.
    ///
    /// - Parameter seconds: The deadline from now.
    public func stop(within seconds: Double) {
        let milliseconds = Int64(max(0, min(seconds, 1e6)) * 1000)
        let running: ServerShared? = state.withLock { state in
            defer { state = .stopped }
            if case .running(let shared) = state { return shared }
            return nil
        }
        if let running {
            let deadline = MonotonicClock.coarseMilliseconds + milliseconds
            for handle in running.handles { handle.mailbox.post(.stop(deadline)) }
        }
        // A handler that blocks its loop, against its contract, cannot hold up the caller as well.
        _ = loops.wait(timeout: .now() + .milliseconds(Int(milliseconds) + 500))
    }

    /// Connections that are taken at most: `maximumConnections`, or fewer where the process may not open so many descriptors beside those
    /// that are reserved. Known from `start` to `stop`.
    public var connectionLimit: Int? {
        state.withLock { state in
            if case .running(let shared) = state { return shared.connectionLimit }
            return nil
        }
    }

    /// What the server is doing now; all zero before `start` and after `stop`.
    public var statistics: Statistics {
        state.withLock { state in
            guard case .running(let shared) = state else { return Statistics() }
            var result = Statistics()
            result.openConnections = shared.connectionCount
            result.bodyMemory = shared.budget.used + shared.readingBudget.used
            result.answerMemory = shared.answerBudget.used
            for handle in shared.handles {
                result.acceptedConnections += handle.accepted.load(ordering: .relaxed)
                result.requests += handle.requests.load(ordering: .relaxed)
                result.requestsInFlight += handle.counters.inFlight
                result.largestInlineAnswer = max(result.largestInlineAnswer, handle.largestInlineAnswer.load(ordering: .relaxed))
            }
            return result
        }
    }

    /// What became of the requests so far, by route and method: the routes in the order in which they were added, then requests that
    /// reached none. Only what there was. Empty before `start` and after `stop`.
    ///
    /// - Complexity: O(routes · event loops); waits for nobody.
    public var routeStatistics: [RouteStatistics] {
        let running: ServerShared? = state.withLock { state in
            if case .running(let shared) = state { return shared }
            return nil
        }
        guard let running else { return [] }
        var result: [RouteStatistics] = []
        func read(_ method: Method?, _ pattern: String?, _ slot: (RequestCounters) -> Int) {
            var statistics = RouteStatistics(method: method, pattern: pattern)
            for handle in running.handles { handle.counters.add(slot(handle.counters), to: &statistics) }
            if statistics.isUsed { result.append(statistics) }
        }
        for (index, route) in running.table.routes.enumerated() {
            read(route.method, route.pattern) { $0.slot(index, isHead: false) }
            read(.head, route.pattern) { $0.slot(index, isHead: true) }
        }
        for method in Method.allCases { read(method, nil) { $0.slot(withoutRoute: method) } }
        read(nil, nil) { $0.slot(withoutRoute: nil) }
        return result
    }
}
