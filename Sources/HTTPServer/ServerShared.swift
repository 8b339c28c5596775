internal import Concurrency
import Synchronization

/// What the event loops of a server share.
final class ServerShared: Sendable {
    let configuration: ServerConfiguration
    let table: RouteTable
    /// Memory for the contents of requests that may change something.
    let budget: MemoryBudget
    /// Memory for the contents of requests that only read. Neither kind can use up the other's memory.
    let readingBudget: MemoryBudget
    let answerBudget: MemoryBudget
    /// The most connections.
    let connectionLimit: Int
    let listener: Listener
    let handles: [LoopHandle]
    private let openConnections = Atomic<Int>(0)
    private let listening: Atomic<Int>

    init(configuration: ServerConfiguration, table: RouteTable, listener: Listener) throws(ServerError) {
        self.configuration = configuration
        self.table = table
        self.listener = listener
        budget = MemoryBudget(limit: configuration.maximumTotalBodyMemory)
        readingBudget = MemoryBudget(limit: configuration.maximumTotalBodyMemory)
        answerBudget = MemoryBudget(limit: configuration.maximumTotalAnswerMemory)
        connectionLimit = Self.connectionLimit(configuration, descriptors: DescriptorLimit.current)
        var handles: [LoopHandle] = []
        for index in 0..<configuration.eventLoops { handles.append(try LoopHandle(index: index, routeCount: table.routes.count)) }
        self.handles = handles
        listening = Atomic(handles.count)
    }

    /// How many connections leave enough descriptors for the rest of the process.
    static func connectionLimit(_ configuration: ServerConfiguration, descriptors: Int) -> Int {
        let reserved = min(configuration.reservedDescriptors, descriptors / 2)
        return max(1, min(configuration.maximumConnections, descriptors - reserved))
    }

    /// Connections open now.
    var connectionCount: Int { openConnections.load(ordering: .relaxed) }

    /// Reserves a place for one connection; false if none is free.
    func admit() -> Bool {
        let (before, _) = openConnections.add(1, ordering: .relaxed)
        if before < connectionLimit { return true }
        dismiss()
        return false
    }

    /// Frees the place of one connection.
    func dismiss() {
        openConnections.subtract(1, ordering: .relaxed)
    }

    /// The loop with the fewest connections.
    func leastLoaded() -> LoopHandle? {
        guard handles.count > 1 else { return nil }
        var best = handles[0]
        var least = Int.max
        for handle in handles {
            let load = handle.load.load(ordering: .relaxed)
            if load < least {
                least = load
                best = handle
            }
        }
        return best
    }

    /// The last loop that stops listening shuts the listener, so that clients are refused instead of waiting in a queue that no
    /// loop empties.
    func loopStoppedListening() {
        let (_, left) = listening.subtract(1, ordering: .acquiringAndReleasing)
        if left == 0 { listener.refuse() }
    }
}
