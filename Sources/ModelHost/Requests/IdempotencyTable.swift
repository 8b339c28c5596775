internal import AnalyticLearning
internal import TensorFormats

/// What has been answered under which key, so that a request that comes again gets the same answer and changes nothing.
///
/// Kept are the answers of requests that were done, of the last 24 hours, at most 65,536 keys and 32 MiB; what was answered longest ago
/// goes first, and what was answered last never. No request takes more than a quarter of the room, so that none pushes out all others: one
/// that would is refused before it is done. A refused request changed nothing, and may be tried again under its key.
struct IdempotencyTable: Sendable {
    /// How long an answer is kept, in seconds.
    static let lifetime = 24 * 3600
    static let maximumKeys = 65_536
    static let maximumBytes = 32 << 20
    /// What one request may take: a stream of 1,024 rows a block can have some 50 million.
    static let maximumEntryBytes = maximumBytes / 4

    /// An answer that may have to be given again.
    enum Answer: Sendable {
        /// Without new classes, which come beside it.
        case learn(LearnAnswer, newClasses: AnsweredClasses)
        /// Any other, as its caller wrote it.
        case body([UInt8])
        /// The same, in which a list of labels is left out between two parts.
        case listing([UInt8], AnsweredClasses, [UInt8])

        /// The answer to learned rows, with its classes as they are told now; nil for what answers something else.
        func learned(_ registry: ClassRegistry) -> LearnAnswer? {
            guard case .learn(var answer, let classes) = self else { return nil }
            answer.newClasses = classes.labels(registry)
            return answer
        }

        /// Any other answer, with its classes as they are called now; nil for that to learned rows.
        func remembered(_ registry: ClassRegistry) -> RememberedAnswer? {
            switch self {
            case .learn: nil
            case .body(let bytes): RememberedAnswer(start: bytes, labels: nil, end: [])
            case .listing(let start, let classes, let end): RememberedAnswer(start: start, labels: classes.labels(registry), end: end)
            }
        }
    }

    /// What has been done of a request; of a streamed one each block, of any other one.
    struct Block: Sendable {
        var hash: UInt64
        var answer: Answer

        /// What it takes.
        var bytes: Int {
            switch answer {
            case .learn(_, let classes): 128 + classes.bytes
            case .body(let bytes): 64 + bytes.count
            case .listing(let start, let classes, let end): 128 + start.count + classes.bytes + end.count
            }
        }
    }

    /// What a block of learned rows takes at most, its few labels included.
    private static let largestBlockBytes = 128 + 16 * AnsweredClasses.maximumLabels + AnsweredClasses.maximumLabelBytes

    struct Entry: Sendable {
        /// When the last block was answered, in seconds since 1970.
        var time: Int
        var blocks: [Block]
        /// The place of the last answer among all.
        fileprivate var sequence = 0
        /// What it takes, its key included.
        fileprivate var bytes = 0

        init(time: Int, blocks: [Block]) {
            self.time = time
            self.blocks = blocks
        }

        fileprivate mutating func append(_ block: Block) {
            blocks.append(block)
            bytes += block.bytes
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
    /// - Throws: `impossible` if the key stands for another request, or for one that is too long to be remembered; `conflict` for a block whose
    ///   beginning has been forgotten meanwhile, so that nobody could tell it from another.
    func find(_ identity: RequestIdentity) throws(ModelError) -> Finding {
        guard let entry = entries[identity.key] else {
            guard identity.block == 0 else { throw .forgottenRequest(identity.key) }
            return .new
        }
        guard identity.block < entry.blocks.count else {
            guard identity.block == entry.blocks.count else { throw .forgottenRequest(identity.key) }
            guard entry.bytes + Self.largestBlockBytes <= Self.maximumEntryBytes else {
                throw .unrememberedRequest(identity.key, blocks: entry.blocks.count)
            }
            return .new
        }
        guard entry.blocks[identity.block].hash == identity.hash else { throw .otherRequest(identity.key) }
        return .answered(entry.blocks[identity.block].answer)
    }

    /// Remembers an answer.
    mutating func remember(_ identity: RequestIdentity, _ answer: Answer, time: Int) {
        var entry = entries[identity.key] ?? Entry(time: time, blocks: [])
        // The blocks before have been forgotten meanwhile: what is left would be taken for the beginning.
        guard identity.block == entry.blocks.count else { return }
        bytes -= entry.bytes
        if entry.blocks.isEmpty { entry.bytes = Self.bytes(of: identity.key) }
        // The blocks are changed where they lie: no other reference holds them.
        entries[identity.key] = nil
        entry.append(Block(hash: identity.hash, answer: answer))
        bytes += entry.bytes
        entry.time = time
        append(identity.key, entry)
        forget(before: time - Self.lifetime)
    }

    /// Forgets everything: the state that the answers spoke of is another's now.
    mutating func removeAll() { self = IdempotencyTable() }

    /// Puts an entry back as it was.
    mutating func restore(_ key: IdempotencyKey, _ entry: Entry) {
        var entry = entry
        entry.bytes = Self.bytes(of: key) + entry.blocks.reduce(0) { $0 + $1.bytes }
        append(key, entry)
        bytes += entry.bytes
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
            // The last answer is what somebody is about to be promised.
            guard entry.sequence != self.sequence else { break }
            guard entry.time < limit || entries.count > Self.maximumKeys || bytes > Self.maximumBytes else { break }
            head += 1
            bytes -= entry.bytes
            entries[key] = nil
        }
        if head > 1024, head > order.count / 2 {
            order.removeFirst(head)
            head = 0
        }
    }

    private static func bytes(of key: IdempotencyKey) -> Int { 128 + key.text.utf8.count }
}

extension ModelError {
    /// 422: the key was used for something else.
    static func otherRequest(_ key: IdempotencyKey) -> ModelError {
        ModelError(
            .impossible,
            "the Idempotency-Key \"\(key.text)\" was already used for a different request; use a new key for a new request")
    }

    /// 409: what a streamed request began with is remembered no more.
    static func forgottenRequest(_ key: IdempotencyKey) -> ModelError {
        ModelError(
            .conflict,
            "the server no longer remembers the rows sent earlier under the Idempotency-Key \"\(key.text)\", because the model was restored "
                + "or other rows followed: it cannot know whether these rows are new, and did not learn them")
    }

    /// 422: a streamed request is too long for its key.
    static func unrememberedRequest(_ key: IdempotencyKey, blocks: Int) -> ModelError {
        ModelError(
            .impossible,
            "the request under the Idempotency-Key \"\(key.text)\" has more than the \(blocks) blocks that can be remembered; send the rest "
                + "under another key")
    }
}
