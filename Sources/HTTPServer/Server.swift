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

    /// Current numbers of the server.
    public struct Statistics: Sendable, Equatable {
        /// Connections open now.
        public var openConnections = 0
        /// Connections accepted so far.
        public var acceptedConnections: UInt64 = 0
        /// Well-formed request heads so far.
        public var requests: UInt64 = 0
        /// Requests with a complete head but an incomplete answer, including those that stream their content.
        public var requestsInFlight = 0
        /// Octets held now by request contents.
        public var bodyMemory = 0
        /// Octets held now by answers being sent: large ones, and those that clients have not read.
        public var answerMemory = 0
        /// Octets of the largest answer that a handler has made on an event loop, where it delays all other clients.
        public var largestInlineAnswer = 0
    }

    private let configuration: ServerConfiguration
    /// Methods and patterns of the routes; an `AccessRecord` contains the index.
    public let routes: [(Method, String)]
    private let table: RouteTable
    private let state = Guarded(State.made)
    private let loops = DispatchGroup()

    /// Creates a server without opening anything.
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
    /// Raises the process's limit of open descriptors as far as allowed, and makes the process ignore SIGPIPE.
    ///
    /// - Returns: The address listened on; for port 0, with the port that was chosen.
    /// - Throws: `ServerError`, for example if the port is in use; nothing is left running then.
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
                // The running loops have nothing to finish: no client has had an answer yet.
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

    /// Stops gracefully: accepts the connections in the kernel's queue, refuses new ones, gives idle ones `stopGrace` for a last
    /// request, and answers current requests with `Connection: close`. Blocks until all are done or the deadline has closed the
    /// rest. Calling it again waits as well. A handler must not call it, because it would wait for its own loop.
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
        // A handler that blocks its loop, against its contract, must not block the caller too.
        _ = loops.wait(timeout: .now() + .milliseconds(Int(milliseconds) + 500))
    }

    /// The most connections accepted: `maximumConnections`, or fewer if the process cannot open that many descriptors besides the
    /// reserved ones. Known from `start` to `stop`.
    public var connectionLimit: Int? {
        state.withLock { state in
            if case .running(let shared) = state { return shared.connectionLimit }
            return nil
        }
    }

    /// The current numbers; all zero before `start` and after `stop`.
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

    /// The outcome of all requests so far by route and method: routes in the order they were added, then requests that reached no
    /// route. Omits combinations without requests. Empty before `start` and after `stop`.
    ///
    /// - Complexity: O(routes · event loops); never blocks.
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
