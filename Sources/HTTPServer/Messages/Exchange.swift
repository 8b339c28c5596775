internal import Concurrency

/// What a `Request` reads. One object serves an event loop for all requests, one after another.
final class Exchange {
    let head: RequestHead
    let segments: PathSegments
    let loopIndex: Int
    /// What the content counts against.
    var budget: MemoryBudget
    private(set) var method = Method.get
    private(set) var identifier: UInt64 = 0
    /// The request's name.
    var id = RequestID()
    /// Where it comes from.
    var peer = PeerAddress()
    private(set) var body = UnsafeRawBufferPointer(start: nil, count: 0)
    private var owned: Body?

    init(head: RequestHead, segments: PathSegments, loopIndex: Int, budget: MemoryBudget) {
        self.head = head
        self.segments = segments
        self.loopIndex = loopIndex
        self.budget = budget
    }

    /// Begins a request whose content lies in the connection's memory.
    func begin(_ method: Method, identifier: UInt64, body: UnsafeRawBufferPointer) {
        self.method = method
        self.identifier = identifier
        self.body = body
        owned = nil
    }

    /// Begins a request whose content has memory of its own.
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
