internal import TensorFormats

/// The table as a checkpoint holds it, in the tensor `idempotency`; all numbers little-endian.
extension IdempotencyTable {
    /// The table as bytes.
    var encoded: [UInt8] {
        let entries = inOrder
        var bytes: [UInt8] = []
        bytes.append(integer: UInt64(entries.count))
        for (key, entry) in entries {
            bytes.append(integer: Int64(entry.time))
            bytes.append(integer: UInt32(key.text.utf8.count))
            bytes.append(integer: UInt32(entry.blocks.count))
            bytes += key.text.utf8
            for block in entry.blocks { Self.append(block, to: &bytes) }
        }
        return bytes
    }

    private static func append(_ block: Block, to bytes: inout [UInt8]) {
        bytes.append(integer: block.hash)
        switch block.answer {
        case .learn(let answer):
            bytes.append(integer: UInt32(0))
            bytes.append(integer: UInt32(answer.newClasses.count))
            for number in [answer.version, answer.rows, answer.samples, answer.classes] { bytes.append(integer: UInt64(number)) }
            // Not a number where there is none.
            bytes.append(integer: (answer.accuracyBefore ?? .nan).bitPattern)
            for label in answer.newClasses {
                bytes.append(integer: UInt32(label.utf8.count))
                bytes += label.utf8
            }
        case .body(let body):
            bytes.append(integer: UInt32(1))
            bytes.append(integer: UInt32(body.count))
            bytes += body
        }
    }

    /// Reads a table.
    ///
    /// - Returns: nil where the bytes are none.
    init?(_ bytes: UnsafeRawBufferPointer, model: String) {
        self.init()
        var reader = ByteReader(bytes)
        guard let count = reader.count(), count <= Self.maximumKeys else { return nil }
        for _ in 0..<count {
            guard let time = reader.integer(Int64.self), let length = reader.integer(UInt32.self), let blocks = reader.integer(UInt32.self),
                let key = reader.text(Int(length)).flatMap(IdempotencyKey.init)
            else { return nil }
            var entry = Entry(time: Int(time), blocks: [])
            for _ in 0..<blocks {
                guard let block = Self.readBlock(&reader, model: model) else { return nil }
                entry.blocks.append(block)
            }
            restore(key, entry)
        }
        guard reader.isAtEnd else { return nil }
    }

    private static func readBlock(_ reader: inout ByteReader, model: String) -> Block? {
        guard let hash = reader.integer(UInt64.self), let kind = reader.integer(UInt32.self), let count = reader.integer(UInt32.self) else {
            return nil
        }
        guard kind == 0 else {
            return kind == 1 ? reader.take(Int(count)).map { Block(hash: hash, answer: .body(Array($0))) } : nil
        }
        guard let version = reader.count(), let rows = reader.count(), let samples = reader.count(), let classes = reader.count(),
            let accuracy = reader.integer(UInt64.self).map(Double.init(bitPattern:))
        else { return nil }
        var answer = LearnAnswer(
            model: model, version: version, rows: rows, samples: samples, classes: classes, newClasses: [],
            accuracyBefore: accuracy.isNaN ? nil : accuracy)
        for _ in 0..<count {
            guard let length = reader.integer(UInt32.self), let label = reader.text(Int(length)) else { return nil }
            answer.newClasses.append(label)
        }
        return Block(hash: hash, answer: .learn(answer))
    }
}
