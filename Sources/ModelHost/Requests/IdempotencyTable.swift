internal import AnalyticLearning
internal import TensorFormats

/// The answers given under each key, so that a repeated request gets the same answer and changes nothing.
///
/// The table keeps the answers of completed requests of the last 24 hours, at most 65,536 keys and 32 MiB; the oldest answer is dropped
/// first, the newest never. No request may take more than a quarter of the room, so that none displaces all others: a request that would is
/// refused before it is done. A refused request changed nothing and may be retried under its key.
struct IdempotencyTable: Sendable {
    /// Seconds for which an answer is kept.
    static let lifetime = 24 * 3600
    static let maximumKeys = 65_536
    static let maximumBytes = 32 << 20
    /// The most bytes of one request: enough for some 50 million rows streamed in blocks of 1,024.
    static let maximumEntryBytes = maximumBytes / 4

    /// An answer that may be given again.
    enum Answer: Sendable {
        /// A learn answer without its new classes, which are separate.
        case learn(LearnAnswer, newClasses: AnsweredClasses)
        /// Any other answer, as its caller wrote it.
        case body([UInt8])
        /// The same with a list of labels left out between two parts.
        case listing([UInt8], AnsweredClasses, [UInt8])

        /// The answer to learned rows, with the current labels of its classes; nil for other answers.
        func learned(_ registry: ClassRegistry) -> LearnAnswer? {
            guard case .learn(var answer, let classes) = self else { return nil }
            answer.newClasses = classes.labels(registry)
            return answer
        }

        /// Any other answer, with the current labels of its classes; nil for an answer to learned rows.
        func remembered(_ registry: ClassRegistry) -> RememberedAnswer? {
            switch self {
            case .learn: nil
            case .body(let bytes): RememberedAnswer(start: bytes, labels: nil, end: [])
            case .listing(let start, let classes, let end): RememberedAnswer(start: start, labels: classes.labels(registry), end: end)
            }
        }
    }

    /// A completed part of a request: a block of a streamed request, or all of any other.
    struct Block: Sendable {
        var hash: UInt64
        var answer: Answer

        /// Its size in bytes.
        var bytes: Int {
            switch answer {
            case .learn(_, let classes): 128 + classes.bytes
            case .body(let bytes): 64 + bytes.count
            case .listing(let start, let classes, let end): 128 + start.count + classes.bytes + end.count
            }
        }
    }

    /// The most bytes of a block of learned rows, including its few labels.
    private static let largestBlockBytes = 128 + 16 * AnsweredClasses.maximumLabels + AnsweredClasses.maximumLabelBytes

    struct Entry: Sendable {
        /// When the last block was answered, in seconds since 1970.
        var time: Int
        var blocks: [Block]
        /// Position of the last answer among all.
        fileprivate var sequence = 0
        /// Its size in bytes, including the key.
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

    /// The result of a lookup.
    enum Finding {
        /// The request is new and must be done.
        case new
        /// The request was done.
        case answered(Answer)
    }

    private(set) var entries: [IdempotencyKey: Entry] = [:]
    /// Keys in the order of their answers; a key is outdated if its entry has another sequence.
    private var order: [(sequence: Int, key: IdempotencyKey)] = []
    private var head = 0
    private var sequence = 0
    private var bytes = 0

    /// The memory that the table takes: its two lists as they have grown, and what their elements refer to.
    var heldBytes: Int {
        // Three of four places of a dictionary are used at most.
        let slot = MemoryLayout<(IdempotencyKey, Entry)>.stride * 4 / 3
        let place = MemoryLayout<(sequence: Int, key: IdempotencyKey)>.stride
        // `bytes` has 128 for a key with its entry, which takes a slot, a place, and the heads of a text and of a list of blocks.
        return entries.capacity * slot + order.capacity * place + bytes - 48 * entries.count
    }

    /// Looks a request up.
    ///
    /// - Throws: `impossible` if the key belongs to another request, or to one too long to be remembered; `conflict` for a block whose
    ///   earlier blocks have been forgotten, so that it cannot be identified.
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
        // The earlier blocks have been forgotten: this one would be taken for the first.
        guard identity.block == entry.blocks.count else { return }
        bytes -= entry.bytes
        if entry.blocks.isEmpty { entry.bytes = Self.bytes(of: identity.key) }
        // Change the blocks in place: no other reference holds them.
        entries[identity.key] = nil
        entry.append(Block(hash: identity.hash, answer: answer))
        bytes += entry.bytes
        entry.time = time
        append(identity.key, entry)
        forget(before: time - Self.lifetime)
    }

    /// Forgets everything: the answers belong to a state that was replaced.
    mutating func removeAll() { self = IdempotencyTable() }

    /// Restores an entry.
    mutating func restore(_ key: IdempotencyKey, _ entry: Entry) {
        var entry = entry
        entry.bytes = Self.bytes(of: key) + entry.blocks.reduce(0) { $0 + $1.bytes }
        append(key, entry)
        bytes += entry.bytes
    }

    /// Entries in the order in which they will be forgotten.
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
            // The newest answer is about to be sent: never drop it.
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

    /// 409: the first blocks of a streamed request are no longer remembered.
    static func forgottenRequest(_ key: IdempotencyKey) -> ModelError {
        ModelError(
            .conflict,
            "the server no longer remembers the rows sent earlier under the Idempotency-Key \"\(key.text)\", because the model was "
                + "restored or other rows followed: it cannot know whether these rows are new, and did not learn them")
    }

    /// 422: a streamed request is too long for its key.
    static func unrememberedRequest(_ key: IdempotencyKey, blocks: Int) -> ModelError {
        ModelError(
            .impossible,
            "the request under the Idempotency-Key \"\(key.text)\" has more than the \(blocks) blocks that can be remembered; send the "
                + "rest under another key")
    }
}
