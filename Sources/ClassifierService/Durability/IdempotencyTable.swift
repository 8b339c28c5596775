internal import HTTPServer

/// What has been answered under which key, so that a request that comes again gets the same answer and changes nothing.
///
/// Kept are the answers of requests that were done, of the last 24 hours, at most 65,536 keys and 32 MiB; what was answered longest ago
/// goes first. A refused request changed nothing, and may be tried again under its key.
struct IdempotencyTable: Sendable {
    /// How long an answer is kept, in seconds.
    static let lifetime = 24 * 3600
    static let maximumKeys = 65_536
    static let maximumBytes = 32 << 20

    /// An answer that may have to be given again.
    enum Answer: Sendable {
        case learn(LearnAnswer)
        /// The JSON of any other.
        case body([UInt8])

        var response: Response {
            switch self {
            case .learn(let answer): answer.response
            case .body(let bytes): Response(.ok, contentType: "application/json", bytes: bytes)
            }
        }
    }

    /// What has been done of a request; of a streamed one each block, of any other one.
    struct Block: Sendable {
        var hash: UInt64
        var answer: Answer
    }

    struct Entry: Sendable {
        /// When the last block was answered, in seconds since 1970.
        var time: Int
        var blocks: [Block]
        /// The place of the last answer among all.
        fileprivate var sequence = 0

        init(time: Int, blocks: [Block]) {
            self.time = time
            self.blocks = blocks
        }
    }

    /// What is known of a request.
    enum Finding {
        /// Nothing: it is to be done.
        case new
        /// It was done.
        case answered(Answer)
    }

    private(set) var entries: [IdempotencyKey: Entry] = [:]
    /// Keys in the order of their answers; one whose entry has another sequence has been answered again since.
    private var order: [(sequence: Int, key: IdempotencyKey)] = []
    private var head = 0
    private var sequence = 0
    private var bytes = 0

    /// Looks a request up.
    ///
    /// - Throws: 422 where the key stands for another request.
    func find(_ identity: RequestIdentity) throws(Problem) -> Finding {
        guard let entry = entries[identity.key], identity.block < entry.blocks.count else { return .new }
        guard entry.blocks[identity.block].hash == identity.hash else { throw .otherRequest(identity.key) }
        return .answered(entry.blocks[identity.block].answer)
    }

    /// Remembers an answer.
    mutating func remember(_ identity: RequestIdentity, _ answer: Answer, time: Int) {
        var entry = entries[identity.key] ?? Entry(time: time, blocks: [])
        // The blocks before have been forgotten meanwhile: what is left would be taken for the beginning.
        guard identity.block == entry.blocks.count else { return }
        let block = Block(hash: identity.hash, answer: answer)
        if entry.blocks.isEmpty { bytes += Self.bytes(of: identity.key) }
        bytes += Self.bytes(of: block)
        entry.blocks.append(block)
        entry.time = time
        append(identity.key, entry)
        forget(before: time - Self.lifetime)
    }

    /// Forgets everything: the state that the answers spoke of is another's now.
    mutating func removeAll() { self = IdempotencyTable() }

    /// Puts an entry back as it was.
    mutating func restore(_ key: IdempotencyKey, _ entry: Entry) {
        append(key, entry)
        bytes += Self.bytes(of: key) + entry.blocks.reduce(0) { $0 + Self.bytes(of: $1) }
    }

    /// Entries in the order in which they would be forgotten.
    var inOrder: [(key: IdempotencyKey, entry: Entry)] {
        order[head...].compactMap { sequence, key in
            guard let entry = entries[key], entry.sequence == sequence else { return nil }
            return (key, entry)
        }
    }

    private mutating func append(_ key: IdempotencyKey, _ entry: Entry) {
        sequence += 1
        entries[key] = entry
        entries[key]?.sequence = sequence
        order.append((sequence, key))
    }

    private mutating func forget(before limit: Int) {
        while head < order.count {
            let (sequence, key) = order[head]
            guard let entry = entries[key], entry.sequence == sequence else {
                head += 1
                continue
            }
            guard entry.time < limit || entries.count > Self.maximumKeys || bytes > Self.maximumBytes else { break }
            head += 1
            bytes -= Self.bytes(of: key) + entry.blocks.reduce(0) { $0 + Self.bytes(of: $1) }
            entries[key] = nil
        }
        if head > 1024, head > order.count / 2 {
            order.removeFirst(head)
            head = 0
        }
    }

    private static func bytes(of key: IdempotencyKey) -> Int { 128 + key.text.utf8.count }

    private static func bytes(of block: Block) -> Int {
        switch block.answer {
        case .learn(let answer): 128 + answer.newClasses.reduce(0) { $0 + 16 + $1.utf8.count }
        case .body(let bytes): 64 + bytes.count
        }
    }
}

extension Problem {
    /// 422: the key was used for something else.
    static func otherRequest(_ key: IdempotencyKey) -> Problem {
        Problem(
            .unprocessableContent, "the Idempotency-Key \"\(key.text)\" was used for another request: a new request needs a new key")
    }
}
