internal import Concurrency

/// What a `Request` reads. An event loop uses one object for all requests in turn.
final class Exchange {
    let head: RequestHead
    let segments: PathSegments
    let loopIndex: Int
    /// The budget that the content counts against.
    var budget: MemoryBudget
    /// Whether requests may wait for the end of the turn.
    var mayJoinTurn = false
    private(set) var method = Method.get
    private(set) var identifier: UInt64 = 0
    /// The request's ID.
    var id = RequestID()
    /// The client's address.
    var peer = PeerAddress()
    private(set) var body = UnsafeRawBufferPointer(start: nil, count: 0)
    private var owned: Body?

    init(head: RequestHead, segments: PathSegments, loopIndex: Int, budget: MemoryBudget) {
        self.head = head
        self.segments = segments
        self.loopIndex = loopIndex
        self.budget = budget
    }

    /// Begins a request whose content is in the connection's memory.
    func begin(_ method: Method, identifier: UInt64, body: UnsafeRawBufferPointer) {
        self.method = method
        self.identifier = identifier
        self.body = body
        owned = nil
    }

    /// Begins a request whose content has its own memory.
    func begin(_ method: Method, identifier: UInt64, owning content: Body) {
        begin(method, identifier: identifier, body: content.bytes)
        owned = content
    }

    func end() {
        body = UnsafeRawBufferPointer(start: nil, count: 0)
        owned = nil
    }

    func takeBody() -> Body {
        if let owned { return owned }
        var builder = BodyBuilder(budget: budget)
        builder.appendUnlimited(body)
        let copy = builder.take()
        owned = copy
        return copy
    }
}
